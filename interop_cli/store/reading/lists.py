"""Lists of rows: what they are chosen by, their order, and where a page of them begins.

One mechanism for contacts, addresses, notes and documents; clients have an index of words and of
their order, and take from here what a page is.

The conditions stand apart from the filters that are compiled to them: a list without one loads no
grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.errors import NotFound
from interop_cli.domain.fields import Kind
from interop_cli.domain.values.text import searched_words
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.called import id_named
from interop_cli.store.reading.fields import ListField, field_named

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

_SEPARATORS = (" ", "\u00a0", "-", "\u2011", ".", "(", ")", "+", "/")


class Condition(NamedTuple):
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


NUMBERS = frozenset({Kind.INT, Kind.BOOL, Kind.MONEY})
UNIQUE = ("id", "code")


class Key(NamedTuple):
    """What rows are ordered by. It is never NULL, on which the engines differ."""

    sql: str
    descending: bool = False


class ListView(NamedTuple):
    """A list: its FROM, its table with its alias, its fields and its own order.

    ``columns`` is the SQL of all that can be shown, ``fields`` what can be filtered and sorted,
    ``searched`` the names of the fields a search looks at beside the client's code and name.
    ``owner`` is the column by which what is ``nested`` is found, ``key`` the one that names a row;
    ``named`` finds the id of the row that a person names, and raises NotFound.
    """

    source: str
    table: str
    columns: Mapping[str, str]
    fields: tuple[ListField, ...]
    own: tuple[Key, ...]
    searched: tuple[str, ...]
    nested: Mapping[str, Nested]
    named: Callable[[Connection, str], int]
    owner: str = "client_id"
    key: str = "id"

    @property
    def id(self) -> str:
        """The SQL of a row's id."""
        return f"{self.table.split()[1]}.id"


class RowQuery(NamedTuple):
    """What a list is asked for; without ``sort`` it has its own order."""

    condition: Condition = EVERYTHING
    sort: str | None = None
    limit: int | None = None
    after: str | None = None


