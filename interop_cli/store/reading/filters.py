"""The filter language: ``field op value`` and ``field in (a,b)``, compiled to bound SQL.

Operators ``= != < <= > >= ~`` (``~`` contains, folded); values ``true false null``, numbers, text,
ISO dates or ``-3y`` (``d w m y`` before today). Within quotes a value is what it says: ``"null"``
is a word, and a comma does not end it; ``""`` is what has no value. Several filters are joined by
AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold
from interop_cli.store.reading.fields import ListField, field_named

_EXPRESSION = re.compile(
    r"\s*(?P<field>[A-Za-z_][\w.\-]*)\s*(?:(?P<op>!=|<=|>=|=|<|>|~)(?![=~<>])\s*(?P<value>.*)"
    r"|\s(?P<in>in)\s*\((?P<list>.*)\))\s*",
    re.DOTALL | re.IGNORECASE,
)
# An item of a list and its comma; within quotes a comma is text.
_ITEM = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,]*?)\s*,""")
_RELATIVE = re.compile(r"-(\d{1,4})([dwmy])")
_SQL_OPS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ORDERED = frozenset({Kind.INT, Kind.MONEY, Kind.TIME, Kind.DATE})
_FOLDED = frozenset({Kind.FOLDED, Kind.CODE})
MAX_INT = 2**63 - 1
LONGEST_CODE = 3  # of a country, a province or a currency; what is longer is a name


@dataclass(frozen=True)
class Condition:
    """A piece of SQL for WHERE, and the values it binds."""

    sql: str
    params: dict[str, Any]

    def __and__(self, other: Condition) -> Condition:
        """Both: their values must have different names."""
        return Condition(f"{self.sql} AND {other.sql}", {**self.params, **other.params})


EVERYTHING = Condition("TRUE", {})


def of_clients(client_ids: Sequence[int]) -> Condition:
    """That a client ``c`` is one of these."""
    params = {f"client_{number}": client_id for number, client_id in enumerate(client_ids)}
    return Condition(f"c.id IN ({', '.join(f':{name}' for name in params)})", params)


def compile_filters(
    expressions: Sequence[str],
    fields: Sequence[ListField],
    today: date,
    folded: Callable[[str], str],
) -> Condition:
    """All of ``expressions`` joined by AND; ``TRUE`` where there are none.

    ``folded`` is that of the connection. Raises UsageError ``filter.syntax``,
    ``filter.field.unknown`` or ``filter.value``.
    """
    compiler = _Compiler(fields, today, folded)
    parts = [compiler.one(expression) for expression in expressions]
    return Condition(" AND ".join(f"({part})" for part in parts) or "TRUE", compiler.params)


