"""What was changed on a client or in an operation, each field before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.store.connection import Connection, Row
from interop_cli.store.tables import TABLES

if TYPE_CHECKING:
    from interop_cli.domain.columns import Column

NAMES = (
    "operation_id", "at", "actor", "operation", "entity", "entity_id", "action", "field",
    "before", "after",
)  # fmt: skip
# Columns that only follow from others.
NAMED = {"is_default": "default"}  # as the command line calls them
DERIVED = frozenset(
    {"code_key", "name_key", "tags_key", "line_key", "city_key", "email_key", "deactivated_with"}
)


def columns() -> list[Column]:
    """The columns of a history row."""
    from interop_cli.domain.columns import Column, Kind

    kinds = {"operation_id": Kind.INT, "at": Kind.TIME, "entity_id": Kind.INT}
    hidden = {"actor", "entity_id"}
    return [Column(name, kinds.get(name, Kind.TEXT), table=name not in hidden) for name in NAMES]


def of_client(conn: Connection, client_id: int, limit: int | None = None) -> list[tuple[Any, ...]]:
    """The history of a client with its codes and addresses, the latest first.

    What a field became is what the next change found, or what the row holds now.
    """
    changes = conn.query(
        "SELECT change.id, operation_id, at, actor, name AS operation, entity, entity_id, action,"
        " before FROM change JOIN operation ON operation.id = change.operation_id"
        " WHERE client_id = :id ORDER BY change.id DESC",
        id=client_id,
    )
    now = {
        (entity, row["id"]): row
        for entity in {change["entity"] for change in changes}
        for row in _present(conn, entity, client_id)
    }
    rows = [row for change in changes for row in _fields(change, now)]
    return rows[:limit] if limit else rows


def _present(conn: Connection, entity: str, client_id: int) -> list[Row]:
    column = TABLES[entity].client
    return conn.query(f"SELECT * FROM {entity} WHERE {column} = :id", id=client_id)  # noqa: S608


def _fields(change: Row, now: dict[tuple[str, int], Row]) -> Iterator[tuple[Any, ...]]:
    """One row a field of an update; one for a whole insert or delete. Rewinds ``now``."""
    key = (change["entity"], change["entity_id"])
    head = tuple(change[name] for name in NAMES[:7])
    if change["action"] != "update":
        yield (*head, None, None, None)
        if change["action"] == "delete":
            now[key] = json.loads(change["before"])
        return
    state = now.setdefault(key, {})
    for field, before in json.loads(change["before"]).items():
        if field not in DERIVED:
            yield (*head, NAMED.get(field, field), _text(before), _text(state.get(field)))
        state[field] = before


def _text(value: object) -> str | None:
    return None if value is None else str(value)
