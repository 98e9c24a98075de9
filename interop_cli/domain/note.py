"""A note about a client, in one of the company's categories."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from interop_cli.domain.entity import Lasting, Line, required_lines
from interop_cli.domain.messages import N_
from interop_cli.domain.rules import context_of, fault
from interop_cli.domain.values.days import midnight, stamp, zoned_time
from interop_cli.domain.values.text import fold, nfc

MAX_TEXT = 20_000
MAX_NAME = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
DAY = len("2026-11-24")
UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _category(value: object, info: ValidationInfo[Any]) -> str:
    context = context_of(info)
    if not value:
        return context.policy.note_categories[0]
    if "category" in context.kept:
        return str(value)
    wanted = fold(str(value))
    for category in context.policy.note_categories:
        if fold(category) == wanted:
            return category
    raise fault(
        "note.category.unknown",
        N_("is not one of {choices}"),
        choices=", ".join(context.policy.note_categories),
    )


def attachment_name(path: str) -> str:
    """The name under which a file is shown: its last part, without what cannot be shown.

    It is text for people and is never used as a path again.
    """
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    name = "".join("�" if unicodedata.category(char) in UNSHOWN else char for char in name)
    name = nfc(name).strip()
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        kept = f"{dot}{extension}" if dot and len(extension) <= 10 else ""
        name = (stem if kept else name)[: MAX_NAME - len(kept)] + kept
    return name or "file"


def _written(value: object, info: ValidationInfo[Any]) -> str | None:
    if value is None or value == "":
        return None
    text = str(value).strip()
    try:
        if len(text) == DAY:
            text = midnight(date.fromisoformat(text), context_of(info).policy.zone)
        elif moment := zoned_time(text):
            text = stamp(moment)
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise fault(
            "note.created_at.format", N_("is not a time such as 2026-03-02T15:04:05Z")
        ) from None
    return text


class Note(Lasting):
    """A note: its category as the setting spells it (the first one by default), text and author.

    ``created_at`` is when it was written; a date means its midnight in the company's zone.
    """

    client_id: int | None = None
    category: Annotated[str, BeforeValidator(_category)] = Field(
        default=None, validate_default=True
    )
    text: Annotated[str, required_lines(MAX_TEXT)]
    author: Line = None
    created_at: Annotated[str | None, BeforeValidator(_written)] = None
