"""Other copies of a database beside it: backups, and what was kept before a change.

A copy is known by what it holds, not by its name: its operations are ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from interop_cli.domain.errors import InteropError
from interop_cli.store.engines import kept
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.open import is_ours
from interop_cli.store.engines.sqlite import SqliteConnection, connect
from interop_cli.store.writing.journal import seals_of


def copies(conn: Connection) -> list[str]:
    """The files in the folder of a database that hold what it holds or held; of a server, schemas.

    One that cannot be read to the end counts too.
    """
    if not isinstance(conn, SqliteConnection):
        return kept.schemas(conn)
    return [str(path) for path in _others(conn) if _is_copy(path, conn, sound=False)]


def newest_backup(conn: Connection) -> float:
    """When the newest sound copy in the folder was written, in seconds since 1970; 0 for none.

    Copies are read until one is found sound, the newest first.
    """
    found = [(path.stat().st_mtime, path) for path in _others(conn)]
    for written, path in sorted(found, reverse=True):
        if _is_copy(path, conn, sound=True):
            return written
    return 0


def _others(conn: Connection) -> Iterator[Path]:
    """The other files of our kind in the folder of the database."""
    if not isinstance(conn, SqliteConnection):
        return
    own = conn.path.resolve()
    with suppress(OSError):
        for entry in sorted(os.scandir(own.parent), key=lambda one: one.name):
            path = Path(entry.path)
            with suppress(OSError, InteropError):
                if entry.is_file() and not path.samefile(own) and is_ours(path):
                    yield path


def _is_copy(path: Path, conn: Connection, *, sound: bool) -> bool:
    """Whether a file shares our history; ``sound``: up to some day, and is whole."""
    try:
        copy = connect(path, frozen=True)
    except InteropError:
        return not sound
    try:
        # A backup ends in our history; what was there before a restore only began as we did.
        end = "DESC" if sound else "ASC"
        rows = copy.query(
            f"SELECT position, hash FROM {seals_of(copy)} ORDER BY position {end} LIMIT 1"  # noqa: S608
        )
        sql = f"SELECT 1 AS x FROM {seals_of(conn)} WHERE position = :position AND hash = :hash"  # noqa: S608
        if not rows:  # of before anything was done
            rows = copy.query("SELECT name, applied_at FROM migration ORDER BY name LIMIT 1")
            sql = "SELECT 1 AS x FROM migration WHERE name = :name AND applied_at = :applied_at"
        if not rows or not conn.query(sql, **rows[0]):
            return False
        return not sound or copy.query("PRAGMA quick_check(1)") == [{"quick_check": "ok"}]
    except InteropError:
        return not sound
    finally:
        copy.close()
