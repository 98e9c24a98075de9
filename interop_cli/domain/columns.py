"""What the columns of a list hold: the views declare them, the output writes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    """What the values of a column are, which decides how each format writes them."""

    TEXT = "text"
    INT = "int"
    BOOL = "bool"  # SQLite gives 0 and 1
    DATE = "date"  # ISO text
    TIME = "time"  # ISO text in UTC
    MONEY = "money"  # integer cents, in a column named ``…_cents``
    JSON = "json"  # text holding JSON, or a list or dict


NUMBERS = frozenset({ValueKind.INT, ValueKind.MONEY})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the rows given to ``Output.rows``.

    ``header`` is the msgid of its title in a table (absent: see ``titles``). ``table``
    says whether a table shows it without ``--fields``; a ``hidden`` column appears in no format
    until it is asked for, as ``contacts`` is in a list for the sake of ``contacts.email``.
    ``members`` are the keys of its nested objects, so that a wrong one can be named.
    """

    name: str
    kind: ValueKind = ValueKind.TEXT
    header: str | None = None
    hidden: bool = False
    table: bool = True
    members: tuple[str, ...] = ()
