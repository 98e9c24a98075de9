"""The SQLite library that is used, and its errors in interop's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Busy, Conflict, InteropError, IoFailure, UnusableDb
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    import sqlite3 as driver
else:
    try:  # the newer library, where the extra ``sqlite`` is installed; sqlite-utils picks it too
        from pysqlite3 import dbapi2 as driver
    except ImportError:
        import sqlite3 as driver

__all__ = ["busy", "damaged", "driver", "translated", "translating"]


# What SQLite says when our own statements do not fit the schema: a bit of its text has changed.
_ANOTHER_SCHEMA = re.compile(
    r"no such |table \S+ has no column|malformed database schema|unrecognized"
)


def translated(error: Exception) -> InteropError:
    """A driver's error in interop's words; SQLite's own text stays in ``data`` for ``--debug``."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return busy()
    if isinstance(error, driver.IntegrityError):
        return Conflict("db.constraint", msg("The database refused the change: {rule}.", rule=name))
    if (
        name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
        or _undecodable(error)
        or (name == "SQLITE_ERROR" and _ANOTHER_SCHEMA.match(str(error)))
    ):
        return damaged()
    if name.startswith("SQLITE_FULL"):
        return IoFailure("io.disk_full", msg("The disk is full."))
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
def translating() -> Iterator[None]:
    """Turn the driver's errors into interop's."""
    try:
        yield
    except (driver.Error, UnicodeDecodeError) as error:
        raise translated(error) from error
    except OverflowError as error:  # an integer beyond 64 bits
        raise Conflict(
            "db.integer_range", msg("A number is too large for the database.")
        ) from error
