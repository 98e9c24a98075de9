"""Many ids in statements that every engine takes: as a condition, or as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from interop_cli.store.engines.connection import Connection, Row

CHUNK = 500


def places_in_chunks(values: Iterable[object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values in chunks: the places ``:v0, :v1 …`` for an ``IN (…)``, and what they hold."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        params = {f"v{number}": value for number, value in enumerate(chunk)}
        yield ", ".join(f":{name}" for name in params), params


def query_in_chunks(
    conn: Connection, sql: str, values: Iterable[object], **also: object
) -> Iterator[Row]:
    """The rows of a statement with ``{places}`` where the values go, chunk after chunk.

    ``also`` are the other parameters of the statement.
    """
    for places, params in places_in_chunks(values):
        yield from conn.query(sql.replace("{places}", places), **params, **also)


def fill_id_table(conn: Connection, name: str, ids: Iterable[int]) -> None:
    """A private table ``name`` of the current transaction that holds ``ids`` in column ``id``."""
    conn.temp_table(name, "id BIGINT PRIMARY KEY")
    conn.insert_many(name, ("id",), ((row_id,) for row_id in ids))
    conn.filled(name)


def rows_by_client(conn: Connection, table: str, client_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The rows of each client in ``table``, in the order they were made: client id -> rows."""
    ids = list(client_ids)
    found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
    sql = f"SELECT * FROM {table} WHERE client_id IN ({{places}}) ORDER BY id"  # noqa: S608
    for row in query_in_chunks(conn, sql, ids):
        found[row["client_id"]].append(row)
    return found
