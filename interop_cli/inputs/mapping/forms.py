"""How a foreign file writes its values, and the same values as our rules read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from interop_cli.domain.fields import AMOUNTS, ENTITIES, Kind
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs.mapping import ColumnFault

MARKS = (",", ".")
_THOUSANDS = {",": ".", ".": ","}  # the mark that is not the one before the cents
_SPACES = r" \u00a0\u2009\u202f'’"
_NUMBERS = frozenset({"quantity", "unit_price", "amount"})
_OWN = ("client", "document")  # whose fields have no prefix
_KINDS = {
    entity: {field.name: field.kind for field in fields} for entity, fields in ENTITIES.items()
}
_PREFIX = re.compile(r"(?:([a-z_]+?)\d*\.)?([a-z_0-9]+)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?", re.ASCII)
_MONTHS = (
    ("janv", "janvier"),
    ("fevr", "fevrier"),
    ("mars",),
    ("avr", "avril"),
    ("mai",),
    ("juin",),
    ("juil", "juillet"),
    ("aout",),
    ("sept", "septembre"),
    ("oct", "octobre"),
    ("nov", "novembre"),
    ("dec", "decembre"),
)
_ENGLISH = "January February March April May June July August September October November December"


@lru_cache(maxsize=4096)
def kind_of(field: str) -> Kind:
    """What a field holds, by its name as a file has it (``contact2.email``, ``line.quantity``)."""
    found = _PREFIX.fullmatch(field)
    if found is None:
        return Kind.TEXT
    entity, own = found[1], found[2]
    if (entity is None and own in AMOUNTS) or (entity in (None, "line") and own in _NUMBERS):
        return Kind.MONEY
    tables = [_KINDS[one] for one in ([entity] if entity in _KINDS else _OWN if not entity else [])]
    if entity is None:
        tables += _KINDS.values()
    return next((table[own] for table in tables if own in table), Kind.TEXT)


def iso_date(text: str, forms: Sequence[str]) -> str:
    """A date, perhaps with a time, as ISO text; ``ColumnFault`` where it has no such form."""
    if _ISO.fullmatch(text):
        return text
    for form in forms:
        if found := _read(text, form):
            return found
    shown = datetime(2026, 11, 28, 16, 30, tzinfo=UTC).strftime(forms[0])
    raise ColumnFault(msg("is no date such as {example}", example=shown), "import.date")


@lru_cache(maxsize=4096)
def _read(text: str, form: str) -> str | None:
    if "%b" in form or "%B" in form:
        text = _in_english(text)
        form = form.replace("%b", "%B")
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - its zone is the company's
    except ValueError:
        return None
    timed = any(part in form for part in ("%H", "%I"))
    return moment.isoformat(timespec="seconds") if timed else moment.date().isoformat()


def _in_english(text: str) -> str:
    """The same with the whole English name of the month, for the forms with a name."""
    months = _ENGLISH.split()

    def named(found: re.Match[str]) -> str:
        word = fold(found[1])
        for number, (month, french) in enumerate(zip(months, _MONTHS, strict=True)):
            if len(word) > 2 and (month.lower().startswith(word) or word in french):
                return months[number]
        return found[0]

    return re.sub(r"([^\W\d_]+)\.?", named, text)


@lru_cache(maxsize=2)
def _amount(mark: str) -> re.Pattern[str]:
    point, other = re.escape(mark), re.escape(_THOUSANDS[mark])
    group = f"[{_SPACES}{other}]"
    return re.compile(
        rf"([^\d.,]*)(\d{{1,3}}(?:{group}\d{{3}})+|\d+|(?={point}\d))(?:{point}(\d*))?([^\d.,]*)",
        re.ASCII,
    )


def plain_amount(text: str, mark: str) -> str:
    """An amount with a point before its cents and nothing between its thousands.

    A currency's sign stays. Raises ``ColumnFault`` where the marks are not such.
    """
    found = _amount(mark).fullmatch(text)
    if found is None:
        reason = msg("is no amount with {mark} before its cents", mark=mark)
        raise ColumnFault(reason, "import.amount")
    whole = re.sub(r"\D", "", found[2]) or "0"
    cents = f".{found[3]}" if found[3] else ""
    return f"{found[1]}{whole}{cents}{found[4]}"


def parts_of(text: str, by: Sequence[str]) -> list[str]:
    """The parts of a cell that is split, without those that are empty."""
    pieces = re.split("|".join(map(re.escape, sorted(by, key=len, reverse=True))), text)
    return [piece for part in pieces if (piece := part.strip())]
