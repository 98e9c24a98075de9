"""``where``: which rows of a file are taken, in the language of filters, about its own columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from interop_cli.domain.filters import RANGES, All, In, IsNull, Leaf, Node, Not, leaves
from interop_cli.domain.filters.grammar import FIELD, parse
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs.mapping import ColumnFault

_BRACED = re.compile(r"\{([^{}]*)\}")
_COLUMN = re.compile(rf"{_BRACED.pattern}|{FIELD.pattern}")


@dataclass(frozen=True, slots=True)
class Where:
    """An expression and the columns that it names, by the names it has for them."""

    text: str
    tree: Node
    named: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, as they were written."""
        return tuple(dict.fromkeys(column for _name, column in self.named))

    def holds(self, text_of: Callable[[str], str]) -> bool:
        """Whether a row is taken; ``text_of`` gives the text of a column."""
        names = dict(self.named)

        def true(node: Node) -> bool:
            if isinstance(node, Not):
                return not true(node.part)
            if isinstance(node, Leaf):
                return _true(node, text_of(names[node.field]).strip())
            parts = map(true, node.parts)
            return all(parts) if isinstance(node, All) else any(parts)

        return true(self.tree)


def parse_where(text: str) -> Where:
    """``{Column} = value and …``; a column of one word needs no braces.

    Raises ``ColumnFault``, and ``FilterSyntax`` as filters do.
    """
    tree = parse(text, named=_COLUMN)
    named: dict[str, str] = {}
    for leaf in leaves(tree):
        braced = _BRACED.fullmatch(leaf.field)
        named[leaf.field] = braced[1].strip() if braced else leaf.field
        if isinstance(leaf, IsNull):
            continue
        values = leaf.values if isinstance(leaf, In) else (leaf.value,)
        if any(_BRACED.search(value.text) for value in values):
            raise ColumnFault(msg("braces stand around columns, at the left of a comparison"))
        if isinstance(leaf, In) or leaf.op not in RANGES:
            continue
        if _number(leaf.value.text) is None:
            raise ColumnFault(msg("{op} compares with a number", op=leaf.op))
    return Where(text, tree, tuple(named.items()))


def _true(leaf: Leaf, text: str) -> bool:
    if isinstance(leaf, IsNull):
        return not text
    folded = fold(text)
    if isinstance(leaf, In):
        return any(_same(folded, value.text, null=value.is_null) for value in leaf.values)
    value = leaf.value
    if leaf.op in RANGES:
        return _compares(leaf.op, _number(text), _number(value.text))
    if leaf.op == "~":
        return fold(value.text) in folded
    return _same(folded, value.text, null=value.is_null) == (leaf.op == "=")


def _same(folded: str, text: str, *, null: bool) -> bool:
    return folded == ("" if null else fold(text))


def _compares(op: str, one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return False
    if op.startswith("<"):
        return one < other or (op == "<=" and one == other)
    return one > other or (op == ">=" and one == other)


def _number(text: str) -> Decimal | None:
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
