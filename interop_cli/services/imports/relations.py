"""What rows say of other clients: who pays, their former codes, and whom they were merged into.

All of it is written once every client of the file exists, so that the order of the rows decides
nothing; a row that says what cannot be is then refused whole. Rows that retire a payer, or make one
a prospect, wait until then, too: a file may move the clients of a payer to another one and retire
it.

A file tells of a past, it makes none: codes lead to a client that nobody else has, and only a new
client becomes a merged one. What belongs to a client that was merged into another goes to the
winner; its own fields are left out, or given to the winner where that is asked for and no other row
is about it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import PydanticCustomError

from interop_cli.domain.contact import EXCLUSIVE
from interop_cli.domain.entity import refused, wrong
from interop_cli.domain.errors import NOWHERE, InteropError, InvalidData, Parts
from interop_cli.domain.matching import NOBODY, Decision
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer
from interop_cli.domain.values.closed_lists import parse_bool
from interop_cli.domain.values.code import check_former_code, code_key
from interop_cli.services.clients.writing import Others
from interop_cli.services.imports.matching import Read, code_of
from interop_cli.services.imports.nested import NestedItem, nested_items
from interop_cli.store.reading.called import client_not_found, id_named

if TYPE_CHECKING:
    from interop_cli.services.imports.clients import Import
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


CHUNK = 2000


class At(NamedTuple):
    """Where a row stood, and nothing more of it."""

    line: int
    parts: Parts = NOWHERE.parts


class Wish(NamedTuple):
    """The client of a row is to be billed to ``ref`` ("": to itself).

    ``action`` is what the row counts as so far: ``created``, ``updated`` or ``unchanged``.
    """

    record: Any
    client_id: int
    ref: str
    action: str


@dataclass
class Payers:
    """What the rows said; ``conclude`` writes it."""

    uow: UnitOfWork
    report: Import
    wishes: list[Wish] = field(default_factory=list)

    def note(self, record: Any, client_id: int, ref: object, action: str) -> None:
        """Remember what a row says; all of the row only where it may have to be given back."""
        kept = record if self.report.rejected.pass_on else At(record.line)
        self.wishes.append(Wish(kept, client_id, str(ref or "").strip(), action))

    def conclude(self) -> None:
        """Write who pays; the rows that name one who may not are rejected."""
        for start in range(0, len(self.wishes), CHUNK):
            self._conclude(self.wishes[start : start + CHUNK])
        self.wishes.clear()

    def _conclude(self, wishes: list[Wish]) -> None:
        report = self.report
        clients = self.uow.clients
        found = clients.by_column("id", [wish.client_id for wish in wishes])
        known: dict[Any, Row] = dict(found)
        named = _named(report, (wish.ref for wish in wishes if wish.ref), shared=True)
        for payer in named.values():
            known.setdefault(payer["id"], payer)
        pays_for = {
            client_id: [other["code"] for other in others]
            for client_id, others in clients.billed_to(known).items()
        }
        pairs = []
        for wish in wishes:
            row = known[wish.client_id]
            try:
                payer_id = self._payer(wish.ref, row, named, known, pays_for)
            except InteropError as error:
                report.refuse_at_end(wish.record, row["code"], error, "bill_to")
                continue
            if payer_id == row["bill_to_id"]:
                continue
            pairs.append((row, {**row, "bill_to_id": payer_id}))
            if wish.action != "created":
                reason = msg("invoices went to another client until now")
                at = report.context.at(wish.record.line, row["code"], wish.record.parts)
                at.warn("bill_to", "client.bill_to.changed", reason)
            # The next rows are judged by what this one has changed.
            known[wish.client_id] = pairs[-1][1]
            if row["bill_to_id"] in pays_for:
                pays_for[row["bill_to_id"]].remove(row["code"])
            if payer_id in pays_for:
                pays_for[payer_id].append(row["code"])
            report.amend(wish.record.line, wish.action)
        clients.set_payers(pairs)

    def _payer(
        self,
        ref: str,
        row: Row,
        named: dict[str, Row],
        known: dict[Any, Row],
        pays_for: dict[int, list[str]],
    ) -> int | None:
        if not ref:
            return None
        if ref not in named:
            raise client_not_found(ref)
        clients, payer = self.uow.clients, known[named[ref]["id"]]
        check_can_be_payer(clients.entity(payer), clients.entity(row), pays_for[row["id"]])
        return int(payer["id"])


def _named(report: Import, refs: Iterable[str], *, shared: bool = False) -> dict[str, Row]:
    """The stored rows that references name: ref -> row.

    None by an id that this import has given: nobody could know it, and done again it is another's.
    """
    found, made = report.uow.clients.named(refs, shared=shared), report.first_made
    return {
        ref: row
        for ref, row in found.items()
        if made is None or row["id"] < made or id_named(ref) is None
    }


@dataclass
class Endings:
    """The rows that wait because they retire a payer, or make one a prospect."""

    uow: UnitOfWork
    waiting: list[Any] = field(default_factory=list)

    def among(self, rows: Iterable[tuple[Any, Row | None]]) -> set[int]:
        """The clients, out of records and what is stored of each, who pay and would end it."""
        ids = [row["id"] for record, row in rows if row is not None and _ends(record)]
        return self.uow.clients.payers_among(ids) if ids else set()


def _ends(record: Any) -> bool:
    return _says(record, "active") is False or _says(record, "prospect") is True


def _says(record: Any, name: str) -> bool | None:
    """The yes or no of a cell; what it cannot mean is refused elsewhere."""
    value = record.values.get(name)
    if value in ("", None):
        return None
    try:
        return parse_bool(value)
    except ValueError:
        return None


# -- pasts --------------------------------------------------------------------------------------

FormerCode = tuple[int, str, str, int]
"""A client's id, the code as shown and folded, and whether it is that of a merged client."""


