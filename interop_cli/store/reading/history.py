"""The history of a client: its documents, and what was changed, each field before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.writing.tables import TABLES

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = (
    "operation_id",
    "at",
    "actor",
    "operation",
    "entity",
    "entity_id",
    "action",
    "field",
    "before",
    "after",
    "kind",
    "number",
    "status",
    "currency",
    "total_cents",
)
CHANGE = "change"  # the kind of a row that is no document
# A client, and those that were merged into it.
OWN = "(SELECT id FROM client WHERE id = :id OR merged_into_id = :id)"
NAMED = {"is_default": "default"}  # as the command line calls them
# Columns that only follow from others.
DERIVED = frozenset(
    {
        "code_key",
        "name_key",
        "tags_key",
        "line_key",
        "city_key",
        "email_key",
        "core_key",
        "external_id_key",
        "merged",
        "deactivated_with",
        "number_key",
        "year",
    }
)


_OF_DOCUMENTS = ("kind", "number", "status", "currency", "total_cents")
_OF_CHANGES = ("operation_id", "entity", "action", "field", "before", "after")


def columns(kind: str | None = None) -> list[Column]:
    """The columns of a history row; of documents or of changes where ``kind`` says so.

    Those are the same but for what a table shows.
    """
    from interop_cli.domain.fields.field import Column, ValueKind
    from interop_cli.domain.messages import N_

    kinds = {
        "operation_id": ValueKind.INT,
        "at": ValueKind.TIME,
        "entity_id": ValueKind.INT,
        "total_cents": ValueKind.MONEY,
    }
    shown = {"at", *(_OF_CHANGES if kind == CHANGE else _OF_DOCUMENTS)}
    if kind is None:
        shown = {*NAMES} - {"actor", "entity_id"}
    heads = {CHANGE: {"operation_id": N_("Id")}, None: {}}.get(kind, {"at": N_("Date")})
    return [
        Column(name, kinds.get(name, ValueKind.TEXT), heads.get(name), table=name in shown)
        for name in NAMES
    ]


def of_client(
    conn: Connection, client_id: int, kind: str | None = None, limit: int | None = None
) -> list[tuple[Any, ...]]:
    """The history of a client, the latest first: rows of ``NAMES``.

    ``kind`` is one of documents, or ``change`` for what was changed on the client and on what
    belongs to it; without it, both: a document stands there once, at its own date, rather than as
    the change that recorded it.
    """
    if kind == CHANGE:
        rows = _changes(conn, client_id)
    elif kind is not None:
        rows = _documents(conn, client_id, kind, limit)
    else:
        changes = [row for row in _changes(conn, client_id) if not _records_document(row)]
        rows = sorted(
            [*changes, *_documents(conn, client_id, None, limit)],
            key=lambda row: str(row[1]),
            reverse=True,
        )
    return rows[:limit] if limit else rows


def _records_document(row: tuple[Any, ...]) -> bool:
    return row[4] in ("document", "document_line") and row[6] == "insert"


def _documents(
    conn: Connection, client_id: int, kind: str | None, limit: int | None
) -> list[tuple[Any, ...]]:
    """Documents in the shape of a history row: ``at`` is their date."""
    params: dict[str, Any] = {"id": client_id}
    sql = (
        "SELECT id, date, kind, number, status, currency, total_cents FROM document"
        " WHERE client_id = :id"
    )
    if kind:
        sql, params = f"{sql} AND kind = :kind", {**params, "kind": kind}
    sql += " ORDER BY date DESC, id DESC"
    if limit:
        sql, params = f"{sql} LIMIT :limit", {**params, "limit": limit}
    rows = conn.query(sql, **params)
    return [
        (
            None,
            row["date"],
            None,
            None,
            "document",
            row["id"],
            None,
            None,
            None,
            None,
            row["kind"],
            row["number"],
            row["status"],
            row["currency"],
            row["total_cents"],
        )
        for row in rows
    ]


def _changes(conn: Connection, client_id: int) -> list[tuple[Any, ...]]:
    """What was changed on a client, on what belongs to it and on what was merged into it.

    What a field became is what the next change found, or what the row holds now.
    """
    changes = conn.query(
        "SELECT change.id, operation_id, at, actor, name AS operation, entity, entity_id, action,"
        " before FROM change JOIN operation ON operation.id = change.operation_id"
        f" WHERE client_id IN {OWN} ORDER BY change.id DESC",
        id=client_id,
    )
    now = {
        (entity, row["id"]): row
        for entity in {change["entity"] for change in changes}
        for row in _present(conn, entity, client_id)
    }
    empty = (None,) * (len(NAMES) - NAMES.index("kind") - 1)
    return [(*row, CHANGE, *empty) for change in changes for row in _fields(change, now)]


def _present(conn: Connection, entity: str, client_id: int) -> list[Row]:
    column = TABLES[entity].client
    return conn.query(f"SELECT * FROM {entity} WHERE {column} IN {OWN}", id=client_id)


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
