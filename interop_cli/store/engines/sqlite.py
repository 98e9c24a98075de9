"""SQLite: the embedded default.

Opened in one function only. The rollback journal with ``synchronous=EXTRA`` is used unless the
SQLite library is free of the WAL-reset bug (fixed in 3.51.3, 3.50.7 and 3.44.6): then WAL with
``synchronous=FULL``, where a slow reader does not keep writers waiting.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Busy, InteropError, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.store.engines import json_text
from interop_cli.store.engines import sqlite_matching as matching
from interop_cli.store.engines.connection import FEW, Match, Member, Row, Values, insert_apart
from interop_cli.store.engines.sqlite_errors import (
    busy,
    commit_failed,
    driver,
    is_busy,
    translating,
)
from interop_cli.store.engines.twins import moved_to, refuse_moved

if TYPE_CHECKING:
    from sqlite_utils import Database

    from interop_cli.store.engines.beside import LockFile


LIBRARY = driver.sqlite_version_info

PRAGMAS = (
    "foreign_keys=ON",  # silently ignored inside a transaction, so it comes first
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "mmap_size=0",
    "recursive_triggers=ON",  # or INSERT OR REPLACE would slip past the append-only triggers
    "secure_delete=ON",
    "temp_store=FILE",  # or a long list would be sorted in memory, whole
    "cache_size=-16000",
)
FEW_STORED = 50_000  # rows, whose index is made anew in a tenth of a second
BLOCK = 200  # rows, whose text fits the processor's cache


def wal_is_safe(version: tuple[int, ...] = LIBRARY) -> bool:
    """Whether this SQLite library is free of the WAL-reset bug."""
    return (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )


class SqliteConnection:
    """A file of our own; see ``Connection`` for what each method gives."""

    engine = "sqlite"
    by_client = False
    distributed = False
    side_by_side = False
    locked = shared = ""

    def __init__(
        self, raw: driver.Connection, path: Path, identity: tuple[int, int] | None
    ) -> None:
        self.raw = raw
        self.path = path
        self._identity = identity
        self.journal_mode = str(raw.execute("PRAGMA journal_mode").fetchone()[0])
        self.readers_block_writers = self.journal_mode != "wal"
        self._held: dict[str, LockFile] = {}
        self._writing = False

    @cached_property
    def db(self) -> Database:
        """The same connection as a ``sqlite_utils.Database``: for the migrations."""
        from sqlite_utils import Database

        return Database(self.raw, execute_plugins=False)

    def query(self, sql: str, /, **params: object) -> list[Row]:
        with translating(reading=not self._writing):
            cursor = self.raw.execute(sql, params)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, sql: str, params: Mapping[str, object], size: int = 1000
    ) -> Generator[list[tuple[Any, ...]]]:
        with translating(reading=not self._writing):
            cursor = self.raw.execute(sql, dict(params))
            while rows := cursor.fetchmany(size):
                yield rows

    def objects(
        self, members: Sequence[Member], tail: str, params: Mapping[str, object]
    ) -> Generator[bytes]:
        # As bytes: to make a text of each row, and bytes of them all, takes a sixth of the time.
        sql = f"SELECT CAST({json_text.sqlite_object(members)} AS BLOB){tail}"
        with translating(reading=not self._writing):
            cursor = self.raw.execute(sql, dict(params))
            while rows := cursor.fetchmany(BLOCK):
                block = b"\n".join([text for (text,) in rows]) + b"\n"
                block.decode()  # or the file is damaged
                yield block

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
            self.raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)

    def insert_with(
        self,
        table: str,
        columns: Sequence[str],
        row: Values,
        parts: Sequence[tuple[str, Sequence[str], Sequence[Values]]] = (),
        row_id: int | None = None,
    ) -> int:
        return insert_apart(self, table, columns, row, parts, row_id)

    @contextmanager
    def write(self, *, moved: bool = False, **_always: bool) -> Iterator[None]:
        # IMMEDIATE: a deferred transaction that reads first cannot wait for the lock, it fails.
        with translating():
            self.raw.execute("BEGIN IMMEDIATE")
            committing = False
            try:
                self._check_still_there()
                self._writing = True
                if not moved and (place := moved_to(self)):
                    refuse_moved(place)
                yield
                committing = True
                self.raw.execute("COMMIT")
            except BaseException as error:
                if self.raw.in_transaction:
                    with suppress(driver.Error):
                        self.raw.execute("ROLLBACK")
                elif committing and isinstance(error, driver.Error):
                    raise commit_failed(error) from error
                raise
            finally:
                self._writing = False

    def _check_still_there(self) -> None:
        """Refuse to write into a file that lost its name while we waited for it.

        What is committed there would be seen by nobody, and its journal would bear the name of
        the journal of whatever took its place.
        """
        if _identity(self.path) != self._identity:
            raise Busy(
                "db.replaced",
                msg("The database file was replaced meanwhile; nothing was changed."),
                hint=msg("Try again."),
            )

    @contextmanager
    def read(self) -> Iterator[None]:
        with translating():
            self.raw.execute("BEGIN")
            try:
                yield
            finally:
                if self.raw.in_transaction:
                    self.raw.execute("ROLLBACK")

    def lock(self, table: str, where: str, **params: object) -> None:
        """Nothing to do: there is one writer."""

    def pin(
        self, table: str, where: str, params: Mapping[str, object], *, deleting: bool = False
    ) -> tuple[str, Mapping[str, object], bool] | None:
        # One writer: they stay the same rows.
        found = self.query(f"SELECT 1 AS x FROM {table} WHERE {where} LIMIT {FEW + 1}", **params)
        return (where, params, len(found) <= FEW) if found else None

    def drop_indexes(self, table: str, names: Sequence[str]) -> list[str]:
        few = f"(SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT {FEW_STORED})) < {FEW_STORED}"
        condition, among = self.among("name", names)
        sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND {condition} AND {few}"
        found = self.query(sql, among=among)
        for row in found:
            self.execute(f"DROP INDEX {row['name']}")
        return [row["sql"] for row in found]

    def in_turn(self, what: str) -> None:
        """Nothing to do: there is one writer."""

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        yield False  # it is done in the transaction that it is about

    def patient(self) -> None:
        self.execute("PRAGMA defer_foreign_keys = ON")

    def give_back(self, table: str, row_id: int) -> None:
        """Nothing to do: the rollback did."""

    def last_ids(self) -> dict[str, int]:
        return {row["name"]: row["seq"] for row in self.query("SELECT * FROM sqlite_sequence")}

    def set_last_id(self, table: str, last: int) -> None:
        self.execute("DELETE FROM sqlite_sequence WHERE name = :name", name=table)
        self.insert_many("sqlite_sequence", ("name", "seq"), [(table, last)])

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
        sql = f"{column} IN (SELECT value FROM json_each(:among))"
        return sql, json.dumps(list(values))

    def temp_table(self, name: str, columns: str) -> None:
        self.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
        self.execute(f"DELETE FROM temp.{name}")

    def apart(self, name: str, sql: str, **params: object) -> str:
        return f"({sql})"

    def filled(self, name: str) -> None:
        """Nothing to do: plans do not depend on how many rows there are."""

    def json_object(self, columns: Sequence[str]) -> str:
        return "json_object(" + ", ".join(f"'{c}', {c}" for c in columns) + ")"

    def json_members(self, members: Sequence[Member]) -> str:
        return json_text.sqlite_object(members)

    def folded(self, column: str) -> str:
        self.raw.create_function(
            "folded", 1, lambda text: None if text is None else fold(text), deterministic=True
        )
        return f"folded({column})"

    def beyond(self, text: str, usual: str) -> str:
        return f"({text}) GLOB '*[^' || :{usual} || ']*'"

    def sorting(self, column: str) -> str:
        # Sorted, not read in the order of an index: that has a page read for every row.
        return f"+{column}"

    def match(
        self, words: str, *, few: bool = False, by_part: bool = False, name: str = "search"
    ) -> Match:
        if few:
            return matching.few(words, name, self.query, by_part=by_part)
        return matching.all_of(words, name)

    def holds(self, text: str, part: str) -> str:
        return f"instr({text}, {part}) > 0"

    def forget_words(self) -> None:
        self.execute(
            "INSERT INTO client_search_fts (client_search_fts, rowid, words)"
            " SELECT 'delete', client_id, words FROM client_search"
            " JOIN reindexed ON reindexed.id = client_id"
        )

    def learn_words(self, rows: Sequence[Values]) -> None:
        self.insert_many("client_search_fts", ("rowid", "words"), rows)

    def hold(self, task: str, holder: str) -> str | None:
        from interop_cli.store.engines.beside import LockFile

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

    def scrub(self, *, wait: bool = True) -> str | None:
        patience = self.query("PRAGMA busy_timeout")[0]["timeout"]
        if not wait:
            self.query("PRAGMA busy_timeout = 0")
        try:
            if not wait and self._log_is_held():
                return "readers"  # before anything is copied in vain
            # The full-text index keeps the words of deleted rows until it is built anew, and the
            # file (or its log) keeps pages that were given up.
            with self.write():
                self.execute("INSERT INTO client_search_fts (client_search_fts) VALUES ('rebuild')")
            self.execute("VACUUM")
            return "readers" if self._log_is_held() else None
        except Busy:
            return "readers"
        finally:
            self.query(f"PRAGMA busy_timeout = {patience}")

    def _log_is_held(self) -> bool:
        """Whether frames of the log, and so pages of before, stay for somebody who reads them."""
        if self.journal_mode != "wal":
            return False
        return bool(self.query("PRAGMA wal_checkpoint(TRUNCATE)")[0]["busy"])

    def login(self) -> str | None:
        return None

    def renew(self) -> bool:
        return False

    def close(self) -> None:
        self.raw.close()

    # -- what only a file has --------------------------------------------------------------

    def prefer_wal(self) -> None:
        """Turn on write-ahead logging where it is safe and nobody is in the way."""
        if wal_is_safe():
            with suppress(InteropError):
                self.query("PRAGMA journal_mode = wal")
                self.execute("PRAGMA synchronous = FULL")
                self.journal_mode, self.readers_block_writers = "wal", False

    def become(self, other: SqliteConnection) -> None:
        """Hold what ``other`` holds, in one transaction that respects everybody's locks."""

        def waiting(status: int, _remaining: int, _total: int) -> None:
            if status in (5, 6):  # SQLITE_BUSY, SQLITE_LOCKED: our timeout has passed already
                raise busy()

        with translating():
            other.raw.backup(self.raw, progress=waiting)


