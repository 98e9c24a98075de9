"""The journal as people read it: operations, and the changes of one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.store.connection import Connection, Row

if TYPE_CHECKING:
    from interop_cli.domain.columns import Column

SELECT = (
    "SELECT o.id, o.name, o.at, o.actor, o.command, o.changes, o.undoes,"
    " (SELECT MAX(u.id) FROM operation u WHERE u.undoes = o.id) AS undone_by FROM operation o"
)
NAMES = ("id", "name", "at", "actor", "command", "changes", "undoes", "undone_by")


def columns() -> list[Column]:
    """The columns of an operation."""
    from interop_cli.domain.columns import Column, Kind

    numbers = {"id", "changes", "undoes", "undone_by"}
    return [
        Column(name, Kind.TIME if name == "at" else Kind.INT if name in numbers else Kind.TEXT)
        for name in NAMES
    ]


def operation_rows(
    conn: Connection, *, name: str | None = None, limit: int | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """Operations, the latest first; those of a name (``client.edit``) where one is given."""
    sql = SELECT + (" WHERE o.name = :name" if name else "") + " ORDER BY o.id DESC"
    if limit:
        sql += " LIMIT :limit"
    return conn.batches(sql, {"name": name, "limit": limit} if limit else {"name": name})


def operation(conn: Connection, operation_id: int) -> Row:
    """One operation; raises NotFound ``journal.not_found``."""
    rows = conn.query(SELECT + " WHERE o.id = :id", id=operation_id)
    if not rows:
        raise NotFound(
            "journal.not_found",
            msg("There is no operation {id}.", id=operation_id),
            hint=msg("See: interop journal list"),
        )
    return rows[0]


def changes(conn: Connection, operation_id: int, limit: int) -> list[Row]:
    """The first changes of an operation: entity, id, action, fields before."""
    rows = conn.query(
        "SELECT entity, entity_id, action, before, version FROM change"
        " WHERE operation_id = :id ORDER BY change.id LIMIT :limit",
        id=operation_id, limit=limit,
    )  # fmt: skip
    return [{**row, "before": json.loads(row["before"]) if row["before"] else None} for row in rows]
