"""Finding the clients that somebody means; the rule is in ``domain/matching``.

A batch at a time: ``load`` looks up whoever may be meant by any of several rows in a handful of
statements, ``find`` then decides row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from interop_cli.domain.matching import (
    DEFAULT,
    IDENTIFIERS,
    NEW,
    Candidate,
    Decision,
    Identity,
    Key,
    decide,
    similar,
)
from interop_cli.domain.messages import first_of, msg
from interop_cli.domain.rules import Context

if TYPE_CHECKING:
    from interop_cli.store.writing.repositories.candidates import Candidates
    from interop_cli.store.writing.unit_of_work import UnitOfWork

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


def values_of(row: Identity) -> tuple[str, ...]:
    """What of a row is looked up in each part of an index."""
    return row.uid, row.code, row.external_id, row.email, row.core, row.name


def new_index() -> Index:
    """An index of nobody, its parts in the order of ``COLUMNS``."""
    return {key: {} for key in COLUMNS}


def put_in(index: Index, row: Identity, one: Candidate) -> None:
    """Let a row be found by all it says."""
    for by_value, value in zip(index.values(), values_of(row), strict=True):
        if value:
            by_value.setdefault(value, []).append(one)


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
        self._index = new_index()

    def load(self, rows: Sequence[Identity]) -> None:
        """Look up whoever may be meant by these rows, in place of those of the last call."""
        self._index = new_index()
        found = self.uow.candidates()
        for key in IDENTIFIERS:
            self._look_up(found, key, rows)
        if not self.reuse:
            for code, one in found.by_former_code(row.code for row in rows if row.code):
                self._put(Key.CODE, code, one)
        if self.anew:
            return
        met = any(self._index[key] for key in IDENTIFIERS)
        rest = [row for row in rows if not self._settled(row)] if met else rows
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
            return NEW
        return decide(row, self.candidates(row), self.keys, named=self.named)

    def candidates(self, row: Identity) -> list[Candidate]:
        """Everybody who may be meant by a row."""
        found: dict[int, Candidate] = {}
        values = values_of(row)
        for index in self._indexes():
            for by_value, value in zip(index.values(), values, strict=True):
                if value in by_value:  # an empty one is in none
                    found.update((id(one), one) for one in by_value[value])
        return list(found.values())

    def similar(self, row: Identity) -> list[Candidate]:
        """Those of the same name, whatever its legal form, at the same place."""
        return similar(row, self.candidates(row))

    def namesakes(self, row: Identity) -> list[Candidate]:
        """The clients there are of the same name, wherever they are."""
        same = (one for one in self.candidates(row) if row.name == one.own.name != "")
        return [one for one in same if one.id > 0]  # the others are rows of the file

    def _indexes(self) -> Sequence[Index]:
        return (self._index,)

    def _settled(self, row: Identity) -> bool:
        """Whether identifiers that are asked first find someone, so that no other key need be.

        Someone whom the row contradicts is not found.
        """
        asked = takewhile(IDENTIFIERS.__contains__, (key for key in self.keys if row.has(key)))
        return decide(row, self.candidates(row), self.keys, named=self.named).by in set(asked)

    def _look_up(self, found: Candidates, key: Key, rows: Iterable[Identity]) -> None:
        column, name = COLUMNS[key]
        for value, one in found.by_column(column, filter(None, (getattr(r, name) for r in rows))):
            self._put(key, value, one)

    def _put(self, key: Key, value: str, one: Candidate) -> None:
        known = self._index[key].setdefault(value, [])
        if one not in known:
            known.append(one)


def called(found: Iterable[Candidate]) -> str:
    """The codes of these clients, and the lines of those that are only rows so far."""
    return first_of(code_or_line(one) for one in found)


def code_or_line(one: Candidate) -> str:
    """The code of a client, or the line of one that is only a row so far."""
    return one.code or f"#{one.line}"


def warn_of_similar(found: Sequence[Candidate], context: Context) -> None:
    """Warn that a new client has the name and the place of others: ``client.similar``."""
    if found:
        reason = msg("has the name and the place of: {codes}", codes=called(found))
        context.warn("name", "client.similar", reason)


class Move(NamedTuple):
    """A stored client that gets another name or place, and where it is said."""

    client_id: int
    before: Identity
    after: Identity
    context: Context


def warn_of_meetings(uow: UnitOfWork, moves: Sequence[Move]) -> None:
    """Warn of those that get the name and the place of another client: ``client.similar``."""
    after = {move.client_id: move.after for move in moves}
    there: dict[str, dict[int, Candidate]] = {}
    for core, one in uow.candidates().by_column("core_key", (who.core for who in after.values())):
        if one.id in after:  # it moves too
            one.own = after[one.id]
        there.setdefault(core, {})[one.id] = one
    for move in moves:
        others = [one for id_, one in there.get(move.after.core, {}).items() if id_ != move[0]]
        known = similar(move.before, others)
        met = [one for one in similar(move.after, others) if one not in known]
        warn_of_similar(met, move.context)


def warn_of_doubt(before: Identity, after: Identity, context: Context) -> None:
    """Warn that a client found by its e-mail gets another name or goes to another place.

    ``client.renamed``, ``client.moved``: branches may share their bookkeeper's address.
    """
    if before.name != after.name:
        reason = msg("is another than until now; e-mail and place say that it is this client")
        context.warn("name", "client.renamed", reason)
    elif not after.is_there(before):
        reason = msg("is elsewhere than until now; e-mail and name say that it is this client")
        context.warn("line1", "client.moved", reason)
