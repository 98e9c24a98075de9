"""The log of sync: who was called about which record and what came of it; no bodies, no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.store.engines.connection import Connection

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
