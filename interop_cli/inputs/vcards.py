"""vCards of contacts (RFC 2426 and 6350, and what old telephones write), one at a time.

A card that is not one is a fault of that card. What has no field here is named, so that it can be
said: an address, a picture, a second e-mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from interop_cli.domain.errors import Detail
from interop_cli.domain.messages import msg
from interop_cli.inputs import Record, invalid
from interop_cli.inputs.lines import TextLines
from interop_cli.inputs.source import Source

BEGIN, END = "BEGIN:VCARD", "END:VCARD"
CLIENT = "X-INTEROP-CLIENT"
"""The client's code, in cards that we wrote."""
# Of the card itself, or said by another property.
_NOTHING = frozenset(
    "VERSION PRODID REV KIND N FN TITLE ROLE EMAIL TEL LANG ORG UID SORT-STRING X-ABLABEL".split()
) | {CLIENT}
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_LANGUAGES = ("fr", "en")


def read_vcards(source: Source, *, encoding: str | None = None) -> Iterator[Record]:
    """The cards as contacts under our names; ``raw`` has the properties that were left out.

    ``line`` is where a card begins. Raises ``InvalidData`` (``input.vcard``) for what is no file of
    cards, and those of ``TextLines``.
    """
    card: list[str] = []
    begun = 0
    for number, text in enumerate(TextLines(source, encoding, option=True), 1):
        word = text.strip().upper()
        if not begun:
            if word == BEGIN:
                begun, card = number, [text]
            elif word:
                reason = msg("a vCard begins with BEGIN:VCARD")
                raise invalid("input.vcard", source.name, reason, line=number)
            continue
        card.append(text)
        if word == END:
            yield _record(begun, "".join(card))
            begun = 0
    if begun:
        reason = msg("the vCard that begins here never ends")
        raise invalid("input.vcard", source.name, reason, line=begun)


def _record(line: int, text: str) -> Record:
    from vobjectx import read_one
    from vobjectx.exceptions import VObjectError

    try:
        found = read_one(text)
        values, left_out = _contact(found.contents)
    except (VObjectError, AttributeError, LookupError, TypeError, ValueError):
        fault = Detail("", "input.vcard", msg("is not a vCard"), line)
        return Record(line, {}, [], fault)
    return Record(line, values, [], None, left_out)


def _contact(contents: dict[str, list[Any]]) -> tuple[dict[str, Any], list[str]]:
    """The fields of a contact out of the properties of a card, and the names of the others."""
    left_out = [name for name in contents if name not in _NOTHING]
    values: dict[str, Any] = {"name": _name(contents)}
    titles = contents.get("TITLE") or contents.get("ROLE") or []
    languages = [str(one.value)[:2].lower() for one in _ranked(contents.get("LANG", []))]
    values["title"] = str(titles[0].value) if titles else ""
    values["language"] = next((one for one in languages if one in _LANGUAGES), "")
    emails = _ranked(contents.get("EMAIL", []))
    values["email"] = str(emails[0].value).removeprefix("mailto:") if emails else ""
    phones = [one for one in _ranked(contents.get("TEL", [])) if "FAX" not in _types(one)]
    mobile = next((one for one in phones if "CELL" in _types(one)), None)
    fixed = [one for one in phones if one is not mobile and "CELL" not in _types(one)]
    phone = next((one for one in fixed if "WORK" in _types(one)), next(iter(fixed), None))
    values["phone"], values["mobile"] = _number(phone), _number(mobile)
    if len(emails) > 1:
        left_out.append("EMAIL")
    if len(contents.get("TEL", [])) > sum(one is not None for one in (phone, mobile)):
        left_out.append("TEL")
    if CLIENT in contents:
        values["client"] = str(contents[CLIENT][0].value)
    elif contents.get("ORG"):
        parts = contents["ORG"][0].value
        values["client.name"] = parts if isinstance(parts, str) else str(parts[0])
    if contents.get("UID") and (known := _UUID.fullmatch(str(contents["UID"][0].value).strip())):
        values["uid"] = known[1].lower()
    return {name: value for name, value in values.items() if value != ""}, left_out


def _name(contents: dict[str, list[Any]]) -> str:
    if contents.get("FN") and (text := str(contents["FN"][0].value).strip()):
        return text
    if not contents.get("N"):
        return ""
    name = contents["N"][0].value
    parts = (name.given, name.additional, name.family)
    return " ".join(filter(None, (_text(part) for part in parts)))


def _text(part: str | Sequence[str]) -> str:
    return (part if isinstance(part, str) else " ".join(part)).strip()


def _types(one: Any) -> set[str]:
    """What a property is for: ``TYPE=WORK,VOICE``, and in old cards the bare words."""
    said = ",".join(one.params.get("TYPE", []))
    return {word.strip().upper() for word in said.split(",")} | {
        name.upper() for name in one.params
    }


def _ranked(found: list[Any]) -> list[Any]:
    """The properties, the preferred first."""

    def rank(one: Any) -> int:
        given = "".join(one.params.get("PREF", []))
        return int(given) if given.isdecimal() else 1 if "PREF" in _types(one) else 101

    return sorted(found, key=rank)


def _number(one: Any) -> str:
    if one is None:
        return ""
    return str(one.value).removeprefix("tel:").replace(";ext=", " ext. ")
