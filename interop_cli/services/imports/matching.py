"""Finding the client that a row of a file or a reference is about; the rule is in the domain.

A batch at a time: ``load`` looks up whoever may be meant by any of its rows in a handful of
statements, ``find`` then decides row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from interop_cli.domain.entity import other_uid
from interop_cli.domain.errors import Detail, InteropError, InvalidData
from interop_cli.domain.matching import (
    DEFAULT,
    IDENTIFIERS,
    Candidate,
    Decision,
    Identity,
    Key,
    decide,
)
from interop_cli.domain.messages import msg
from interop_cli.domain.validation import refused, wrong
from interop_cli.services.clients.unique import duplicate_code, duplicate_external_id
from interop_cli.services.imports.unique import LineNumbers, also_on_line

if TYPE_CHECKING:
    from interop_cli.services.imports.rows import FileRow
    from interop_cli.store.writing.repositories.candidates import Candidates
    from interop_cli.store.writing.unit_of_work import UnitOfWork

MAX_NAMED = 5
# What is looked up to ask each key; the natural key by the name without its legal form, which
# finds those who are only similar, too.
COLUMNS = {
    Key.UID: ("uid", "uid"),
    Key.CODE: ("code_key", "code"),
    Key.EXTERNAL_ID: ("external_id_key", "external_id"),
    Key.EMAIL: ("email_key", "email"),
    Key.NATURAL: ("core_key", "core"),
    Key.NAME: ("name_key", "name"),
}
Index = dict[Key, dict[str, list[Candidate]]]


class ClientFinder:
    """Finds stored clients; ``named``: a person named the keys.

    ``anew``: nobody is looked for but by what no two clients share. ``reuse``: former codes count
    for nothing.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        keys: Sequence[Key] = DEFAULT,
        *,
        named: bool = False,
        anew: bool = False,
        reuse: bool = False,
    ) -> None:
        self.uow = uow
        self.keys = (Key.UID, *(key for key in keys if key is not Key.UID))
        self.named = named
        self.anew = anew
        self.reuse = reuse
        # Clients without a code of their own, which a row with any code may be about.
        self.codeless = False
        self._index: Index = {}

    def load(self, rows: Sequence[Identity]) -> None:
        """Look up whoever may be meant by these rows, in place of those of the last call."""
        self._index = {key: {} for key in COLUMNS}
        found = self.uow.candidates()
        for key in IDENTIFIERS:
            self._look_up(found, key, rows)
        if not self.reuse:
            for code, one in found.by_former_code(row.code for row in rows if row.code):
                self._put(Key.CODE, code, one)
        if self.anew:
            return
        rest = [row for row in rows if not self._settled(row)]
        if Key.EMAIL in self.keys:
            # Every client has a code, which another one contradicts.
            coded = self.codeless
            self._look_up(
                found, Key.EMAIL, (row for row in rest if coded or not (row.code or row.uid))
            )
        self._look_up(found, Key.NATURAL, rest)
        if Key.NAME in self.keys:
            self._look_up(found, Key.NAME, rest)

    def find(self, row: Identity) -> Decision:
        """What a row among those loaded is about."""
        if self.anew:
            return Decision()
        return decide(row, self.candidates(row), self.keys, named=self.named)

    def candidates(self, row: Identity) -> list[Candidate]:
        """Everybody who may be meant by a row."""
        found: dict[int, Candidate] = {}
        for index in self._indexes():
            for key, (_column, name) in COLUMNS.items():
                if value := getattr(row, name):
                    for one in index[key].get(value, ()):
                        found.setdefault(id(one), one)
        return list(found.values())

    def similar(self, row: Identity, but: int = 0) -> list[Candidate]:
        """Those of the same name, whatever its legal form, at the same place.

        ``but`` is the line of the row itself.
        """
        if not row.core or self.anew:
            return []
        return [
            one
            for one in self.candidates(row)
            if not (but and one.line == but)
            and any(row.resembles(own) for own in (one.own, *one.absorbed))
        ]

    def namesakes(self, row: Identity) -> list[Candidate]:
        """Those of the same name, wherever they are."""
        return [one for one in self.candidates(row) if row.name == one.own.name != ""]

    def _indexes(self) -> Sequence[Index]:
        return (self._index,)

    def _settled(self, row: Identity) -> bool:
        """Whether an identifier that is asked first finds someone, so that no other key need be."""
        first = next((key for key in self.keys if row.has(key)), None)
        return first in IDENTIFIERS and any(
            (value := getattr(row, key)) and value in self._index[key] for key in IDENTIFIERS
        )

    def _look_up(self, found: Candidates, key: Key, rows: Iterable[Identity]) -> None:
        column, name = COLUMNS[key]
        for value, one in found.by_column(column, filter(None, (getattr(r, name) for r in rows))):
            self._put(key, value, one)

    def _put(self, key: Key, value: str, one: Candidate) -> None:
        known = self._index[key].setdefault(value, [])
        if one not in known:
            known.append(one)


