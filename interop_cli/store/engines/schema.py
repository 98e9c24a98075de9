"""What a database's schema has besides ours, and what of ours it lacks.

Tables and indexes of other programs change nothing here. A trigger acts on every write behind the
journal's back, and a view may stand for a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from interop_cli.domain.errors import InteropError
from interop_cli.store.engines.connection import Connection, quoted
from interop_cli.store.engines.sqlite import SqliteConnection, connect
from interop_cli.store.engines.sqlite_errors import damaged, driver

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
    """Parts of ours that are not there, or are not what they were; SQLite only.

    A trigger has to do the same, a table to have our columns.
    """
    if not isinstance(conn, SqliteConnection):
        return []
    there = _parts(conn)
    return [
        part
        for part, said in _expected(conn).items()
        if part not in there or (part.kind != "index" and not said <= there[part])
    ]


def truer(error: InteropError, location: str, conn: Connection | None) -> InteropError:
    """The error to show: what seems a bug may be a damaged schema, and damage a failing disk.

    ``conn`` where the database is open already.
    """
    from interop_cli.store.engines.address import is_url
    from interop_cli.store.engines.open import refuse_unreadable

    seems_a_bug = error.exit_code == InteropError.exit_code
    if is_url(location) or not (seems_a_bug or error.code == "db.corrupt"):
        return error
    try:
        if seems_a_bug and not _is_damaged(Path(location), conn):
            return error
        refuse_unreadable(Path(location))
    except InteropError as failure:
        return failure
    return damaged() if seems_a_bug else error


def _is_damaged(path: Path, conn: Connection | None) -> bool:
    """Whether parts of ours are missing: a bit of the schema's text has changed."""
    found = conn or connect(path, frozen=True)
    try:
        return bool(lacking(found))
    except InteropError as error:
        if error.exit_code == InteropError.exit_code:
            return True
        raise
    finally:
        if conn is None:
            found.close()


def drop(conn: SqliteConnection, parts: list[Part]) -> None:
    """Take parts out of a schema, in one transaction."""
    with conn.write(moved=True):
        for kind, name in parts:
            conn.execute(f"DROP {kind.upper()} {quoted(name)}")


def _expected(conn: Connection) -> dict[Part, frozenset[str]]:
    """The parts that the steps make that this database has had."""
    from interop_cli.store.migrations import applied

    with fresh(applied(conn)) as made:
        return _parts(made)


@contextmanager
def fresh(steps: Iterable[str]) -> Iterator[SqliteConnection]:
    """An empty database in memory, which has had these steps."""
    from interop_cli.store.migrations import make

    conn = SqliteConnection(driver.connect(":memory:", isolation_level=None), Path(), None)
    try:
        make(conn, steps)
        yield conn
    finally:
        conn.close()


def _parts(conn: Connection) -> dict[Part, frozenset[str]]:
    """Each part with the names of its columns, or with what it does."""
    rows = conn.query(
        "SELECT m.type AS type, m.name AS name, COALESCE(c.name, m.sql, '') AS said"
        " FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ON m.type = 'table'"
        " WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.type, m.name"
    )
    found: dict[Part, set[str]] = {}
    for row in rows:
        part = Part(row["type"], row["name"])
        found.setdefault(part, set()).add(" ".join(row["said"].split()))
    return {part: frozenset(said) for part, said in found.items()}
