"""The clients a bulk command works on, as a table of the transaction.

``picked`` has one row per input row or match: ``position`` (its line), ``key`` (as typed),
``client_id`` (NULL where no client has that code) and ``status``. Set-based statements then join
it, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import Message
from interop_cli.domain.values.code import code_key
from interop_cli.store.engines.connection import Row
from interop_cli.store.engines.id_lists import id_table
from interop_cli.store.reading.references import id_named

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork

COLUMNS = (
    "position BIGINT PRIMARY KEY, key TEXT, code_key TEXT, wanted_id BIGINT, client_id BIGINT,"
    " status TEXT, error TEXT"
)


CHOSEN = "(SELECT client_id FROM picked WHERE status IS NULL AND client_id IS NOT NULL)"
"""The picked clients that have no status yet."""


class Selection:
    """Fills and reads ``picked``."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.conn = uow.conn
        self.reasons: dict[str, Message] = {}
        """The sentence of each error code that rows were marked with."""

    def by_keys(self, keys: Iterable[tuple[int, str]]) -> None:
        """Pick the clients of these (line, code or ``#id``), in order.

        A client named twice is picked once: later rows get status ``skipped``.
        """
        self.conn.temp_table("picked", COLUMNS)
        self.conn.insert_many(
            "picked",
            ("position", "key", "code_key", "wanted_id"),
            ((line, key, code_key(key), id_named(key)) for line, key in keys),
        )
        self.conn.filled("picked")
        for sql in (
            "UPDATE picked SET client_id = (SELECT id FROM client"
            " WHERE client.code_key = picked.code_key)",
            "UPDATE picked SET client_id = (SELECT client_id FROM client_code"
            " WHERE client_code.code_key = picked.code_key) WHERE client_id IS NULL",
            "UPDATE picked SET client_id = (SELECT id FROM client"
            " WHERE client.id = picked.wanted_id) WHERE wanted_id IS NOT NULL",
        ):
            self.conn.execute(sql)
        self.conn.execute(
            "UPDATE picked SET status = 'skipped' WHERE client_id IS NOT NULL AND position NOT IN"
            " (SELECT MIN(position) FROM picked WHERE client_id IS NOT NULL GROUP BY client_id)"
        )

    def by_condition(self, condition: str, params: dict[str, Any]) -> None:
        """Pick every client for which a condition of the filters holds, by code."""
        self.conn.temp_table("picked", COLUMNS)
        self.conn.execute(
            "INSERT INTO picked (position, key, code_key, client_id)"  # noqa: S608
            " SELECT ROW_NUMBER() OVER (ORDER BY c.code_key), c.code, c.code_key, c.id"
            " FROM client c LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
            f" LEFT JOIN client p ON p.id = c.bill_to_id WHERE {condition}",
            **params,
        )
        self.conn.filled("picked")

    def count(self) -> int:
        """How many clients are picked, each once."""
        sql = "SELECT COUNT(*) AS n FROM picked WHERE client_id IS NOT NULL AND status IS NULL"
        return int(self.conn.query(sql)[0]["n"])

    def missing(self, limit: int) -> list[Row]:
        """The first ``limit`` input rows that name no client: ``position``, ``key``."""
        return self.conn.query(
            "SELECT position, key FROM picked WHERE client_id IS NULL ORDER BY position LIMIT :n",
            n=limit,
        )

    def mark(
        self, status: str, condition: str = "TRUE", *, error: str | None = None, **params: object
    ) -> int:
        """Give the clients without a status one, where ``condition`` (on ``client``) holds."""
        return self.conn.execute(
            "UPDATE picked SET status = :mark_status, error = :mark_error WHERE status IS NULL"  # noqa: S608
            f" AND client_id IN (SELECT client.id FROM client WHERE {condition})",
            mark_status=status,
            mark_error=error,
            **params,
        )

    def mark_missing(self, error: str) -> int:
        """Give the rows that name no client the status ``error``."""
        return self.conn.execute(
            "UPDATE picked SET status = 'error', error = :error WHERE client_id IS NULL",
            error=error,
        )

    def mark_id(self, client_id: int, status: str, error: str | None = None) -> None:
        """Give one picked client its status."""
        self.conn.execute(
            "UPDATE picked SET status = :status, error = :error"
            " WHERE client_id = :id AND status IS NULL",
            id=client_id,
            status=status,
            error=error,
        )

    def mark_ids(self, client_ids: Iterable[int], status: str) -> None:
        """Give picked clients one status."""
        id_table(self.conn, "marked", client_ids)
        self.mark(status, "client.id IN (SELECT id FROM marked)")

    def tally(self) -> dict[str, int]:
        """How many rows have each status."""
        rows = self.conn.query("SELECT status, COUNT(*) AS n FROM picked GROUP BY status")
        return {str(row["status"]): int(row["n"]) for row in rows}

    def errors(self, limit: int) -> list[Row]:
        """The first rows in error: ``position``, ``key``, ``error``."""
        return self.conn.query(
            "SELECT position, key, error FROM picked WHERE status = 'error'"
            " ORDER BY position LIMIT :n",
            n=limit,
        )

    def ids(self, status: str | None = None) -> list[int]:
        """The clients picked with this status (None: still without one), in order."""
        condition = "status IS NULL" if status is None else "status = :status"
        rows = self.conn.query(
            "SELECT client_id FROM picked"  # noqa: S608
            f" WHERE client_id IS NOT NULL AND {condition} ORDER BY position",
            **({} if status is None else {"status": status}),
        )
        return [row["client_id"] for row in rows]

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """What became of each input row: line, key, client id, code, status, error."""
        sql = (
            "SELECT position, key, client_id, client.code, status, error FROM picked"
            " LEFT JOIN client ON client.id = picked.client_id ORDER BY position"
        )
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        for batch in self.conn.batches(sql, {}, 5000):
            yield from batch
