"""Taxes by place of supply, against what the tax offices publish."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain import taxes
from interop_cli.domain.errors import InvalidData


@dataclass(frozen=True)
class Line:
    """What the taxes look at."""

    amount_cents: int
    tax: str = "standard"


def amounts(cents: int, place: str, day: str, group: str = "standard") -> dict[str, int]:
    country, _, province = place.partition("-")
    found = taxes.compute([Line(cents, group)], country, province or None, day)
    return {tax["tax"]: tax["amount_cents"] for tax in found}


@pytest.mark.parametrize(
    ("day", "qst"),
    [
        # Revenu Québec's own examples: $100, of 2008 and of 2013.
        ("2008-02-09", 788),
        ("2013-01-01", 998),
        # 8.5 % and 9.5 % on the price and the GST.
        ("2011-06-30", 893),
        ("2012-12-31", 998),
    ],
)
def test_published_examples_for_quebec(day: str, qst: int) -> None:
    assert amounts(100_00, "CA-QC", day) == {"gst": 500, "qst": qst}


@pytest.mark.parametrize(
    ("place", "day", "tax", "cents"),
    [
        ("CA-ON", "2010-06-30", "gst", 500),
        ("CA-ON", "2010-07-01", "hst", 1300),
        ("CA-BC", "2013-03-31", "hst", 1200),
        ("CA-BC", "2013-04-01", "gst", 500),
        ("CA-NB", "2016-06-30", "hst", 1300),
        ("CA-NB", "2016-07-01", "hst", 1500),
        ("CA-NL", "2016-07-01", "hst", 1500),
        ("CA-PE", "2013-03-31", "gst", 500),
        ("CA-PE", "2013-04-01", "hst", 1400),
        ("CA-PE", "2016-10-01", "hst", 1500),
        # SOR/2025-77: nine percent for the province, from April 2025.
        ("CA-NS", "2025-03-31", "hst", 1500),
        ("CA-NS", "2025-04-01", "hst", 1400),
        ("CA-AB", "2026-01-01", "gst", 500),
        ("CA-NU", "2026-01-01", "gst", 500),
    ],
)
def test_rates_by_province_and_day(place: str, day: str, tax: str, cents: int) -> None:
    assert amounts(100_00, place, day) == {tax: cents}


def test_none_outside_canada() -> None:
    assert amounts(100_00, "US-NY", "2026-01-01") == {}
    assert amounts(100_00, "FR", "2026-01-01") == {}
    assert amounts(100_00, "FR", "2026-01-01", "federal") == {}


def test_printed_books_bear_the_federal_tax_alone() -> None:
    assert amounts(100_00, "CA-QC", "2026-01-01", "federal") == {"gst": 500}
    assert amounts(100_00, "CA-ON", "2026-01-01", "federal") == {"gst": 500}
    assert amounts(100_00, "CA-QC", "2026-01-01", "exempt") == {}


def test_groups_are_taxed_apart() -> None:
    lines = [Line(10_00), Line(20_00, "federal"), Line(5_00, "exempt")]
    assert taxes.compute(lines, "CA", "QC", "2026-01-01") == [
        {"tax": "gst", "rate": "5", "base_cents": 30_00, "amount_cents": 1_50},
        {"tax": "qst", "rate": "9.975", "base_cents": 10_00, "amount_cents": 1_00},
    ]
    assert taxes.compute(lines, "CA", "ON", "2026-01-01") == [
        {"tax": "hst", "rate": "13", "base_cents": 10_00, "amount_cents": 1_30},
        {"tax": "gst", "rate": "5", "base_cents": 20_00, "amount_cents": 1_00},
    ]


def test_rounded_once_at_the_total() -> None:
    """Three lines of 10 cents: 5 % is 1.5 cents on all of them, not 3 times 0.5."""
    found = taxes.compute([Line(10)] * 3, "CA", "AB", "2026-01-01")
    assert found[0]["amount_cents"] == 2


@given(cents=st.integers(-10_000_000, 10_000_000))
def test_half_a_cent_goes_up(cents: int) -> None:
    """The decimal rule, in whole numbers: 5 % and 9.975 %, away from zero at the half."""
    sign, size = (-1, -cents) if cents < 0 else (1, cents)
    gst, qst = (size * 5 * 10 + 500) // 1000, (size * 9975 + 50_000) // 100_000
    found = amounts(cents, "CA-QC", "2026-01-01")
    assert found == {"gst": sign * gst, "qst": sign * qst}
    exact = (Decimal(cents) * 5 / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert found["gst"] == exact


@pytest.mark.parametrize(
    ("day", "cents", "gst", "qst"),
    [
        # 9.5 % of 3.21 are 30.495 cents; of 3.213 they would be 30.5235, and one cent more.
        ("2012-06-01", 3_06, 15, 30),
        # 9.5 % of 1.00 are 9.5 cents; of 0.9975 they would be 9.476, and one cent less.
        ("2012-06-01", 95, 5, 10),
        ("2011-06-01", 1_29, 6, 11),
        ("2011-06-01", 50, 3, 5),
        ("2009-06-01", 1_08, 5, 8),
        ("2009-06-01", 19, 1, 2),
    ],
)
def test_a_tax_on_the_gst_is_on_the_gst_in_whole_cents(
    day: str, cents: int, gst: int, qst: int
) -> None:
    assert amounts(cents, "CA-QC", day) == {"gst": gst, "qst": qst}
    assert amounts(-cents, "CA-QC", day) == {"gst": -gst, "qst": -qst}


@given(
    cents=st.integers(0, 10_000_000),
    year=st.sampled_from([("2008", 75), ("2010", 75), ("2011", 85), ("2012", 95)]),
)
def test_half_a_cent_of_a_tax_on_the_gst_goes_up(cents: int, year: tuple[str, int]) -> None:
    """The rule in whole numbers: the GST to the cent, then so many tenths of a percent of both."""
    day, tenths = year
    gst = (cents * 5 + 50) // 100
    qst = ((cents + gst) * tenths + 500) // 1000
    assert amounts(cents, "CA-QC", f"{day}-06-01") == {"gst": gst, "qst": qst}


def test_a_tax_on_the_gst_is_on_that_of_its_own_lines() -> None:
    lines = [Line(95), Line(3_00, "federal")]
    assert taxes.compute(lines, "CA", "QC", "2012-06-01") == [
        {"tax": "gst", "rate": "5", "base_cents": 3_95, "amount_cents": 20},
        {"tax": "qst", "rate": "9.5", "base_cents": 95, "amount_cents": 10},
    ]


def test_an_unknown_province_is_refused() -> None:
    for province in (None, "XX"):
        with pytest.raises(InvalidData) as raised:
            taxes.rates("CA", province, "2026-01-01")
        assert raised.value.code == "tax.place"


def test_a_day_before_the_data_is_refused() -> None:
    with pytest.raises(InvalidData) as raised:
        taxes.rates("CA", "QC", "2007-12-31")
    assert raised.value.code == "tax.date"


def test_every_rate_has_a_source_and_its_own_days(root: Path) -> None:
    data = json.loads((root / "interop_cli/domain/data/taxes.json").read_text("utf-8"))
    ends: dict[tuple[str, str | None], str] = {}
    for row in data["rates"]:
        assert row["source"] in data["sources"]
        key = (row["tax"], row["province"])
        assert ends.get(key, "") < row["from"] <= (row["until"] or "9999")
        ends[key] = row["until"] or "9999"
    assert set(ends.values()) <= {"9999", "2013-03-31"}  # the HST of British Columbia is over
