"""A database from before it was noted when a document was posted here."""

from __future__ import annotations

from interop_cli.domain.rules import Context
from interop_cli.services.sales import documents, invoices
from interop_cli.store.migrations import migrate
from interop_cli.store.store import Store
from tests.support.stores import NOW, add_client, store

__all__ = ["store"]
LINE = {"description": "Cartes", "quantity": "1", "unit_price": "5"}


def take_back(store: Store) -> None:
    """The database as it was before the step."""
    conn = store.conn
    with conn.write():
        conn.execute("DROP INDEX document_posted_here")
        conn.execute("ALTER TABLE document DROP COLUMN posted_at")
        conn.execute("DELETE FROM migration WHERE name = '0006_posted_here'")
        if conn.engine == "sqlite":
            conn.execute("PRAGMA user_version = 5")


def test_what_was_issued_before_counts_as_posted_when_it_was_made(store: Store) -> None:
    add_client(store, code="A")
    for draft in (False, True):
        values = {"lines": [LINE], "draft": draft}
        store.run(
            lambda uow, values=values: invoices.create(uow, "A", values, Context()),  # type: ignore[misc]
            operation="x",
        )
    recorded = {"number": "H-1", "subtotal": "10"}
    store.run(lambda uow: documents.add(uow, "A", "invoice", recorded, Context()), operation="x")
    take_back(store)
    assert migrate(store.conn, NOW) == ["0006_posted_here"]
    rows = store.conn.query("SELECT number, posted_at FROM document ORDER BY id")
    assert [(row["number"], row["posted_at"]) for row in rows] == [
        ("1", NOW),
        (None, None),
        ("H-1", None),
    ]