class _Compiler:
    def __init__(
        self, fields: Sequence[ListField], today: date, folded: Callable[[str], str]
    ) -> None:
        self.fields = fields
        self.today = today
        self.folded = folded
        self.params: dict[str, Any] = {}

    def one(self, expression: str) -> str:
        match = _EXPRESSION.fullmatch(expression)
        if match is None:
            raise _bad(
                "filter.syntax", msg("A filter has the form: field op value, or: field in (a,b).")
            )
        field = field_named(self.fields, match["field"], option="--filter")
        if match["in"]:
            listed = _ITEM.findall(match["list"] + ",") if match["list"].strip() else []
            return " OR ".join(self._compare(field, "=", item) for item in listed) or "FALSE"
        return self._compare(field, match["op"], match["value"])

    def _compare(self, field: ListField, op: str, text: str) -> str:
        if text.strip() == "null":
            return self._null(field, op)
        value = _unquoted(text)
        if field.kind is Kind.TAGS:
            return self._tag(field, op, value)
        if op == "~":
            return self._contains(field, value)
        if not value and op in ("=", "!=") and field.kind not in _ORDERED | {Kind.BOOL}:
            return self._nothing(field, op)
        column, wanted = field.compared, self._read(field, value)
        if field.kind is Kind.TIME and len(str(wanted)) == len("2026-11-24"):
            column = f"SUBSTR({column}, 1, 10)"  # a date means the whole day
        place = self._bind(wanted)
        if op == "!=":
            return f"({column} <> {place} OR {column} IS NULL)"
        return f"{column} {_SQL_OPS[op]} {place}"

    def _null(self, field: ListField, op: str) -> str:
        if op not in ("=", "!="):
            raise _bad("filter.value", msg("null is compared with = or != only."), field)
        if field.kind is Kind.TAGS:
            return f"{field.compared} {'=' if op == '=' else '<>'} '|'"
        return f"{field.sql} IS {'' if op == '=' else 'NOT '}NULL"

    def _nothing(self, field: ListField, op: str) -> str:
        """No text: what was never said, or said to be empty."""
        nothing = f"COALESCE({field.sql}, '') = ''"
        return nothing if op == "=" else f"NOT ({nothing})"

    def _tag(self, field: ListField, op: str, value: str) -> str:
        if op not in ("=", "!=", "~"):
            raise _bad("filter.value", msg("A tag is compared with = != or ~ only."), field)
        inner = like_escaped(fold(value))
        pattern = f"%{inner}%" if op == "~" else f"%|{inner}|%"
        negation = "NOT " if op == "!=" else ""
        return f"{field.compared} {negation}LIKE {self._bind(pattern)} ESCAPE '\\'"

    def _contains(self, field: ListField, value: str) -> str:
        if field.kind in _ORDERED or field.kind is Kind.BOOL:
            raise _bad("filter.value", msg("This field is not text: ~ does not apply."), field)
        column = field.compared if field.kind in _FOLDED else self.folded(field.compared)
        pattern = self._bind(f"%{like_escaped(fold(value))}%")
        return f"{column} LIKE {pattern} ESCAPE '\\'"

    def _read(self, field: ListField, value: str) -> object:
        if field.kind in _FOLDED:
            return fold(value)
        if field.kind is Kind.UPPER and len(value) <= LONGEST_CODE and value.isascii():
            return value.upper()
        reader = _READERS.get(field.kind)
        return reader(self, field, value) if reader else value

    def _int(self, field: ListField, value: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,19}", value) or abs(int(value)) > MAX_INT:
            raise _bad("filter.value", msg("This field takes a whole number."), field)
        return int(value)

    def _bool(self, field: ListField, value: str) -> int:
        if value.lower() not in ("true", "false"):
            raise _bad("filter.value", msg("This field takes true or false."), field)
        return int(value.lower() == "true")

    def _date(self, field: ListField, value: str) -> str:
        relative = _RELATIVE.fullmatch(value)
        try:
            if relative:
                return _before(self.today, int(relative[1]), relative[2]).isoformat()
            return date.fromisoformat(value[:10]).isoformat() if len(value) == 10 else _time(value)
        except (ValueError, OverflowError):
            raise _bad(
                "filter.value", msg("This field takes a date: YYYY-MM-DD, or -3y (d w m y)."), field
            ) from None

    def _bind(self, value: object) -> str:
        name = f"f{len(self.params)}"
        self.params[name] = value
        return f":{name}"


_READERS: dict[Kind, Callable[[_Compiler, ListField, str], object]] = {
    Kind.INT: _Compiler._int,
    Kind.MONEY: _Compiler._int,
    Kind.BOOL: _Compiler._bool,
    Kind.TIME: _Compiler._date,
    Kind.DATE: _Compiler._date,
}


def like_escaped(text: str) -> str:
    """``text`` for a LIKE pattern with ``ESCAPE '\\'``: its own ``%`` and ``_`` are literal."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _time(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        raise ValueError(value)
    return value


def _before(today: date, count: int, unit: str) -> date:
    if unit in "dw":
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    months = count * (12 if unit == "y" else 1)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    last = 29 if month == 1 and year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    days = [31, last, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    return date(year, month + 1, min(today.day, days))


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _bad(code: str, message: Message, field: ListField | None = None) -> UsageError:
    text = msg("--filter {field}: {what}", field=field.name, what=message) if field else message
    return UsageError(code, text, hint=msg("See: interop help filters"))
