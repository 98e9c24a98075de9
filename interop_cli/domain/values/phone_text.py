"""Telephone numbers as people write them; light, so that a list starts fast."""

from __future__ import annotations

import re

STORED = re.compile(r"(\+\d{4,15})(?:;ext=(\d{1,15}))?")
"""A stored number: E.164, and its extension."""


def format_phone(stored: str, lang: str = "en") -> str:
    """A stored number for people: national form in North America, international elsewhere.

    ``514 555-0123, poste 22`` in French, ``514-555-0123 ext. 22`` in English. Text that was kept
    as typed is returned as it is.
    """
    found = STORED.fullmatch(stored)
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
