"""The numbers of a chart: every year once, every currency by itself, nothing lost."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.output.charts import Bar, Chart, by_group, by_year, ticks

FIRST, LAST = 2022, 2026
CURRENCIES = ("CAD", "EUR", "USD")


def total(year: int, currency: str, cents: int, *, stale: int = 0, at: str | None = "T") -> Any:
    return {
        "year": year,
        "currency": currency,
        "amount_cents": cents,
        "invoices": int(cents != 0),
        "computed_at": at,
        "stale": stale,
    }


def group(key: str, currency: str, cents: int, name: str | None = None) -> Any:
    return total(0, currency, cents) | {"key": key, "name": name}


@given(
    st.dictionaries(
        st.tuples(st.integers(FIRST, LAST), st.sampled_from(CURRENCIES)),
        st.integers(-(10**15), 10**15),
        min_size=1,
    )
)
def test_years_are_complete_in_their_order_and_add_up(amounts: dict[tuple[int, str], int]) -> None:
    charts = by_year(
        (total(year, currency, cents) for (year, currency), cents in amounts.items()), FIRST, LAST
    )
    assert [chart.currency for chart in charts] == sorted({chart.currency for chart in charts})
    for chart in charts:
        assert [bar.label for bar in chart.bars] == [str(y) for y in range(FIRST, LAST + 1)]
        found = [amounts.get((y, chart.currency), 0) for y in range(FIRST, LAST + 1)]
        assert [bar.cents for bar in chart.bars] == found
        assert chart.cents == sum(found)
    shown = {chart.currency for chart in charts}
    assert {currency for (_, currency), cents in amounts.items() if cents} <= shown
    assert charts


def test_a_currency_of_zeros_is_left_out_unless_it_is_the_only_one() -> None:
    zeros = [total(year, "CAD", 0) for year in range(2022, 2026)]
    assert [chart.currency for chart in by_year([*zeros, total(2026, "USD", 5)], 2022, 2026)] == [
        "USD"
    ]
    assert [chart.currency for chart in by_year(zeros, 2022, 2026)] == ["CAD"]
    stale = [*zeros, total(2026, "CAD", 0, stale=1), total(2026, "USD", 5)]
    assert [chart.currency for chart in by_year(stale, 2022, 2026)] == ["CAD", "USD"]


def test_groups_keep_their_order_and_are_named() -> None:
    rows = [group("B", "CAD", 9, "Bée"), group("A", "CAD", 5), group("A", "USD", 7)]
    cad, usd = by_group(rows)
    assert [(bar.label, bar.cents) for bar in cad.bars] == [("B  Bée", 9), ("A", 5)]
    assert usd == Chart("USD", [Bar("A", 7)], "T")
    assert by_group([]) == []


def test_age_is_that_of_the_oldest_and_one_stale_bar_is_enough() -> None:
    rows = [total(2025, "CAD", 1, at="B"), total(2026, "CAD", 1, stale=1, at="A")]
    (chart,) = by_year(rows, 2025, 2026)
    assert (chart.computed_at, chart.stale) == ("A", True)
    (chart,) = by_year([total(2026, "CAD", 0, at=None)], 2026, 2026)
    assert (chart.computed_at, chart.stale) == (None, False)


@given(st.integers(-(10**16), 0), st.integers(0, 10**16), st.integers(-1, 12))
def test_marks_are_round_even_and_few_and_zero_is_one(low: int, high: int, most: int) -> None:
    marks = ticks(low, high, most)
    assert 0 in marks
    assert marks == sorted(set(marks))
    assert low <= marks[0]
    assert marks[-1] <= high
    assert len(marks) <= max(most, 1)
    if len(marks) > 1:
        (step,) = {after - before for before, after in pairwise(marks)}
        assert str(step).rstrip("0") in {"1", "2", "5"}
        # There is no room for another at either end.
        assert marks[0] - step < low
        assert marks[-1] + step > high


@pytest.mark.parametrize(
    ("low", "high", "most", "marks"),
    [
        (0, 0, 5, [0]),
        (0, 100, 5, [0, 50, 100]),
        (0, 99, 5, [0, 20, 40, 60, 80]),
        (-250, 1000, 6, [0, 500, 1000]),
        (-500, 1000, 6, [-500, 0, 500, 1000]),
        (-7, 7, 1, [0]),
    ],
)
def test_examples(low: int, high: int, most: int, marks: list[int]) -> None:
    assert ticks(low, high, most) == marks
