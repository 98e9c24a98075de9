"""Where a client stands in each target: on its card, and in filters (``sync.TARGET``)."""

from __future__ import annotations

from collections.abc import Sequence

from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.fields import ListField
from interop_cli.store.sync.sources import client_stamp, current

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
        f"SELECT s.name AS target, s.kind, {STATE} AS state, l.remote_id, l.pushed_at,"
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
            f"(SELECT {STATE} FROM sync_target s LEFT JOIN sync_link l"
            " ON l.target_id = s.id AND l.entity = 'client' AND l.local_id = c.id"
            f" WHERE s.name = '{row['name']}')",
            listed=False,
            choices=ClosedList.SYNC_STATE,
            always=True,
        )
        for row in conn.query("SELECT name FROM sync_target ORDER BY name")
    )
