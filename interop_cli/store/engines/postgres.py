"""PostgreSQL, for those who outgrow one machine: any server that speaks its wire.

How rows are read, written and locked there. What a rule depends on is locked as it is read (the row
of the client for all that belongs to it), what only one may have is held by an index; the
transactions around it are in ``postgres_transactions``.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from itertools import chain, islice
from typing import Any

from interop_cli.domain.errors import Busy, InteropError
from interop_cli.store.engines import json_text, postgres_matching
from interop_cli.store.engines.connection import (
    FEW,
    Connection,
    Match,
    Member,
    Row,
    Values,
    insert_apart,
)
from interop_cli.store.engines.distribute import KEYS
from interop_cli.store.engines.postgres_errors import NO_SCHEMA, translating
from interop_cli.store.engines.postgres_session import open_session, to_pyformat
from interop_cli.store.engines.postgres_transactions import Transactions, open_patiently

MADE = "(SELECT id FROM made)"
AT_ONCE = 8  # rows that are inserted by one statement rather than copied


class PostgresConnection(Transactions):
    """A server's database; see ``Connection`` for what each method gives."""

    engine = "postgres"
    readers_block_writers = False
    by_client = True
    side_by_side = True
    locked = " FOR NO KEY UPDATE"  # those who only refer to them go on
    shared = " FOR SHARE"

    def query(self, sql: str, /, **params: object) -> list[Row]:
        with translating():
            cursor = self.run_again(to_pyformat(sql), params)
            # Not its description, which makes an object of each column, by every statement.
            result = cursor.pgresult
            if result is None or not result.nfields:
                return []
            names = [(result.fname(n) or b"").decode() for n in range(result.nfields)]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, sql: str, params: Mapping[str, object], size: int = 1000
    ) -> Generator[list[tuple[Any, ...]]]:
        # A cursor on the server needs a transaction; reads inside a write already have one.
        with translating(), self.raw.transaction(), self.raw.cursor(name="interop_rows") as cursor:
            cursor.execute(to_pyformat(sql), dict(params))
            yield from self.raw.fetched(cursor, size)

    def objects(
        self, members: Sequence[Member], tail: str, params: Mapping[str, object]
    ) -> Generator[bytes]:
        # The server copies the values, and the objects are made here: row_to_json looks up how each
        # value is written for every row anew, which takes twice as long as all else.
        columns, lines = json_text.copied_objects(members)
        copying = f"COPY (SELECT {columns}{tail}) TO STDOUT"
        asked = to_pyformat(copying) if params else copying
        with translating(), closing(self.raw.copied(asked, params)) as blocks:
            for block in blocks:
                yield lines(block)

    def execute(self, sql: str, /, **params: object) -> int:
        with translating():
            return self.raw.execute(to_pyformat(sql), params).rowcount

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> int:
        left = iter(rows)
        first = list(islice(left, 2))
        with translating(), self.raw.cursor() as cursor:
            if not first:
                return 0
            if len(first) == 1:
                cursor.execute(to_pyformat(sql), first[0])
            else:
                cursor.executemany(to_pyformat(sql), chain(first, left))
            return cursor.rowcount

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        names, left = ", ".join(columns), iter(rows)
        first = list(islice(left, AT_ONCE + 1))
        if not first:
            return
        if len(first) <= AT_ONCE:  # one answer to wait for, not two
            places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(first))
            with translating():
                self.raw.execute(
                    f"INSERT INTO {table} ({names}) VALUES {places}",
                    [value for row in first for value in row],
                )
            return
        copying = f"COPY {table} ({names}) FROM STDIN"
        with translating(), self.raw.cursor() as cursor, cursor.copy(copying) as copy:
            for row in chain(first, left):
                copy.write_row(row)

    def insert_with(
        self,
        table: str,
        columns: Sequence[str],
        row: Values,
        parts: Sequence[tuple[str, Sequence[str], Sequence[Values]]] = (),
        row_id: int | None = None,
    ) -> int:
        # A distributed engine would ask for an id on every node that has the table.
        if self.distributed or any(len(rows) > AT_ONCE for _part, _names, rows in parts):
            return insert_apart(self, table, columns, row, parts, row_id)
        given = f"COALESCE(CAST(%s AS BIGINT), nextval('{table}_id_seq'))"
        sql = f"{_insertion(table, ('id', *columns), given, 1)} RETURNING id"
        values = [row_id, *row]
        if parts:  # in one statement, as each has an answer that is waited for
            beside = ", ".join(
                f"part_{part} AS ({_insertion(part, names, MADE, len(rows))})"
                for part, names, rows in parts
                if rows
            )
            sql = f"WITH made AS ({sql}), {beside} {MADE}"
            values += [value for _part, _names, rows in parts for one in rows for value in one]
        with translating():
            ((made,),) = self.raw.execute(sql, values)
        return int(made)

    def lock(self, table: str, where: str, **params: object) -> None:
        if self._lies_on_nodes(table):
            self._hold_there(table, where, params)
            return
        self.query(
            f"SELECT COUNT(*) FROM (SELECT id FROM {table} WHERE {where}"
            f" ORDER BY id{self.locked}) AS locked",
            **params,
        )

    def pin(
        self, table: str, where: str, params: Mapping[str, object], *, deleting: bool = False
    ) -> tuple[str, Mapping[str, object], bool] | None:
        if self._lies_on_nodes(table):
            ids = self._hold_there(table, where, params)
        else:
            # What refers to a row is in the way of who deletes it, not of who changes it.
            locked = " FOR UPDATE" if deleting else self.locked
            sql = f"SELECT id FROM {table} WHERE {where} ORDER BY id{locked}"
            ids = [row["id"] for row in self.query(sql, **params)]
        return ("id = ANY(:pinned)", {"pinned": ids}, len(ids) <= FEW) if ids else None

    def _lies_on_nodes(self, table: str) -> bool:
        return self.distributed and table in KEYS

    def _hold_there(self, table: str, where: str, params: Mapping[str, object]) -> list[int]:
        """The rows that meet ``where``, locked by changing nothing in them.

        Rows that may lie on several nodes are not locked as they are read; what they are changed by
        must not look at a private table.
        """
        found = f"SELECT id FROM {table} WHERE {where} ORDER BY id"
        if not (ids := [row["id"] for row in self.query(found, **params)]):
            return []
        same = f"UPDATE {table} SET version = version WHERE id = ANY(:held)"
        self.execute(same, held=ids)
        still = f"SELECT id FROM {table} WHERE id = ANY(:held) AND ({where}) ORDER BY id"
        return [row["id"] for row in self.query(still, **params, held=ids)]

    def drop_indexes(self, table: str, names: Sequence[str]) -> list[str]:
        return []

    def in_turn(self, what: str) -> None:
        self.query("SELECT 1 FROM task WHERE name = :what FOR UPDATE", what=what)

    def patient(self) -> None:
        self.execute("SET LOCAL statement_timeout = 0")
        self.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    def give_back(self, table: str, row_id: int) -> None:
        # Whoever takes one between the look and the setting gets one that is given once more, and
        # is run again: the key of the table does not let both be written.
        sequence = f"{table}_id_seq"
        sql = f"SELECT setval('{sequence}', :id, false) FROM {sequence} WHERE last_value = :id"
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
        sql = f"SELECT nextval('{table}_id_seq') AS id"
        if count == 1:
            return [row["id"] for row in self.query(sql)]
        rows = self.query(f"{sql} FROM generate_series(1, :n)", n=count)
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
        return f"(SELECT id FROM {name})"

    def filled(self, name: str) -> None:
        # Without statistics a small table is taken for thousands of rows, and joined by reading
        # the other one whole.
        self.execute(f"ANALYZE pg_temp.{name}")

    def json_object(self, columns: Sequence[str]) -> str:
        return "CAST(json_build_object(" + ", ".join(f"'{c}', {c}" for c in columns) + ") AS TEXT)"

    def json_members(self, members: Sequence[Member]) -> str:
        # Of a row, as json_build_object puts spaces.
        columns = json_text.postgres_columns(members)
        return f"CAST((SELECT row_to_json(made) FROM (SELECT {columns}) AS made) AS TEXT)"

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
        self, words: str, *, few: bool = False, by_part: bool = False, name: str = "search"
    ) -> Match:
        if few:
            return postgres_matching.few(words, name, self.query, by_part=by_part)
        return postgres_matching.all_of(words, name)

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
        self.tasks[task] = keeper
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
        self.tasks.pop(task).close()

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

        return scrub(self) if wait else "readers"  # it locks every table: never unasked

    def login(self) -> str | None:
        return self.raw.facts.login

    def close(self) -> None:
        for keeper in self.tasks.values():
            keeper.close()
        self.raw.close()