def rows(
    conn: Connection, view: ListView, query: RowQuery, names: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of ``names``, streamed in batches."""
    keys = view.own
    if query.sort is not None:
        keys = sorted_by(view.fields, query.sort, view.id, turned=True)
    after, params = "", dict(query.condition.params)
    if query.after is not None:
        row_id = view.named(conn, query.after)
        after, values = after_row(conn, view.source, keys, view.id, row_id)
        params.update(values)
    tail = f"{view.source} WHERE {query.condition.sql}{after}{ordered(keys)}"
    if query.limit:
        tail += " LIMIT :limit"
        params["limit"] = query.limit

    def read(plain: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
        chosen = ", ".join(view.columns[name] for name in plain)
        return conn.batches(f"SELECT {chosen}{tail}", params)

    return with_nested(conn, names, view.nested, view.owner, read)


def count(conn: Connection, view: ListView, condition: Condition) -> int:
    """How many rows a condition chooses."""
    # A row has one of each that is joined to it: where nobody asks for those, it is counted alone.
    alone = condition.sql == EVERYTHING.sql
    source = f" FROM {view.table}" if alone else view.source
    found = conn.query(f"SELECT COUNT(*) AS n{source} WHERE {condition.sql}", **condition.params)
    return int(found[0]["n"])


def searching(conn: Connection, view: ListView, text: str) -> Condition:
    """That a row, or its client's code or name, holds every word of ``text``; folded."""
    wanted = searched_words(text).split()
    if not wanted:
        return Condition("FALSE", {})
    fields = [one for one in view.fields if one.name in view.searched]
    phones = [digits_in(one.sql) for one in fields if one.kind is Kind.PHONE]
    texts = ["c.code_key", "c.name_key"]
    texts += [
        one.key if one.kind is Kind.FOLDED and one.key else conn.folded(one.sql)
        for one in fields
        if one.kind is not Kind.PHONE
    ]
    parts = []
    for number, word in enumerate(wanted):
        columns = [*texts, *phones] if word.isdecimal() else texts
        parts.append(" OR ".join(f"{column} LIKE :search_{number}" for column in columns))
    return Condition(
        " AND ".join(f"({part})" for part in parts),
        {f"search_{number}": f"%{word}%" for number, word in enumerate(wanted)},
    )


def sorted_by(
    fields: Sequence[ListField], sort: str, by_id: str, *, turned: bool
) -> tuple[Key, ...]:
    """The keys of ``--sort``: a field, ``-`` before it reverses; then the id.

    ``turned``: the id is reversed too. Raises UsageError ``filter.field.unknown``.
    """
    descending = sort.startswith("-")
    chosen = field_named(fields, sort.removeprefix("-"), option="--sort")
    column = chosen.compared
    if not chosen.always:
        column = f"COALESCE({column}, {'-1' if chosen.kind in NUMBERS else chr(39) * 2})"
    key = Key(column, descending)
    return (key,) if chosen.name in UNIQUE else (key, Key(by_id, descending and turned))


def ordered(keys: Sequence[Key]) -> str:
    """The ORDER BY of keys."""
    return " ORDER BY " + ", ".join(
        f"{key.sql} {'DESC' if key.descending else 'ASC'}" for key in keys
    )


def after_row(
    conn: Connection, source: str, keys: Sequence[Key], by_id: str, row_id: int
) -> tuple[str, dict[str, Any]]:
    """The condition, with AND, of what comes after a row in the order of ``keys``; its values."""
    chosen = ", ".join(f"{key.sql} AS k{number}" for number, key in enumerate(keys))
    (row,) = conn.query(f"SELECT {chosen}{source} WHERE {by_id} = :row_id", row_id=row_id)
    params = {f"after_{number}": row[f"k{number}"] for number in range(len(keys))}
    beyond = [f"{key.sql} {'<' if key.descending else '>'}" for key in keys]
    same: list[str] = []
    steps = []
    for number, key in enumerate(keys):
        steps.append(" AND ".join([*same, f"{beyond[number]} :after_{number}"]))
        same.append(f"{key.sql} = :after_{number}")
    # The first part alone leads to the place in an index.
    return f" AND {beyond[0]}= :after_0 AND ({' OR '.join(steps)})", params


def row_named(
    conn: Connection, table: str, ref: str, missing: Callable[[int | str], NotFound]
) -> int:
    """The id that ``12`` or ``#12`` names in a table; raises what ``missing`` makes."""
    wanted = id_named(f"#{ref.removeprefix('#')}")
    sql = f"SELECT id FROM {table} WHERE id = :id"
    if wanted is None or not conn.query(sql, id=wanted):
        raise missing(wanted or ref[:20])
    return wanted


def grouped(rows: Iterable[Row], owner: str) -> dict[int, list[Row]]:
    """Rows by the id in their column ``owner``, which is taken out of them."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.pop(owner), []).append(row)
    return found


Batches = Iterator[list[tuple[Any, ...]]]
Nested = Callable[[Connection, Iterable[int]], dict[int, list[Row]]]


def column(name: str, members: Sequence[str]) -> Column:
    """A column of nested objects: in no format until ``--fields`` asks for it."""
    from interop_cli.domain.fields.field import Column, ValueKind

    return Column(name, ValueKind.JSON, hidden=True, members=tuple(members))


def with_nested(
    conn: Connection,
    names: Sequence[str],
    nested: Mapping[str, Nested],
    owner: str,
    read: Callable[[Sequence[str]], Batches],
) -> Batches:
    """The rows that ``read`` gives for ``names``, with lists of objects for those in ``nested``.

    ``owner`` is the column with the id of the client to which the objects belong.
    """
    wanted = {name: nested[name] for name in names if name in nested}
    if not wanted:
        return read(names)
    plain = [owner, *(name for name in names if name not in wanted)]

    def filled(batch: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        owners = list(dict.fromkeys(row[0] for row in batch))
        found = {name: objects(conn, owners) for name, objects in wanted.items()}
        return [
            tuple(
                found[name][row[0]] if name in found else row[plain.index(name, 1)]
                for name in names
            )
            for row in batch
        ]

    return map(filled, read(plain))
