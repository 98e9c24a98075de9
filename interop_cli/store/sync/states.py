"""Where a client stands in each target: on its card, and in filters (``sync.TARGET``); the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.fields import ListField
from interop_cli.store.sync.sources import client_stamp, current

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column


STATE = (
    f"CASE WHEN l.id IS NULL THEN 'none' WHEN l.state <> 'in_sync' THEN l.state"
    f" WHEN {current(client_stamp('l.target_id'))} THEN 'in_sync' ELSE 'pending' END"
)
PREFIX = "sync."


def of_client(conn: Connection, client_id: int) -> list[Row]:
    """The targets with the client's state in each: ``none`` where it has never been sent.

    ``state`` is a link's (see ``domain/sync/link.py``); a client changed since its last push is
    ``pending``.
    """
    rows = conn.query(
        f"SELECT s.name AS target, s.kind, {STATE} AS state, l.remote_id, l.pushed_at,"  # noqa: S608
        " l.error_code, l.error_field, l.error_text FROM client c"
        " JOIN sync_target s ON 1 = 1"
        " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
        " LEFT JOIN sync_link l ON l.target_id = s.id AND l.entity = 'client'"
        " AND l.local_id = c.id WHERE c.id = :id ORDER BY s.name",
        id=client_id,
    )
    return [_shown(row) for row in rows]


def _shown(row: Row) -> Row:
    from interop_cli.store.sync.links import stored_message

    message = stored_message(row.pop("error_text"))
    code, field = row.pop("error_code"), row.pop("error_field")
    error = {"code": code, "field": field, "message": message} if message else None
    return {**row, "error": error}


def fields(conn: Connection, filters: Sequence[str]) -> tuple[ListField, ...]:
    """The fields ``sync.TARGET`` of the configured targets, where a filter asks for one."""
    if not any(PREFIX in text for text in filters):
        return ()
    # A target's name has small letters, digits, _ and - only.
    return tuple(
        ListField(
            PREFIX + row["name"],
            f"(SELECT {STATE} FROM sync_target s LEFT JOIN sync_link l"  # noqa: S608
            " ON l.target_id = s.id AND l.entity = 'client' AND l.local_id = c.id"
            f" WHERE s.name = '{row['name']}')",
            listed=False,
            choices=ClosedList.SYNC_STATE,
            always=True,
        )
        for row in conn.query("SELECT name FROM sync_target ORDER BY name")
    )


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
