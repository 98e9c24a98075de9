"""The journal as people read it, and what a database holds, in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.twins import moved_to
from interop_cli.store.reading.lists import EVERYTHING, Condition

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column


SELECT = (
    "SELECT o.id, o.name, o.at, o.actor, o.command, o.changes, o.undoes,"
    " (SELECT MAX(u.id) FROM operation u WHERE u.undoes = o.id) AS undone_by FROM operation o"
)
NAMES = ("id", "name", "at", "actor", "command", "changes", "undoes", "undone_by")


def columns() -> list[Column]:
    """The columns of an operation."""
    from interop_cli.domain.fields.field import Column, ValueKind

    numbers = {"id", "changes", "undoes", "undone_by"}
    return [
        Column(
            name,
            ValueKind.TIME
            if name == "at"
            else ValueKind.INT
            if name in numbers
            else ValueKind.TEXT,
        )
        for name in NAMES
    ]


def chosen_by(
    name: str | None, actor: str | None, since: str | None, until: str | None
) -> Condition:
    """That an operation ``o`` has this name (``client.edit``), is of this user, and of these times.

    A user is known by name; how they came stands behind it: ``marie (system: root)``.
    """
    found = EVERYTHING
    if name is not None:
        found &= Condition("o.name = :name", {"name": name})
    if actor is not None:
        sql = "(o.actor = :actor OR SUBSTR(o.actor, 1, :length) = :begin)"
        begin = f"{actor} ("
        found &= Condition(sql, {"actor": actor, "begin": begin, "length": len(begin)})
    if since is not None:
        found &= Condition("o.at >= :since", {"since": since})
    if until is not None:
        found &= Condition("o.at < :until", {"until": until})
    return found


def operation_rows(
    conn: Connection, chosen: Condition = EVERYTHING, *, limit: int | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """Operations, the latest first; those that ``chosen_by`` says, where it does."""
    sql = f"{SELECT} WHERE {chosen.sql} ORDER BY o.id DESC"
    if limit:
        return conn.batches(f"{sql} LIMIT :limit", {**chosen.params, "limit": limit})
    return conn.batches(sql, chosen.params)


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


def names(conn: Connection) -> list[str]:
    """The names that operations have."""
    return [row["name"] for row in conn.query("SELECT DISTINCT name FROM operation ORDER BY name")]


def latest(conn: Connection, actor: str) -> Row:
    """The latest operation of ``actor`` that changed something and stands, no undo itself.

    Raises NotFound ``journal.nothing``.
    """
    undone: set[int] = set()  # an undo that was undone undid nothing
    for batch in conn.batches(
        "SELECT id, undoes, actor, changes FROM operation ORDER BY id DESC", {}
    ):
        for operation_id, undoes, who, count in batch:
            if operation_id in undone:
                continue
            if undoes is not None:
                undone.add(undoes)
            elif who == actor and count:
                return operation(conn, operation_id)
    raise NotFound(
        "journal.nothing",
        msg("There is no operation of yours that is not undone."),
        hint=msg("See: interop journal list"),
    )


def changes(conn: Connection, operation_id: int, limit: int) -> Iterator[Row]:
    """The first changes of an operation, as they come: entity, id, action, fields before."""
    names = ("entity", "entity_id", "action", "before", "version")
    sql = (
        f"SELECT {', '.join(names)} FROM change"  # noqa: S608
        " WHERE operation_id = :id ORDER BY change.id LIMIT :limit"
    )
    for batch in conn.batches(sql, {"id": operation_id, "limit": limit}):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            yield {**row, "before": json.loads(row["before"]) if row["before"] else None}


def info(conn: Connection) -> Row:
    """Engine, schema, journal mode, counts by kind, and where it was moved, if it was."""
    counts = conn.query(
        "SELECT (SELECT COUNT(*) FROM client WHERE active = 1) AS active_clients,"
        " (SELECT COUNT(*) FROM client WHERE active = 0) AS inactive_clients,"
        " (SELECT COUNT(*) FROM client WHERE prospect = 1) AS prospects,"
        " (SELECT COUNT(*) FROM address) AS addresses,"
        " (SELECT COUNT(*) FROM operation) AS operations,"
        " (SELECT MAX(name) FROM migration) AS schema_step"
    )[0]
    return {
        "engine": conn.engine,
        "journal_mode": getattr(conn, "journal_mode", None),
        **counts,
        "moved_to": moved_to(conn),
    }
