"""PostgreSQL, for those who outgrow one machine: any server that speaks its wire.

Transactions are SERIALIZABLE. Writers take a session lock before they begin, so there is one at a
time, as on SQLite: the journal's chain and the counters need no other lock, and a snapshot is
never stale. On 40001 and 40P01 the unit of work is run again all the same.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, LiteralString

from interop_cli.domain.errors import (
    Busy,
    ConfigError,
    Conflict,
    Denied,
    InteropError,
    IoFailure,
    RemoteFailure,
)
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Row, Values

if TYPE_CHECKING:
    import psycopg

WRITERS_LOCK = 0x494F434C  # the advisory lock that writers take in turn
TASKS = 0x494F  # the space of the advisory locks of tasks
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | :: | :(?P<name>[A-Za-z_]\w*)""", re.X
)


@lru_cache(maxsize=512)
def to_pyformat(sql: str) -> LiteralString:
    """Rewrite ``:name`` as ``%(name)s``; literals, comments and casts are left alone."""
    return _TOKEN.sub(lambda m: f"%({m['name']})s" if m["name"] else m[0], sql.replace("%", "%%"))


def translated(error: psycopg.Error) -> InteropError:
    """A server's error in interop's words, by its SQLSTATE."""
    state = error.sqlstate or ""
    if state in ("40001", "40P01", "55P03", "57014"):
        return Busy(
            "db.busy",
            msg("The database is locked by another program."),
            hint=msg("Try again, or wait longer with --lock-timeout."),
            again=state.startswith("40"),
        )
    if state.startswith("23"):
        rule = error.diag.constraint_name or state
        return Conflict("db.constraint", msg("The database refused the change: {rule}.", rule=rule))
    if state == "22003":
        return Conflict("db.integer_range", msg("A number is too large for the database."))
    if state.startswith("28") or state == "42501":
        return Denied("db.denied", msg("The database server refused this user."))
    if state == "3D000":
        return ConfigError("db.unknown", msg("The server has no such database."))
    if state in ("53100", "25006"):
        return IoFailure(
            "io.database", msg("The database cannot be read or written ({name}).", name=state)
        )
    if not state or state.startswith(("08", "57P")):
        return RemoteFailure("db.unreachable", msg("The database server cannot be reached."))
    return InteropError("db.error", msg("The database answered with an error: {name}.", name=state))


