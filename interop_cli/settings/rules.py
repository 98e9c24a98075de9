"""What the shop says of itself is checked as a client's fields are."""

from __future__ import annotations

import re
from collections.abc import Callable

from interop_cli.domain.messages import Message, msg
from interop_cli.settings.table import BadValue

_WANTED: dict[str, Message] = {
    "email": msg("an e-mail address"),
    "phone": msg("a telephone number"),
    "website": msg("the address of a website"),
    "gst": msg("a GST/HST number, such as 123456782RT0001"),
    "qst": msg("a QST number, such as 1234567890TQ0001"),
    "neq": msg("an enterprise number of ten digits"),
    "postal_code": msg("a postal code, such as G1K 7X2"),
    "color": msg("a colour, such as #1f4e79"),
    "host": msg("the name of a server, such as mail.example.com"),
    "letter": msg(
        "a text with no other words in braces than {names}",
        names="{number} {name} {total} {due} {company}",
    ),
}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,250}[A-Za-z0-9])?", re.ASCII)
_CANADIAN = re.compile(r"([A-Z]\d[A-Z])[ -]?(\d[A-Z]\d)", re.IGNORECASE | re.ASCII)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


def checked(rule: str, text: str) -> str:
    """``text`` as it is stored; raises BadValue."""
    from pydantic_core import PydanticCustomError

    try:
        found = _rules()[rule](text)
    except PydanticCustomError:
        found = None
    if found is None:
        raise BadValue(_WANTED[rule])
    return found


def _rules() -> dict[str, Callable[[str], str | None]]:
    """By name, what gives a text as it is stored; nothing where it is none of these."""
    from interop_cli.domain.letter import check_template
    from interop_cli.domain.rules import Context
    from interop_cli.domain.values.email import check_email, is_website
    from interop_cli.domain.values.taxnumbers import check_gst, check_neq, check_qst

    return {
        "email": check_email,
        "phone": _phone,
        "website": lambda text: text if is_website(text) else None,
        "gst": check_gst,
        "qst": lambda text: check_qst(text, Context()),
        "neq": check_neq,
        "postal_code": _postal_code,
        "color": lambda text: text.lower() if _COLOR.fullmatch(text) else None,
        "host": lambda text: text.lower() if _HOST.fullmatch(text) else None,
        "letter": lambda text: text if check_template(text) else None,
    }


def _phone(text: str) -> str | None:
    from interop_cli.domain.values.phone import normalize_phone

    stored, valid = normalize_phone(text, "CA")
    return stored if valid else None


def _postal_code(text: str) -> str | None:
    """A Canadian one in its form; another country's as it is."""
    found = _CANADIAN.fullmatch(text)
    if found:
        return f"{found[1]} {found[2]}".upper()
    return text if len(text) <= 12 and any(map(str.isdigit, text)) else None