# -- the rows of a file -----------------------------------------------------------------------


class Clash(NamedTuple):
    """The other row for the same client, and by what it is the same."""

    line: int
    path: str


Clashes = dict[int, Clash]
"""Rows that are refused because another one is about the same client: by their lines."""
MAX_KEPT = 10_000  # rows of a file that is refused anyway, which later rows are held against


class FileClients(ClientFinder):
    """Finds the clients of the rows of one file, which may also be about one another's.

    ``clashes`` grows by the rows that are about one client. ``late`` turns true where one of them
    was written before the other was met: the work is then to be done again, with these clashes.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        keys: Sequence[Key],
        clashes: Clashes,
        *,
        named: bool = False,
        anew: bool = False,
        reuse: bool = False,
    ) -> None:
        super().__init__(uow, keys, named=named, anew=anew, reuse=reuse)
        self.clashes = clashes
        self.late = False
        self.lines = LineNumbers()
        self._here: frozenset[int] = frozenset()  # the lines of the batch
        self._batch: Index = {}
        self._kept: Index = {key: {} for key in COLUMNS}
        self._count = 0
        self._uncoded = LineNumbers()  # of the clients whose code was made here
        # Nothing will be written: what is met from now on is only told.
        self.doomed = False

    def begin(self, rows: Sequence[tuple[int, Identity]]) -> None:
        """Look up whoever may be meant by the rows of a batch: their lines, and who they are."""
        self._batch = {key: {} for key in COLUMNS}
        self._here = frozenset(line for line, _row in rows)
        self.load([row for _line, row in rows])
        for by_value in self._index.values():
            for found in by_value.values():
                for one in found:
                    if self.codeless and self._uncoded.get(one.id):
                        one.own = one.own._replace(code="")  # which no row of this file has said
                    one.line = self.lines.get(one.id)

    def settle(self, line: int, row: Identity) -> Decision:
        """What a row is about: a stored client, or nobody yet.

        Raises InvalidData ``import.ambiguous``, ``import.duplicate`` where another row is about the
        same client, and Conflict ``client.code.duplicate`` or ``client.external_id.duplicate``.
        """
        if known := self.clashes.get(line):
            self._keep_row(self._kept, line, row)
            raise also_on_line(known.path, known.line)
        decision = self.find(row)
        path = _path(decision.by)
        if len(decision.left) > 1:
            if all(one.id < 0 and one.line in self.clashes for one in decision.left):
                self._clash(line, decision.left[0].line, path, row)
            self._keep_row(self._kept, line, row)
            raise ambiguous(decision)
        one = decision.left[0] if decision.left else None
        if one is not None and not decision.merged:
            first = one.line or self.lines.setdefault(one.id, line)
            if first != line:
                self._clash(line, first, path, row if one.id < 0 else None)
        if not decision.merged:
            self._check_unique(line, row, one)
        if one is None:
            self._keep_row(self._batch, line, row)
        return decision

    def _check_unique(self, line: int, row: Identity, one: Candidate | None) -> None:
        """Refuse a uid, a code or an external id of the row that somebody else has."""
        for key in IDENTIFIERS:
            value = getattr(row, key)
            if not value:
                continue
            for index in self._indexes():
                for holder in index[key].get(value, ()):
                    if holder is one or (one is not None and holder.id == one.id):
                        continue
                    first = holder.line or self.lines.get(holder.id)
                    if first == line:
                        continue
                    if first and not (key is Key.CODE and self._uncoded.get(holder.id)):
                        self._clash(line, first, key.value, row)
                    self._keep_row(self._kept, line, row)
                    raise self._held(key, holder, row)

    def _held(self, key: Key, holder: Candidate, row: Identity) -> InteropError:
        """Another client has what no two may have; why it is another one, where that is known."""
        if key is Key.UID and holder.contradicts(Key.CODE, row):
            return other_code()
        if key is not Key.UID and holder.contradicts(Key.UID, row):
            if row.uid not in self._index[Key.UID]:
                return refused(other_uid(), "uid")
            return wrong(key.value, "import.uid", msg("is of another client than the uid"))
        if key is Key.EXTERNAL_ID:
            return duplicate_external_id()
        if holder.contradicts(Key.EXTERNAL_ID, row):
            reason = msg(
                "is another than that of {code}; to change it: --key code", code=holder.code
            )
            return wrong("external_id", "import.external_id", reason)
        if key is Key.UID:
            return wrong("uid", "import.uid", msg("another client has it"))
        return duplicate_code(holder.code)

    def _clash(self, line: int, first: int, path: str, row: Identity | None) -> None:
        self.clashes[line] = Clash(first, path)
        if first not in self.clashes:
            self.clashes[first] = Clash(line, path)
            self.late = self.late or first not in self._here
        if row is not None:  # else the client in the database stands for it
            self._keep_row(self._kept, line, row)
        raise also_on_line(path, first)

    def written(self, client_id: int, line: int, row: Identity) -> None:
        """A row was made a client: from now on the database tells of it."""
        self.lines.setdefault(client_id, line)
        if not row.code:
            self._uncoded.setdefault(client_id, line)
            self.codeless = True

    def refused(self, line: int, row: Identity) -> None:
        """A row was not written; another one for the same client is refused all the same."""
        self._keep_row(self._kept, line, row)

    def _keep_row(self, index: Index, line: int, row: Identity) -> None:
        if index is self._kept:
            if self.doomed and self._count >= MAX_KEPT:
                return
            self._count += 1
        one = Candidate(-line, "", row, line)
        for key, (_column, name) in COLUMNS.items():
            if value := getattr(row, name):
                index[key].setdefault(value, []).append(one)

    def _indexes(self) -> Sequence[Index]:
        return (self._index, self._batch, self._kept)


def _path(key: Key | None) -> str:
    return "name" if key in (None, Key.NATURAL) else str(key)


class KeyColumns:
    """Sees to it that the file has a column for each of the keys that were named."""

    def __init__(self, named: Iterable[Key]) -> None:
        self._absent = {"name" if key is Key.NATURAL else key.value for key in named}

    def look_in(self, records: Sequence[FileRow]) -> None:
        """Note the columns of these rows; refuses at once where all of them have the same."""
        if not self._absent or not records:
            return
        columns = set(records[0].values)
        alike = len(records) > 1
        for record in records:
            alike = alike and record.values.keys() == columns
            columns |= record.values.keys()
        self._absent -= columns
        if alike:
            self.settle()

    def settle(self) -> None:
        """Raise InvalidData ``import.key.column`` where a column was not met."""
        if not self._absent:
            return
        names = sorted(self._absent)
        reason = msg("is a key, and the file has no such column")
        raise InvalidData(
            "import.key.column",
            msg("The file has no column for the key {names}.", names=", ".join(names)),
            details=[Detail(name, "import.key.column", reason, 1) for name in names],
        )


def other_code() -> InvalidData:
    """A row would give its client another code."""
    reason = msg("is another than the client's; use: interop client recode")
    return wrong("code", "import.code", reason)


def called(found: Iterable[Candidate]) -> str:
    """The codes of these clients, and the lines of those that are only rows so far."""
    names = [one.code or f"#{one.line}" for one in found]
    return ", ".join([*names[:MAX_NAMED], *(["…"] if len(names) > MAX_NAMED else [])])


def ambiguous(decision: Decision) -> InvalidData:
    """A row or a reference fits several clients."""
    reason = msg("fits several clients: {codes}", codes=called(decision.left))
    return wrong(_path(decision.by), "import.ambiguous", reason)