@contextmanager
def translating() -> Iterator[None]:
    """Turn psycopg's errors into interop's."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error


class PostgresConnection:
    """A server's database; see ``Connection`` for what each method gives."""

    engine = "postgres"
    readers_block_writers = False

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def query(self, sql: str, /, **params: object) -> list[Row]:
        with translating():
            cursor = self.raw.execute(to_pyformat(sql), params)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, sql: str, params: Mapping[str, object], size: int = 1000
    ) -> Iterator[list[tuple[Any, ...]]]:
        # A cursor on the server needs a transaction; reads inside a write already have one.
        with translating(), self.raw.transaction(), self.raw.cursor(name="interop_rows") as cursor:
            cursor.execute(to_pyformat(sql), dict(params))
            while rows := cursor.fetchmany(size):
                yield rows

    def execute(self, sql: str, /, **params: object) -> int:
        with translating():
            return self.raw.execute(to_pyformat(sql), params).rowcount

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> int:
        with translating(), self.raw.cursor() as cursor:
            cursor.executemany(to_pyformat(sql), rows)
            return cursor.rowcount

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        names = ", ".join(columns)
        copying = f"COPY {table} ({names}) FROM STDIN"
        with translating(), self.raw.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)

    @contextmanager
    def write(self) -> Iterator[None]:
        with translating():
            self.raw.execute("SELECT pg_advisory_lock(%s)", [WRITERS_LOCK])
            try:
                with self.raw.transaction():
                    yield
            finally:
                with suppress(Exception):  # a lost session has let go of it already
                    self.raw.execute("SELECT pg_advisory_unlock(%s)", [WRITERS_LOCK])

    @contextmanager
    def read(self) -> Iterator[None]:
        with translating(), self.raw.transaction():
            yield

    def next_ids(self, table: str, count: int) -> list[int]:
        rows = self.query(
            f"SELECT nextval('{table}_id_seq') AS id FROM generate_series(1, :n)",  # noqa: S608
            n=count,
        )
        return sorted(row["id"] for row in rows)

    def among(self, column: str, values: Iterable[object]) -> tuple[str, object]:
        return f"{column} = ANY(:among)", list(values)

    def temp_table(self, name: str, columns: str) -> None:
        self.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")

    def filled(self, name: str) -> None:
        # Without statistics a small table is taken for thousands of rows, and joined by reading
        # the other one whole.
        self.execute(f"ANALYZE pg_temp.{name}")

    def json_object(self, columns: Sequence[str]) -> str:
        return "CAST(json_build_object(" + ", ".join(f"'{c}', {c}" for c in columns) + ") AS TEXT)"

    def folded(self, column: str) -> str:
        apart = f"REGEXP_REPLACE(NORMALIZE({column}, NFKD), '[\\u0300-\\u036f]', '', 'g')"
        lower = f"LOWER({apart})"
        for letter, plain in (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae"), ("ß", "ss")):
            lower = f"REPLACE({lower}, '{letter}', '{plain}')"
        return lower

    def beyond(self, text: str, usual: str) -> str:
        return f"({text}) ~ ('[^' || :{usual} || ']')"

    def sorting(self, column: str) -> str:
        return column

    def match(self, words: str, *, few: bool = False) -> tuple[str, dict[str, object]]:
        query = " & ".join(
            "'" + word.replace("\\", "").replace("'", "") + "':*" for word in words.split()
        )
        return (
            "c.id IN (SELECT client_id FROM client_search"
            " WHERE array_to_tsvector(string_to_array(words, ' ')) @@ CAST(:search AS tsquery))",
            {"search": query},
        )

    def forget_words(self) -> None:
        """Nothing to do: the index is on the table."""

    def learn_words(self, rows: Sequence[Values]) -> None:
        """Nothing to do: the index is on the table."""

    def hold(self, task: str, holder: str) -> str | None:
        key = zlib.crc32(task.encode()) >> 1
        taken = self.query(
            "SELECT pg_try_advisory_lock(:space, :key) AS taken", space=TASKS, key=key
        )
        if taken[0]["taken"]:
            self.execute("SELECT set_config('application_name', :name, false)", name=holder[:60])
            return None
        rows = self.query(
            "SELECT a.application_name AS holder FROM pg_locks l"
            " JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory'"
            " AND l.granted AND CAST(l.classid AS BIGINT) = :space"
            " AND CAST(l.objid AS BIGINT) = :key"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            space=TASKS,
            key=key,
        )
        return str(rows[0]["holder"]) if rows else "?"

    def let_go(self, task: str) -> None:
        with suppress(Exception):  # a lost session has let go of it already
            key = zlib.crc32(task.encode()) >> 1
            self.query("SELECT pg_advisory_unlock(:space, :key)", space=TASKS, key=key)

    def json_items(self, column: str, name: str) -> str:
        return f"json_array_elements_text(CAST({column} AS json)) AS {name}(value)"

    def schema_version(self) -> int:
        return 0

    def tables(self) -> set[str]:
        # Not information_schema: it hides the tables on which this user has no right.
        rows = self.query(
            "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        )
        return {row["tablename"] for row in rows}

    def scrub(self, *, wait: bool = True) -> str | None:
        if not wait:
            return "readers"  # it locks every table: never for somebody who did not ask for it
        owned = self.query(
            "SELECT tablename, pg_has_role(tableowner, 'USAGE') AS ours FROM pg_catalog.pg_tables"
            " WHERE schemaname = current_schema() ORDER BY tablename"
        )
        if not all(row["ours"] for row in owned):
            return "owner"
        old = self._snapshots_before_now()
        try:
            # With new statistics: they keep values of the rows.
            self.execute("VACUUM (FULL, ANALYZE) " + ", ".join(row["tablename"] for row in owned))
        except Busy:
            return "readers"
        return "readers" if old else None

    def _snapshots_before_now(self) -> bool:
        """Whether anybody may still see rows of before, once the lock timeout is over."""
        (now,) = self.query(
            "SELECT CAST(pg_current_xact_id() AS TEXT) AS id, CAST(setting AS INTEGER) AS patience"
            " FROM pg_settings WHERE name = 'lock_timeout'"
        )
        older = "age({}) > age(CAST(CAST(:id AS xid8) AS xid))".format
        deadline = time.monotonic() + now["patience"] / 1000
        while self.query(
            "SELECT 1 AS x FROM pg_stat_activity WHERE pid <> pg_backend_pid()"  # noqa: S608
            f" AND datname = current_database() AND {older('backend_xmin')} UNION ALL"
            " SELECT 1 FROM pg_prepared_xacts WHERE database = current_database()"
            f" AND {older('transaction')} UNION ALL"
            f" SELECT 1 FROM pg_replication_slots WHERE {older('xmin')}",
            id=now["id"],
        ):
            if time.monotonic() > deadline:
                return True
            time.sleep(0.05)
        return False

    def login(self) -> str | None:
        return str(self.query("SELECT session_user AS name")[0]["name"])

    def close(self) -> None:
        self.raw.close()


def connect(url: str, *, lock_timeout: float = 30.0) -> PostgresConnection:
    """Open a session on the server of ``url``.

    Several hosts in one URL are tried in turn for the one that takes writes. Raises ConfigError
    where psycopg is not installed, Denied or Remote where the server refuses or is not there.
    """
    try:
        import psycopg
    except ImportError as error:
        raise ConfigError(
            "db.postgres.missing",
            msg("PostgreSQL needs the psycopg library, which is not installed."),
            hint=msg("Run: pip install 'interop-cli[postgres]'"),
        ) from error
    milliseconds = int(lock_timeout * 1000)
    options = (
        f"-c lock_timeout={max(milliseconds, 1)} -c idle_in_transaction_session_timeout=300000"
        " -c default_transaction_isolation=serializable -c timezone=UTC"
        " -c client_min_messages=warning"
    )
    with translating():
        raw = psycopg.connect(
            url,
            autocommit=True,
            options=options,
            connect_timeout=10,
            target_session_attrs="read-write",
        )
    return PostgresConnection(raw)
