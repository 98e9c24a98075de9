"""SQLite: the embedded default.

Opened in one function only. The rollback journal with ``synchronous=EXTRA`` is used unless the
SQLite library is free of the WAL-reset bug (fixed in 3.51.3, 3.50.7 and 3.44.6): then WAL with
``synchronous=FULL``, where a slow reader does not keep writers waiting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from interop_cli.domain.errors import Busy, Conflict, InteropError, IoFailure, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.connection import Row, Values

if TYPE_CHECKING:
    import sqlite3 as driver

    from sqlite_utils import Database

    from interop_cli.store.lockfile import LockFile
else:
    try:  # the newer library, where the extra ``sqlite`` is installed; sqlite-utils picks it too
        from pysqlite3 import dbapi2 as driver
    except ImportError:
        import sqlite3 as driver

LIBRARY = driver.sqlite_version_info

PRAGMAS = (
    "foreign_keys=ON",  # silently ignored inside a transaction, so it comes first
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "mmap_size=0",
    "recursive_triggers=ON",  # or INSERT OR REPLACE would slip past the append-only triggers
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_size=-16000",
)


def wal_is_safe(version: tuple[int, ...] = LIBRARY) -> bool:
    """Whether this SQLite library is free of the WAL-reset bug."""
    return (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )


def translated(error: Exception) -> InteropError:
    """A driver's error in interop's words; SQLite's own text stays in ``data`` for ``--debug``."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(
            "db.busy",
            msg("The database is locked by another program."),
            hint=msg("Try again, or wait longer with --lock-timeout."),
        )
    if isinstance(error, driver.IntegrityError):
        return Conflict("db.constraint", msg("The database refused the change: {rule}.", rule=name))
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return UnusableDb(
            "db.corrupt",
            msg("The database file is damaged, or is not a database."),
            hint=msg("Run: interop db check; then restore a backup with interop db restore."),
        )
    if name.startswith("SQLITE_FULL"):
        return IoFailure("io.disk_full", msg("The disk is full; nothing was changed."))
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


@contextmanager
def translating() -> Iterator[None]:
    """Turn the driver's errors into interop's."""
    try:
        yield
    except driver.Error as error:
        raise translated(error) from error
    except OverflowError as error:  # an integer beyond 64 bits
        raise Conflict(
            "db.integer_range", msg("A number is too large for the database.")
        ) from error