def connect(path: Path, *, lock_timeout: float = 30.0, frozen: bool = False) -> SqliteConnection:
    """Open a file that exists, with the pragmas in force.

    The caller has checked what kind of file it is; see ``store/engines/open.py``. ``frozen``: as
    it lies there, without a lock and without a trace, as a copy that nobody works on can be read.
    """
    with translating():
        identity = _identity(path)
        uri = f"file:{_escaped(path)}?mode="
        try:
            raw = _open(uri + ("ro&immutable=1" if frozen else "rw"), lock_timeout)
        except driver.OperationalError as error:
            if frozen or is_busy(error):
                raise
            raw = _open(uri + "ro", lock_timeout)  # a file we may only read
        return SqliteConnection(raw, path, identity)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _escaped(path: Path) -> str:
    """The path inside a URI; only these characters mean something there."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _open(uri: str, lock_timeout: float) -> driver.Connection:
    raw = driver.connect(uri, uri=True, timeout=lock_timeout, isolation_level=None)
    for pragma in PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
    journal = raw.execute("PRAGMA journal_mode").fetchone()[0]
    if journal == "wal" and not wal_is_safe():
        from interop_cli.installation import how_to_add

        raw.close()
        raise UnusableDb(
            "db.wal_unsafe",
            msg(
                "This database uses WAL, and SQLite {version} can lose commits in that mode.",
                version=driver.sqlite_version,
            ),
            hint=how_to_add("sqlite"),
        )
    raw.execute("PRAGMA synchronous=" + ("FULL" if journal == "wal" else "EXTRA"))
    return raw