class Past(NamedTuple):
    """What a row says: codes as given, and the code of the client that it is now, or "".

    ``codes`` are its own former ones, ``merged`` those of clients that were merged into it.

    ``action`` is what the row counts as so far: ``created``, ``updated`` or ``unchanged``.
    """

    record: Any
    client_id: int
    codes: Any
    merged: Any
    winner: str
    action: str


@dataclass
class Pasts:
    """What the rows said; ``conclude`` writes it."""

    uow: UnitOfWork
    report: Import
    _said: list[Past] = field(default_factory=list)

    def note(self, record: Any, values: Mapping[str, Any], client_id: int, action: str) -> None:
        """Remember what a row says; all of the row only where it may have to be given back."""
        codes, merged = values.get("former_codes"), values.get("merged_codes")
        winner = values.get("merged_into")
        if codes or merged or winner:
            kept = record if self.report.rejected.pass_on else At(record.line)
            winner = str(winner or "").strip()
            self._said.append(Past(kept, client_id, codes, merged, winner, action))

    def conclude(self) -> None:
        """Write it; the rows that say what cannot be are rejected."""
        for start in range(0, len(self._said), CHUNK):
            self._conclude(self._said[start : start + CHUNK])
        self._said.clear()

    def _conclude(self, pasts: list[Past]) -> None:
        clients = self.uow.clients
        rows: dict[Any, Row] = dict(clients.by_column("id", [past.client_id for past in pasts]))
        winners = _named(self.report, (past.winner for past in pasts if past.winner))
        wanted = {code_key(code) for past in pasts for _name, code in _codes(past)}
        present = clients.by_column("code_key", wanted)
        held: dict[object, int] = {key: row["id"] for key, row in present.items()}
        held.update(clients.retired_codes(map(str, wanted)).items())
        added: list[FormerCode] = []
        merged: list[tuple[Row, Row]] = []
        for past in pasts:
            row = rows[past.client_id]
            try:
                new = _new_codes(past, held)
                winner = _winner(past, row, winners)
            except InteropError as error:
                self.report.refuse_at_end(past.record, row["code"], error)
                continue
            held.update({key: past.client_id for _client, _code, key, _merged in new})
            added += new
            if winner != row["merged_into_id"]:
                merged.append((row, {**row, "merged_into_id": winner}))
                rows[past.client_id] = merged[-1][1]
            if new:
                self.report.amend(past.record.line, past.action)
        clients.add_former_codes(added)
        clients.set_merged(merged)


def _without_flags(part: NestedItem) -> NestedItem:
    """A contact without what only one of a client's can be."""
    kept = {name: value for name, value in part.values.items() if name not in EXCLUSIVE}
    return replace(part, values=kept)


def _codes(past: Past) -> Iterator[tuple[str, str]]:
    """The codes that a row names, each with its field."""
    for name, given in (("former_codes", past.codes), ("merged_codes", past.merged)):
        for code in _listed(given):
            yield name, code


