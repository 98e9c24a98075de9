"""Credit notes on parts of an invoice: together they take back all of it, to the cent, no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services.sales import credits, documents, invoices
from interop_cli.store.store import Store
from tests.support.many_stores import NewStore
from tests.support.stores import add_client

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


def imported(store: Store, **amounts: str) -> str:
    """An invoice from elsewhere, which has one amount of taxes and no place; its number."""
    values = {"number": "H-1", **amounts}
    store.run(lambda uow: documents.add(uow, "A", "invoice", values, Context()), operation="x")
    return "H-1"


def credit(store: Store, number: str, *lines: Line) -> dict[str, Any]:
    outcome, _ = store.run(
        lambda uow: credits.credit(uow, number, {"lines": list(lines)}, Context()), operation="x"
    )
    found: dict[str, Any] = outcome.extra["invoice"]
    return found


def test_two_halves_take_back_no_cent_more_than_the_whole(store: Store) -> None:
    add_client(store, code="A", **TORONTO)
    number = invoice(store, line("0.04"), line("0.04"))
    # 13 % of 0.08 is one cent, and so is 13 % of 0.04, twice.
    assert [credit(store, number, line("0.04"))["tax_cents"] for _ in range(2)] == [1, 0]


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


parts = st.lists(
    st.tuples(st.integers(1, 500), st.sampled_from(("standard", "federal", "exempt"))),
    min_size=1, max_size=6,
)  # fmt: skip


@given(parts=parts, order=st.randoms(use_true_random=False))
@settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
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
