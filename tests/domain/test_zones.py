"""Days in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.document import Document
from interop_cli.domain.fields import Kind
from interop_cli.domain.filters import Reading, Value
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context, Policy
from interop_cli.domain.values.days import day_in, midnight, zone_named, zoned_time
from interop_cli.store.reading.fields import ListField

MONTREAL = ZoneInfo("America/Montreal")
ZONES = ("UTC", "America/Montreal", "America/St_Johns", "Asia/Kolkata", "Pacific/Kiritimati")
CREATED = ListField("created_at", "c.created_at", Kind.TIME)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-01-01T04:30:00Z", "2024-12-31"),
        ("2025-01-01T05:00:00Z", "2025-01-01"),
        ("2024-12-31T23:30:00-05:00", "2024-12-31"),
        ("2025-01-01 04:30:00+00", "2024-12-31"),
        ("2025-01-01T04:30Z", "2024-12-31"),
        ("2025-01-01T04:30:00.123+0000", "2024-12-31"),
        ("2025-07-01T03:59:59Z", "2025-06-30"),
        # Without a zone it is the day that it says.
        ("2025-01-01T04:30:00", "2025-01-01"),
        ("2025-01-01 00:00", "2025-01-01"),
        ("2025/01/01", "2025-01-01"),
    ],
)
def test_a_time_that_says_its_zone_is_of_the_day_it_is_here(text: str, day: str) -> None:
    context = Context(Policy(zone=MONTREAL))
    values = {"kind": "invoice", "date": text, "number": "1", "client_id": 1, "currency": "CAD"}
    made = Document.build(values, context)
    assert made.date == day


def test_a_note_of_a_day_is_of_its_midnight_here() -> None:
    context = Context(Policy(zone=MONTREAL))
    for text, kept in (
        ("2026-03-02", "2026-03-02T05:00:00Z"),
        ("2026-07-02", "2026-07-02T04:00:00Z"),
        ("2026-03-02T15:04:05Z", "2026-03-02T15:04:05Z"),
        ("2026-03-02T10:04:05-05:00", "2026-03-02T15:04:05Z"),
    ):
        assert Note.build({"text": "x", "created_at": text}, context).created_at == kept


@given(
    st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(ZONES),
)
def test_a_filter_on_a_day_has_the_times_of_that_day(moment: datetime, name: str) -> None:
    zone = zone_named(name)
    stored = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    for days in (-1, 0, 1):
        day = day_in(moment, zone) + timedelta(days=days)
        span = Reading(date(2026, 11, 24), zone).span(CREATED, Value(day.isoformat()))
        assert (span.start <= stored < span.end) == (days == 0)
        assert span.start == midnight(day, zone)


def test_what_is_no_zone_or_no_time_is_known() -> None:
    for name in ("Nowhere/Land", "../etc/passwd", "/etc/localtime", "America"):
        with pytest.raises(ValueError, match=re.escape(name[:7])):
            zone_named(name)
    assert zoned_time("2025-01-01") is None
    with pytest.raises(ValueError, match="month"):
        zoned_time("2025-13-01T00:00:00Z")