def _listed(given: Any) -> list[str]:
    """The codes of a list, or of the cell of a CSV."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = given.split(",")
    found = given if isinstance(given, list) else [given] if given else []
    return [text for code in found if (text := str(code).strip())]


def _new_codes(past: Past, held: Mapping[object, int]) -> list[FormerCode]:
    """The codes that have to be written."""
    new: dict[str, FormerCode] = {}
    for name, given in _codes(past):
        try:
            code = check_former_code(given)
        except PydanticCustomError as error:
            raise refused(error, name) from None
        key = code_key(code)
        holder = held.get(key)
        if holder is not None and holder != past.client_id:
            raise wrong(name, "client.code.duplicate", msg("is already taken"))
        if holder is None:
            new[key] = (past.client_id, code, key, int(name == "merged_codes"))
    return list(new.values())


def _winner(past: Past, row: Row, winners: dict[str, Row]) -> int | None:
    """The id of the client that the row's has become."""
    known: int | None = row["merged_into_id"]
    if not past.winner:
        return known
    winner = winners.get(past.winner)
    if winner is None:
        raise _not_merged("client.not_found", msg("There is no client of this code."))
    if known == winner["id"]:
        return known
    if past.action != "created":
        raise _not_merged("import.merged", msg("is not so here; use: interop client merge"))
    if row["active"] or row["bill_to_id"] or winner["merged_into_id"] or winner["id"] == row["id"]:
        reason = msg("cannot be: a merged client is inactive, and what it has become is not merged")
        raise _not_merged("import.merged", reason)
    return int(winner["id"])


def _not_merged(code: str, reason: Any) -> InvalidData:
    return wrong("merged_into", code, reason)


WHO = frozenset({"uid", "code", "external_id"})  # which the winner keeps


@dataclass
class Losers:
    """What the rows said; ``conclude`` writes it. ``left_out`` counts whose fields were not."""

    report: Import
    updates: bool = False
    left_out: int = 0
    _waiting: list[tuple[Any, int]] = field(default_factory=list)

    def note(self, record: Any, winner: int) -> None:
        """Remember a row, and the client that the one it is about was merged into."""
        self._waiting.append((record, winner))

    def conclude(self) -> None:
        """Write a batch after the other, each with one row for a winner at most."""
        rows_of = Counter(winner for _record, winner in self._waiting)
        while self._waiting:
            now: dict[int, Any] = {}
            later: list[tuple[Any, int]] = []
            for record, winner in self._waiting:
                if winner in now or len(now) == self.report.size:
                    later.append((record, winner))
                else:
                    now[winner] = record
            self._write(now, rows_of)
            self.report.rejected.flush()
            self._waiting = later

    def _write(self, records: Mapping[int, Any], rows_of: Mapping[int, int]) -> None:
        report, uow = self.report, self.report.uow
        rows = uow.clients.by_column("id", records)
        mains = uow.addresses.main_of(records)
        others = Others(uow, list(records))
        reads: dict[int, Read] = {}
        for winner, record in records.items():
            alone = rows_of[winner] == 1 and not report.who.lines.get(winner)
            try:
                reads[winner] = self._read(record, rows[winner]["code"], updates=alone)
            except InteropError as error:
                report.reject(record, code_of(record), error)
        report.nested.load(list(reads), [one.parts for one in reads.values()])
        saves = []
        for winner, one in reads.items():
            row = rows[winner]
            context = report.context.at(one.record.line, row["code"], one.record.parts)
            try:
                saves.append(report.revised(one, row, mains[winner], others, context))
                self.left_out += not one.values
            except InteropError as error:
                report.reject(one.record, row["code"], error)
        if not report.refused:
            report.save(saves)

    def _read(self, record: Any, winner: str, *, updates: bool) -> Read:
        parts = nested_items(record.values)
        if self.updates and updates:
            values = {name: v for name, v in record.values.items() if name not in WHO}
            return Read(record, values, NOBODY, Decision(), parts, loser=True)
        parts.main = None
        # Who is invoiced is the winner's to say: its row, and the next import, would say otherwise.
        parts.contact = [_without_flags(part) for part in parts.contact]
        reason = msg("was merged into {code}: its fields are left out", code=winner)
        self.report.context.at(record.line, code_of(record)).warn("code", "import.merged", reason)
        return Read(record, {}, NOBODY, Decision(), parts, loser=True)
