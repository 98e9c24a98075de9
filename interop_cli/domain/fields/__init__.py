"""The fields of every entity, each said once: see ``field``."""

from __future__ import annotations

from interop_cli.domain.fields.belonging import ADDRESS, CONTACT, NOTE
from interop_cli.domain.fields.client import CLIENT
from interop_cli.domain.fields.document import DOCUMENT, LINE
from interop_cli.domain.fields.field import Card, Field, Fields, Kind, Merge, Personal

ENTITIES: dict[str, Fields] = {
    "client": CLIENT,
    "contact": CONTACT,
    "address": ADDRESS,
    "note": NOTE,
    "document": DOCUMENT,
    "line": LINE,
}

NEEDED = {
    "client": ("name", "line1", "city"),
    "contact": ("name", "client"),
    "address": ("line1", "city", "client"),
    "note": ("text", "client"),
    "document": ("number", "client", "kind"),
}
"""What a record cannot be without, ``client`` standing for whatever names one."""

__all__ = [
    "ADDRESS",
    "CLIENT",
    "CONTACT",
    "DOCUMENT",
    "ENTITIES",
    "LINE",
    "NEEDED",
    "NOTE",
    "Card",
    "Field",
    "Fields",
    "Kind",
    "Merge",
    "Personal",
]
