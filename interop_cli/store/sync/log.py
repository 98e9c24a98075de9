"""The log of sync: who was called about which record, in which batch of files it was handed over,
and what came of it; no bodies, no secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.store.engines.connection import Connection, Row

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column
    from interop_cli.store.writing.writer import Writer

SQL = {
    "at": "e.at",
    "target": "s.name",
    "entity": "e.entity",
    "id": "e.local_id",
    "code": "COALESCE(c.code, tc.code, dc.code)",
    "number": "d.number",
    "action": "e.action",
    "outcome": "e.outcome",
    "error": "e.code",
    "http_status": "e.status",
    "request_id": "e.request_id",
    "duration_ms": "e.duration_ms",
    "run": "e.run",
}
FROM = (
    " FROM sync_event e JOIN sync_target s ON s.id = e.target_id"
    " LEFT JOIN client c ON e.entity = 'client' AND c.id = e.local_id"
    " LEFT JOIN contact t ON e.entity = 'contact' AND t.id = e.local_id"
    " LEFT JOIN client tc ON tc.id = t.client_id"
    " LEFT JOIN document d ON e.entity IN ('invoice', 'credit_note') AND d.id = e.local_id"
    " LEFT JOIN client dc ON dc.id = d.client_id"
)


def columns() -> list[Column]:
    """The columns of an event."""
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {
        "at": ValueKind.TIME,
        "id": ValueKind.INT,
        "http_status": ValueKind.INT,
        "duration_ms": ValueKind.INT,
    }
    hidden = {"id", "request_id", "run"}
    return [Column(name, kinds.get(name, ValueKind.TEXT), table=name not in hidden) for name in SQL]


def rows(
    conn: Connection,
    *,
    target_id: int | None = None,
    client_id: int | None = None,
    failed: bool = False,
    limit: int | None = None,
) -> Iterator[list[tuple[Any, ...]]]:
    """Events, the latest first."""
    conditions, params = ["TRUE"], dict[str, Any]()
    if target_id is not None:
        conditions.append("e.target_id = :target")
        params["target"] = target_id
    if client_id is not None:
        conditions.append("(c.id = :client OR tc.id = :client OR dc.id = :client)")
        params["client"] = client_id
    if failed:
        conditions.append("e.code IS NOT NULL")
    where = " AND ".join(conditions)
    sql = f"SELECT {', '.join(SQL.values())}{FROM} WHERE {where} ORDER BY e.id DESC"
    if limit:
        sql += " LIMIT :limit"
        params["limit"] = limit
    return conn.batches(sql, params)


WRITTEN = (
    "target_id",
    "run",
    "at",
    "entity",
    "local_id",
    "action",
    "outcome",
    "code",
    "status",
    "request_id",
    "duration_ms",
)


class SyncLogRepository:
    """Writes the log inside a unit of work. Derived data: none of it is journaled."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write events, as ``OpenTarget.event`` makes them."""
        if not events:
            return
        self.writer.derived = True
        rows = [list(map(event.get, WRITTEN)) for event in events]
        self.writer.conn.insert_many("sync_event", WRITTEN, rows)


# -- batches of files: the records handed over in each, and those that wait for an answer ---------


def target_of_batch(conn: Connection, batch: str) -> tuple[int, bool] | None:
    """The id of the target a batch was made for, and whether it still waits; None: of none."""
    waiting = conn.query(
        "SELECT target_id FROM sync_link WHERE batch = :batch AND state = 'awaiting' LIMIT 1",
        batch=batch,
    )
    known = waiting or conn.query(
        "SELECT target_id FROM sync_event WHERE request_id = :batch LIMIT 1", batch=batch
    )
    return (known[0]["target_id"], bool(waiting)) if known else None


def waiting_batches(conn: Connection) -> list[str]:
    """The batches that wait for an answer, by name."""
    rows = conn.query(
        "SELECT DISTINCT batch FROM sync_link WHERE state = 'awaiting' ORDER BY batch"
    )
    return [row["batch"] for row in rows]


def waiting_in(conn: Connection, target_id: int, entity: str, batch: str) -> list[int]:
    """Our records in a batch that wait for an answer."""
    rows = conn.query(
        "SELECT local_id FROM sync_link WHERE target_id = :target AND entity = :entity"
        " AND batch = :batch AND state = 'awaiting' ORDER BY local_id",
        target=target_id,
        entity=entity,
        batch=batch,
    )
    return [row["local_id"] for row in rows]


def names_of_batches(conn: Connection, target_id: int) -> set[str]:
    """The names that batches of a target have had."""
    rows = conn.query(
        "SELECT request_id AS name FROM sync_event WHERE target_id = :target"
        " AND request_id IS NOT NULL UNION SELECT batch AS name FROM sync_link"
        " WHERE target_id = :target AND batch IS NOT NULL",
        target=target_id,
    )
    return {row["name"] for row in rows}


def cut_short(conn: Connection, target_id: int, entity: str) -> list[Row]:
    """What runs that ended early had claimed: ``local_id``, ``batch``, ``seen``, ``attempt``."""
    return conn.query(
        "SELECT local_id, batch, seen, attempt FROM sync_link WHERE target_id = :target"
        " AND entity = :entity AND state = 'unknown'",
        target=target_id,
        entity=entity,
    )
