"""The fields of a list row: their SQL, what they hold, and how they are filtered and sorted.

The one place that ``--fields``, ``--filter``, ``--sort`` and the schemas of a list draw from. Only
names found here ever reach SQL; values are always bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import Column, Field, Fields, Kind, listed
from interop_cli.domain.messages import msg
from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.domain.values.text import closest


class Per(NamedTuple):
    """The rows of which a ``value`` is computed for each client ``c``, and how it is without any.

    Grouped by ``client``: a distributed engine, which has the rows of some clients elsewhere, does
    not ask for those of one client after another. Where it can be done, that is faster: it looks at
    the last invoice alone, and at no client that other conditions leave out.
    """

    value: str
    rows: str
    client: str
    none: str


class ListField(NamedTuple):
    """``sql`` gives the value, ``key`` what filters and sorting compare (``sql`` where absent).

    ``table`` and ``whole`` are those of its ``Field``. A field that is not ``listed`` can be
    filtered on but is no column. One with a ``suffix`` (a regular expression) is a family:
    ``sales.YEAR`` with ``[0-9]{4}`` is ``sales.2026`` and others, and ``{suffix}`` in its SQL
    becomes what stands there, so the expression lets nothing else in. ``choices`` is the closed
    list its values are out of; ``always``: every row has a value. ``per`` is another way to the
    value of one that is computed for each client.
    """

    name: str
    sql: str
    kind: Kind = Kind.TEXT
    key: str | None = None
    listed: bool = True
    suffix: str | None = None
    table: int = 0
    whole: bool = False
    choices: ClosedList | None = None
    always: bool = False
    per: Per | None = None

    @property
    def column(self) -> Column:
        """The column that shows it."""
        return Column(
            self.name, self.kind.shown, table=self.table > 0, rank=self.table, whole=self.whole
        )

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
        per = self.per and self.per._replace(rows=self.per.rows.replace("{suffix}", suffix))
        sql = self.sql.replace("{suffix}", suffix)
        return self._replace(name=name, sql=sql, suffix=None, per=per)


Elsewhere = Mapping[str, tuple[str, str]]
"""Of fields that do not stand in the entity's own table: their SQL, and what is compared."""


def list_fields(
    fields: Fields, alias: str, other: Elsewhere, *, place: str = ""
) -> tuple[ListField, ...]:
    """The fields of a list of an entity; its table is called ``alias``, its address ``place``."""
    return tuple(
        ListField(
            field.name,
            sql,
            field.kind,
            key or None,
            table=field.table,
            whole=field.uncut,
            choices=field.choices,
            always=not (field.clear or field.place) or field.kind is Kind.TAGS,
        )
        for field in listed(fields)
        for sql, key in [_sql(field, alias, other, place)]
    )


def synced_sql(fields: Fields, alias: str, other: Elsewhere, *, place: str = "") -> dict[str, str]:
    """The SQL of each field that a target may be sent."""
    return {
        field.name: _sql(field, alias, other, place)[0]
        for field in fields
        if field.synced and not field.internal
    }


def _sql(field: Field, alias: str, other: Elsewhere, place: str) -> tuple[str, str]:
    table = place if field.place else alias
    found = f"{table}.{field.stands_in}", f"{table}.{field.key}" if field.key else ""
    return other.get(field.name, found)


def field_named(fields: Sequence[ListField], name: str, *, option: str) -> ListField:
    """The field of this name; raises UsageError with the list and the nearest."""
    for field in fields:
        if field.name == name and field.suffix is None:
            return field
        if member := field.member(name):
            return member
    names = [field.name for field in fields]
    nearest = closest(name, names)
    raise UsageError(
        "filter.field.unknown",
        msg(
            "{option}: there is no field {name}. Fields: {fields}.",
            option=option,
            name=name[:40],
            fields=", ".join(names),
        ),
        hint=msg("Did you mean {field}?", field=nearest) if nearest else None,
    )
