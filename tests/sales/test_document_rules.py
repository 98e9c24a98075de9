"""What holds for documents whichever way they come in: recorded one by one, or imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interop_cli.domain.errors import Conflict, InteropError, InvalidData
from interop_cli.domain.rules import Context, Policy
from interop_cli.services.clients import status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.people import contacts
from interop_cli.services.sales import documents, invoices
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.store.test_imports import Row
from tests.support.stores import add_client

Put = Callable[..., None]


def add(store: Store, kind: str, client: str, **values: Any) -> None:
    store.run(lambda uow: documents.add(uow, client, kind, values, Context()), operation="x")


def take(store: Store, kind: str, client: str, **values: Any) -> None:
    row = Row(2, {"client": client, "date": "2026-01-05", **values})
    store.run(lambda uow: DocumentImport(uow, Context(), kind=kind).run([row]), operation="x")


both = pytest.mark.parametrize("put", [add, take])


def codes(error: InteropError) -> list[tuple[str, str]]:
    """The paths and codes of its details; its own code where there are none."""
    return [(detail.path, detail.code) for detail in error.details] or [("", error.code)]


def add_contact(store: Store, name: str) -> int:
    outcome, _ = store.run(
        lambda uow: contacts.create(uow, "A", {"name": name}, Context()), operation="x"
    )
    return int(outcome.items[0]["id"])


@both
def test_a_prospect_is_billed_for_nobody(store: Store, put: Put) -> None:
    add_client(store, code="A")
    add_client(store, code="P", prospect=True)
    put(store, "quote", "A", number="Q-1", bill_to="P")
    with pytest.raises((Conflict, InvalidData)) as caught:
        put(store, "invoice", "A", number="1", subtotal="10", bill_to="P")
    assert codes(caught.value)[0][1] == "document.client.prospect"


def test_an_invoice_is_not_moved_to_a_prospect(store: Store) -> None:
    add_client(store, code="A")
    add_client(store, code="P", prospect=True)
    take(store, "invoice", "A", number="1", subtotal="10")
    for values in ({"client": "P"}, {"client": "A", "bill_to": "P"}):
        with pytest.raises(InvalidData) as caught:
            take(store, "invoice", number="1", **values)
        assert codes(caught.value) == [([*values][-1], "document.client.prospect")]
    rows = store.conn.query("SELECT c.code FROM document d JOIN client c ON c.id = d.client_id")
    assert rows == [{"code": "A"}]


def test_nothing_new_is_billed_to_an_inactive_client(store: Store) -> None:
    for code in ("A", "I"):
        add_client(store, code=code)
    selector = Selector(keys=[(1, "I")])
    store.run(lambda uow: status.deactivate(uow, selector), operation="x")
    with pytest.raises(Conflict) as caught:
        add(store, "invoice", "A", number="1", subtotal="10", bill_to="I")
    assert caught.value.code == "document.client.inactive"
    take(store, "invoice", "A", number="1", subtotal="10", bill_to="I")  # that is history


@pytest.mark.parametrize("day", ["2126-11-29", "2028-01-01", "1975-12-31"])
def test_a_year_that_was_hardly_meant_is_said(store: Store, day: str) -> None:
    add_client(store, code="A")
    far = [("date", "document.date.far")]

    def dated(uow: UnitOfWork, date: str, number: str) -> Context:
        context = Context(Policy(year=2026))
        values = {"number": number, "date": date, "subtotal": "10"}
        documents.add(uow, "A", "invoice", values, context)
        rows = [Row(2, {"client": "A", **values, "number": number + "B"})]
        DocumentImport(uow, context, kind="invoice").run(rows)
        return context

    def work(uow: UnitOfWork) -> None:
        assert told(dated(uow, day, "1")) == far * 2
        assert told(dated(uow, "2027-12-31", "2")) == told(dated(uow, "1976-01-01", "3")) == []
        context = Context(Policy(year=2026))
        invoices.create(uow, "A", {"lines": [line("5")], "date": "2126-11-29"}, context)
        assert told(context) == far

    store.run(work, operation="x")


def test_what_is_due_before_its_own_date_is_said(store: Store) -> None:
    add_client(store, code="A")

    def work(uow: UnitOfWork) -> None:
        for due, warned in (("2026-01-04", True), ("2026-01-05", False)):
            context = Context()
            values = {"date": "2026-01-05", "due_date": due, "subtotal": "10"}
            documents.add(uow, "A", "invoice", {"number": due, **values}, context)
            rows = [Row(2, {"client": "A", **values, "number": due + "B"})]
            DocumentImport(uow, context, kind="invoice").run(rows)
            assert told(context) == [("due_date", "document.due_date.before")] * 2 * warned

    store.run(work, operation="x")


def test_a_payer_with_another_currency_than_its_client_is_said(store: Store) -> None:
    add_client(store, code="A", currency="CAD")
    add_client(store, code="U", currency="USD")
    add_client(store, code="B", currency="CAD", bill_to="U")
    context = Context()
    to_usd, named = {"subtotal": "10", "bill_to": "U"}, {"subtotal": "10", "currency": "CAD"}

    def work(uow: UnitOfWork) -> None:
        documents.add(uow, "A", "invoice", {"number": "1", **to_usd}, context)
        documents.add(uow, "B", "invoice", {"number": "2", "subtotal": "10"}, context)
        for client, bill_to in (("A", "U"), ("B", None)):
            values = {"lines": [line("5")], "bill_to": bill_to, "draft": True}
            made = invoices.create(uow, client, values, context)
            invoices.post(uow, f"#{made.items[0]['id']}", context)
        assert told(context) == [("currency", "document.currency.payer")] * 6
        documents.add(uow, "B", "invoice", {"number": "103", **named}, context)
        documents.add(
            uow, "B", "invoice", {"number": "104", "subtotal": "1", "bill_to": "B"}, context
        )
        invoices.create(uow, "A", {"lines": [line("5")]}, context)
        assert len(context.warnings) == 6

    store.run(work, operation="x")
    rows = [
        Row(2, {"client": "A", "number": "11", "date": "2026-01-05", "subtotal": "10"}),
        Row(3, {"client": "A", "number": "12", "date": "2026-01-05", **to_usd}),
        Row(4, {"client": "B", "number": "13", "date": "2026-01-05", "subtotal": "10"}),
        Row(5, {"client": "B", "number": "14", "date": "2026-01-05", **named}),
        Row(6, {"client": "B", "number": "15", "date": "2026-01-05", **named, "bill_to": "A"}),
        Row(7, {"client": "U", "number": "16", "date": "2026-01-05", "subtotal": "10"}),
    ]
    taken = Context()
    store.run(lambda uow: DocumentImport(uow, taken, kind="invoice").run(rows), operation="x")
    (warning,) = taken.warnings
    assert (warning.path, warning.code, warning.line) == ("currency", "document.currency.payer", 3)
    assert warning.message.params == {"count": 2}
    quotes = Context()
    rows = [Row(2, {"client": "A", "number": "17", "date": "2026-01-05", **to_usd})]
    store.run(lambda uow: DocumentImport(uow, quotes, kind="quote").run(rows), operation="x")
    assert quotes.warnings == []  # a quote counts nowhere


def told(context: Context) -> list[tuple[str, str]]:
    return [(warning.path, warning.code) for warning in context.warnings]


def test_who_is_billed_for_an_invoice_pays_itself(store: Store) -> None:
    add_client(store, code="A")
    add_client(store, code="C")
    add_client(store, code="B", bill_to="C")
    with pytest.raises(Conflict) as caught:
        add(store, "invoice", "A", number="1", subtotal="10", bill_to="B")
    assert caught.value.code == "client.bill_to.level"
    add(store, "invoice", "B", number="1", subtotal="10", bill_to="B")  # for once
    take(store, "invoice", "A", number="2", subtotal="10", bill_to="B")  # that is history


def test_no_new_invoice_is_for_a_contact_that_is_inactive(store: Store) -> None:
    add_client(store, code="A")
    ids = [add_contact(store, name) for name in ("Ève", "Luc")]
    store.run(lambda uow: contacts.deactivate(uow, ids[1:], Context()), operation="x")

    def create(contact_id: int) -> None:
        values = {"lines": [line("5")], "contact": str(contact_id)}
        store.run(lambda uow: invoices.create(uow, "A", values, Context()), operation="x")

    with pytest.raises(Conflict) as caught:
        create(ids[1])
    assert caught.value.code == "contact.inactive"
    create(ids[0])


def amounts(store: Store) -> tuple[int, int, int]:
    (row,) = store.conn.query("SELECT subtotal_cents, tax_cents, total_cents FROM document")
    return row["subtotal_cents"], row["tax_cents"], row["total_cents"]


def line(price: str, quantity: str = "2") -> dict[str, str]:
    return {"description": "Cartes", "quantity": quantity, "unit_price": price}


@both
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (1000, 0, 1000)),
        ({"tax": "1.50"}, (1000, 150, 1150)),
        ({"total": "11.50"}, (1000, 150, 1150)),
        ({"subtotal": "9.00", "tax": "1.35"}, (900, 135, 1035)),  # a discount on all of it
    ],
)
def test_lines_make_the_subtotal_that_is_not_said(
    store: Store, put: Put, values: dict[str, str], expected: tuple[int, int, int]
) -> None:
    add_client(store, code="A")
    put(store, "invoice", "A", number="1", lines=[line("5")], **values)
    assert amounts(store) == expected


def test_other_lines_make_another_subtotal(store: Store) -> None:
    add_client(store, code="A")
    for price, total in (("5", 1000), ("7", 1400)):
        take(store, "invoice", "A", number="1", lines=[line(price)])
        assert amounts(store) == (total, 0, total)


@both
def test_what_is_sold_says_for_how_much(store: Store, put: Put) -> None:
    add_client(store, code="A")
    put(store, "quote", "A", number="1")
    for kind in ("invoice", "credit_note"):
        with pytest.raises(InvalidData) as caught:
            put(store, kind, "A", number="1")
        assert codes(caught.value) == [("subtotal", "field.missing")]


def test_an_import_leaves_the_lines_of_what_was_issued_here(store: Store) -> None:
    add_client(store, code="A")
    store.run(
        lambda uow: invoices.create(uow, "A", {"lines": [line("5")]}, Context()), operation="x"
    )
    stored = {"number": "1", "date": "2026-11-24", "subtotal_cents": 1000, "tax_cents": 150}
    take(store, "invoice", "A", **stored, lines=[line("5")])
    for lines in ([line("2", quantity="5")], []):
        with pytest.raises(InvalidData) as caught:
            take(store, "invoice", "A", **stored, lines=lines)
        assert [code for _, code in codes(caught.value)] == ["document.issued"]


def test_the_lines_of_an_invoice_go_along_to_another_client(store: Store) -> None:
    for code in ("A", "B"):
        add_client(store, code=code)
    take(store, "invoice", "A", number="1", lines=[line("5")])
    take(store, "invoice", "B", number="1")
    rows = store.conn.query(
        "SELECT c.code, l.version FROM document_line l JOIN client c ON c.id = l.client_id"
    )
    assert rows == [{"code": "B", "version": 2}]
    store.run(lambda uow: status.delete(uow, Selector(keys=[(1, "A")])), operation="x")


@pytest.mark.parametrize(
    "lines",
    [
        [line("-5")],
        [line("5"), line("-6")],
        [{**line("5"), "tax": "exempt"}, line("-5")],  # the taxes alone are less than nothing
    ],
)
@pytest.mark.parametrize("draft", [True, False])
def test_an_invoice_takes_nothing_back(
    store: Store, lines: list[dict[str, str]], draft: bool
) -> None:
    add_client(store, code="A")

    def create(lines: list[dict[str, str]]) -> None:
        values = {"lines": lines, "draft": draft}
        store.run(lambda uow: invoices.create(uow, "A", values, Context()), operation="x")

    with pytest.raises(InvalidData) as caught:
        create(lines)
    assert caught.value.code == "invoice.negative"
    create([line("5"), line("-5")])


def test_a_refused_row_is_of_the_kind_that_it_says(store: Store) -> None:
    add_client(store, code="A")
    row = Row(2, {"kind": "facture", "number": "1", "client": "A", "date": "soon"})
    outcome, _ = store.run(
        lambda uow: DocumentImport(uow, Context(), continue_on_error=True).run([row]), operation="x"
    )
    assert (outcome.items[0]["kind"], outcome.items[0]["status"]) == ("invoice", "error")
