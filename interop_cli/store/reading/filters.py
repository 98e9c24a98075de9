"""Filters as conditions in SQL: the trees of ``domain/filters``, their values bound.

Every comparison is true or false, never NULL, so that ``not`` inverts it: ``!=`` and ``not in``
take rows without a value along; ``~``, ``<`` and its like leave them out. Those are kept apart, so
that it can be said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import Kind
from interop_cli.domain.filters import (
    DATES,
    FOLDED,
    NUMBERS,
    RANGES,
    All,
    Comparison,
    In,
    IsNull,
    Leaf,
    Node,
    Not,
    Reading,
    Some,
    Value,
    bad,
    digits_of,
    leaves,
    nobody_holds,
)
from interop_cli.domain.filters.grammar import parse
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.fields import ListField, Per, field_named
from interop_cli.store.reading.lists import EVERYTHING, Condition, digits_in, like_escaped

MOST_VALUES = 20_000  # SQLite binds 32,766, PostgreSQL twice as many
SIDE_BY_SIDE = 100  # parts joined without parentheses; SQLite's trees are 1,000 deep at most

Held = Callable[[ListField, str, str], Sequence[str]]
"""The values of a field in the rows of its list that are ``=`` this text, folded, or ``~`` it."""


def compile_filters(
    expressions: Sequence[str],
    fields: Sequence[ListField],
    reading: Reading | date,
    folded: Callable[[str], str],
    held: Held = lambda _field, _op, text: nobody_holds(text),
    *,
    distributed: bool = False,
) -> Condition:
    """All of ``expressions`` joined by AND; ``TRUE`` where there are none.

    ``folded`` and ``distributed`` are those of the connection. Raises UsageError ``filter.syntax``,
    ``filter.field.unknown`` or ``filter.value``.
    """
    if not expressions:
        return EVERYTHING
    reading = Reading(reading) if isinstance(reading, date) else reading
    compiler = _Compiler(fields, reading, folded, held, distributed=distributed)
    trees = [parse(text, tells=compiler.tells) for text in expressions]
    tree = trees[0] if len(trees) == 1 else All(tuple(trees))
    return compiler.condition(tree)


def held_in(conn: Connection, source: str) -> Held:
    """What the rows of a list hold; ``source`` is its FROM."""

    def held(field: ListField, op: str, text: str) -> Sequence[str]:
        test = "LIKE :folded ESCAPE '\\'" if op == "~" else "= :folded"
        rows = conn.query(
            f"SELECT DISTINCT {field.sql} AS value{source}"
            f" WHERE {field.sql} IS NOT NULL AND {conn.folded(field.sql)} {test}",
            folded=f"%{like_escaped(fold(text))}%" if op == "~" else fold(text),
        )
        return [row["value"] for row in rows]

    return held


def left_out(conn: Connection, source: str, condition: Condition) -> list[tuple[str, int]]:
    """How many rows of ``source`` a condition leaves out for want of a value, by field."""
    found = []
    for name, sql in condition.left_out:
        rows = conn.query(f"SELECT COUNT(*) AS n{source} WHERE {sql}", **condition.params)
        found.append((name, int(rows[0]["n"])))
    return [(name, count) for name, count in found if count]


class _Compiler:
    def __init__(
        self,
        fields: Sequence[ListField],
        reading: Reading,
        folded: Callable[[str], str],
        held: Held,
        *,
        distributed: bool,
    ) -> None:
        self.fields = fields
        self.reading = reading
        self.folded = folded
        self.held = held
        self.distributed = distributed
        self.params: dict[str, Any] = {}
        self.sql: dict[int, str] = {}
        """The SQL of each comparison, by its identity."""

    def tells(self, name: str) -> bool:
        """Whether the values of this field may be repeated in a hint: they name nobody."""
        return any(
            field.name == name and (field.choices or field.kind in _NAMELESS)
            for field in self.fields
        )

    def condition(self, tree: Node) -> Condition:
        needing: dict[str, ListField] = {}
        asked: set[str] = set()
        for leaf in leaves(tree):
            field = field_named(self.fields, leaf.field, option="--filter")
            self.sql[id(leaf)] = self._leaf(field, leaf)
            if len(self.params) > MOST_VALUES:
                raise UsageError(
                    "filter.syntax",
                    msg("--filter: more than {max} values.", max=MOST_VALUES),
                    hint=msg("Give many codes as a file: @FILE, or - for stdin."),
                )
            if _asks_for_null(leaf):
                asked.add(field.name)
            elif not field.always and isinstance(leaf, Comparison) and _needs_a_value(leaf):
                needing[field.name] = field
        sql = f"({self._joined(tree, None)})"  # it is joined to others by AND
        left_out = [
            (
                name,
                f"({self._leaf(field, IsNull(name))} AND NOT {sql}"
                f" AND ({self._joined(tree, name)}))",
            )
            for name, field in needing.items()
            if name not in asked
        ]
        return Condition(sql, self.params, tuple(left_out))

    def _joined(self, node: Node, assumed: str | None) -> str:
        """The SQL of a tree; ``assumed`` is a field whose ranges are taken as true."""
        if isinstance(node, Not):
            return f"NOT ({self._joined(node.part, assumed)})"
        if isinstance(node, All | Some):
            parts = [f"({self._joined(part, assumed)})" for part in node.parts]
            return _side_by_side(parts, " AND " if isinstance(node, All) else " OR ")
        if isinstance(node, Comparison) and node.field == assumed and _needs_a_value(node):
            return "TRUE"
        return self.sql[id(node)]

    def _leaf(self, field: ListField, leaf: Leaf) -> str:
        if self.distributed and field.per is not None:
            return self._looked_up(field._replace(per=None), leaf, field.per)
        if isinstance(leaf, IsNull):
            return _empty(field)
        if isinstance(leaf, In):
            return self._among(field, leaf.values)
        if leaf.value.is_null:
            if leaf.op not in ("=", "!="):
                raise bad(msg("null is compared with = or != only."), field)
            return _negated(_empty(field), leaf.op)
        if field.kind is Kind.TAGS:
            return self._tag(field, leaf.op, leaf.value)
        if leaf.op == "~":
            return self._contains(field, leaf.value.text)
        if leaf.op in RANGES:
            return self._ordered(field, leaf.op, leaf.value)
        return _negated(self._among(field, [leaf.value]), leaf.op)

    def _looked_up(self, field: ListField, leaf: Leaf, per: Per) -> str:
        """The clients for whose rows it holds, and those without rows where it holds without."""
        value, rows, client, none = per
        found = self._leaf(field._replace(sql=value), leaf)
        without = self._leaf(field._replace(sql=none), leaf)
        return (
            f"(c.id IN (SELECT {client} FROM {rows} GROUP BY {client} HAVING {found})"
            f" OR (({without}) AND c.id NOT IN (SELECT {client} FROM {rows})))"
        )

    # -- comparisons --------------------------------------------------------------------------

    def _among(self, field: ListField, values: Iterable[Value]) -> str:
        """The field has one of these values; TRUE or FALSE."""
        parts: list[str] = []
        places: list[str] = []
        for value in values:
            if value.is_null:
                parts.append(_empty(field))
            elif field.kind is Kind.TAGS:
                parts.append(self._tag(field, "=", value))
            elif field.kind is Kind.TIME:
                span = self.reading.span(field, value)
                since, until = self._bind(span.start), self._bind(span.end)
                parts.append(
                    _sure(field, f"{field.sql} >= {since} AND {field.sql} < {until}", field.sql)
                )
            elif _is_nothing(value) and field.kind not in _TYPED:
                parts.append(f"COALESCE({field.sql}, '') = ''")
            else:
                places += [self._bind(one) for one in self._stored(field, value)]
        if places:
            column = self._column(field)
            one = f"= {places[0]}" if len(places) == 1 else f"IN ({', '.join(places)})"
            parts.append(_sure(field, f"{column} {one}", column))
        return _side_by_side([f"({part})" for part in parts] if len(parts) > 1 else parts, " OR ")

    def _ordered(self, field: ListField, op: str, value: Value) -> str:
        column = self._column(field)
        if field.kind is Kind.TIME:
            span = self.reading.span(field, value)
            # A day is over when the next begins.
            sign = "<" if op in ("<", "<=") else ">="
            place = self._bind(span.start if op in ("<", ">=") else span.end)
            return _sure(field, f"{column} {sign} {place}", column)
        place = self._bind(self._stored(field, value)[0])
        return _sure(field, f"{column} {op} {place}", column)

    def _tag(self, field: ListField, op: str, value: Value) -> str:
        if op not in ("=", "!=", "~"):
            raise bad(msg("A tag is compared with = != or ~ only."), field)
        if _is_nothing(value) and op != "~":
            return _negated(_empty(field), op)
        inner = like_escaped(_looked_for(field, value.text))
        pattern = f"%{inner}%" if op == "~" else f"%|{inner}|%"
        return _negated(f"{field.compared} LIKE {self._bind(pattern)} ESCAPE '\\'", op)

    def _contains(self, field: ListField, value: str) -> str:
        if field.kind in _TYPED:
            raise bad(msg("This field is not text: ~ does not apply."), field)
        if field.kind is Kind.PHONE and (digits := digits_of(value)):
            column = digits_in(field.sql)
            return _sure(field, f"{column} LIKE {self._bind(f'%{digits}%')}", column)
        column = field.key if field.kind in FOLDED and field.key else self.folded(field.sql)
        looked_for = _looked_for(field, value)
        if field.name == "postal_code":  # with its space or without, as = takes it
            column = f"REPLACE({column}, ' ', '')"
            looked_for = looked_for.replace(" ", "")
        pattern = self._bind(f"%{like_escaped(looked_for)}%")
        found = _sure(field, f"{column} LIKE {pattern} ESCAPE '\\'", column)
        if field.choices is None:
            return found
        # By name too: "country ~ canada" is CA, and "country ~ united" US and GB.
        known = self.reading.holding(
            field, field.choices, value, lambda text: self.held(field, "~", text)
        )
        if not known:
            return found
        places = [self._bind(one) for one in known]
        named = _sure(field, f"{field.sql} IN ({', '.join(places)})", field.sql)
        return f"({found} OR {named})"

    def _stored(self, field: ListField, value: Value) -> tuple[object, ...]:
        return self.reading.stored(field, value, lambda text: self.held(field, "=", text))

    def _column(self, field: ListField) -> str:
        if field.kind in FOLDED:
            return field.key or self.folded(field.sql)
        return field.sql

    def _bind(self, value: object) -> str:
        name = f"f{len(self.params)}"
        self.params[name] = value
        return f":{name}"


_TYPED = DATES | NUMBERS | {Kind.BOOL}
_NAMELESS = DATES | NUMBERS | {Kind.BOOL, Kind.CODE, Kind.TAGS, Kind.UID, Kind.UPPER}


def _needs_a_value(leaf: Comparison) -> bool:
    """Whether a row without a value never fits, though it is not said."""
    return leaf.op in RANGES or leaf.op == "~"


def _asks_for_null(leaf: Leaf) -> bool:
    if isinstance(leaf, In):
        return any(value.is_null or _is_nothing(value) for value in leaf.values)
    return isinstance(leaf, IsNull) or leaf.value.is_null or _is_nothing(leaf.value)


def _is_nothing(value: Value) -> bool:
    """Whether it is "", which stands for having no value."""
    return not value.text.strip()


def _looked_for(field: ListField, text: str) -> str:
    """What ``~`` looks for. Nothing would be in everybody, and is refused."""
    if not fold(text):
        raise bad(msg("~ looks for some text: here it is empty."), field)
    return fold(text)


def _empty(field: ListField) -> str:
    return f"{field.compared} = '|'" if field.kind is Kind.TAGS else f"{field.sql} IS NULL"


def _negated(sql: str, op: str) -> str:
    return f"NOT ({sql})" if op == "!=" else sql


def _sure(field: ListField, test: str, column: str) -> str:
    """The test, FALSE where the field has no value."""
    if field.always:
        return test
    if column.startswith("("):  # computed, and not twice
        return f"COALESCE({test}, FALSE)"
    return f"({field.sql} IS NOT NULL AND {test})"


def _side_by_side(parts: Sequence[str], sign: str) -> str:
    """The parts joined, in groups where there are many."""
    while len(parts) > SIDE_BY_SIDE:
        parts = [
            f"({sign.join(parts[at : at + SIDE_BY_SIDE])})"
            for at in range(0, len(parts), SIDE_BY_SIDE)
        ]
    return sign.join(parts)
