"""The clients a bulk command works on, as a table of the transaction.

``picked`` has one row per input row or match: ``position`` (its line), ``key`` (as typed),
``client_id`` (NULL where no client has that code) and ``status``. Set-based statements then join
it, whatever the number of rows. A few that were named by their codes are kept here, and become that
table where a statement wants it: to make one takes a server longer than to write a client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain, combinations, islice
from typing import Any

from interop_cli.domain.messages import Message
from interop_cli.domain.values.code import code_key
from interop_cli.store.engines.connection import FEW, Row, fill_id_table
from interop_cli.store.reading.called import id_named
from interop_cli.store.reading.lists import Condition
from interop_cli.store.writing.repositories.clients import ClientRepository
from interop_cli.store.writing.writer import Writer

COLUMNS = (
    "position BIGINT PRIMARY KEY, key TEXT, code_key TEXT, client_id BIGINT,"
    " status TEXT, error TEXT"
)


PICKED_IDS = "SELECT client_id AS id FROM picked WHERE client_id IS NOT NULL AND status IS NULL"


class Which(Enum):
    """Which of the picked clients: what they are, as a condition on ``client``."""

    ALL = "TRUE"
    ACTIVE = "active = 1"
    INACTIVE = "active = 0"
    NO_PROSPECT = "prospect = 0"
    MERGED = "merged_into_id IS NOT NULL"
    # Others stay, and would go on being billed to one that does not.
    PAYS_FOR_OTHERS = (
        "active = 1 AND EXISTS (SELECT 1 FROM client other WHERE other.bill_to_id = client.id"
        " AND other.active = 1 AND other.id NOT IN"
        " (SELECT client_id FROM picked WHERE client_id IS NOT NULL))"
    )
    MARKED = "id IN (SELECT id FROM marked)"
    COMPUTED = "id IN (SELECT client_id FROM due)"


@dataclass
class Picked:
    """A row of ``picked``, of a few; ``row`` is the client as it was read and locked."""

    position: int
    key: str
    row: Row | None
    status: str | None = None
    error: str | None = None

    @property
    def free(self) -> bool:
        """Whether it names a client and has no status yet."""
        return self.row is not None and self.status is None

    @property
    def id(self) -> int | None:
        """The client."""
        return self.row["id"] if self.row else None


class Selection:
    """Fills and reads ``picked``, and writes the same to all that are picked."""

    def __init__(self, writer: Writer, clients: ClientRepository) -> None:
        self.writer = writer
        self.conn = writer.conn
        self._clients = clients
        self.reasons: dict[str, Message] = {}
        """The sentence of each error code that rows were marked with."""
        self._few: list[Picked] | None = None

    def by_keys(self, keys: Iterable[tuple[int, str]]) -> None:
        """Pick the clients of these (line, code or ``#id``), in order.

        A client named twice is picked once: later rows get status ``skipped``.
        """
        keys = iter(keys)
        first = list(islice(keys, FEW + 1))
        if len(first) <= FEW:
            self._pick(sorted(first))
        else:
            self._pick_many(chain(first, keys))

    def _pick(self, keys: list[tuple[int, str]]) -> None:
        found = self._clients.named(key for _line, key in keys)
        self._few, seen = [], set[int]()
        for line, key in keys:
            one = Picked(line, key, found.get(key))
            if one.row is not None:
                one.status = "skipped" if one.row["id"] in seen else None
                seen.add(one.row["id"])
            self._few.append(one)

    @property
    def few(self) -> dict[int, Row] | None:
        """Where few are picked, those without a status, as they were read and locked: id -> row."""
        if self._few is None:
            return None
        return {one.row["id"]: one.row for one in self._few if one.row and one.free}

    @property
    def ids_sql(self) -> str:
        """SQL for the clients that are picked and have no status yet, in a column ``id``."""
        self._spread()
        return PICKED_IDS

    def _spread(self) -> None:
        """Make a table of the few that are kept here."""
        if self._few is None:
            return
        self.conn.temp_table("picked", COLUMNS)
        self.conn.insert_many(
            "picked",
            ("position", "key", "code_key", "client_id", "status", "error"),
            (
                (one.position, one.key, code_key(one.key), one.id, one.status, one.error)
                for one in self._few
            ),
        )
        self.conn.filled("picked")
        self._few = None

    def _pick_many(self, keys: Iterable[tuple[int, str]]) -> None:
        self._few = None
        self.conn.temp_table(
            "typed", "position BIGINT PRIMARY KEY, key TEXT, code_key TEXT, wanted_id BIGINT"
        )
        self.conn.insert_many(
            "typed",
            ("position", "key", "code_key", "wanted_id"),
            ((line, key, code_key(key), id_named(key)) for line, key in keys),
        )
        self.conn.filled("typed")
        self.conn.temp_table("picked", COLUMNS)
        self.conn.execute(
            "INSERT INTO picked (position, key, code_key, client_id)"
            " SELECT t.position, t.key, t.code_key, CASE WHEN t.wanted_id IS NULL"
            " THEN COALESCE(c.id, f.client_id) ELSE w.id END FROM typed t"
            " LEFT JOIN client c ON c.code_key = t.code_key"
            " LEFT JOIN client_code f ON f.code_key = t.code_key"
            " LEFT JOIN client w ON w.id = t.wanted_id"
        )
        self.conn.filled("picked")
        self.conn.execute(
            "UPDATE picked SET status = 'skipped' WHERE client_id IS NOT NULL AND position NOT IN"
            " (SELECT MIN(position) FROM picked WHERE client_id IS NOT NULL GROUP BY client_id)"
        )
        self._lock("UPDATE picked SET client_id = NULL")

    def by_condition(self, condition: Condition) -> None:
        """Pick every client for which a condition of the filters holds, by code."""
        self._few = None
        self.conn.temp_table("picked", COLUMNS)
        self.conn.execute(
            "INSERT INTO picked (position, key, code_key, client_id)"
            " SELECT ROW_NUMBER() OVER (ORDER BY c.code_key), c.code, c.code_key, c.id"
            " FROM client c LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
            f" LEFT JOIN client p ON p.id = c.bill_to_id WHERE {condition.sql}",
            **condition.params,
        )
        self.conn.filled("picked")
        self._lock("DELETE FROM picked")

    def _lock(self, gone: str) -> None:
        """Before anything is asked about them; ``gone``: what to do of those who are no more."""
        if self.conn.side_by_side:
            self.conn.lock("client", f"id IN ({PICKED_IDS})")
            rows = self.conn.query(
                "SELECT client_id FROM picked LEFT JOIN client ON client.id = picked.client_id"
                " WHERE picked.client_id IS NOT NULL AND client.id IS NULL"
            )
            condition, among = self.conn.among("client_id", [row["client_id"] for row in rows])
            if rows:
                self.conn.execute(f"{gone} WHERE {condition}", among=among)

    def count(self) -> int:
        """How many clients are picked, each once."""
        if self._few is not None:
            return sum(one.free for one in self._few)
        sql = "SELECT COUNT(*) AS n FROM picked WHERE client_id IS NOT NULL AND status IS NULL"
        return int(self.conn.query(sql)[0]["n"])

    def missing(self, limit: int) -> list[Row]:
        """The first ``limit`` input rows that name no client: ``position``, ``key``."""
        if self._few is not None:
            nobody = [one for one in self._few if one.row is None]
            return [{"position": one.position, "key": one.key} for one in nobody[:limit]]
        return self.conn.query(
            "SELECT position, key FROM picked WHERE client_id IS NULL ORDER BY position LIMIT :n",
            n=limit,
        )

    def mark(self, status: str, which: Which = Which.ALL, *, error: str | None = None) -> int:
        """Give the clients without a status, or those ``which`` are so, this one; how many."""
        if which is Which.ALL and self._few is not None:
            return self._mark((one for one in self._few if one.free), status, error)
        self._spread()
        found = "(client_id)"
        if which is not Which.ALL:
            found = self._those(which.value)
        return self.conn.execute(
            "UPDATE picked SET status = :mark_status, error = :mark_error"
            f" WHERE status IS NULL AND client_id IN {found}",
            mark_status=status,
            mark_error=error,
        )

    @staticmethod
    def _mark(those: Iterable[Picked], status: str, error: str | None) -> int:
        marked = list(those)
        for one in marked:
            one.status, one.error = status, error
        return len(marked)

    def _those(self, condition: str, **params: object) -> str:
        """SQL for the picked clients without a status that meet a condition."""
        return self.conn.apart(
            "those",
            f"SELECT client.id FROM client WHERE client.id IN ({PICKED_IDS}) AND ({condition})",
            **params,
        )

    def mark_missing(self, error: str) -> int:
        """Give the rows that name no client the status ``error``."""
        if self._few is not None:
            return self._mark((one for one in self._few if one.row is None), "error", error)
        return self.conn.execute(
            "UPDATE picked SET status = 'error', error = :error WHERE client_id IS NULL",
            error=error,
        )

    def mark_id(self, client_id: int, status: str, error: str | None = None) -> None:
        """Give one picked client its status."""
        if self._few is not None:
            self._mark((o for o in self._few if o.free and o.id == client_id), status, error)
            return
        self.conn.execute(
            "UPDATE picked SET status = :status, error = :error"
            " WHERE client_id = :id AND status IS NULL",
            id=client_id,
            status=status,
            error=error,
        )

    def mark_ids(self, client_ids: Iterable[int], status: str) -> None:
        """Give picked clients one status."""
        if self._few is not None:
            ids = set(client_ids)
            self._mark((one for one in self._few if one.free and one.id in ids), status, None)
            return
        fill_id_table(self.conn, "marked", client_ids)
        self.mark(status, Which.MARKED)

    # -- writing ----------------------------------------------------------------------------

    def set_active(self, active: int) -> None:
        """Make the picked clients without a status active or inactive."""
        self.writer.update("client", {"active": active}, f"id IN ({self.ids_sql})")

    def end_prospects(self) -> None:
        """Make the picked clients without a status no prospects any more."""
        self.writer.update("client", {"prospect": 0}, f"id IN ({self.ids_sql})")

    def write(self, values: Row) -> None:
        """Give the picked clients without a status these values of columns, and their status.

        Those that have them all already are ``unchanged``, the others ``ok``. The journal has of
        each client what really changed: a statement for each set of columns, so let them be few.
        """
        self._spread()
        differs = {
            name: f"({name} IS NOT NULL)"
            if value is None
            else f"({name} IS NULL OR {name} <> :new_{name})"
            for name, value in values.items()
        }
        given = {f"new_{name}": value for name, value in values.items() if value is not None}
        same = self._those(f"NOT ({' OR '.join(differs.values())})", **given)
        self.conn.execute(
            f"UPDATE picked SET status = 'unchanged' WHERE status IS NULL AND client_id IN {same}",
            **given,
        )
        # The most columns first: who is written differs in none of them any more.
        for size in range(len(values), 0, -1):
            for names in combinations(values, size):
                these = " AND ".join(
                    differs[name] if name in names else f"NOT {differs[name]}" for name in values
                )
                self.writer.update(
                    "client",
                    {name: values[name] for name in names},
                    f"id IN ({PICKED_IDS}) AND {these}",
                    **given,
                )
        self.mark("ok")

    def reassign_payer(self, payer_id: int) -> None:
        """Bill the active clients of the picked payers to another one, who pays itself."""
        billed = f"bill_to_id IN ({self.ids_sql})"
        self.writer.update(
            "client", {"bill_to_id": None}, f"id = :payer AND {billed}", payer=payer_id
        )
        self.writer.update(
            "client",
            {"bill_to_id": payer_id},
            f"active = 1 AND id <> :payer AND {billed}",
            payer=payer_id,
        )

    # -- what became of them ----------------------------------------------------------------

    def tally(self) -> dict[str, int]:
        """How many rows have each status."""
        if self._few is not None:
            return dict(Counter(str(one.status) for one in self._few))
        rows = self.conn.query("SELECT status, COUNT(*) AS n FROM picked GROUP BY status")
        return {str(row["status"]): int(row["n"]) for row in rows}

    def errors(self, limit: int) -> list[Row]:
        """The first rows in error: ``position``, ``key``, ``error``."""
        if self._few is not None:
            wrong = [one for one in self._few if one.status == "error"]
            return [
                {"position": one.position, "key": one.key, "error": one.error}
                for one in wrong[:limit]
            ]
        return self.conn.query(
            "SELECT position, key, error FROM picked WHERE status = 'error'"
            " ORDER BY position LIMIT :n",
            n=limit,
        )

    def first(self) -> Row | None:
        """The stored row of the first client that is picked and has no status yet."""
        if (few := self.few) is not None:
            return next(iter(few.values()), None)
        rows = self.conn.query(
            "SELECT client.* FROM client JOIN picked ON picked.client_id = client.id"
            " WHERE status IS NULL ORDER BY position LIMIT 1"
        )
        return rows[0] if rows else None

    def ids(self, status: str | None = None) -> list[int]:
        """The clients picked with this status (None: still without one), in order."""
        if self._few is not None:
            return [one.row["id"] for one in self._few if one.row and one.status == status]
        condition = "status IS NULL" if status is None else "status = :status"
        rows = self.conn.query(
            "SELECT client_id FROM picked"
            f" WHERE client_id IS NOT NULL AND {condition} ORDER BY position",
            **({} if status is None else {"status": status}),
        )
        return [row["client_id"] for row in rows]

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """What became of each input row: line, key, client id, code, status, error."""
        if self._few is not None:
            for one in self._few[:limit]:
                code = one.row["code"] if one.row else None
                yield one.position, one.key, one.id, code, one.status, one.error
            return
        sql = (
            "SELECT position, key, client_id, client.code, status, error FROM picked"
            " LEFT JOIN client ON client.id = picked.client_id ORDER BY position"
        )
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        for batch in self.conn.batches(sql, {}, 5000):
            yield from batch
