"""Rows that retire a payer, or make one a prospect: they wait until who pays is settled.

So a file may move the clients of a payer to another one and retire it, in any order of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.booleans import parse_bool
from interop_cli.domain.client import Client
from interop_cli.domain.payer import check_can_deactivate, check_prospect

if TYPE_CHECKING:
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork


@dataclass
class Endings:
    """The rows that wait, and the rule that they must pass in the end."""

    uow: UnitOfWork
    waiting: list[Any] = field(default_factory=list)

    def among(self, rows: Iterable[tuple[Any, Row | None]]) -> set[int]:
        """The clients, out of records and what is stored of each, who pay and would end it."""
        ids = [row["id"] for record, row in rows if row is not None and _ends(record)]
        return self.uow.clients.payers_among(ids) if ids else set()

    def check(self, before: Client, client: Client) -> None:
        """Refuse to retire a payer, or to make one (or one that has a job) a prospect."""
        retires = before.active and not client.active
        courts = client.prospect and not before.prospect
        if client.id is None or not (retires or courts):
            return
        billed = self.uow.clients.billed_to(client.id)
        if retires:
            check_can_deactivate(client, [row["code"] for row in billed if row["active"]])
        if courts:
            jobs = self.uow.documents.jobs_of(client.id)
            check_prospect(client, jobs=jobs, pays_for=[row["code"] for row in billed])


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
