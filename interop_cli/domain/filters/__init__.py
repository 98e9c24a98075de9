"""Filters: what an expression says, a tree of comparisons under ``and``, ``or`` and ``not``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interop_cli.domain.messages import msg

SEE_HELP = msg("See: interop help filters")
RANGES = frozenset({"<", "<=", ">", ">="})
"""The operators that compare with more or less."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as typed, without its quotes. Within quotes it is text: ``"null"`` is a word."""

    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether it is the word null."""
        return not self.quoted and self.text.lower() == "null"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """``field op value``; ``op`` is one of ``= != < <= > >= ~``."""

    field: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class In:
    """``field in (…)``; ``not in`` is this inside a ``Not``."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IsNull:
    """``field is null``."""

    field: str


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The opposite."""

    part: Node


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds."""

    parts: tuple[Node, ...]


Leaf = Comparison | In | IsNull
Node = Leaf | Not | All | Some


def leaves(node: Node) -> Iterator[Leaf]:
    """Every comparison of a tree, in the order in which they were written."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Not):
            waiting.append(node.part)
        elif isinstance(node, All | Some):
            waiting.extend(reversed(node.parts))
        else:
            yield node
