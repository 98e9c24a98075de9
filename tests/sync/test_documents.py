"""Invoices and credit notes as pending work on each engine: what goes, in which order, when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from interop_cli.connectors.protocol import Target
from interop_cli.connectors.quickbooks import QuickBooks
from interop_cli.domain.rules import Context
from interop_cli.domain.sync.link import LinkState
from interop_cli.services.sales import documents, invoices
from interop_cli.store.store import Store
from interop_cli.store.sync.targets import target_named
from interop_cli.sync.push import Options as PushOptions
from interop_cli.sync.push import Push
from interop_cli.sync.report import Report, status
from interop_cli.sync.target import OpenTarget
from interop_cli.system import Clock
from tests.connectors.support import tools
from tests.fakes.qbo import REALM, FakeQuickBooks
from tests.support.stores import add_client, store
from tests.sync.support import START, add_target, links

__all__ = ["store"]
SETTINGS = {"realm_id": REALM, "item": "1", "tax_codes": "CA-QC=9"}
LINE = {"description": "Cartes", "quantity": "10", "unit_price": "4.50"}


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as company:
        yield company
        assert not company.violations


@pytest.fixture
def books(store: Store, fake: FakeQuickBooks) -> OpenTarget:
    add_target(store, "books", "qbo", **SETTINGS)
    row = target_named(store.conn, "books")
    target = Target(row.id, row.name, row.kind, row.settings, row.version, row.uid)
    return OpenTarget(store, row, QuickBooks(target, tools(fake.url, fake.secret)), Clock(START))


def push(books: OpenTarget, **options: Any) -> Report:
    return Push(books, options=PushOptions(overlap=False, **options)).run()


def invoice(store: Store, code: str, **values: Any) -> str:
    """An invoice, posted; its number."""
    values = {"lines": [LINE], **values}
    outcome, _ = store.run(
        lambda uow: invoices.create(uow, code, values, Context()), operation="sales.invoice.create"
    )
    return str(outcome.items[0]["number"])


def todo(books: OpenTarget, entity: str = "invoice") -> list[tuple[str, str | None, str | None]]:
    """What a push would do about documents: what, its number, and for whom it waits."""
    return [(str(step.todo), step.local.number, step.waits_for) for step in books.steps(entity)]


def test_an_invoice_is_pending_until_it_is_there(store: Store, books: OpenTarget) -> None:
    add_client(store, code="A")
    number = invoice(store, "A")
    assert todo(books) == [("create", number, "A")]
    push(books)
    assert todo(books) == []
    link = next(iter(links(store, "invoice").values()))
    assert (link["state"], link["remote_key"]) == ("in_sync", number)
    assert (status(books)["in_sync"], status(books)["pending"]) == (2, 0)


def test_those_of_each_kind_wait_for_what_they_are_about(store: Store, books: OpenTarget) -> None:
    add_client(store, code="A")
    add_client(store, "Payeur", code="P")
    number = invoice(store, "A", bill_to="P")
    store.run(
        lambda uow: invoices.credit(uow, number, {}, Context()), operation="sales.invoice.credit"
    )
    (note,) = todo(books, "credit_note")
    assert note[2] in ("P", number)
    report = push(books)
    assert {line.status for line in report.lines.values()} == {"ok"}
    held = store.conn.query("SELECT entity, remote_id FROM sync_link ORDER BY id")
    assert [row["entity"] for row in held] == ["client", "client", "invoice", "credit_note"]


def test_only_what_was_posted_here_since_goes(store: Store, books: OpenTarget) -> None:
    add_client(store, code="A")
    old, new = invoice(store, "A"), invoice(store, "A")
    store.run(
        lambda uow: documents.add(
            uow, "A", "invoice", {"number": "H-1", "subtotal": "10"}, Context()
        ),
        operation="x",
    )
    store.run(
        lambda uow: invoices.create(uow, "A", {"lines": [LINE], "draft": True}, Context()),
        operation="x",
    )
    store.run(
        lambda uow: uow.writer.update(
            "document", {"posted_at": "2020-01-01T00:00:00Z"}, "number = :number", number=old
        ),
        operation="x",
    )
    assert [number for _todo, number, _waits in todo(books)] == [new]
    for settings, expected in (
        ({"invoices_from": "2000-01-01"}, [old, new]),
        ({"invoices_from": "2099-01-01"}, []),
        ({"invoices": False}, []),
    ):
        store.run(
            lambda uow, settings=settings: uow.targets.configure(  # type: ignore[misc]
                uow.targets.named("books"), {**SETTINGS, **settings}
            ),
            operation="x",
        )
        assert [number for _todo, number, _waits in todo(books)] == expected


def test_what_is_there_changes_no_more_whatever_the_settings_say(
    store: Store, books: OpenTarget, fake: FakeQuickBooks
) -> None:
    add_client(store, code="A")
    invoice(store, "A")
    push(books)
    fake.calls.clear()
    settings = {"realm_id": REALM}
    books.connector.target = replace(  # type: ignore[attr-defined]
        books.connector.target,
        settings=settings,  # type: ignore[attr-defined]
    )
    assert push(books, again=True).count("error") == 0
    assert [call.path.rpartition("/")[2] for call in fake.writes()] == ["customer"]
    assert status(books)["blocked"] == 0


def test_the_invoices_of_an_excluded_client_stay_here(store: Store, books: OpenTarget) -> None:
    client = add_client(store, code="A")
    invoice(store, "A")
    store.run(
        lambda uow: uow.links.ensure(books.target.id, "client", client, LinkState.EXCLUDED),
        operation="x",
    )
    assert todo(books) == []
    assert push(books).count("error") == 0
