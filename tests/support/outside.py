"""The program as a shell sees it: its processes, and what a database holds when they are done.

Nothing here reads a database through interop: what the program wrote is looked at with the plain
drivers, so that a fault of the program cannot hide itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "interop_cli")
PATIENCE = 120  # seconds after which a test gives up on a process
Content = dict[str, list[tuple[Any, ...]]]


def start(*args: object, **options: Any) -> subprocess.Popen[bytes]:
    """``interop ARGS…`` as a process; its three streams are pipes unless ``options`` say more.

    Forked from the warm interpreter: see ``WarmProcess`` for its options. ``start_cold`` begins
    with Python.
    """
    from tests.support.warm_process import WarmProcess, starts_cold

    if starts_cold(dict(options.get("env") or os.environ)):
        return start_cold(*args, **options)
    return WarmProcess([str(arg) for arg in args], **_piped(options))


def start_cold(*args: object, **options: Any) -> subprocess.Popen[bytes]:
    """The same by an interpreter of its own: the whole way of a command."""
    return subprocess.Popen([*PROGRAM, *map(str, args)], **_piped(options))


def _piped(options: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | options


def finish(process: subprocess.Popen[bytes], stdin: bytes | None = None) -> tuple[int, str, str]:
    """Wait for the process: its exit code as a shell says it, and what it wrote."""
    try:
        out, err = process.communicate(stdin, timeout=PATIENCE)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return shell_code(process.returncode), (out or b"").decode(), (err or b"").decode()


def shell_code(code: int) -> int:
    """128 + N for a process that a signal ended, as a shell says it."""
    return code if code >= 0 else 128 - code


def content(url: str) -> Content:
    """Every row of every table of a database (the insides of the search index excepted)."""
    if url.startswith("postgresql"):
        return _server_content(url)
    with closing(sqlite3.connect(url)) as conn:
        names = conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT GLOB '*_fts*' AND name NOT GLOB 'sqlite_stat*'"
        )
        return {
            name: sorted(conn.execute(f'SELECT * FROM "{name}"'), key=repr)
            for (name,) in names.fetchall()
        }


def _server_content(url: str) -> Content:
    import psycopg

    with psycopg.connect(url) as conn:
        names = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in names.fetchall()]
        # Most hold nothing, which one statement tells of all of them.
        asked = ", ".join(f'EXISTS (SELECT FROM "{name}")' for name in tables)
        (filled,) = conn.execute(f"SELECT {asked}").fetchall()  # type: ignore[arg-type]
        return {
            name: sorted(conn.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)  # type: ignore[arg-type]
            if something
            else []
            for name, something in zip(tables, filled, strict=True)
        }


def fingerprint(path: Path) -> dict[str, str]:
    """The SHA-256 of a file and of everything beside it that bears its name."""
    return {
        found.name: hashlib.sha256(found.read_bytes()).hexdigest()
        for found in sorted(path.parent.glob(f"{path.name}*"))
        if found.is_file() and not found.is_symlink()
    }


# What comes with the database, unjournaled (table: id and version): the creator's role, and the
# time zone of the company.
FOUNDING = {"user_role": (1, 1), "setting": (1, 1)}


def sound(path: str | Path) -> None:
    """Fail unless SQLite and the foreign keys are content and the journal explains every row."""
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        conn.execute("INSERT INTO client_search_fts (client_search_fts) VALUES ('integrity-check')")
        for table in _versioned(conn):
            # Every write raises the version and journals the version it made.
            strays = conn.execute(
                f"SELECT id, version FROM {table} EXCEPT SELECT entity_id, MAX(version)"
                " FROM change WHERE entity = ? GROUP BY entity_id",
                [table],
            ).fetchall()
            strays = [row for row in strays if row != FOUNDING.get(table)]
            assert strays == [], f"rows of {table} that the journal does not explain"
        counted = conn.execute(
            "SELECT o.id, o.changes, COUNT(c.id) FROM operation o LEFT JOIN change c"
            " ON c.operation_id = o.id GROUP BY o.id"
        ).fetchall()
        assert all(said == there for _id, said, there in counted)
        assert conn.execute(
            "SELECT COUNT(*) FROM change WHERE operation_id NOT IN (SELECT id FROM operation)"
        ).fetchone() == (0,)


def _versioned(conn: sqlite3.Connection) -> list[str]:
    """The tables whose rows the journal follows."""
    found = conn.execute(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'version'"
        " AND m.name NOT IN ('change', 'user_role')"  # who made the database is in no operation
    )
    return [name for (name,) in found.fetchall()]


def error_of(stderr: str) -> dict[str, Any]:
    """The error object on stderr, which must be one line and nothing else."""
    lines = stderr.splitlines()
    assert len(lines) == 1, stderr
    error: dict[str, Any] = json.loads(lines[0])
    assert list(error) == ["error"]
    return error


def without_traceback(text: str) -> None:
    """Fail where Python's own words reached the user."""
    assert "Traceback" not in text, text
    assert "Exception ignored" not in text, text
    assert 'File "' not in text, text


def environment(**changes: str | None) -> dict[str, str]:
    """The environment of this test with some variables set, or taken away (``None``)."""
    merged: dict[str, str | None] = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}
