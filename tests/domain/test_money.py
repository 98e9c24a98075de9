"""Amounts in and out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from interop_cli.domain.values.money import (
    MAX_CENTS,
    format_cents,
    format_decimal,
    format_price,
    parse_amount,
    parse_cents,
)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1234.50", 123450),
        ("1234,50", 123450),
        ("1 234,50 $", 123450),
        ("1\u00a0234,50\u00a0$", 123450),
        ("1\u202f234\u202f567,5 $", 123456750),
        ("$1,234.50", 123450),
        ("1.234,50 €", 123450),
        ("1,234,567", 123456700),
        ("1.234.567", 123456700),
        ("US$5", 500),
        ("5 $ US", 500),
        ("CAD 5.00", 500),
        ("0", 0),
        (".5", 50),
        ("5.", 500),
        ("-12.5", -1250),
        ("−12,5", -1250),
        ("-$3.10", -310),
        ("$-3.10", -310),
        ("(12.50)", -1250),
        ("+7", 700),
        # half up, away from zero
        ("1.005", 101),
        ("1.0049", 100),
        ("-1.005", -101),
        ("0,125", 13),
        ("2.675", 268),
        # as long as it may be
        ("1." + "0" * 22, 100),
        ("5" + "$" * 47, 500),
    ],
)
def test_parse(text: str, cents: int) -> None:
    assert parse_cents(text, None) == cents


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "money.format"),
        ("abc", "money.format"),
        (".", "money.format"),
        ("12 34", "money.format"),
        ("1 2345", "money.format"),
        ("1,2345,678", "money.format"),
        ("1.234.56", "money.format"),
        ("1e5", "money.format"),
        ("NaN", "money.format"),
        ("١٢", "money.format"),
        ("-(5)", "money.format"),
        ("(5", "money.format"),
        ("--5", "money.format"),
        ("5$5", "money.format"),
        ("1" * 60, "money.format"),
        ("1." + "0" * 23, "money.format"),
        ("5" + "$" * 48, "money.format"),
        ("5 XYZ", "money.format"),
        ("A 5", "money.format"),
        ("€5 $ US", "money.format"),
        ("CADUSD 5", "money.format"),
        ("1,234", "money.ambiguous"),
        ("99999999999999999999", "money.range"),
    ],
)
def test_not_an_amount(text: str, code: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_cents(text, None)
    assert caught.value.type == code


@pytest.mark.parametrize(
    ("text", "currencies"),
    [
        ("37 296,77 €", ["EUR"]),
        ("US$ 1315.00", ["USD"]),
        ("5 $ US", ["USD"]),
        ("5 USD$", ["USD"]),
        ("CA$5", ["CAD"]),
        ("C$5", ["CAD"]),
        ("5 $CA", ["CAD"]),
        ("5 $ CAN", ["CAD"]),
        ("cad 5", ["CAD"]),
        ("£100.00", ["GBP", "FKP"]),
        ("¥100", ["JPY", "CNY"]),
        ("100 CHF", ["CHF"]),
        ("A$ 5", ["AUD"]),
        ("5 kr", ["SEK", "DKK"]),
        ("(5,00 €)", ["EUR"]),
        ("-€5", ["EUR"]),
    ],
)
def test_a_sign_of_another_currency_is_refused(text: str, currencies: list[str]) -> None:
    for currency in currencies:
        assert abs(parse_cents(text, currency)) >= 500
    for other in {"CAD", "USD", "EUR", "GBP", "CHF"} - {*currencies}:
        with pytest.raises(PydanticCustomError) as caught:
            parse_cents(text, other)
        assert caught.value.type == "money.currency"
        assert currencies[0] in caught.value.message()
        assert other in caught.value.message()
    with pytest.raises(PydanticCustomError) as caught:
        parse_cents(text, "")
    assert caught.value.type == "money.number"


@pytest.mark.parametrize("currency", ["CAD", "USD", "EUR", "AUD", ""])
def test_a_dollar_alone_says_nothing(currency: str) -> None:
    assert parse_cents("$1,234.50", currency) == parse_cents("1 234,50 $", currency) == 123450


def test_an_amount_keeps_its_decimals_up_to_the_largest() -> None:
    assert parse_amount("(1 234,567 $)", None) == Decimal("-1234.567")
    assert parse_amount(str(MAX_CENTS), None) == MAX_CENTS
    with pytest.raises(PydanticCustomError) as caught:
        parse_amount(f"{MAX_CENTS}.01", None)
    assert caught.value.type == "money.range"


def test_written() -> None:
    assert format_cents(0, "CAD", "fr") == "0,00\u00a0$"
    assert format_cents(0, "CAD", "en") == "$0.00"
    assert format_cents(123450, "CAD", "fr") == "1\u00a0234,50\u00a0$"
    assert format_cents(123450, "CAD", "en") == "$1,234.50"
    assert format_cents(-5, "CAD", "fr") == "-0,05\u00a0$"
    assert format_cents(-5, "CAD", "en") == "-$0.05"
    assert format_cents(100, "USD", "fr") == "1,00\u00a0$\u00a0US"
    assert format_cents(100, "USD", "en") == "US$1.00"
    assert format_cents(100, "CHF", "fr") == "1,00\u00a0CHF"
    assert format_cents(100, "CHF", "en") == "CHF\u00a01.00"


def test_a_quantity_has_the_mark_of_the_language() -> None:
    assert format_decimal("1234.5", "fr") == "1234,5"
    assert format_decimal("1234.5", "en") == "1234.5"


@given(
    st.integers(-MAX_CENTS, MAX_CENTS),
    st.sampled_from(["CAD", "USD", "EUR", "GBP"]),
    st.sampled_from(["fr", "en"]),
)
def test_what_is_written_reads_back(cents: int, currency: str, lang: str) -> None:
    assert parse_cents(format_cents(cents, currency, lang), currency) == cents


@given(st.integers(-MAX_CENTS, MAX_CENTS))
def test_decimal_text_reads_back(cents: int) -> None:
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    for mark in ".,":
        assert parse_cents(f"{sign}{whole}{mark}{rest:02}", "") == cents


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        cents = parse_cents(text, None)
    except PydanticCustomError:
        return
    assert isinstance(cents, int)
    assert abs(cents) <= MAX_CENTS


@pytest.mark.parametrize(
    ("price", "english", "french"),
    [
        ("45.5", "45.50", "45,50"),
        ("85", "85.00", "85,00"),
        ("0.085", "0.085", "0,085"),
        ("-1234.5", "-1,234.50", "-1\u00a0234,50"),
    ],
)
def test_a_unit_price_has_its_cents(price: str, english: str, french: str) -> None:
    assert (format_price(price, "en"), format_price(price, "fr")) == (english, french)
