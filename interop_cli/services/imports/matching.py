"""Which client each row of a file is about: a stored one, a new one, or another row's, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.entity import other_uid, refused, wrong
from interop_cli.domain.errors import Detail, InteropError, InvalidData
from interop_cli.domain.matching import IDENTIFIERS, NEW, Candidate, Decision, Identity, Key
from interop_cli.domain.messages import msg
from interop_cli.services.clients.matching import (
    COLUMNS,
    ClientFinder,
    Index,
    code_or_line,
    new_index,
    put_in,
    values_of,
)
from interop_cli.services.clients.writing import duplicate_code, duplicate_external_id
from interop_cli.services.imports.references import ambiguous
from interop_cli.services.imports.rows import FileRow, LineNumbers, also_on_line

if TYPE_CHECKING:
    from interop_cli.services.clients.writing import NewCard, Revision
    from interop_cli.services.imports.nested import NestedItems
    from interop_cli.services.imports.nested_writing import Plan
    from interop_cli.store.writing.unit_of_work import UnitOfWork


class Clash(NamedTuple):
    """The other row for the same client, and by what it is the same."""

    line: int
    path: str


Refusals = dict[int, Clash | InteropError]
"""Rows that are refused, by their lines: another one is about the same client, or what they say of
other clients turned out to be wrong when all of them were written."""
MAX_KEPT = 10_000  # rows of a file that is refused anyway, which later rows are held against


def error_of(known: Clash | InteropError) -> InteropError:
    """What is said of such a row."""
    return also_on_line(known.path, known.line) if isinstance(known, Clash) else known


class FileClients(ClientFinder):
    """Finds the clients of the rows of one file, which may also be about one another's.

    ``refusals`` grows by the rows that are about one client. ``late`` turns true where one of them
    was written before that was known: the work is then to be done again, with these refusals.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        keys: Sequence[Key],
        refusals: Refusals,
        *,
        named: bool = False,
        anew: bool = False,
        reuse: bool = False,
    ) -> None:
        super().__init__(uow, keys, named=named, anew=anew, reuse=reuse)
        self.refusals = refusals
        self.late = False
        self.lines = LineNumbers()
        self._here: frozenset[int] = frozenset()  # the lines of the batch
        # What somebody else has, too, of what its rows say: by their places in an index.
        self._common: list[tuple[int, set[str]]] = []
        self._batch = new_index()
        self._kept = new_index()
        self._refused: set[Identity] = set()
        self._uncoded = LineNumbers()  # of the clients whose code was made here
        # Nothing will be written: what is met from now on is only told.
        self.doomed = False

    def begin(self, rows: Sequence[tuple[int, Identity]]) -> None:
        """Look up whoever may be meant by the rows of a batch: their lines, and who they are."""
        self._batch = new_index()
        self._here = frozenset(line for line, _row in rows)
        self.load([row for _line, row in rows])
        for by_value in self._index.values():
            for found in by_value.values():
                for one in found:
                    if self.codeless and self._uncoded.get(one.id):
                        one.own = one.own._replace(code="")  # which no row of this file has said
                    one.line = self.lines.get(one.id)
        self._common = self._had_by_others([row for _line, row in rows])

    def _had_by_others(self, rows: Sequence[Identity]) -> list[tuple[int, set[str]]]:
        """The values that stand in two of these rows, or that somebody met before has."""
        common = []
        indexes = self._indexes()
        columns = zip(*map(values_of, rows), strict=True)
        for place, (key, values) in enumerate(zip(COLUMNS, columns, strict=False)):
            each = set(values)
            found = set[str]().union(*(index[key].keys() & each for index in indexes))
            if len(each) < len(values):
                found.update(value for value, count in Counter(values).items() if count > 1)
            found.discard("")
            if found:
                common.append((place, found))
        return common

    def decide(self, line: int, row: Identity) -> Decision:
        """What a row is about: a stored client, or nobody yet.

        Raises InvalidData ``import.ambiguous``, ``import.duplicate`` where another row is about the
        same client, and Conflict ``client.code.duplicate`` or ``client.external_id.duplicate``.
        """
        if known := self.refusals.get(line):
            self._keep_row(self._kept, line, row)
            raise error_of(known)
        if not self._common or self._is_alone(row):
            return NEW
        decision = self.find(row)
        path = _path(decision.by)
        if len(decision.left) > 1:
            if all(one.id < 0 and one.line in self.refusals for one in decision.left):
                self._clash(line, decision.left[0].line, path, row)
            self._keep_row(self._kept, line, row)
            raise ambiguous(path, map(code_or_line, decision.left))
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

    def _is_alone(self, row: Identity) -> bool:
        """Whether nobody else, in the database or the file, has anything that the row says.

        So it is with nearly every row of a first load.
        """
        values = values_of(row)
        return not any(values[place] in found for place, found in self._common)

    def _check_unique(self, line: int, row: Identity, one: Candidate | None) -> None:
        """Refuse a uid, a code or an external id of the row that somebody else has."""
        indexes = self._indexes()
        for key in IDENTIFIERS:
            value = getattr(row, key)
            if not value:
                continue
            for index in indexes:
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
        if not self.doomed or len(self.refusals) < MAX_KEPT:  # else told, and nobody asks again
            self.refusals[line] = Clash(first, path)
        if first not in self.refusals:
            self.refusals[first] = Clash(line, path)
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
            # Of rows that say the same, one is enough to hold later ones against.
            if row in self._refused or (self.doomed and len(self._refused) >= MAX_KEPT):
                return
            self._refused.add(row)
        one = Candidate(-line, "", row, line)
        put_in(index, row, one)

    def _indexes(self) -> Sequence[Index]:
        """Those that anybody is in: of a first load, the rows of the batch alone."""
        every = (self._index, self._batch, self._kept)
        return [index for index in every if any(index.values())]


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
            self.check()

    def check(self) -> None:
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


class Read(NamedTuple):
    """A row whose client is known, or known to be new."""

    record: Any
    values: Mapping[str, Any]
    who: Identity
    decision: Decision
    parts: NestedItems
    loser: bool = False  # it is about a client that was merged into another
    card: NewCard | None = None  # of the new client it makes, where that was told ahead

    @property
    def found(self) -> Candidate | None:
        """The stored client."""
        return self.decision.left[0] if self.decision.left else None


class Written(NamedTuple):
    """A row that passed its rules: the client, and what else the row changes.

    A new one has its ``card``, a stored one its ``revision``.
    """

    read: Read
    plan: Plan | None
    card: NewCard | None = None
    revision: Revision | None = None

    @property
    def record(self) -> Any:
        """The row of the file."""
        return self.read.record


def code_of(record: FileRow) -> str | None:
    """The code as a row gives it, to name the row by."""
    if record.error is not None:  # cells out of place
        return None
    return str(record.values.get("code") or "").strip()[:20] or None
