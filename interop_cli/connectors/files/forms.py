"""The forms in which a column may want a value. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from interop_cli.domain.country import country_name
from interop_cli.domain.phone import format_phone
from interop_cli.domain.sync.payload import email, text

_STORED = re.compile(r"\+(\d+)(?:;ext=(\d+))?")
_MARKS = str.maketrans("", "", " ()-.+/")


def digits(value: object) -> str | None:
    """A phone number in digits, without the 1 of North America; an extension follows it.

    Letters of a number that was kept as typed stay, so that the column's pattern refuses it.
    """
    found = text(value)
    if found is None:
        return None
    stored = _STORED.fullmatch(found)
    if stored is None:
        return found.translate(_MARKS)
    number, extension = stored[1], stored[2] or ""
    national = number[1:] if number.startswith("1") and len(number) == 11 else number
    return national + extension


def _listed(value: object) -> str | None:
    return text(", ".join(map(str, value)) if isinstance(value, list | tuple) else value)


def _phone(lang: str) -> Callable[[object], str | None]:
    return lambda value: text(format_phone(str(value), lang)) if value else None


def _country(lang: str) -> Callable[[object], str | None]:
    return lambda value: text(country_name(str(value), lang)) if value else None


def _changed(change: Callable[[str], str]) -> Callable[[object], str | None]:
    def form(value: object) -> str | None:
        found = text(value)
        return change(found) if found is not None else None

    return form


FORMS: dict[str, Callable[[object], str | None]] = {
    "text": _listed,
    "email": email,
    "digits": digits,
    "phone_fr": _phone("fr"),
    "phone_en": _phone("en"),
    "country_fr": _country("fr"),
    "country_en": _country("en"),
    "compact": _changed(lambda found: found.replace(" ", "")),
    "upper": _changed(str.upper),
    "flag": lambda value: None if value is None else "1" if value else "0",
}
"""By the name that a profile gives (``form = "digits"``)."""