class SqliteConnection:
    """A file of our own; see ``Connection`` for what each method gives."""

    engine = "sqlite"

    def __init__(self, raw: driver.Connection, path: Path) -> None:
        self.raw = raw
        self.path = path
        self.journal_mode = str(raw.execute("PRAGMA journal_mode").fetchone()[0])
        self.readers_block_writers = self.journal_mode != "wal"
        self._held: dict[str, LockFile] = {}

    @cached_property
    def db(self) -> Database:
        """The same connection as a ``sqlite_utils.Database``: for the migrations."""
        from sqlite_utils import Database

        return Database(self.raw, execute_plugins=False)

    def query(self, sql: str, /, **params: object) -> list[Row]:
        with translating():
            cursor = self.raw.execute(sql, params)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, sql: str, params: Mapping[str, object], size: int = 1000
    ) -> Iterator[list[tuple[Any, ...]]]:
        with translating():
            cursor = self.raw.execute(sql, dict(params))
            while rows := cursor.fetchmany(size):
                yield rows

    def execute(self, sql: str, /, **params: object) -> int:
        with translating():
            return self.raw.execute(sql, params).rowcount

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> int:
        with translating():
            return self.raw.executemany(sql, rows).rowcount

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        # executemany rather than sqlite-utils' insert_all: three times faster on our rows, and a
        # misspelt table is an error here instead of a new table.
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        with translating():
            self.raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608

    @contextmanager
    def write(self) -> Iterator[None]:
        # IMMEDIATE: a deferred transaction that reads first cannot wait for the lock, it fails.
        with translating():
            self.raw.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.raw.execute("COMMIT")
            except BaseException:
                if self.raw.in_transaction:
                    with suppress(driver.Error):
                        self.raw.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[None]:
        with translating():
            self.raw.execute("BEGIN")
            try:
                yield
            finally:
                if self.raw.in_transaction:
                    self.raw.execute("ROLLBACK")

    def next_ids(self, table: str, count: int) -> list[int]:
        # AUTOINCREMENT keeps the highest id ever given in sqlite_sequence; we take a block of it.
        self.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT :t, 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :t)",
            t=table,
        )
        self.execute("UPDATE sqlite_sequence SET seq = seq + :n WHERE name = :t", n=count, t=table)
        last = self.query("SELECT seq FROM sqlite_sequence WHERE name = :t", t=table)[0]["seq"]
        return list(range(last - count + 1, last + 1))

    def among(self, column: str, values: Iterable[object]) -> tuple[str, object]:
        # One parameter: naming thousands of them costs more than the search itself.
        sql = f"{column} IN (SELECT value FROM json_each(:among))"  # noqa: S608 - our own names
        return sql, json.dumps(list(values))

    def temp_table(self, name: str, columns: str) -> None:
        self.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
        self.execute(f"DELETE FROM temp.{name}")  # noqa: S608 - our own names

    def json_object(self, columns: Sequence[str]) -> str:
        return "json_object(" + ", ".join(f"'{c}', {c}" for c in columns) + ")"

    def match(self, words: str) -> tuple[str, str]:
        query = " ".join(f'"{word}"*' for word in words.split())
        return (
            "c.id IN (SELECT rowid FROM client_search_fts WHERE client_search_fts MATCH :search)",
            query,
        )

    def forget_words(self) -> None:
        self.execute(
            "INSERT INTO client_search_fts (client_search_fts, rowid, words)"
            " SELECT 'delete', client_id, words FROM client_search"
            " JOIN reindexed ON reindexed.id = client_id"
        )

    def learn_words(self, rows: Sequence[Values]) -> None:
        self.insert_many("client_search_fts", ("rowid", "words"), rows)

    def hold(self, task: str, holder: str) -> str | None:
        from interop_cli.store.lockfile import LockFile

        lock = LockFile(Path(f"{self.path}.{task}.lock"))
        found = lock.take(holder)
        if found is None:
            self._held[task] = lock
        return found

    def let_go(self, task: str) -> None:
        self._held.pop(task).release()

    def json_items(self, column: str, name: str) -> str:
        return f"json_each({column}) AS {name}"

    def schema_version(self) -> int:
        return int(self.query("PRAGMA user_version")[0]["user_version"])

    def tables(self) -> set[str]:
        rows = self.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row["name"] for row in rows}

    def close(self) -> None:
        self.raw.close()


def connect(path: Path, *, create: bool = False, lock_timeout: float = 30.0) -> SqliteConnection:
    """Open the file with the pragmas in force; ``create`` alone may make it.

    The caller has checked what kind of file it is; see ``store/open.py``.
    """
    with translating():
        mode = "rwc" if create else "rw"
        uri = f"file:{quote(str(path))}?mode="
        try:
            raw = _open(uri + mode, lock_timeout)
        except driver.OperationalError:
            if create:
                raise
            raw = _open(uri + "ro", lock_timeout)  # a file we may only read
        return SqliteConnection(raw, path)


def _open(uri: str, lock_timeout: float) -> driver.Connection:
    raw = driver.connect(uri, uri=True, timeout=lock_timeout, isolation_level=None)
    for pragma in PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
    journal = raw.execute("PRAGMA journal_mode").fetchone()[0]
    if journal == "wal" and not wal_is_safe():
        raw.close()
        raise UnusableDb(
            "db.wal_unsafe",
            msg(
                "This database uses WAL, and SQLite {version} can lose commits in that mode.",
                version=driver.sqlite_version,
            ),
            hint=msg("Install a newer SQLite: pip install 'interop-cli[sqlite]'."),
        )
    raw.execute("PRAGMA synchronous=" + ("FULL" if journal == "wal" else "EXTRA"))
    return raw
