"""A SQLite database as a file: backup, restore, check; of a server see ``dumps``, ``restoring``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from interop_cli.disk import sync_file, sync_folder
from interop_cli.domain.errors import Conflict, IoFailure, NotFound, UnusableDb, why_not_written
from interop_cli.domain.messages import Message, msg
from interop_cli.store.engines import beside
from interop_cli.store.engines.beside import JOURNALS, KEPT
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.kept import drop_files, free_name
from interop_cli.store.engines.sqlite import SqliteConnection

if TYPE_CHECKING:
    from interop_cli.store.engines.backups import Backup


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


class Restored(NamedTuple):
    """Where the content of before is kept, if there was any; what was kept before, and is gone."""

    kept: str | None
    dropped: list[str]


def restore(
    backup: Backup,
    target: Path,
    *,
    lock_timeout: float,
    keep: int | None = None,
    dry_run: bool = False,
) -> Restored:
    """Make ``target`` hold what the backup holds.

    The old content goes to ``NAME.before-restore``, with a number behind where that is taken; of
    those the newest ``keep`` stay. A database that works is overwritten in one transaction, so that
    programs which have it open see the old or the new one; one that does not is moved away.
    Triggers and views that interop did not make stay behind. Targets of sync may hold more by now
    than the backup knows of: nothing is created there before it is matched again; nor does mail go,
    of which it may not know either.
    """
    target = Path(os.path.realpath(target))
    kept = free_name(target, KEPT) if target.exists() else None
    if not dry_run:
        with _fit(backup, target) as clean:
            if kept is None or not _overwrite(clean, target, kept, lock_timeout):
                _move_in(clean, target, kept)
    dropped = drop_files(target, keep, source=backup.file, coming=kept, dry_run=dry_run)
    return Restored(str(kept) if kept else None, dropped)


@contextmanager
def _fit(backup: Backup, target: Path) -> Iterator[SqliteConnection]:
    """The backup as it is to be restored: without some parts of its schema, its targets unmatched,
    and sending no mail.
    """
    from interop_cli.store.engines import schema, sqlite
    from interop_cli.store.engines.twins import as_clone

    if not backup.strange and not backup.targets and not backup.mail:
        yield backup.conn
        return
    with copied(backup.conn, target) as path:
        clean = sqlite.connect(path)
        try:
            schema.drop(clean, backup.strange)
            if backup.targets or backup.mail:
                with clean.write(moved=True):
                    as_clone(clean)
            yield clean
        finally:
            clean.close()


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
            backup(live, kept)
        except UnusableDb:
            return False
        live.become(copy)
    finally:
        live.close()
    return True


def _move_in(copy: SqliteConnection, target: Path, kept: Path | None) -> None:
    """Put a copy in the place of a file that is no working database, or of none."""
    if target.exists() and not target.is_file():
        raise UnusableDb("db.not_a_file", msg("{place} is not a file.", place=str(target)))
    with copied(copy, target) as fresh:
        if kept is not None:
            os.replace(target, kept)
            for suffix in JOURNALS:  # they belong to the old file
                with suppress(FileNotFoundError):
                    os.replace(f"{target}{suffix}", f"{kept}{suffix}")
        os.replace(fresh, target)
        sync_folder(target.parent)


def problems_of(path: Path) -> list[Row]:
    """What SQLite finds wrong with a file: ``{"code", "what"}``; empty where it is sound.

    Raises IoFailure and the like where it cannot be read: that says nothing of what it holds.
    """
    from interop_cli.store.engines import sqlite
    from interop_cli.store.engines.open import refuse_unreadable

    try:
        conn = sqlite.connect(path)
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
