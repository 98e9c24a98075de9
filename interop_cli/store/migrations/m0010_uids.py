"""A name for ever for every client, contact, address, note and document: its ``uid``."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.domain.values.code import derived_uid
from interop_cli.store.engines.connection import Connection
from interop_cli.store.writing.journal import origin

TABLES = ("client", "contact", "address", "note", "document")
CHUNK = 20_000
COLUMN = "ALTER TABLE {table} ADD COLUMN uid {{text}} NOT NULL DEFAULT ''"
INDEX = "CREATE UNIQUE INDEX {table}_uid ON {table} (uid)"


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column and fill it, without a change of version: nothing is sent anywhere again."""
    first = origin(conn)
    for table in TABLES:
        run_ddl(COLUMN.format(table=table))
        _fill(conn, table, first)
        run_ddl(INDEX.format(table=table))
        if conn.engine == "postgres":  # SQLite cannot: there the index keeps a second one out
            conn.execute(f"ALTER TABLE {table} ALTER COLUMN uid DROP DEFAULT")


def _fill(conn: Connection, table: str, first: str) -> None:
    """The work is done here and not by the engines: PostgreSQL has no SHA-1 of its own."""
    last = 0
    while ids := _next(conn, table, last):
        conn.temp_table("naming", "id BIGINT PRIMARY KEY, uid TEXT")
        rows = ((row_id, derived_uid(first, table, row_id)) for row_id in ids)
        conn.insert_many("naming", ("id", "uid"), rows)
        conn.filled("naming")
        conn.execute(
            f"UPDATE {table} SET uid = (SELECT uid FROM naming WHERE naming.id = {table}.id)"  # noqa: S608
            " WHERE id BETWEEN :first AND :last",
            first=ids[0],
            last=ids[-1],
        )
        last = ids[-1]


def _next(conn: Connection, table: str, last: int) -> list[int]:
    rows = conn.query(
        f"SELECT id FROM {table} WHERE id > :last ORDER BY id LIMIT {CHUNK}",  # noqa: S608
        last=last,
    )
    return [row["id"] for row in rows]
