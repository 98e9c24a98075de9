"""What no two rows may share whosever they are, where rows lie by client: numbers and uids.

A distributed engine holds only those keys of a table to be unique that have the client in them. So
each number and uid that is given has a row in ``taken`` too, which is unique by itself. In a file
an index does that, and nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.migrations.release_0_3 import GIVEN

COLUMNS = {"document": frozenset({"uid", "kind", "number_key"}), "note": frozenset({"uid"})}
"""The columns that make these names, by table."""
CHUNK = 5000


def concerns(conn: Connection, table: str, columns: Collection[str]) -> bool:
    """Whether to write these columns of a table takes names or gives some up."""
    return conn.by_client and not COLUMNS.get(table, frozenset()).isdisjoint(columns)


def take(conn: Connection, table: str, rows: Iterable[Row]) -> None:
    """Take the names of rows that are new; a Conflict ``db.constraint`` where one is taken."""
    if concerns(conn, table, ("uid",)):
        conn.insert_many(
            "taken", ("name",), ((name,) for row in rows for name in _names(table, row))
        )


def give_up(conn: Connection, table: str, rows: Iterable[Row]) -> None:
    """Let others have the names of rows that go."""
    if not concerns(conn, table, ("uid",)):
        return
    names = [name for row in rows for name in _names(table, row)]
    for start in range(0, len(names), CHUNK):
        condition, among = conn.among("name", names[start : start + CHUNK])
        conn.execute(f"DELETE FROM taken WHERE {condition}", among=among)


def fill(conn: Connection) -> None:
    """Take the names of all the rows there are, in a database that was filled table by table."""
    if conn.by_client:
        conn.execute("DELETE FROM taken")
        conn.execute(GIVEN)


def _names(table: str, row: Row) -> Iterable[str]:
    yield f"{table} {row['uid']}"
    if row.get("number_key") is not None:
        yield f"{row['kind']} {row['number_key']}"
