"""A note about a client, in one of the company's categories."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from interop_cli.domain.entity import Entity, Line, required_lines
from interop_cli.domain.faults import fault
from interop_cli.domain.messages import N_
from interop_cli.domain.rules import rules_of
from interop_cli.domain.text import fold

MAX_TEXT = 20_000


def _category(value: object, info: ValidationInfo[Any]) -> str:
    rules = rules_of(info)
    if not value:
        return rules.note_categories[0]
    if "category" in rules.kept:
        return str(value)
    wanted = fold(str(value))
    for category in rules.note_categories:
        if fold(category) == wanted:
            return category
    raise fault(
        "note.category.unknown",
        N_("is not one of {choices}"),
        choices=", ".join(rules.note_categories),
    )


class Note(Entity):
    """A note: its category as the setting spells it (the first one by default), text and author."""

    client_id: int | None = None
    category: Annotated[str, BeforeValidator(_category)] = Field(
        default=None, validate_default=True
    )
    text: Annotated[str, required_lines(MAX_TEXT)]
    author: Line = None
