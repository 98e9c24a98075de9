"""A SQLite database as a file: backup, restore, check. A server has tools of its own for these."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from interop_cli.disk import sync_file, sync_folder
from interop_cli.domain.errors import (
    ConfigError,
    Conflict,
    InteropError,
    IoFailure,
    NotFound,
    UnusableDb,
    why_not_written,
)
from interop_cli.domain.messages import msg
from interop_cli.store.engines.beside import JOURNALS, KEPT, RESTORING
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.sqlite import SqliteConnection


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
    """Write a consistent, checked copy to ``target``; its size in bytes.

    A new file is its owner's alone, one that is replaced keeps its mode. Made beside the target and
    renamed onto it: a file of the final name is always whole. Raises Conflict where it exists
    already, IoFailure where it cannot be written.
    """
    file = sqlite_only(conn)
    if target.exists() and not overwrite:
        raise Conflict(
            "db.exists",
            msg("There is already a file at {place}; it was left as it is.", place=str(target)),
            hint=msg("Replace it with --overwrite, or choose another name."),
        )
    try:
        folder = target.resolve().parent
        descriptor, temporary = tempfile.mkstemp(prefix=target.name + ".", dir=folder)
        os.close(descriptor)
        os.unlink(temporary)  # VACUUM INTO wants a name that is free
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        # Bytes made text: a name that is not UTF-8 stays what it is.
        file.execute("VACUUM INTO CAST(:path AS TEXT)", path=os.fsencode(temporary))
        problems = problems_of(Path(temporary))
        if problems:
            raise UnusableDb(
                "db.corrupt", msg("The copy does not check: {what}.", what=problems[0]["what"])
            )
        size = Path(temporary).stat().st_size
        if not dry_run:
            sync_file(Path(temporary))
            with suppress(FileNotFoundError):
                Path(temporary).chmod(stat.S_IMODE(target.stat().st_mode))
            os.replace(temporary, target)
            sync_folder(folder)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)
    return size


def restore(
    source: Path, target: Path, *, lock_timeout: float, dry_run: bool = False
) -> Path | None:
    """Make ``target`` hold what the backup ``source`` holds; where its old content is kept.

    The old content goes to ``NAME.before-restore``; None where there was nothing. A database that
    works is overwritten in one transaction, so that programs which have it open see the old or the
    new one; one that does not is moved away. Raises UnusableDb where the source is not a sound
    interop database of a schema we know.
    """
    from interop_cli.store.engines import sqlite
    from interop_cli.store.engines.open import checked_path
    from interop_cli.store.migrations import pending

    source, target = checked_path(source), Path(os.path.realpath(target))
    kept = target.with_name(target.name + KEPT)
    problems = problems_of(source)
    if problems:
        raise UnusableDb(
            "db.corrupt", msg("The backup does not check: {what}.", what=problems[0]["what"])
        )
    copy = sqlite.connect(source)
    try:
        pending(copy)  # refuses a newer schema
        there = target.exists()
        if dry_run:
            return kept if there else None
        if not there or not _overwrite(copy, target, kept, lock_timeout):
            _move_in(copy, target, kept)
        return kept if there else None
    finally:
        copy.close()


def _overwrite(copy: SqliteConnection, target: Path, kept: Path, lock_timeout: float) -> bool:
    """Keep a copy of the database at ``target`` and overwrite it; False where it is damaged."""
    from interop_cli.store.engines import sqlite
    from interop_cli.store.engines.open import checked_path

    try:
        live = sqlite.connect(checked_path(target), lock_timeout=lock_timeout)
    except (UnusableDb, NotFound):
        return False
    try:
        try:
            backup(live, kept, overwrite=True)
        except UnusableDb:
            return False
        live.become(copy)
    finally:
        live.close()
    return True


def _move_in(copy: SqliteConnection, target: Path, kept: Path) -> None:
    """Put a copy in the place of a file that is no working database, or of none."""
    if target.exists() and not target.is_file():
        raise UnusableDb("db.not_a_file", msg("{place} is not a file.", place=str(target)))
    fresh = target.with_name(target.name + RESTORING)
    backup(copy, fresh, overwrite=True)
    try:
        if target.exists():
            os.replace(target, kept)
            for suffix in JOURNALS:  # they belong to the old file
                with suppress(FileNotFoundError):
                    os.replace(f"{target}{suffix}", f"{kept}{suffix}")
        os.replace(fresh, target)
        sync_folder(target.parent)
    except OSError as error:
        raise _cannot_write(target, error) from error


def problems_of(path: Path) -> list[Row]:
    """What SQLite finds wrong with a file: ``{"code", "what"}``; empty where it is sound."""
    from interop_cli.store.engines import sqlite

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


def _cannot_write(target: Path, error: OSError) -> IoFailure:
    return IoFailure(
        "io.file",
        msg("{place} cannot be written: {why}.", place=str(target), why=why_not_written(error)),
    )
