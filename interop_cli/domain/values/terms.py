"""When an invoice is due, out of the payment terms as people write them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from interop_cli.domain.values.text import fold

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
