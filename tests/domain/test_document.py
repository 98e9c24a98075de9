"""Documents and their lines: amounts, dates, words for kinds and status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.document import Document, DocumentLine, read_amounts
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context

INVOICE = {"kind": "invoice", "number": "1", "date": "2026-01-05"}


def code(error: InvalidData) -> str:
    return error.details[0].code


@pytest.mark.parametrize(
    ("given", "amounts"),
    [
        ({"subtotal": "440.00"}, (44000, 0, 44000)),
        ({"subtotal": "1 440,5"}, (144050, 0, 144050)),
        ({"subtotal_cents": "44000"}, (44000, 0, 44000)),
        ({"subtotal_cents": 44000, "tax": "22"}, (44000, 2200, 46200)),
        ({"subtotal": "100", "total": "114.98"}, (10000, 1498, 11498)),
        ({"total": "114.98", "tax": "14.98"}, (10000, 1498, 11498)),
        ({"subtotal": "100", "tax": "14.98", "total": "114.98"}, (10000, 1498, 11498)),
        ({"subtotal": "", "tax": None}, None),
        ({}, None),
    ],
)
def test_amounts_follow_from_each_other(
    given: dict[str, Any], amounts: tuple[int, int, int] | None
) -> None:
    names = ("subtotal_cents", "tax_cents", "total_cents")
    expected = dict(zip(names, amounts, strict=True)) if amounts else {}
    assert read_amounts(given, "invoice", "CAD") == expected


@pytest.mark.parametrize(
    ("given", "path", "error"),
    [
        ({"total": "100"}, "subtotal", "field.missing"),
        ({"tax": "5"}, "subtotal", "field.missing"),
        ({"subtotal": "1", "tax": "1", "total": "3"}, "total", "document.total.sum"),
        ({"subtotal": "abc"}, "subtotal", "money.format"),
        ({"subtotal": "1,234"}, "subtotal", "money.ambiguous"),
        ({"subtotal": "1 €"}, "subtotal", "money.currency"),
        ({"subtotal": "1", "tax": "US$ 1"}, "tax", "money.currency"),
        ({"subtotal_cents": "1.5"}, "subtotal_cents", "money.cents"),
        ({"subtotal_cents": True}, "subtotal_cents", "money.cents"),
        ({"subtotal_cents": "9" * 17}, "subtotal_cents", "money.cents"),
    ],
)
def test_amounts_that_cannot_be(given: dict[str, Any], path: str, error: str) -> None:
    with pytest.raises(InvalidData) as raised:
        read_amounts(given, "invoice", "CAD")
    assert (raised.value.details[0].path, raised.value.code) == (path, error)


def test_a_credit_note_is_for_a_positive_amount() -> None:
    found = read_amounts({"subtotal": "-100", "total": "-114.98"}, "credit_note", "CAD")
    assert found == {"subtotal_cents": 10000, "tax_cents": 1498, "total_cents": 11498}
    kept = read_amounts({"subtotal": "-100"}, "invoice", "CAD")
    assert kept["subtotal_cents"] == -10000


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("invoice", "invoice"),
        ("Facture", "invoice"),
        ("soumission", "quote"),
        ("Dossier de production", "job"),
        ("bon d'expédition", "packing_slip"),
        ("packing_slip", "packing_slip"),
        ("Note de crédit", "credit_note"),
    ],
)
def test_kinds_in_both_languages(word: str, kind: str) -> None:
    assert Document.build({**INVOICE, "kind": word}, Context()).kind == kind


@pytest.mark.parametrize(
    ("word", "status"),
    [("", "posted"), ("Émise", "posted"), ("brouillon", "draft"), ("Annulée", "void")],
)
def test_status_in_both_languages(word: str, status: str) -> None:
    assert Document.build({**INVOICE, "status": word}, Context()).status == status


@pytest.mark.parametrize("day", ["2026-01-05 00:00:00", "2026-01-05T10:11:12Z", "2026/01/05"])
def test_a_time_of_day_is_left_away(day: str) -> None:
    assert Document.build({**INVOICE, "date": day}, Context()).date == "2026-01-05"


@pytest.mark.parametrize("day", ["05/01/2026", "2026-02-30", "2026-01-05x", "hier", "20260105xx"])
def test_a_date_that_is_none(day: str) -> None:
    with pytest.raises(InvalidData) as raised:
        Document.build({**INVOICE, "date": day}, Context())
    assert code(raised.value) == "document.date.format"


def test_a_date_far_from_today() -> None:
    with pytest.raises(InvalidData) as raised:
        Document.build({**INVOICE, "date": "0026-01-05"}, Context())
    assert code(raised.value) == "document.date.range"


@given(quantity=st.decimals("0.01", "99999", places=2), price=st.decimals("0", "9999", places=4))
def test_a_line_is_its_product_rounded_half_up(quantity: Decimal, price: Decimal) -> None:
    line = DocumentLine.build(
        {"description": "x", "quantity": str(quantity), "unit_price": str(price)}, Context()
    )
    exact = quantity * price * 100
    assert abs(Decimal(line.amount_cents) - exact) <= Decimal("0.5")
    assert line.amount_cents == int(exact + Decimal("0.5"))
    assert Decimal(line.quantity) == quantity


def test_a_line_with_its_own_amount() -> None:
    values = {"description": "x", "quantity": "10", "unit_price": "9,80", "amount": "93.10"}
    line = DocumentLine.build(values, Context())
    assert (line.unit_price, line.amount_cents, line.tax) == ("9.8", 9310, "standard")


@pytest.mark.parametrize(
    ("values", "path", "error"),
    [
        ({"unit_price": "5 €"}, "unit_price", "money.currency"),
        ({"amount": "£5"}, "amount", "money.currency"),
        ({"quantity": "5 $ CA"}, "quantity", "money.number"),
    ],
)
def test_a_line_counts_in_the_currency_of_its_document(
    values: dict[str, str], path: str, error: str
) -> None:
    line = {"description": "x", "unit_price": "$5", "amount": "CA$ 5", **values}
    with pytest.raises(InvalidData) as raised:
        DocumentLine.build(line, Context().counted_in("CAD"))
    assert [(found.path, found.code) for found in raised.value.details] == [(path, error)]


def test_a_line_with_too_many_decimals() -> None:
    values = {"description": "x", "quantity": "1", "unit_price": "0.0000001"}
    with pytest.raises(InvalidData) as raised:
        DocumentLine.build(values, Context())
    assert code(raised.value) == "line.decimals"


@pytest.mark.parametrize("name", ["amount", "amount_cents"])
def test_an_empty_amount_of_a_line_is_none(name: str) -> None:
    values = {"description": "x", "quantity": "2", "unit_price": "5", name: ""}
    assert DocumentLine.build(values, Context()).amount_cents == 1000


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"amount": "much"}, "money.format"),
        ({"amount_cents": 10**15 + 1}, "money.range"),
        ({"quantity": "1000000000", "unit_price": "1000000000"}, "money.range"),
    ],
)
def test_what_is_wrong_with_an_amount_is_said_of_the_amount(
    values: dict[str, object], error: str
) -> None:
    line = {"description": "x", "quantity": "1", "unit_price": "1", **values}
    with pytest.raises(InvalidData) as raised:
        DocumentLine.build(line, Context())
    assert [(found.code, found.path) for found in raised.value.details] == [(error, "amount")]
