"""Invoices as QuickBooks gets them, without the network."""

from __future__ import annotations

import re
from typing import Any

import pytest

from interop_cli.connectors.quickbooks import invoices
from interop_cli.domain.sync.records import LocalRecord

SETTINGS = {"item": "12", "tax_codes": "CA-QC=9, US-NY=2,US=3,abroad=4,federal=7,exempt=8"}


def line(**changes: Any) -> dict[str, Any]:
    return {
        "description": "Cartes",
        "quantity": "10",
        "unit_price": "4.5",
        "amount_cents": 4500,
        "tax": "standard",
        **changes,
    }


def invoice(*lines: dict[str, Any], **changes: Any) -> LocalRecord:
    values = {
        "number": "7",
        "date": "2026-11-24",
        "due_date": None,
        "currency": "CAD",
        "terms": None,
        "subtotal_cents": 4500,
        "total_cents": 5174,
        "place": "CA-QC",
        "bill_to_remote": "58",
        "corrects": None,
        "corrects_remote": None,
        "corrects_goes": 0,
        "active": True,
        "lines": lines or (line(),),
        **changes,
    }
    return LocalRecord("invoice", 1, "A", "7", "1", active=True, values=values, number="7")


def codes(*lines: dict[str, Any], **changes: Any) -> list[str]:
    """The tax codes of the lines as they are sent."""
    sent = invoices.body(invoices.payload(invoice(*lines, **changes), invoices.INVOICE, SETTINGS))
    return [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in sent["Line"]]


@pytest.mark.parametrize(
    ("place", "code"), [("CA-QC", "9"), ("US-NY", "2"), ("US-VT", "3"), ("FR", "4")]
)
def test_the_code_of_a_place_or_its_country_or_for_abroad(place: str, code: str) -> None:
    assert codes(place=place) == [code]


def test_the_codes_of_books_and_of_what_is_exempt() -> None:
    assert codes(line(tax="federal"), line(tax="exempt"), line()) == ["7", "8", "9"]


def test_a_province_never_has_the_code_of_another() -> None:
    payload = invoices.payload(invoice(place="CA-ON"), invoices.INVOICE, SETTINGS)
    (problem,) = invoices.INVOICE.problems(payload)
    assert (problem.field, problem.message.params["tax"]) == ("tax_codes", "CA-ON")


def test_a_line_with_a_discount_is_sent_by_its_amount_alone() -> None:
    found = invoices.body(
        invoices.payload(invoice(line(amount_cents=4000)), invoices.INVOICE, SETTINGS)
    )["Line"][0]
    assert found["Amount"] == 40.0
    assert set(found["SalesItemLineDetail"]) == {"ItemRef", "TaxCodeRef"}


def test_a_number_that_is_too_long_is_not_cut() -> None:
    payload = invoices.payload(invoice(number="7" * 22), invoices.INVOICE, SETTINGS)
    assert [one.field for one in invoices.INVOICE.problems(payload)] == ["number"]


@pytest.mark.parametrize("text", ["CA-QC=9", "CA-QC=9,federal=7 exempt=TAX", "FR=4, abroad=4"])
def test_the_form_of_the_setting(text: str) -> None:
    assert re.fullmatch(invoices.TAX_CODES, text)


@pytest.mark.parametrize("text", ["9", "CA-QC", "CA-QC=", "QC=9;ON=5", "Québec=9"])
def test_what_is_none(text: str) -> None:
    assert not re.fullmatch(invoices.TAX_CODES, text)


def test_what_is_the_same_there() -> None:
    ours = invoices.payload(invoice(), invoices.INVOICE, SETTINGS)
    row = {
        "Id": "1",
        "SyncToken": "0",
        "DocNumber": "7",
        "TxnDate": "2026-11-24",
        "CustomerRef": {"value": "58"},
        "TotalAmt": 51.74,
        "Line": [
            *invoices.body(ours)["Line"],
            {"DetailType": "SubTotalLineDetail", "Amount": 45.0},
        ],
    }
    assert invoices.is_same(invoices.remote(row).values, ours)
    changes: list[dict[str, Any]] = [
        {"TxnDate": "2026-11-25"},
        {"CustomerRef": {"value": "1"}},
        {"Line": []},
    ]
    for change in changes:
        assert not invoices.is_same(invoices.remote({**row, **change}).values, ours)
    void = invoices.remote({**row, "TotalAmt": 0, "PrivateNote": "Voided"})
    assert void.values["active"] is False
    assert not invoices.is_same(void.values, ours)
