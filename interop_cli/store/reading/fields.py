"""The fields of a list row: their SQL, what they hold, and how they are filtered and sorted.

The one place that ``--fields``, ``--filter``, ``--sort`` and the schemas of a list draw from. Only
names found here ever reach SQL; values are always bound.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import msg


class FieldType(StrEnum):
    """What a field holds, which decides how a filter's value is read and compared."""

    TEXT = "text"
    FOLDED = "text, compared without marks and case"
    CODE = "client code"
    UPPER = "code in capitals, or a name as it was typed"
    INT = "int"
    BOOL = "bool"
    TIME = "time"
    DATE = "date"
    MONEY = "cents"
    TAGS = "tags"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ListField:
    """``sql`` gives the value, ``key`` what filters and sorting compare (``sql`` where absent).

    A field that is not ``listed`` can be filtered on but is no column. One with a ``suffix`` (a
    regular expression) is a family: ``sales.YEAR`` with ``[0-9]{4}`` is ``sales.2026`` and others,
    and ``{suffix}`` in its SQL becomes what stands there, so the expression lets nothing else in.
    """

    name: str
    sql: str
    type: FieldType = FieldType.TEXT
    key: str | None = None
    listed: bool = True
    meaning: str = ""
    suffix: str | None = None

    @property
    def compared(self) -> str:
        """The SQL that filters and sorting look at."""
        return self.key or self.sql

    def member(self, name: str) -> ListField | None:
        """The member of this family that has the name, if it is one."""
        root, _, suffix = name.partition(".")
        if self.suffix is None or root != self.name.partition(".")[0]:
            return None
        if not re.fullmatch(self.suffix, suffix, re.ASCII):
            return None
        return replace(self, name=name, sql=self.sql.replace("{suffix}", suffix), suffix=None)


def field_named(fields: Sequence[ListField], name: str, *, option: str) -> ListField:
    """The field of this name; raises UsageError with the list and the nearest."""
    for field in fields:
        if field.name == name and field.suffix is None:
            return field
        if member := field.member(name):
            return member
    from difflib import get_close_matches

    names = [field.name for field in fields]
    nearest = get_close_matches(name, names, 1, 0.5)
    raise UsageError(
        "filter.field.unknown",
        msg(
            "{option}: there is no field {name}. Fields: {fields}.",
            option=option,
            name=name[:40],
            fields=", ".join(names),
        ),
        hint=msg("Did you mean {field}?", field=nearest[0]) if nearest else None,
    )
