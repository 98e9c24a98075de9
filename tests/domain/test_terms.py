"""Due dates out of payment terms, in both languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.values.days import due_date

DAY = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("net30", "2026-03-02"),
        ("Net 30", "2026-03-02"),
        ("n/30", "2026-03-02"),
        ("30 jours", "2026-03-02"),
        ("30 jours nets", "2026-03-02"),
        ("net à 30 jours", "2026-03-02"),
        ("Net 30 days", "2026-03-02"),
        ("2/10 net 30", "2026-03-02"),
        ("2 % 10 jours, net 30", "2026-03-02"),
        ("0", "2026-01-31"),
        ("COD", "2026-01-31"),
        ("C.O.D.", "2026-01-31"),
        ("comptant", "2026-01-31"),
        ("Sur réception", "2026-01-31"),
        ("payable sur réception", "2026-01-31"),
        ("Due on receipt", "2026-01-31"),
        ("EOM", "2026-01-31"),
        ("fin du mois", "2026-01-31"),
        ("30 jours fin de mois", "2026-03-31"),
    ],
)
def test_terms_people_write(terms: str, due: str) -> None:
    assert due_date(DAY, terms) == date.fromisoformat(due)


@pytest.mark.parametrize("terms", ["", None, "à discuter", "net", "2026", "net 30 ou 60"])
def test_terms_that_say_no_day(terms: str | None) -> None:
    assert due_date(DAY, terms) is None


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), days=st.integers(0, 999))
def test_net_days(day: date, days: int) -> None:
    assert due_date(day, f"net {days}") == day + timedelta(days=days)


@given(text=st.text(max_size=40))
def test_any_text_is_survived(text: str) -> None:
    due_date(DAY, text)
