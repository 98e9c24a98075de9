"""Who pays for the clients of a file: written once every client of the file exists.

Rows that retire a payer, or make one a prospect, wait until then: so a file may move the
clients of a payer to another one and retire it, in any order of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.errors import NOWHERE, InteropError, Parts
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer
from interop_cli.domain.values.closed_lists import parse_bool
from interop_cli.services.imports.rows import RowImport

if TYPE_CHECKING:
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
    report: RowImport
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
        named = clients.named((wish.ref for wish in wishes if wish.ref), shared=True)
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
                report.withdraw(wish.record.line, wish.action)
                report.reject(wish.record, row["code"], error, path="bill_to")
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
        clients = self.uow.clients
        payer = known[named[ref]["id"]] if ref in named else clients.row(ref, shared=True)
        check_can_be_payer(clients.entity(payer), clients.entity(row), pays_for[row["id"]])
        return int(payer["id"])


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
