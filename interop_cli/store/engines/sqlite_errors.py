"""The SQLite library that is used, and its errors in interop's words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from interop_cli import disk
from interop_cli.disk import NO_TEMPORARY
from interop_cli.domain.errors import Busy, Conflict, InteropError, IoFailure, UnusableDb
from interop_cli.domain.messages import Message, msg

if TYPE_CHECKING:
    import sqlite3 as driver
else:
    try:  # the newer library, where the extra ``sqlite`` is installed; sqlite-utils picks it too
        from pysqlite3 import dbapi2 as driver
    except ImportError:
        import sqlite3 as driver

__all__ = [
    "busy",
    "commit_failed",
    "damaged",
    "driver",
    "is_busy",
    "temporary_folder",
    "translated",
    "translating",
]


def is_busy(error: Exception) -> bool:
    """Whether somebody else holds a lock, for which was waited."""
    name = str(getattr(error, "sqlite_errorname", ""))
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def translated(error: Exception, *, reading: bool = False) -> InteropError:
    """A driver's error in interop's words; SQLite's own text stays in ``data`` for ``--debug``.

    ``reading``: nothing was written but temporary files.
    """
    name = str(getattr(error, "sqlite_errorname", ""))
    if is_busy(error):
        return busy()
    if isinstance(error, driver.IntegrityError):
        return Conflict("db.constraint", msg("The database refused the change: {rule}.", rule=name))
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or _undecodable(error):
        return damaged()
    if name.startswith("SQLITE_FULL"):
        return _full(reading)
    if name == "SQLITE_IOERR_GETTEMPPATH":
        return IoFailure("io.temporary", NO_TEMPORARY, hint=_elsewhere())
    if name.startswith("SQLITE_READONLY"):
        return IoFailure("io.read_only", msg("The database or its folder is read-only."))
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")):
        return IoFailure(
            "io.database", msg("The database cannot be read or written ({name}).", name=name)
        )
    return InteropError(
        "db.error",
        msg("The database answered with an error: {name}.", name=name or type(error).__name__),
    )


def _full(reading: bool) -> IoFailure:
    if reading:
        message = msg("The folder for temporary files, {folder}, is full.", folder=_shown_folder())
        return IoFailure("io.temporary", message, hint=_elsewhere())
    return IoFailure(
        "io.disk_full",
        msg("The disk is full."),
        hint=msg("Temporary files need room, too, in {folder}.", folder=_shown_folder()),
    )


def _elsewhere() -> Message:
    return msg("Name a folder with room in {variable}.", variable="SQLITE_TMPDIR")


def _shown_folder() -> str:
    return temporary_folder() or "?"


def temporary_folder() -> str | None:
    """Where SQLite puts its temporary files; https://www.sqlite.org/tempfiles.html, section 5."""
    if disk.WINDOWS:
        import tempfile

        return tempfile.gettempdir()
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"))
    for folder in (*named, "/var/tmp", "/usr/tmp", "/tmp", "."):  # noqa: S108
        if folder and Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return str(Path(folder).absolute())
    return None


def commit_failed(error: Exception) -> InteropError:
    """The same of a commit that ended with an error.

    The disk being full, it was rolled back; else the change may be there: the folder is synced
    last, when the journal is gone.
    """
    failure = translated(error)
    if isinstance(failure, IoFailure) and failure.code != "io.disk_full":
        failure.applied = None
    return failure


def _undecodable(error: Exception) -> bool:
    """Whether text in the file is no UTF-8, which Python and not SQLite finds: it has no name."""
    return isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error)


def damaged() -> UnusableDb:
    """The file is not what it should be."""
    return UnusableDb(
        "db.corrupt",
        msg("The database file is damaged, or is not a database."),
        hint=msg("Run: interop db check; then restore a backup with interop db restore."),
    )


def busy() -> Busy:
    """Somebody else held the lock for too long."""
    return Busy(
        "db.busy",
        msg("The database is locked by another program."),
        hint=msg("Try again, or wait longer with --lock-timeout."),
    )


@contextmanager
def translating(*, reading: bool = False) -> Iterator[None]:
    """Turn the driver's errors into interop's; see ``translated``."""
    try:
        yield
    except (driver.Error, UnicodeDecodeError) as error:
        raise translated(error, reading=reading) from error
    except OverflowError as error:  # an integer beyond 64 bits
        raise Conflict(
            "db.integer_range", msg("A number is too large for the database.")
        ) from error
