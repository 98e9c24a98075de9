"""Opening a database: which engine, is it there, is it ours, is its schema the one we know."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from interop_cli import disk
from interop_cli.domain.errors import (
    ConfigError,
    Conflict,
    IoFailure,
    NotFound,
    UnusableDb,
    why,
    why_not_written,
)
from interop_cli.domain.messages import counted, msg
from interop_cli.domain.values.text import pattern
from interop_cli.store.engines.address import is_url, without_password
from interop_cli.store.engines.connection import Connection

APPLICATION_ID = 0x494F434C  # "IOCL", in the header of our files
SQLITE_MAGIC = b"SQLite format 3\x00"
PIECE = 1 << 20  # bytes
JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "9p", "fuse.sshfs", "afs"}
)
_ELSEWHERE = msg("Name another place with --db or in INTEROP_DB.")


def connect(location: str, *, lock_timeout: float) -> Connection:
    """Open the database at ``location`` whatever its schema.

    Raises NotFound ``db.missing``, UnusableDb, IoFailure or ConfigError; never makes a file.
    """
    if is_url(location):
        try:
            from interop_cli.store.engines import postgres
        except ImportError as error:
            from interop_cli.installation import how_to_add

            raise ConfigError(
                "db.postgres.missing",
                msg("PostgreSQL needs the psycopg library, which is not installed."),
                hint=how_to_add("postgres"),
            ) from error
        return postgres.connect(location, lock_timeout=lock_timeout)
    from interop_cli.store.engines import sqlite

    return sqlite.connect(checked_path(Path(location)), lock_timeout=lock_timeout)


def open_database(location: str, *, lock_timeout: float = 30.0) -> Connection:
    """Open a database that is ready for use.

    Raises as ``connect`` does, and UnusableDb where the schema is older or newer than ours.
    """
    from interop_cli.store.migrations import pending

    conn = connect(location, lock_timeout=lock_timeout)
    try:
        steps = pending(conn)
        if steps and steps[0].name.startswith("0001"):
            if not is_url(location) and conn.tables():
                from interop_cli.store.engines.sqlite_errors import damaged

                raise damaged()  # the steps are made with the tables
            raise NotFound(
                "db.missing",
                msg("There is no interop database at {place}.", place=without_password(location)),
                hint=msg("Run: interop db init"),
            )
        if steps:
            raise UnusableDb(
                "db.older",
                counted(
                    "The database has an older schema: {count} step to apply.",
                    "The database has an older schema: {count} steps to apply.",
                    count=len(steps),
                ),
                hint=msg("Run: interop db migrate"),
            )
    except BaseException:
        conn.close()
        raise
    return conn


def checked_path(path: Path) -> Path:
    """The real path of an existing SQLite file, checked before SQLite touches it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise no_database(path) from None
    except OSError as error:
        raise _closed(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise UnusableDb("db.not_a_file", msg("{place} is not a file.", place=str(path)))
    if status.st_nlink > 1:
        raise ConfigError(
            "db.hard_link",
            msg("The database file has several names (hard links); SQLite would damage it."),
            hint=msg("Copy it to a file of its own."),
        )
    refuse_network(path)
    header, size = _header(path)
    if not header:
        raise no_database(path)
    # Read here, since opening another program's file may already write beside it.
    if not _is_header_of_ours(header):
        raise not_ours()
    if _said(header) > size and not _being_written(path):
        header, size = _header(path)  # it may have been written just then
        if _said(header) > size:
            from interop_cli.store.engines.sqlite_errors import damaged

            raise damaged()
    return path.resolve()


def is_ours(path: Path) -> bool:
    """Whether a file says of itself that it is an interop database; raises IoFailure."""
    return _is_header_of_ours(_header(path)[0])


def refuse_unreadable(path: Path) -> None:
    """Raise IoFailure where the system cannot read the file to its end.

    SQLite calls that damage, too; but what the disk does not give now may be whole.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            place = 0
            while piece := _piece(handle, place):
                place += len(piece)
        finally:
            os.close(handle)
    except OSError as error:
        raise IoFailure(
            "io.database", msg("The database cannot be read: {why}.", why=why(error))
        ) from error


def _piece(handle: int, place: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(handle, PIECE, place)
    os.lseek(handle, place, os.SEEK_SET)
    return os.read(handle, PIECE)


def _is_header_of_ours(header: bytes) -> bool:
    return header.startswith(SQLITE_MAGIC) and header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _header(path: Path) -> tuple[bytes, int]:
    """The first 100 bytes of a file that can be locked, and then how long it is."""
    try:
        with path.open("rb") as file:
            _refuse_without_locks(file.fileno())
            return file.read(100), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise _closed(path, error) from error


_UNUSED = 1 << 31  # a byte that SQLite locks never: its own begin at 1 << 30


def _refuse_without_locks(handle: int) -> None:
    """Raise ConfigError ``db.no_locks``: SQLite would take it for a lock that another holds."""
    error = disk.locks_missing(handle, _UNUSED)
    if error is not None:
        raise ConfigError(
            "db.no_locks",
            msg("The database is on a file system without locks: {why}.", why=why(error)),
            hint=msg("Use a local disk, or a PostgreSQL server."),
        )


def _said(header: bytes) -> int:
    """How long a file is by its own header; 0 where the header does not know.

    https://www.sqlite.org/fileformat.html#in_header_database_size
    """
    if header[24:28] != header[92:96]:
        return 0
    size = int.from_bytes(header[16:18], "big")
    return (65536 if size == 1 else size) * int.from_bytes(header[28:32], "big")


def _being_written(path: Path) -> bool:
    """Whether a journal lies beside the file: SQLite will make it whole."""
    return any(Path(f"{path}{suffix}").exists() for suffix in ("-journal", "-wal"))


def _closed(path: Path, error: OSError) -> IoFailure:
    return IoFailure(
        "io.database",
        msg("The database cannot be opened: {path}: {why}.", path=str(path), why=why(error)),
        hint=_ELSEWHERE,
    )


def no_database(path: Path) -> NotFound:
    """There is no file, or an empty one that nobody has made a database of."""
    return NotFound(
        "db.missing",
        msg("There is no database at {place}.", place=str(path)),
        hint=msg("Run: interop --db {place} db init", place=str(path)),
    )


def check_free(path: Path) -> None:
    """Raise Conflict ``db.exists`` unless a new database may be made here."""
    if not is_free(path):
        raise exists(path)


def is_free(path: Path) -> bool:
    """Whether nothing is there but what a ``db init`` that was cut off leaves."""
    return not path.exists() or _is_empty(path)


def _is_empty(path: Path) -> bool:
    return path.is_file() and (path.stat().st_size == 0 or _was_empty(path))


def _was_empty(path: Path) -> bool:
    """Whether the file was empty before a transaction that never ended: its journal says so.

    https://www.sqlite.org/fileformat.html#the_rollback_journal
    """
    try:
        with Path(f"{path}-journal").open("rb") as file:
            header = file.read(28)
    except OSError:
        return False
    return header.startswith(JOURNAL_MAGIC) and header[16:20] == bytes(4) and len(header) == 28


def _make_folder(folder: Path) -> None:
    """``folder`` and those above it; OSError also where a file stands in the way of them."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "") from error


def claim_file(path: Path) -> bool:
    """Make an empty file, mode 0600, for a new database; False where an empty one was there.

    An empty one is what an interrupted ``db init`` leaves, or one that SQLite will empty. Raises
    Conflict ``db.exists`` where there is anything else.
    """
    refuse_network(path)
    try:
        _make_folder(path.parent)
        # Made before SQLite opens it: its journal then has the same mode.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            _refuse_without_locks(handle)
        except ConfigError:
            path.unlink()
            raise
        finally:
            os.close(handle)
        return True
    except FileExistsError:
        if _is_empty(path):
            path.chmod(0o600)
            return False
        raise exists(path) from None
    except OSError as error:
        raise IoFailure(
            "io.database",
            msg("The database cannot be made: {why}.", why=why_not_written(error)),
            hint=_ELSEWHERE,
        ) from error


def exists(path: Path) -> Conflict:
    """There is something where a database should be made."""
    return Conflict(
        "db.exists",
        msg("There is already a file at {place}; it was left as it is.", place=str(path)),
        hint=msg("Choose another place with --db, or look at it with: interop db info"),
    )


def refuse_network(path: Path) -> None:
    """Raise ConfigError where the folder lies on a network file system: its locks are not safe."""
    kind = filesystem(path)
    if kind in NETWORK_FILESYSTEMS:
        raise ConfigError(
            "db.network",
            msg(
                "The database is on a network file system ({kind}), where its locks fail.",
                kind=kind,
            ),
            hint=msg("Use a local disk, or a PostgreSQL server."),
        )


MOUNTS = Path("/proc/self/mounts")
_OCTAL = re.compile(rb"\\([0-7]{3})")  # a space, a newline, a backslash in the table of mounts
_SHARE = pattern(r"\\\\(?![?.]\\)|\\\\[?.]\\UNC\\", re.IGNORECASE)


def filesystem(path: Path) -> str | None:
    """The type of the file system that holds ``path``; None where the system does not tell.

    Linux has a table of what is mounted, Windows shows a share by its name, macOS tells nothing.
    """
    real = os.path.realpath(path)  # a link to itself is no error yet
    if disk.WINDOWS:
        return "smb" if _SHARE.match(real) else None
    try:
        table = MOUNTS.read_bytes()
    except OSError:
        return None
    return _mounted(os.fsencode(real), table)


def _mounted(real: bytes, table: bytes) -> str | None:
    """The type of what is mounted over ``real``; names are bytes, the last mount hides others."""
    best, kind = b"", b""
    for line in table.split(b"\n"):
        fields = line.split(b" ")
        if len(fields) < 3:
            continue
        mount = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), fields[1])
        inside = real == mount or real.startswith(mount.rstrip(b"/") + b"/")
        if inside and len(mount) >= len(best):
            best, kind = mount, fields[2]
    return os.fsdecode(kind) or None


def not_ours() -> UnusableDb:
    """The file is another program's."""
    return UnusableDb(
        "db.foreign",
        msg("This file is not an interop database; it was left as it is."),
        hint=msg("Check --db and INTEROP_DB; interop config get db says which file is used."),
    )
