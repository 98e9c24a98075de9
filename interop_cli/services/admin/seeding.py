"""Filling a database with made-up clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Detail
from interop_cli.domain.rules import Context
from interop_cli.services.imports.clients import Import
from interop_cli.services.outcome import Outcome

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """A made-up client, as an import sees a row."""

    line: int
    values: dict[str, Any]
    error: Detail | None = None


def seed_clients(uow: UnitOfWork, clients: Iterable[dict[str, Any]], context: Context) -> Outcome:
    """Write the clients, over those of the same codes."""
    return Import(uow, context).run(_records(clients))


def _records(clients: Iterable[dict[str, Any]]) -> Iterator[SeedRecord]:
    for line, values in enumerate(clients, 1):
        yield SeedRecord(line, values)
