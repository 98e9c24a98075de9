"""Which totals are marked: by each kind of write, the clients it takes from and gives to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interop_cli.domain.rules import Context
from interop_cli.services import undoing
from interop_cli.services.clients import card, merge
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.sales import documents
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.store.test_totals import Row
from tests.support.stores import add_client

Marks = set[tuple[str, int, str]]


@pytest.fixture
def shop(store: Store) -> Store:
    """Clients A, B and P; A's invoice 1 of 2025, which P pays; no marks."""
    for code in "ABP":
        add_client(store, name=f"Client {code}", code=code)
    invoice = {"number": "1", "date": "2025-03-01", "subtotal": "100", "bill_to": "P"}
    run(store, lambda uow: documents.add(uow, "A", "invoice", invoice, Context()))
    assert marks(store) == {("A", 2025, "sold-to"), ("P", 2025, "bill-to")}
    forget(store)
    return store


def run(store: Store, work: Callable[[UnitOfWork], object]) -> int:
    _, operation = store.run(work, operation="test")
    return operation or 0


def forget(store: Store) -> None:
    with store.conn.write():
        store.conn.execute("DELETE FROM sales_stale")


def marks(store: Store) -> Marks:
    rows = store.conn.query(
        "SELECT code, year, basis FROM sales_stale s JOIN client c ON c.id = s.client_id"
    )
    return {(row["code"], row["year"], row["basis"]) for row in rows}


def imported(store: Store, **values: str) -> int:
    row = {"kind": "invoice", "number": "1", "client": "A", "bill_to": "P", **values}
    return run(store, lambda uow: DocumentImport(uow, Context()).run([Row(1, row)]))


OLD = {("A", 2025, "sold-to"), ("P", 2025, "bill-to")}


def test_voiding(shop: Store) -> None:
    run(shop, lambda uow: documents.void(uow, "1"))
    assert marks(shop) == OLD


def test_undoing_a_void(shop: Store) -> None:
    operation = run(shop, lambda uow: documents.void(uow, "1"))
    forget(shop)
    run(shop, lambda uow: undoing.undo(uow, operation))
    assert marks(shop) == OLD


def test_another_year(shop: Store) -> None:
    imported(shop, date="2024-12-31")
    assert marks(shop) == OLD | {("A", 2024, "sold-to"), ("P", 2024, "bill-to")}


def test_another_client_and_payer(shop: Store) -> None:
    operation = imported(shop, client="B", bill_to="B")
    new = {("B", 2025, "sold-to"), ("B", 2025, "bill-to")}
    assert marks(shop) == OLD | new
    forget(shop)
    run(shop, lambda uow: undoing.undo(uow, operation))
    assert marks(shop) == OLD | new


def test_undoing_an_import(shop: Store) -> None:
    operation = imported(shop, number="2", date="2025-06-01", subtotal="5", bill_to="")
    forget(shop)
    undone = run(shop, lambda uow: undoing.undo(uow, operation))
    assert marks(shop) == {("A", 2025, "sold-to"), ("A", 2025, "bill-to")}
    forget(shop)
    run(shop, lambda uow: undoing.undo(uow, undone))  # and put back
    assert marks(shop) == {("A", 2025, "sold-to"), ("A", 2025, "bill-to")}


def test_merging_clients(shop: Store) -> None:
    run(shop, lambda uow: merge.merge(uow, "B", ["A"]))
    assert ("B", 2025, "sold-to") in marks(shop)


def test_merging_a_payer(shop: Store) -> None:
    run(shop, lambda uow: merge.merge(uow, "B", ["P"]))
    assert ("B", 2025, "bill-to") in marks(shop)


def test_what_does_not_count_marks_nothing(shop: Store) -> None:
    imported(shop, terms="net30", external_id="X1")
    for kind, status in (("quote", "posted"), ("job", "posted"), ("invoice", "draft")):
        imported(shop, kind=kind, status=status, number="9", date="2025-01-01", subtotal="5")
    run(shop, lambda uow: documents.void(uow, "9", "invoice"))
    assert marks(shop) == set()


def test_what_is_said_of_a_client_marks_nothing(shop: Store) -> None:
    from interop_cli.services.clients.bulk import Selector

    run(
        shop,
        lambda uow: card.edit(uow, Selector(keys=[(1, "A")]), {"name": "Autre nom"}, Context()),
    )
    assert marks(shop) == set()
