"""Days: those of a time zone, for times are stored in UTC; when an invoice is due, by its terms."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from interop_cli.domain.values.text import fold

# A time, as programs write it; they say its zone, too.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:\.\d+)? ?([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


def zone_named(name: str) -> tzinfo:
    """The zone of a name such as ``America/Toronto``; raises ValueError where there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(name) from None


def stamp(moment: datetime) -> str:
    """A time as it is stored: UTC, ISO 8601, whole seconds, ``Z``."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def midnight(day: date, zone: tzinfo | None) -> str:
    """When a day begins in a zone, as it is stored; ``None`` is the zone of this machine.

    Raises OverflowError or ValueError for days at the ends of the calendar.
    """
    return stamp(datetime.combine(day, time(), zone))


def zoned_time(text: str) -> datetime | None:
    """The time that ``text`` is, where it says its zone; None where it does not.

    Raises ValueError for what has the form and is no time.
    """
    found = _TIME.fullmatch(text)
    return _moment(found, None) if found is not None and found[4] else None


def time_named(text: str, zone: tzinfo | None) -> tuple[datetime, timedelta] | None:
    """The time that ``text`` is, in ``zone`` where it says none, and how long what it names lasts.

    A minute, or a second where it says one. None where it is no time of a day; raises ValueError
    for what has the form and is none.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    return _moment(found, zone), timedelta(seconds=1) if found[3] else timedelta(minutes=1)


def _moment(found: re.Match[str], zone: tzinfo | None) -> datetime:
    said = found[4] or ""
    moment = datetime.fromisoformat(
        f"{found[1]}T{found[2]}{found[3] or ''}{'+00:00' if said in ('Z', 'z') else said}"
    )
    return moment if said else moment.replace(tzinfo=zone)


def day_in(moment: datetime, zone: tzinfo | None) -> date:
    """The day of a time in a zone; ``None`` is the zone of this machine."""
    return moment.astimezone(zone).date()


_AT_ONCE = re.compile(
    r"(?:payable )?(?:(?:due )?(?:up)?on receipt|(?:a|sur) (?:la )?reception"
    r"|comptant|cash|c\.?o\.?d\.?|0)"
)
# "2/10 net 30": the discount's days come first, the days that count last.
_DAYS = re.compile(
    r"(?:.*\b(?:net|n)[ /-]*(?:a )?)?(?P<days>\d{1,3})\s*(?:days?|jours?|j|d)?(?: nets?)?"
)
_END = re.compile(
    r"(?:(?:net|n)?[ /-]*(?P<days>\d{1,3})\s*(?:days?|jours?|j|d)?\s*)?"
    r"(?:eom|end of (?:the )?month|fin (?:de|du) mois|fdm)"
)


def due_date(day: date, terms: str | None) -> date | None:
    """The day an invoice of ``day`` is due; ``None`` where the terms say nothing known.

    Takes ``net30``, ``30 jours``, ``2/10 net 30``, ``COD``, ``sur réception``, ``EOM``,
    ``30 jours fin de mois``.
    """
    text = fold(terms or "")
    if not text:
        return None
    if _AT_ONCE.fullmatch(text):
        return day
    if end := _END.fullmatch(text):
        return _month_end(day + timedelta(days=int(end["days"] or 0)))
    if found := _DAYS.fullmatch(text):
        return day + timedelta(days=int(found["days"]))
    return None


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
