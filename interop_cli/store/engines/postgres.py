"""PostgreSQL, for those who outgrow one machine: any server that speaks its wire.

Writers work side by side, READ COMMITTED: what a rule depends on is locked as it is read (the row
of the client for all that belongs to it), what only one may have is held by an index. All lock the
table ``write_turn``, which whoever may only read cannot, in a mode that shuts out nobody but those
who have to be alone: a migration, a move. On 40001 and 40P01 a unit of work is run again, and where
an index or a reference does not allow what another writer has made impossible meanwhile.

An answer that is lost while committing is looked up, by the number of the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from interop_cli.domain.errors import Busy, InteropError, IoFailure, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Row, Values
from interop_cli.store.engines.distribute import ONE_BY_ONE
from interop_cli.store.engines.postgres_errors import NO_SCHEMA, READ_ONLY, translating
from interop_cli.store.engines.postgres_session import Session, open_session, to_pyformat
from interop_cli.store.engines.twins import MOVED, refuse_moved

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import ValueKind

MAKERS_LOCK = 0x494F434C  # the advisory lock of those who make the tables
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
TURN = "LOCK TABLE write_turn IN "
BESIDE = "ROW EXCLUSIVE MODE"
# Who finds another one at it, or one who has to be alone, leaves it to the next.
SEALING = (
    f"SET LOCAL synchronous_commit = off; {TURN}{BESIDE} NOWAIT;"  # noqa: S608
    " SELECT 1 FROM task WHERE name = 'seal' FOR UPDATE SKIP LOCKED"
)
AGAIN = 0.2  # seconds between two questions for the outcome of a commit


class PostgresConnection:
    """A server's database; see ``Connection`` for what each method gives."""

    engine = "postgres"
    readers_block_writers = False
    by_client = True
    side_by_side = True
    locked = " FOR NO KEY UPDATE"  # those who only refer to them go on

    def __init__(self, raw: Session, lock_timeout: float) -> None:
        self.raw = raw
        self.lock_timeout = lock_timeout
        self._tasks: dict[str, Session] = {}

    @property
    def distributed(self) -> bool:
        """Whether this is Citus."""
        return self.raw.facts.distributed

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
    def write(
        self, *, moved: bool = False, alone: bool = False, hasty: bool = False
    ) -> Iterator[None]:
        with translating(), self._turn(moved, alone, hasty):
            try:
                if self.distributed:
                    self.raw.execute(ONE_BY_ONE)
                yield
                (ours,) = self.query("SELECT pg_current_xact_id_if_assigned()::TEXT AS number")
            except BaseException:
                with suppress(psycopg.Error):  # a lost session has rolled back already
                    self.raw.execute("ROLLBACK")
                raise
            self._commit(ours["number"])

    @contextmanager
    def _turn(self, moved: bool, alone: bool, hasty: bool) -> Iterator[None]:
        """Begin a transaction once nobody is at work who has to be alone."""
        if self.raw.facts.standby:
            raise READ_ONLY.error()
        try:
            if alone:
                answers = self.raw.alone(BEGIN, f"{TURN}EXCLUSIVE MODE", MOVED, hasty=hasty)
            else:
                answers = self.raw.execute(f"{BEGIN}; {self.raw.patience}{TURN}{BESIDE}; {MOVED}")
            while answers.nextset():
                pass
            if not moved and (row := answers.fetchone()):
                self.raw.execute("ROLLBACK")
                refuse_moved(row[0])
        except psycopg.errors.UndefinedTable:
            self.raw.execute("ROLLBACK")
        except psycopg.Error:
            with suppress(psycopg.Error):
                self.raw.execute("ROLLBACK")
            raise
        else:
            self.raw.settle()
            yield
            return
        # The tables are still to be made, or brought to the present schema. Each statement sees
        # what was committed before it: so those who waited see the tables.
        self.raw.execute(BEGIN)
        try:
            self.raw.settle()
            self.raw.execute("SELECT pg_advisory_xact_lock(%s)", [MAKERS_LOCK])
        except psycopg.Error:
            with suppress(psycopg.Error):
                self.raw.execute("ROLLBACK")
            raise
        yield

    def _commit(self, number: str | None) -> None:
        """Commit the transaction of this number (none where nothing was written).

        Raises IoFailure ``io.commit_unknown`` where no answer came and none can be found.
        """
        try:
            done = self.raw.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if number is None or not self._is_lost(error):
                raise  # nothing was written, or this is the answer: it was rolled back
            if not self._is_committed(number):
                raise
            return
        if done != "COMMIT":
            raise RuntimeError("an error of the database was passed over")

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the session ended with this error, which is so no answer to what was asked."""
        return self.raw.closed or (error.sqlstate or "08").startswith(("08", "57P"))

    def _is_committed(self, number: str) -> bool:
        """What became of a transaction whose session was lost; another session goes on."""
        before, address = self.raw.facts, self.raw.address
        self.raw.close()
        deadline = time.monotonic() + address.patience
        while time.monotonic() < deadline:
            try:
                self.raw = open_session(address.url, lock_timeout=self.lock_timeout)
                if self.raw.facts.standby:
                    self.raw.close()
                elif self.raw.facts.started != before.started:
                    break  # numbers are given anew after a crash, and by another server
                elif (status := self._status(number)) != "in progress":
                    if status is None:
                        break
                    return status == "committed"
                else:
                    self.raw.close()
            except (Busy, RemoteFailure, psycopg.OperationalError):
                pass
            except (InteropError, psycopg.Error):
                break
            time.sleep(AGAIN)
        raise IoFailure(
            "io.commit_unknown",
            msg("The connection was lost while the change was being committed."),
            applied=None,
        )

    def _status(self, number: str) -> str | None:
        with self.raw.cursor() as cursor:
            cursor.execute("SELECT pg_xact_status(CAST(%s AS xid8))", [number])
            (status,) = cursor.fetchone() or (None,)
        return status and str(status)

    @contextmanager
    def read(self) -> Iterator[None]:
        if self.raw.info.transaction_status != TransactionStatus.IDLE:
            yield  # within a unit of work, which has its snapshot
            return
        with translating():
            # Not SERIALIZABLE, which a standby refuses; one snapshot it is all the same.
            self.raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                self.raw.settle()
                yield
            finally:
                with suppress(psycopg.Error):
                    self.raw.execute("ROLLBACK")

    def lock(self, table: str, where: str, **params: object) -> None:
        self.query(
            f"SELECT COUNT(*) FROM (SELECT id FROM {table} WHERE {where}"  # noqa: S608
            f" ORDER BY id{self.locked}) AS locked",
            **params,
        )

    def pin(
        self, table: str, where: str, params: Mapping[str, object], *, deleting: bool = False
    ) -> tuple[str, Mapping[str, object]] | None:
        # What refers to a row is in the way of who deletes it, not of who changes it.
        locked = " FOR UPDATE" if deleting else self.locked
        sql = f"SELECT id FROM {table} WHERE {where} ORDER BY id{locked}"  # noqa: S608
        ids = [row["id"] for row in self.query(sql, **params)]
        return ("id = ANY(:pinned)", {"pinned": ids}) if ids else None

    def in_turn(self, what: str) -> None:
        self.query("SELECT 1 FROM task WHERE name = :what FOR UPDATE", what=what)

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        with translating():
            try:
                answers = self.raw.execute(f"{BEGIN}; {self.raw.patience}{SEALING}")
                while answers.nextset():
                    pass
                ours = answers.fetchone() is not None
                yield ours
            except BaseException:
                with suppress(psycopg.Error):
                    self.raw.execute("ROLLBACK")
                raise
            self.raw.execute("COMMIT" if ours else "ROLLBACK")

    def patient(self) -> None:
        self.execute("SET LOCAL statement_timeout = 0")
        self.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    def give_back(self, table: str, row_id: int) -> None:
        # Whoever takes one between the look and the setting gets one that is given once more, and
        # is run again: the key of the table does not let both be written.
        sequence = f"{table}_id_seq"
        sql = f"SELECT setval('{sequence}', :id, false) FROM {sequence} WHERE last_value = :id"  # noqa: S608
        with suppress(InteropError):
            self.query(sql, id=row_id)

    def last_ids(self) -> dict[str, int]:
        sequences = self.query(
            "SELECT sequencename AS name FROM pg_sequences"
            " WHERE schemaname = current_schema() AND sequencename LIKE '%\\_id\\_seq'"
        )
        last = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS id FROM "
        return {
            row["name"].removesuffix("_id_seq"): self.query(last + row["name"])[0]["id"]
            for row in sequences
        }

    def set_last_id(self, table: str, last: int) -> None:
        # Not setval(), which a rollback leaves as it is.
        self.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH {int(last) + 1}")

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

    def apart(self, name: str, sql: str, **params: object) -> str:
        self.temp_table(name, "id BIGINT")
        self.execute(f"INSERT INTO {name} (id) {sql}", **params)
        self.filled(name)
        return f"(SELECT id FROM {name})"  # noqa: S608 - our own names

    def filled(self, name: str) -> None:
        # Without statistics a small table is taken for thousands of rows, and joined by reading
        # the other one whole.
        self.execute(f"ANALYZE pg_temp.{name}")

    def json_object(self, columns: Sequence[str]) -> str:
        return "CAST(json_build_object(" + ", ".join(f"'{c}', {c}" for c in columns) + ") AS TEXT)"

    def json_members(self, members: Sequence[tuple[str, str, ValueKind]]) -> str:
        # Of a row, as json_build_object puts spaces.
        row = ", ".join(
            f'CAST({sql} AS INT) <> 0 AS "{name}"' if kind == "bool" else f'{sql} AS "{name}"'
            for name, sql, kind in members
        )
        return f"CAST((SELECT row_to_json(made) FROM (SELECT {row}) AS made) AS TEXT)"  # noqa: S608

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

    def match(
        self, words: str, *, few: bool = False, name: str = "search"
    ) -> tuple[str, dict[str, object]]:
        query = " & ".join(
            "'" + word.replace("\\", "").replace("'", "") + "':*" for word in words.split()
        )
        return (
            "c.id IN (SELECT client_id FROM client_search"  # noqa: S608
            f" WHERE array_to_tsvector(string_to_array(words, ' ')) @@ CAST(:{name} AS tsquery))",
            {name: query},
        )

    def holds(self, text: str, part: str) -> str:
        return f"strpos({text}, {part}) > 0"

    def forget_words(self) -> None:
        """Nothing to do: the index is on the table."""

    def learn_words(self, rows: Sequence[Values]) -> None:
        """Nothing to do: the index is on the table."""

    def hold(self, task: str, holder: str) -> str | None:
        # A row of its own, which only those may lock who may write; in a session of its own, as a
        # lock is held no longer than a transaction.
        self.execute("INSERT INTO task (name) VALUES (:name) ON CONFLICT DO NOTHING", name=task)
        keeper = open_session(self.raw.address.url, lock_timeout=self.lock_timeout)
        try:
            with translating():
                keeper.execute("BEGIN")
                keeper.settle()
                keeper.execute(
                    "SELECT set_config('application_name', %s, true),"
                    " set_config('idle_in_transaction_session_timeout', '0', true)",
                    [holder[:60]],
                )
                keeper.execute("SELECT 1 FROM task WHERE name = %s FOR UPDATE NOWAIT", [task])
        except Busy:
            keeper.close()
            return self._holder(task)
        except BaseException:
            keeper.close()
            raise
        self._tasks[task] = keeper
        return None

    def _holder(self, task: str) -> str:
        rows = self.query(
            "SELECT a.application_name AS holder FROM task t JOIN pg_locks l"
            " ON l.locktype = 'transactionid' AND l.transactionid = t.xmax AND l.granted"
            " JOIN pg_stat_activity a ON a.pid = l.pid WHERE t.name = :name",
            name=task,
        )
        return str(rows[0]["holder"]) if rows else "?"

    def let_go(self, task: str) -> None:
        self._tasks.pop(task).close()

    def json_items(self, column: str, name: str) -> str:
        return f"json_array_elements_text(CAST({column} AS json)) AS {name}(value)"

    def schema_version(self) -> int:
        return 0

    def tables(self) -> set[str]:
        # Not information_schema: it hides the tables on which this user has no right.
        rows = self.query(
            "SELECT place.schema, tablename FROM (SELECT current_schema() AS schema) AS place"
            " LEFT JOIN pg_catalog.pg_tables ON schemaname = place.schema"
        )
        if rows[0]["schema"] is None:  # nothing is missing there: there is no "there"
            raise NO_SCHEMA.error()
        return {row["tablename"] for row in rows if row["tablename"] is not None}

    def scrub(self, *, wait: bool = True) -> str | None:
        from interop_cli.store.engines.postgres_scrub import scrub

        return scrub(self) if wait else "readers"  # it locks every table: never unasked

    def login(self) -> str | None:
        return self.raw.facts.login

    def close(self) -> None:
        for keeper in self._tasks.values():
            keeper.close()
        self.raw.close()


def connect(url: str, *, lock_timeout: float = 30.0) -> PostgresConnection:
    """Open a session on the server of ``url``; see ``open_session``."""
    return PostgresConnection(open_session(url, lock_timeout=lock_timeout), lock_timeout)
