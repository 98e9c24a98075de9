"""Filling a database with made-up clients, or a made-up shop, for trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Detail, Parts
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import code_key, derived_uid
from interop_cli.services import Outcome
from interop_cli.services.clients.merge import merge
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.imports.matching import Written
from interop_cli.store.writing.tables import ADDRESS, CLIENT

if TYPE_CHECKING:
    from interop_cli.seed.shop import Shop
    from interop_cli.store.writing.unit_of_work import UnitOfWork

_CODE, _UID, _ADDRESS_UID = CLIENT.place("code"), CLIENT.place("uid"), ADDRESS.place("uid")


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """A made-up client, as an import sees a row."""

    line: int
    values: dict[str, Any]
    error: Detail | None = None
    parts: Parts = field(default_factory=dict)


class Seeding(Import):
    """An import that names what it makes after the seed and the code: the same in every database.

    ``origin`` is what their uids are derived from.
    """

    origin: str = "seed"

    def _insert(self, new: list[Written]) -> None:
        for client, address, _words in (one.card for one in new if one.card):
            code = client[_CODE]
            client[_UID] = derived_uid(self.origin, "client", code)
            address[_ADDRESS_UID] = derived_uid(self.origin, "address", code)
        super()._insert(new)


def seed_clients(
    uow: UnitOfWork, clients: Iterable[dict[str, Any]], context: Context, seed: int = 1
) -> Outcome:
    """Write the made-up clients of a seed, over those of the same codes."""
    seeding = Seeding(uow, context)
    seeding.origin = f"seed {seed}"
    return seeding.run(_records(clients))


def seed_shop(
    uow: UnitOfWork, shop: Shop, context: Context, advance: Callable[[int], None]
) -> Outcome:
    """Write a made-up shop: clients with what belongs to them, documents, then the merges.

    ``advance`` is told of each client, and again when its documents are made.
    """
    # Those of an earlier seeding that were merged: their codes lead to the winners since.
    keys = {code_key(code): code for code in shop.merges}
    gone = {keys[key] for key, _found in uow.candidates().by_former_code(keys)}
    companies = (
        row for row in _counted(shop.companies(), "code", advance) if row["code"] not in gone
    )
    # What was entered twice is meant to be there; warnings of it would drown all else.
    outcome = seed_clients(uow, companies, context.silent(), shop.seed)
    outcome.warnings = []
    history = _counted(shop.documents(), "client", advance)
    documents = DocumentImport(uow, context.silent()).run(
        _records(row for row in history if row["client"] not in gone)
    )
    merged = [pair for pair in shop.merges.items() if pair[0] not in gone]
    for loser, winner in merged:
        merge(uow, winner, [loser])
    outcome.matched += documents.matched
    outcome.changed += documents.changed
    outcome.unchanged += documents.unchanged
    outcome.extra |= {"documents": documents.changed, "merged": len(merged)}
    return outcome


def _counted(
    rows: Iterator[dict[str, Any]], name: str, advance: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """The same rows; ``advance`` is called where another client's begin."""
    last = None
    for row in rows:
        if row[name] != last:
            last = row[name]
            advance(1)
        yield row


def _records(rows: Iterable[dict[str, Any]]) -> Iterator[SeedRecord]:
    for line, values in enumerate(rows, 1):
        yield SeedRecord(line, values)
