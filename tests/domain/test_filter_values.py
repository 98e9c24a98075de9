"""What a value of a filter stands for: the stored values, as ``create`` would have stored them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.fields.field import Kind
from interop_cli.domain.filters import Reading, Value, before, nobody_holds
from interop_cli.domain.values.closed_lists import ClosedList

TODAY = date(2026, 11, 24)
UID = "0193A3F5-7C1E-7ABC-8DEF-0123456789AB"


@dataclass(frozen=True)
class Named:
    """A field, as reading its values knows it."""

    name: str
    kind: Kind = Kind.TEXT
    choices: ClosedList | None = None


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        (Named("uid", Kind.UID), UID, (UID.lower(),)),
        (Named("gst"), "123456789 RT 0001", ("123456789RT0001", "123456789 RT 0001")),
        (Named("qst"), "1234567890 TQ 0001", ("1234567890TQ0001", "1234567890 TQ 0001")),
        (Named("neq"), "11 4123 4567", ("1141234567", "11 4123 4567")),
        (Named("gst"), "12 34\x00", ("12 34\x00",)),  # what create refuses: as typed
        (Named("terms"), "net 30", ("net 30",)),
        (Named("province", choices=ClosedList.PROVINCE), "Québec", ("QC", "Québec")),
        (Named("province", choices=ClosedList.PROVINCE), " Que\u0301bec ", ("QC", "Québec")),
        (Named("country", choices=ClosedList.COUNTRY), "Canada", ("CA",)),
        (Named("currency", choices=ClosedList.CURRENCY), "cad", ("CAD",)),
    ],
)
def test_a_value_is_read_as_create_reads_it(
    field: Named, text: str, stored: tuple[str, ...]
) -> None:
    assert Reading(TODAY).stored(field, Value(text)) == stored


@pytest.mark.parametrize(
    ("which", "text", "meant"),
    [
        (ClosedList.COUNTRY, "Québec", "province = Québec"),
        (ClosedList.COUNTRY, "Saskatchewan", "province = Saskatchewan"),
        (ClosedList.PROVINCE, "Switzerland", "country = Switzerland"),
        (ClosedList.COUNTRY, "Cannada", "Canada"),  # the nearest of its own list first
        (ClosedList.COUNTRY, "qqqqqq", None),  # the other list has it no more than this one
        (ClosedList.CURRENCY, "Québec", None),  # no list of places
    ],
)
def test_a_place_of_the_other_list_is_offered(
    which: ClosedList, text: str, meant: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        Reading(TODAY).stored(Named(which.name.lower(), choices=which), Value(text))
    assert caught.value.hint is not None
    assert caught.value.hint.params.get("field") == meant


@pytest.mark.parametrize("text", ["paid", "Payée", "envoyée", "sent"])
def test_a_status_that_says_more_than_ours_is_refused(text: str) -> None:
    """Who asks for the paid ones does not want all that are posted."""
    field = Named("status", choices=ClosedList.DOCUMENT_STATUS)
    with pytest.raises(UsageError):
        Reading(TODAY).stored(field, Value(text))
    with pytest.raises(UsageError):
        Reading(TODAY).holding(field, ClosedList.DOCUMENT_STATUS, text, nobody_holds)
    assert Reading(TODAY).stored(field, Value("émise")) == ("posted",)


def test_what_is_in_capitals_comes_out_of_a_list() -> None:
    """So a value of it is one of the list's, or is refused with the nearest."""
    for fields in ENTITIES.values():
        assert all(field.choices for field in fields if field.kind is Kind.UPPER)


@pytest.mark.parametrize("text", ["١٢", "12.5", "", "9223372036854775808", "-9223372036854775808"])
def test_what_is_no_whole_number_of_ours_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Reading(TODAY).stored(Named("id", Kind.INT), Value(text))


@pytest.mark.parametrize("text", ["9999-12-31", "2026-02-30", "-9999y", "soon"])
def test_what_is_no_day_is_refused_with_the_field(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Reading(TODAY, ZoneInfo("America/Toronto")).span(
            Named("created_at", Kind.TIME), Value(text)
        )
    assert (caught.value.code, caught.value.message.params["field"]) == (
        "filter.value",
        "created_at",
    )


@pytest.mark.parametrize(
    ("today", "months", "day"),
    [
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2000-03-31", 1, "2000-02-29"),
        ("2100-03-31", 1, "2100-02-28"),
        ("2026-12-31", 1, "2026-11-30"),
        ("2026-12-31", 2, "2026-10-31"),
        ("2026-12-31", 3, "2026-09-30"),
        ("2026-12-31", 4, "2026-08-31"),
        ("2026-12-31", 5, "2026-07-31"),
        ("2026-12-31", 6, "2026-06-30"),
        ("2026-12-31", 7, "2026-05-31"),
        ("2026-12-31", 8, "2026-04-30"),
        ("2026-12-31", 9, "2026-03-31"),
        ("2026-12-31", 11, "2026-01-31"),
        ("2026-01-31", 1, "2025-12-31"),
    ],
)
def test_a_month_without_such_a_day_ends_earlier(today: str, months: int, day: str) -> None:
    assert before(date.fromisoformat(today), months, "m") == date.fromisoformat(day)
