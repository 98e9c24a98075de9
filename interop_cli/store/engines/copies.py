"""Copies of a database: the backup of a file, its check, others beside it, what a restore kept.

The backup of a server is in ``dumps``. A copy is known by what it holds, not by its name: its
operations are ours. What a database held before it was restored is kept beside it, a file or a
schema of the server: the first is ``NAME.before-restore`` or ``NAME_before_restore``; the others
have a number behind, the newest the highest.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interop_cli.disk import sync_file, sync_folder
from interop_cli.domain.errors import Conflict, InteropError, IoFailure, UnusableDb, why_not_written
from interop_cli.domain.messages import Message, msg
from interop_cli.store.engines import beside
from interop_cli.store.engines.beside import JOURNALS, KEPT
from interop_cli.store.engines.connection import Connection, Row, quoted, schema_of
from interop_cli.store.engines.open import is_ours
from interop_cli.store.engines.sqlite import SqliteConnection, connect
from interop_cli.store.writing.journal import seals_of

ASIDE = "_before_restore"
LONGEST = 63  # bytes of a name on a server
LAST = 10**9


def free_name(target: Path, suffix: str) -> Path:
    """``target`` with a suffix, and after it the next number where there is such a file already."""
    number = max(_files(target, suffix), default=0) + 1
    while True:
        path = target.with_name(target.name + suffix + (f"-{number}" if number > 1 else ""))
        if not os.path.lexists(path):
            return path
        number += 1


def drop_files(
    target: Path, keep: int | None, *, source: Path, coming: Path | None, dry_run: bool
) -> list[str]:
    """Remove what was kept of a file, all but the newest ``keep`` and the ``source``; which.

    ``coming`` is the newest, also where it is not there yet.
    """
    numbered, dropped = _files(target, KEPT), []
    if coming is not None:
        numbered |= _numbered(target.name + KEPT, "-", [coming.name])
    for name in _older(numbered, keep):
        path = target.with_name(name)
        if source.exists() and path.exists() and path.samefile(source):
            continue
        dropped.append(str(path))
        for suffix in ("", *JOURNALS) if not dry_run else ():
            with suppress(FileNotFoundError):
                os.unlink(f"{path}{suffix}")
    return dropped


def _files(target: Path, suffix: str) -> dict[int, str]:
    with suppress(OSError):
        names = (path.name for path in target.parent.iterdir())
        return _numbered(target.name + suffix, "-", names)
    return {}


def kept_schemas(conn: Connection) -> list[str]:
    """The schemas of this database that hold what ours held before a restore, the oldest first."""
    return [name for _number, name in sorted(_schemas(conn).items())]


def next_schema(conn: Connection) -> str:
    """The name of the one to come."""
    number = max(_schemas(conn), default=0) + 1
    return _stem(schema_of(conn)) + (f"_{number}" if number > 1 else "")


def superfluous(conn: Connection, keep: int | None, *, coming: str) -> list[str]:
    """All but the newest ``keep``, of which ``coming`` is one, also where it is not there yet."""
    return _older(_schemas(conn) | {LAST: coming}, keep)


def drop_schemas(conn: Connection, names: Iterable[str]) -> None:
    """Drop schemas, in a transaction."""
    for name in names:
        conn.execute(f"DROP SCHEMA {quoted(name)} CASCADE")


def _schemas(conn: Connection) -> dict[int, str]:
    stem = _stem(schema_of(conn))
    rows = conn.query(
        "SELECT n.nspname AS name FROM pg_namespace n JOIN pg_class c"
        " ON c.relnamespace = n.oid AND c.relname = 'migration' AND c.relkind = 'r'"
        " WHERE starts_with(n.nspname, :stem)",
        stem=stem,
    )
    return _numbered(stem, "_", (row["name"] for row in rows))


def _stem(schema: str) -> str:
    """How the names begin that belong to a schema, with room for a number behind."""
    name = f"{schema}{ASIDE}"
    if len(name.encode()) > LONGEST - 8:
        name = hashlib.sha256(schema.encode()).hexdigest()[:16] + ASIDE
    return name


def _numbered(stem: str, between: str, names: Iterable[str]) -> dict[int, str]:
    """Of these names those of what was kept, by their number."""
    pattern = re.compile(rf"{re.escape(stem)}(?:{between}([1-9]\d{{0,8}}))?")
    found = ((pattern.fullmatch(name), name) for name in names)
    return {int(match[1] or 1): name for match, name in found if match}


def _older(numbered: dict[int, str], keep: int | None) -> list[str]:
    numbers = sorted(numbered)
    return [numbered[number] for number in (numbers[:-keep] if keep else [])]


def copies(conn: Connection) -> list[str]:
    """The files in the folder of a database that hold what it holds or held; of a server, schemas.

    One that cannot be read to the end counts too.
    """
    if not isinstance(conn, SqliteConnection):
        return kept_schemas(conn)
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
            f"SELECT position, hash FROM {seals_of(copy)} ORDER BY position {end} LIMIT 1"
        )
        sql = f"SELECT 1 AS x FROM {seals_of(conn)} WHERE position = :position AND hash = :hash"
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
