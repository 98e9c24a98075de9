"""What was posted here is credited or made void, and never undone; what was not, can be."""

from __future__ import annotations

from typing import Any

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import merge
from interop_cli.services.sales import documents, invoices
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from tests.support.cli import Run
from tests.support.stores import add_client, dump

LINE = {"description": "Cartes", "quantity": "1", "unit_price": "10"}


def run(store: Store, operation: str, work: Any) -> tuple[Outcome, int]:
    outcome, number = store.run(work, operation=operation)
    assert number is not None
    return outcome, number


def invoice(store: Store, *, draft: bool = False) -> tuple[str, int]:
    """What to call a new invoice by, and the operation that made it."""
    values = {"lines": [LINE], "draft": draft}
    outcome, operation = run(
        store, "sales.invoice.create", lambda uow: invoices.create(uow, "ACME", values, Context())
    )
    return f"#{outcome.items[0]['id']}", operation


def post(store: Store, ref: str) -> int:
    _outcome, operation = run(
        store, "sales.invoice.post", lambda uow: invoices.post(uow, ref, Context())
    )
    return operation


def credit(store: Store, ref: str) -> int:
    _outcome, operation = run(
        store, "sales.invoice.credit", lambda uow: invoices.credit(uow, ref, {}, Context())
    )
    return operation


def void(store: Store, ref: str) -> int:
    _outcome, operation = run(store, "sales.document.void", lambda uow: documents.void(uow, ref))
    return operation


def take_back(store: Store, operation: int, *, keep_newer: bool = False) -> None:
    store.run(
        lambda uow: undo(uow, operation, keep_newer=keep_newer),
        operation="journal.undo",
        undoes=operation,
    )


def refused(store: Store, operation: int) -> Conflict:
    """The refusal to undo, which changes nothing, whatever is asked to be kept."""
    before = dump(store.conn)
    for keep_newer in (True, False):
        with pytest.raises(Conflict) as caught:
            take_back(store, operation, keep_newer=keep_newer)
        assert caught.value.code == "journal.posted"
        assert dump(store.conn) == before
    return caught.value


@pytest.fixture(autouse=True)
def acme(store: Store) -> int:
    return add_client(store, code="ACME")


def test_an_invoice(store: Store) -> None:
    _ref, operation = invoice(store)
    error = refused(store, operation)
    assert error.hint is not None
    for command in ("sales invoice credit 1", "sales document void 1 --kind invoice"):
        assert command in str(error.hint)


def test_an_invoice_with_others_after_it(store: Store) -> None:
    _ref, operation = invoice(store)
    invoice(store)
    refused(store, operation)


def test_an_invoice_that_was_made_void(store: Store) -> None:
    ref, operation = invoice(store)
    voided = void(store, ref)
    refused(store, operation)
    take_back(store, voided)  # that it is void is no more than a mark
    assert store.conn.query("SELECT status FROM document") == [{"status": "posted"}]


def test_a_draft_that_was_posted(store: Store) -> None:
    ref, made = invoice(store, draft=True)
    operation = post(store, ref)
    refused(store, operation)
    with pytest.raises(Conflict, match=r"journal\.newer"):
        take_back(store, made)
    take_back(store, made, keep_newer=True)
    assert store.conn.query("SELECT number FROM document") == [{"number": "1"}]


def test_a_draft_that_has_its_number_from_elsewhere(store: Store) -> None:
    values = {"number": "F-7", "subtotal": "1", "status": "draft"}
    outcome, _operation = run(
        store,
        "sales.document.add",
        lambda uow: documents.add(uow, "ACME", "invoice", values, Context()),
    )
    refused(store, post(store, f"#{outcome.items[0]['id']}"))


def test_a_credit_note(store: Store) -> None:
    ref, _operation = invoice(store)
    error = refused(store, credit(store, ref))
    assert "sales document void 1 --kind credit_note" in str(error.hint)


# What can be undone


def test_a_draft_is_undone(store: Store) -> None:
    before = dump(store.conn)["document"]
    _ref, operation = invoice(store, draft=True)
    take_back(store, operation)
    assert dump(store.conn)["document"] == before == []


def test_what_was_recorded_is_undone(store: Store) -> None:
    values = {"number": "F-9", "subtotal": "1"}
    _outcome, operation = run(
        store,
        "sales.document.add",
        lambda uow: documents.add(uow, "ACME", "invoice", values, Context()),
    )
    take_back(store, operation)
    assert dump(store.conn)["document"] == []


def test_a_merge_of_clients_with_invoices_is_undone(store: Store) -> None:
    add_client(store, "Other", code="OTHER")
    invoice(store)
    before = dump(store.conn)
    _outcome, operation = run(
        store, "client.merge", lambda uow: merge.merge(uow, "OTHER", ["ACME"])
    )
    take_back(store, operation)
    assert dump(store.conn)["document"] == before["document"]


def test_nobody_is_told_that_it_can_be_undone(store: Store, ready_url: str, invoke: Run) -> None:
    store.close()
    made = ("--db", ready_url, "sales", "invoice", "create", "ACME", "--line", "Cartes;1;10")
    posted, draft = invoke(*made), invoke(*made, "--draft")
    assert "cannot be undone" in posted.stderr
    assert "takes it back" not in posted.stderr
    assert "takes it back" in draft.stderr
