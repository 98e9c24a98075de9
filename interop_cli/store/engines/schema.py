"""What a database's schema has besides ours, and what of ours it lacks.

Tables and indexes of other programs change nothing here. A trigger acts on every write behind the
journal's back, and a view may stand for a table.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.sqlite import SqliteConnection
from interop_cli.store.engines.sqlite_errors import driver

ACTING = ("trigger", "view")


class Part(NamedTuple):
    """A part of a schema: ``kind`` is ``trigger``, ``view``, ``table`` or ``index``."""

    kind: str
    name: str


def strange(conn: Connection) -> list[Part]:
    """The triggers and views that interop did not make."""
    if not isinstance(conn, SqliteConnection):
        rows = conn.query(
            "SELECT 'trigger' AS kind, t.tgname AS name FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = CAST(current_schema() AS regnamespace)"
            " AND (p.pronamespace <> c.relnamespace OR p.proname NOT LIKE '%\\_is\\_append\\_only')"
            " ORDER BY 2"
        )
        return [Part(row["kind"], row["name"]) for row in rows]
    ours = _expected(conn)
    return [part for part in _parts(conn) if part.kind in ACTING and part not in ours]


def lacking(conn: Connection) -> list[Part]:
    """Parts of ours that are not there, and triggers that do something else; SQLite only."""
    if not isinstance(conn, SqliteConnection):
        return []
    there = _parts(conn)
    return [
        part
        for part, sql in _expected(conn).items()
        if part not in there or (part.kind == "trigger" and there[part] != sql)
    ]


def drop(conn: SqliteConnection, parts: list[Part]) -> None:
    """Take parts out of a schema, in one transaction."""
    with conn.write():
        for kind, name in parts:
            quoted = '"' + name.replace('"', '""') + '"'
            conn.execute(f"DROP {kind.upper()} {quoted}")


def _expected(conn: Connection) -> dict[Part, str]:
    """The parts that the steps make that this database has had."""
    from interop_cli.store.migrations import MIGRATIONS, applied, run_ddl

    done = set(applied(conn))
    fresh = SqliteConnection(driver.connect(":memory:", isolation_level=None), Path(), None)
    try:
        for step in MIGRATIONS:
            if step.name in done:
                step.apply(fresh, lambda script: run_ddl(fresh, script))
        return _parts(fresh)
    finally:
        fresh.close()


def _parts(conn: Connection) -> dict[Part, str]:
    rows = conn.query(
        "SELECT type, name, COALESCE(sql, '') AS sql FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
    )
    return {Part(row["type"], row["name"]): " ".join(row["sql"].split()) for row in rows}
