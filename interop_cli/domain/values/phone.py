"""Telephone numbers: stored E.164 with their extension, read and shown as people write them.

A number that is not valid blocks nobody: it is kept as it was typed, with a warning.
"""

from __future__ import annotations

import re
from functools import lru_cache

from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import clean_value

# "poste 22", "p. 22", "po 22", "#22": phonenumbers would read the letters as digits of a keypad.
_FRENCH_EXTENSION = re.compile(
    r"(?<=[\d)\s,;.])[\s,;]*(?<![^\W\d_])(?:postes?|p\.?o|p)\.?\s*:?\s*#?\s*(?=\d)", re.IGNORECASE
)

# Ten digits of the North American plan, which is nearly every row in Quebec, and an extension.
_NANP = re.compile(
    r"(?:\+?1[ .-]?)?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-]?)([2-9]\d\d)[ .-]?(\d{4})"
    r"(?:,? (?:poste |ext\. |p\. |x)(\d{1,7}))?",
    re.ASCII,
)
_NANP_COUNTRIES = frozenset({"CA", "US"})
_STORED = re.compile(r"(\+\d{4,15})(?:;ext=(\d{1,15}))?")


def normalize_phone(text: str, country: str) -> tuple[str, bool]:
    """``text`` as ``+15145550123`` or ``+15145550123;ext=22``, and whether it is valid.

    It is read as dialled in ``country`` (ISO alpha-2). One that is not valid comes back as typed,
    cleaned. Raises ``text.control`` only.
    """
    text = clean_value(text)
    if country in _NANP_COUNTRIES:
        found = _NANP.fullmatch(text)
        if found is not None:
            area = found[1] or found[2]
            if _nanp_valid(area + found[3]):
                number = f"+1{area}{found[3]}{found[4]}"
                return (f"{number};ext={found[5]}" if found[5] else number), True
            return text, False
    return _parse(text, country)


@lru_cache(maxsize=8192)
def _nanp_valid(start: str) -> bool:
    """Whether numbers that begin with these six digits exist; the last four decide nothing."""
    import phonenumbers

    return phonenumbers.is_valid_number(
        phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{start}0123"))
    )


def _parse(text: str, country: str) -> tuple[str, bool]:
    import phonenumbers

    stored = _STORED.fullmatch(text)
    readable = f"{stored[1]} ext. {stored[2]}" if stored and stored[2] else text
    readable = _FRENCH_EXTENSION.sub(" ext. ", readable)
    try:
        number = phonenumbers.parse(readable, country)
    except phonenumbers.NumberParseException:
        return text, False
    if not phonenumbers.is_valid_number(number):
        return text, False
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return (f"{e164};ext={number.extension}" if number.extension else e164), True


def read_phone(path: str, text: str, country: str, context: Context) -> str:
    """The number to store for the field ``path``; warns ``phone.invalid`` when it is not valid."""
    phone, valid = normalize_phone(text, country)
    if not valid:
        context.warn(
            path,
            "phone.invalid",
            msg("not a valid phone number in {country}; kept as typed", country=country),
        )
    return phone


def format_phone(stored: str, lang: str = "en") -> str:
    """A stored number for people: national form in North America, international elsewhere.

    ``514 555-0123, poste 22`` in French, ``514-555-0123 ext. 22`` in English. Text that was kept
    as typed is returned as it is.
    """
    found = _STORED.fullmatch(stored)
    if found is None:
        return stored
    e164, extension = found[1], found[2]
    if e164.startswith("+1") and len(e164) == 12:
        gap = " " if lang == "fr" else "-"
        shown = f"{e164[2:5]}{gap}{e164[5:8]}-{e164[8:]}"
    else:
        shown = _international(e164)
    if not extension:
        return shown
    return f"{shown}, poste {extension}" if lang == "fr" else f"{shown} ext. {extension}"


def _international(e164: str) -> str:
    import phonenumbers

    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
