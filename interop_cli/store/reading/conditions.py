"""Conditions on the rows of a list, as SQL with the values it binds.

Apart from the filters that are compiled to them: a list without one loads no grammar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_SEPARATORS = (" ", "\u00a0", "-", "\u2011", ".", "(", ")", "+", "/")


@dataclass(frozen=True)
class Condition:
    """A piece of SQL for WHERE, and the values it binds.

    ``left_out`` has, for each field whose missing values decided, the rows that were not chosen
    for that alone: the field's name and a condition that binds the same values.
    """

    sql: str
    params: dict[str, Any]
    left_out: tuple[tuple[str, str], ...] = ()

    def __and__(self, other: Condition) -> Condition:
        """Both: their values must have different names."""
        if self.sql == "TRUE" or other.sql == "TRUE":
            return self if other.sql == "TRUE" else other
        left_out = [(name, f"{sql} AND {other.sql}") for name, sql in self.left_out]
        left_out += [(name, f"{sql} AND {self.sql}") for name, sql in other.left_out]
        return Condition(
            f"{self.sql} AND {other.sql}", {**self.params, **other.params}, tuple(left_out)
        )


EVERYTHING = Condition("TRUE", {})


def of_clients(client_ids: Sequence[int]) -> Condition:
    """That a client ``c`` is one of these."""
    params = {f"client_{number}": client_id for number, client_id in enumerate(client_ids)}
    return Condition(f"c.id IN ({', '.join(f':{name}' for name in params)})", params)


def like_escaped(text: str) -> str:
    """``text`` for a LIKE pattern with ``ESCAPE '\\'``: its own ``%`` and ``_`` are literal."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def digits_in(column: str) -> str:
    """SQL for a stored telephone without what stands between its digits."""
    for sign in _SEPARATORS:
        column = f"REPLACE({column}, '{sign}', '')"
    return column
