"""Days in a time zone: times are stored in UTC, and a day is the user's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo

# A time that says its zone, as programs write it.
_ZONED = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
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
    found = _ZONED.fullmatch(text)
    if found is None:
        return None
    zone = "+00:00" if found[3] in "Zz" else found[3]
    return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")


def day_in(moment: datetime, zone: tzinfo | None) -> date:
    """The day of a time in a zone; ``None`` is the zone of this machine."""
    return moment.astimezone(zone).date()
