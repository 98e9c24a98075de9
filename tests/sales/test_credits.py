"""Credit notes on parts of an invoice: together they take back all of it, to the cent, no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import Conflict, InvalidData
from interop_cli.domain.rules import Context
from interop_cli.services.clients import status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.sales import documents, invoices
from interop_cli.store.store import Store
from tests.support.campaigns import share
from tests.support.many_stores import NewStore
from tests.support.stores import NOW, add_client

TORONTO = {"province": "ON", "city": "Toronto", "postal_code": "M5H 1A1"}
Line = dict[str, str]


def line(price: str, tax: str = "standard") -> Line:
    return {"description": "Cartes", "quantity": "1", "unit_price": price, "tax": tax}


def invoice(store: Store, *lines: Line) -> str:
    """Invoice client A; the number."""
    outcome, _ = store.run(
        lambda uow: invoices.create(uow, "A", {"lines": list(lines)}, Context()), operation="x"
    )
    return str(outcome.items[0]["number"])


def imported(store: Store, *, number: str = "H-1", **amounts: str) -> str:
    """An invoice from elsewhere, which has one amount of taxes and no place; its number."""
    values = {"number": number, **amounts}
    store.run(lambda uow: documents.add(uow, "A", "invoice", values, Context()), operation="x")
    return number


def credit(store: Store, number: str, *lines: Line, **values: Any) -> dict[str, Any]:
    given = {"lines": list(lines), **values}
    outcome, _ = store.run(
        lambda uow: invoices.credit(uow, number, given, Context()), operation="x"
    )
    found: dict[str, Any] = outcome.extra["invoice"]
    return found


def test_two_halves_take_back_no_cent_more_than_the_whole(store: Store) -> None:
    add_client(store, code="A", **TORONTO)
    number = invoice(store, line("0.04"), line("0.04"))
    # 13 % of 0.08 is one cent, and so is 13 % of 0.04, twice.
    assert [credit(store, number, line("0.04"))["tax_cents"] for _ in range(2)] == [1, 0]


def test_small_parts_take_back_no_more_of_a_tax_than_there_is(store: Store) -> None:
    add_client(store, code="A", **TORONTO)
    number = invoice(store, *[line("0.04")] * 4)
    # 13 % of 0.16 are two cents, and of 0.04 one: the last two find nothing left.
    shares = [credit(store, number, line("0.04"))["tax_cents"] for _ in range(4)]
    assert shares == [1, 1, 0, 0]


def test_the_last_part_takes_what_is_left_of_the_taxes(store: Store) -> None:
    add_client(store, code="A", **TORONTO)
    number = invoice(store, line("0.10"), line("0.10"))
    assert [credit(store, number, line("0.10"))["tax_cents"] for _ in range(2)] == [1, 2]


def test_a_void_part_can_be_taken_back_again(store: Store) -> None:
    add_client(store, code="A", **TORONTO)
    number = invoice(store, line("0.04"), line("0.04"))
    note = credit(store, number, line("0.08"))
    store.run(lambda uow: documents.void(uow, f"#{note['id']}"), operation="x")
    assert credit(store, number, line("0.08"))["total_cents"] == 9


def test_no_more_of_a_tax_than_the_invoice_has(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("100", "exempt"), line("10"))
    with pytest.raises(Conflict) as caught:
        credit(store, number, line("100"))
    assert caught.value.code == "invoice.credited.tax"
    assert credit(store, number, line("100", "exempt"))["tax_cents"] == 0


def test_part_of_an_imported_invoice_takes_its_share_of_the_taxes(store: Store) -> None:
    add_client(store, code="A")
    number = imported(store, subtotal="100.00", tax="14.98")
    assert credit(store, number, line("10"))["total_cents"] == 1000 + 150
    assert credit(store, number, line("20", "exempt"))["total_cents"] == 2000
    assert credit(store, number, line("70"))["total_cents"] == 7000 + 1498 - 150


def test_no_taxes_of_an_imported_invoice_without_any(store: Store) -> None:
    add_client(store, code="A")
    number = imported(store, subtotal="100.00")
    assert credit(store, number, line("10"))["total_cents"] == 1000


def refusal(store: Store, number: str, *lines: Line) -> str:
    """The code of what is said of a credit note that is refused."""
    with pytest.raises(Conflict) as caught:
        credit(store, number, *lines)
    return caught.value.code


def test_a_credit_note_takes_back_something(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("10"))
    assert refusal(store, number, line("5"), line("-5")) == "invoice.credited"
    assert refusal(store, number, line("0")) == "invoice.credited"
    assert refusal(store, number, line("-0.01")) == "invoice.credited"
    assert credit(store, number, line("0.01"))["subtotal_cents"] == 1


def test_an_invoice_of_nothing_has_nothing_to_take_back(store: Store) -> None:
    add_client(store, code="A")
    assert refusal(store, invoice(store, line("0"))) == "invoice.credited"


def test_only_a_posted_invoice_is_credited(store: Store) -> None:
    add_client(store, code="A")
    draft, _ = store.run(
        lambda uow: invoices.create(uow, "A", {"lines": [line("10")], "draft": True}, Context()),
        operation="x",
    )
    assert refusal(store, f"#{draft.items[0]['id']}") == "invoice.not_posted"
    number = invoice(store, line("10"))
    store.run(lambda uow: documents.void(uow, number), operation="x")
    assert refusal(store, number) == "invoice.not_posted"


def test_an_inactive_client_gets_no_credit_note(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("10"))
    store.run(lambda uow: status.deactivate(uow, Selector(keys=[(1, "A")])), operation="x")
    with pytest.raises(Conflict) as caught:
        credit(store, number)
    assert caught.value.code == "document.client.inactive"
    assert caught.value.message.params == {"code": "A"}


def test_a_line_that_is_none_is_refused_by_its_place(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("10"))
    with pytest.raises(InvalidData) as caught:
        credit(store, number, line("1"), line("dear"))
    assert [detail.path for detail in caught.value.details] == ["lines.2.unit_price"]


def test_a_credit_note_is_a_document_of_its_own(store: Store) -> None:
    add_client(store, code="HEAD", city="Lévis")
    client_id = add_client(store, code="A", bill_to="HEAD")
    values = {"lines": [line("10"), line("5", "exempt")], "date": "2026-01-05", "terms": "net30"}
    outcome, _ = store.run(lambda uow: invoices.create(uow, "A", values, Context()), operation="x")
    invoiced = outcome.extra["invoice"]
    number = str(invoiced["number"])
    store.conn.execute(
        "UPDATE document SET external_id = 'X-1', posted_at = '2026-01-05T12:00:00Z'"
    )
    note = credit(store, number, date="2026-02-01")
    assert note["number"] == "1"  # the first of its own series
    assert (note["kind"], note["status"], note["date"]) == ("credit_note", "posted", "2026-02-01")
    assert (note["client"], note["bill_to"], note["due_date"]) == ("A", "HEAD", None)
    for same in (
        "subtotal_cents",
        "tax_cents",
        "total_cents",
        "taxes",
        "lines",
        "currency",
        "sold_to_address",
        "bill_to_address",
        "place_of_supply",
    ):
        assert note[same] == invoiced[same]
    stored = store.conn.query("SELECT * FROM document WHERE id = :id", id=note["id"])[0]
    assert (stored["corrects_id"], stored["external_id"]) == (invoiced["id"], None)
    assert (stored["issued"], stored["posted_at"], stored["version"]) == (1, NOW, 1)
    lines = store.conn.query(
        "SELECT client_id, description, amount_cents, tax FROM document_line"
        " WHERE document_id = :id ORDER BY position",
        id=note["id"],
    )
    assert lines == [
        {"client_id": client_id, "description": "Cartes", "amount_cents": cents, "tax": tax}
        for cents, tax in ((1000, "standard"), (500, "exempt"))
    ]


def test_the_numbers_of_credit_notes_go_on_from_the_highest(store: Store) -> None:
    add_client(store, code="A")
    old = {"number": "41", "subtotal": "1"}
    store.run(lambda uow: documents.add(uow, "A", "credit_note", old, Context()), operation="x")
    number = invoice(store, line("10"))
    assert [credit(store, number, line("1"))["number"] for _ in range(2)] == ["42", "43"]


def test_a_credit_note_is_of_today_and_has_the_taxes_of_the_invoice_s_day(store: Store) -> None:
    add_client(store, code="A")
    values = {"lines": [line("100")], "date": "2012-06-01"}
    store.run(lambda uow: invoices.create(uow, "A", values, Context()), operation="x")
    note = credit(store, "1", line("10"))
    assert (note["date"], note["tax_cents"]) == ("2026-11-24", 50 + 100)
    assert [(tax["tax"], tax["rate"]) for tax in note["taxes"]] == [("gst", "5"), ("qst", "9.5")]


def test_a_date_that_is_none_is_refused_and_says_of_which_invoice(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("10"))
    with pytest.raises(InvalidData) as caught:
        credit(store, number, date="tomorrow")
    assert [(detail.path, detail.key) for detail in caught.value.details] == [("date", number)]


# Without taxes, so that only what the invoice comes to stands in the way.
@pytest.mark.parametrize("tax", ["standard", "exempt"])
def test_no_credit_note_takes_back_more_than_the_invoice(store: Store, tax: str) -> None:
    add_client(store, code="A", country="US", province="NY", postal_code="10001")
    number = invoice(store, line("10", tax))
    assert refusal(store, number, line("10.01", tax)) == "invoice.credited"
    assert credit(store, number, line("10", tax))["subtotal_cents"] == 1000


def test_all_credit_notes_together_take_back_no_more_than_the_invoice(store: Store) -> None:
    add_client(store, code="A")
    number = invoice(store, line("10", "exempt"))
    credit(store, number, line("3", "exempt"))
    credit(store, number, line("4", "exempt"))
    assert refusal(store, number, line("3.01", "exempt")) == "invoice.credited"
    assert refusal(store, number) == "invoice.credited"  # all of it, as if nothing had been
    assert credit(store, number, line("3", "exempt"))["subtotal_cents"] == 300
    assert refusal(store, number, line("0.01", "exempt")) == "invoice.credited"


def test_parts_of_an_imported_invoice_take_back_no_more_taxes_than_it_has(store: Store) -> None:
    add_client(store, code="A")
    number = imported(store, subtotal="0.30", tax="0.05")
    # A third of 5 cents is 1.67 cents, and 2 in whole ones.
    shares = [credit(store, number, line("0.10"))["tax_cents"] for _ in range(3)]
    assert shares == [2, 2, 1]
    number = imported(store, number="H-2", subtotal="0.04", tax="0.02")
    # Half a cent each is one; the third and the fourth find nothing left.
    shares = [credit(store, number, line("0.01"))["tax_cents"] for _ in range(4)]
    assert shares == [1, 1, 0, 0]


parts = st.lists(
    st.tuples(st.integers(1, 500), st.sampled_from(("standard", "federal", "exempt"))),
    min_size=1,
    max_size=6,
)


@given(parts=parts, order=st.randoms(use_true_random=False))
@settings(
    max_examples=share(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_all_lines_one_by_one_take_back_the_invoice(
    new_store: NewStore, parts: list[tuple[int, str]], order: Any
) -> None:
    store = new_store()
    add_client(store, code="A")
    lines = [line(f"{cents / 100:.2f}", tax) for cents, tax in parts]
    number = invoice(store, *lines)
    (whole,) = store.conn.query("SELECT total_cents FROM document WHERE number = '1'")
    order.shuffle(lines)
    left = whole["total_cents"]
    for part in lines:
        left -= credit(store, number, part)["total_cents"]
        assert left >= 0
    assert left == 0