def _insertion(table: str, columns: Sequence[str], first: str, count: int) -> str:
    """The text that inserts so many rows, whose first value is the SQL ``first``."""
    places = f"({', '.join([first, *['%s'] * (len(columns) - 1)])})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([places] * count)}"


def connect(url: str, *, lock_timeout: float = 30.0) -> PostgresConnection:
    """Open a session on the server of ``url``; see ``open_patiently``."""
    return PostgresConnection(open_patiently(url, lock_timeout=lock_timeout), lock_timeout)


def scrub(conn: Connection) -> str | None:
    """See ``Connection.scrub``; every table is locked, one after the other."""
    owned = conn.query(
        "SELECT tablename, pg_has_role(tableowner, 'USAGE') AS ours FROM pg_catalog.pg_tables"
        " WHERE schemaname = current_schema() ORDER BY tablename"
    )
    if not all(row["ours"] for row in owned):
        return "owner"
    old = _snapshots_before_now(conn)
    try:
        # With new statistics: they keep values of the rows.
        conn.execute("VACUUM (FULL, ANALYZE) " + ", ".join(row["tablename"] for row in owned))
    except Busy:
        return "readers"
    return "readers" if old else None


def _snapshots_before_now(conn: Connection) -> bool:
    """Whether anybody may still see rows of before, once the lock timeout is over."""
    (now,) = conn.query(
        "SELECT CAST(pg_current_xact_id() AS TEXT) AS id, CAST(setting AS INTEGER) AS patience"
        " FROM pg_settings WHERE name = 'lock_timeout'"
    )
    older = "age({}) > age(CAST(CAST(:id AS xid8) AS xid))".format
    deadline = time.monotonic() + now["patience"] / 1000
    while conn.query(
        "SELECT 1 AS x FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
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
