"""A SQLite database as a file: backup, restore, check. A server has tools of its own for these."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from interop_cli.domain.errors import ConfigError, InteropError, IoFailure, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.connection import Connection, Row
from interop_cli.store.open import checked_path, file_exists
from interop_cli.store.sqlite import SqliteConnection


def sqlite_only(conn: Connection) -> SqliteConnection:
    """The connection as one to a file; raises ConfigError for a server."""
    if not isinstance(conn, SqliteConnection):
        raise ConfigError(
            "db.server",
            msg("A PostgreSQL database is backed up with its own tools."),
            hint=msg("Use pg_dump and pg_restore."),
        )
    return conn


def backup(
    conn: Connection, target: Path, *, overwrite: bool = False, dry_run: bool = False
) -> int:
    """Write a consistent, checked copy to ``target``, mode 0600; its size in bytes.

    Made beside the target and renamed onto it: a file of the final name is always whole. Raises
    Conflict where it exists already, IoFailure where it cannot be written. A dry run makes and
    checks the copy, and throws it away.
    """
    file = sqlite_only(conn)
    if target.exists() and not overwrite:
        raise file_exists(target)
    try:
        folder = target.resolve().parent
        descriptor, temporary = tempfile.mkstemp(prefix=target.name + ".", dir=folder)
        os.close(descriptor)
        os.unlink(temporary)  # VACUUM INTO wants a name that is free
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        file.execute("VACUUM INTO :path", path=temporary)
        problems = problems_of(Path(temporary))
        if problems:
            raise UnusableDb(
                "db.corrupt", msg("The copy does not check: {what}.", what=problems[0]["what"])
            )
        _sync(Path(temporary))
        size = Path(temporary).stat().st_size
        if not dry_run:
            os.replace(temporary, target)
            _sync(folder)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)
    return size


def restore(source: Path, target: Path) -> None:
    """Put a checked copy of ``source`` in the place of ``target``, whose old file is kept.

    The old one stays beside it as ``NAME.before-restore``. Raises UnusableDb where the source is
    not a sound interop database.
    """
    from interop_cli.store import sqlite

    source = checked_path(source)
    problems = problems_of(source)
    if problems:
        raise UnusableDb(
            "db.corrupt", msg("The backup does not check: {what}.", what=problems[0]["what"])
        )
    copy = sqlite.connect(source)
    try:
        fresh = target.with_name(target.name + ".restoring")
        with suppress(FileNotFoundError):
            fresh.unlink()
        backup(copy, fresh)
    finally:
        copy.close()
    if target.exists():
        kept = target.with_name(target.name + ".before-restore")
        os.replace(target, kept)
        for suffix in ("-wal", "-shm", "-journal"):  # they belong to the old file
            with suppress(FileNotFoundError):
                os.replace(f"{target}{suffix}", f"{kept}{suffix}")
    os.replace(fresh, target)
    _sync(target.resolve().parent)


def problems_of(path: Path) -> list[Row]:
    """What SQLite finds wrong with a file: ``{"code", "what"}``; empty where it is sound."""
    from interop_cli.store import sqlite

    try:
        conn = sqlite.connect(path)
    except InteropError as error:
        return [{"code": error.code, "what": str(error.message)}]
    try:
        return problems(conn)
    except InteropError as error:
        return [{"code": error.code, "what": str(error.message)}]
    finally:
        conn.close()


def problems(conn: Connection, *, deep: bool = True) -> list[Row]:
    """The same for an open database; ``deep`` reads every page and index."""
    check = "integrity_check" if deep else "quick_check"
    found = [
        {"code": "integrity", "what": str(next(iter(row.values())))}
        for row in conn.query(f"PRAGMA {check}(20)")
        if next(iter(row.values())) != "ok"
    ]
    for row in conn.query("PRAGMA foreign_key_check"):
        found.append(
            {"code": "foreign_key", "what": f"{row['table']} #{row['rowid']} -> {row['parent']}"}
        )
    return found


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some file systems cannot sync a folder
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def _cannot_write(target: Path, error: OSError) -> IoFailure:
    return IoFailure(
        "io.file", msg("{place} cannot be written: {why}.", place=str(target), why=error.strerror)
    )
