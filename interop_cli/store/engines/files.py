"""A SQLite database as a file: backup, check; of a server see ``dumps``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interop_cli.disk import sync_file, sync_folder
from interop_cli.domain.errors import Conflict, IoFailure, UnusableDb, why_not_written
from interop_cli.domain.messages import Message, msg
from interop_cli.store.engines import beside
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.sqlite import SqliteConnection


def sqlite_only(conn: Connection) -> SqliteConnection:
    """The connection as one to a file, which nobody asks of a server."""
    if not isinstance(conn, SqliteConnection):
        raise TypeError("a server is no file")
    return conn


def backup(
    conn: Connection, target: Path, *, overwrite: bool = False, dry_run: bool = False
) -> int:
    """Write a consistent, checked copy to ``target``; its size in bytes.

    A new file is its owner's alone, one that is replaced keeps its mode. A file of the final name
    is always whole. Raises Conflict where it exists already, IoFailure where it cannot be written.
    """
    ours = sqlite_only(conn)
    refuse_taken(target, overwrite=overwrite)
    with copied(ours, target) as copy:
        size = copy.stat().st_size
        if not dry_run:
            put_in_place(copy, target)
    return size


def put_in_place(copy: Path, target: Path) -> None:
    """Give a finished file its final name, for good; one that it replaces leaves it its mode."""
    with suppress(FileNotFoundError):
        copy.chmod(stat.S_IMODE(target.stat().st_mode))
    os.replace(copy, target)
    sync_folder(target.resolve().parent)


def refuse_taken(target: Path, *, overwrite: bool) -> None:
    """Raise Conflict ``db.exists`` where a backup would replace a file that it was not told to."""
    if target.exists() and not overwrite:
        raise Conflict(
            "db.exists",
            msg("There is already a file at {place}; it was left as it is.", place=str(target)),
            hint=msg("Replace it with --overwrite, or choose another name."),
        )


@contextmanager
def copied(conn: SqliteConnection, target: Path) -> Iterator[Path]:
    """A whole and checked copy beside ``target``, to be renamed; it is gone at the end.

    Those of runs that were killed are cleared away first. Raises IoFailure for any OSError.
    """
    try:
        folder = target.resolve().parent
        beside.clear(folder)
        with beside.made(folder, target.name) as copy:
            # Bytes made text: a name that is not UTF-8 stays what it is.
            conn.execute("VACUUM INTO CAST(:path AS TEXT)", path=os.fsencode(copy))
            if problems := problems_of(copy):
                raise UnusableDb(
                    "db.corrupt", msg("The copy does not check: {what}.", what=problems[0]["what"])
                )
            sync_file(copy)
            yield copy
    except OSError as error:
        raise cannot_write(target, error) from error


def problems_of(path: Path, *, lock_timeout: float = 30.0) -> list[Row]:
    """What SQLite finds wrong with a file: ``{"code", "what"}``; empty where it is sound.

    Raises IoFailure and the like where it cannot be read: that says nothing of what it holds.
    """
    from interop_cli.store.engines import sqlite
    from interop_cli.store.engines.open import refuse_unreadable

    try:
        conn = sqlite.connect(path, lock_timeout=lock_timeout)
        try:
            return problems(conn)
        finally:
            conn.close()
    except UnusableDb as error:
        refuse_unreadable(path)
        return [{"code": error.code, "what": str(error.message)}]


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


def unsound(what: Message) -> UnusableDb:
    """That a backup is not to be restored, and why."""
    return UnusableDb("db.corrupt", msg("The backup does not check: {what}.", what=what))


def cannot_write(target: Path, error: OSError) -> IoFailure:
    """That a backup cannot be written, and why."""
    return IoFailure(
        "io.file",
        msg("{place} cannot be written: {why}.", place=str(target), why=why_not_written(error)),
    )
