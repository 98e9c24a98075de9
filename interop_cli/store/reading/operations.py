"""The journal as people read it, and what a database holds, in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.twins import moved_to
from interop_cli.store.reading.history import DERIVED
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


CHANGE = ("id", "entity", "entity_id", "action", "before", "version")
BATCH = 5000  # each asks for what came after it
PIECE = 1000  # changes of the journal that are looked at first for it


def changes(conn: Connection, operation_id: int, limit: int) -> Iterator[Row]:
    """The first changes of an operation, as they come, with the values before and after.

    Rows of entity, entity_id, action, before, after, version: ``before`` has the fields that were
    changed, or the whole row that went; ``after`` what they became, or the row that came.
    """
    sql = (
        f"SELECT {', '.join(CHANGE)} FROM change"
        " WHERE operation_id = :id ORDER BY change.id LIMIT :limit"
    )
    for batch in conn.batches(sql, {"id": operation_id, "limit": limit}, BATCH):
        found = [_read(values) for values in batch]
        after = _after(conn, found)
        for row in found:
            yield {
                "entity": row["entity"],
                "entity_id": row["entity_id"],
                "action": row["action"],
                "before": row["before"],
                "after": after[row["id"]],
                "version": row["version"],
            }


def _read(values: tuple[Any, ...]) -> Row:
    row = dict(zip(CHANGE, values, strict=True))
    return {**row, "before": json.loads(row["before"]) if row["before"] else None}


def _after(conn: Connection, found: list[Row]) -> dict[int, Row | None]:
    """By change: what it left, which is what the next one found, or what the row holds now."""
    state: dict[tuple[str, int], Row] = {}
    wanted = {row["id"] for row in found}
    rows = list(found)
    for entity in {row["entity"] for row in found}:
        ids = {row["entity_id"] for row in found if row["entity"] == entity}
        sql, among = conn.among("id", ids)
        for row in conn.query(f"SELECT * FROM {entity} WHERE {sql}", among=among):
            state[entity, row["id"]] = row
        asked = _asked(row for row in found if row["entity"] == entity)
        later = _later(conn, entity, asked, min(wanted))
        rows += [row for row in later if row["id"] not in wanted]
    after: dict[int, Row | None] = {}
    for row in sorted(rows, key=lambda row: row["id"], reverse=True):
        key = (row["entity"], row["entity_id"])
        if row["action"] == "delete":
            after[row["id"]], state[key] = None, dict(row["before"])
            continue
        now = state.setdefault(key, {})
        if row["id"] in wanted:
            shown = now if row["before"] is None else row["before"]
            after[row["id"]] = {
                name: now.get(name)
                for name in shown
                if row["before"] is not None or (name not in DERIVED and now[name] is not None)
            }
        now.update(row["before"] or {})
    return after


def _asked(found: Iterable[Row]) -> dict[int, set[str] | None]:
    """By row, the fields whose next values are asked for; None for all of them."""
    asked: dict[int, set[str] | None] = {}
    for row in found:
        if row["before"] is None:
            asked[row["entity_id"]] = None
        elif row["action"] != "delete":
            fields = asked.setdefault(row["entity_id"], set())
            if fields is not None:
                fields.update(row["before"])
    return {row_id: fields for row_id, fields in asked.items() if fields is None or fields}


def _later(
    conn: Connection, entity: str, asked: dict[int, set[str] | None], first: int
) -> Iterator[Row]:
    """The changes of rows after the one with the id ``first``, until what is asked is known.

    Piece after piece, so that of a row which changes with everything, as a counter does, not all
    is read that ever became of it.
    """
    (last,) = conn.query("SELECT COALESCE(MAX(id), 0) AS id FROM change")
    span = PIECE
    while asked and first < last["id"]:
        condition, among = conn.among("entity_id", asked)
        rows = conn.query(
            f"SELECT {', '.join(CHANGE)} FROM change WHERE {condition}"
            " AND entity = :entity AND id > :first AND id <= :upto ORDER BY id",
            among=among,
            entity=entity,
            first=first,
            upto=first + span,
        )
        for values in rows:
            row = _read(tuple(values.values()))
            yield row
            fields = asked.get(row["entity_id"])
            if row["action"] == "delete":
                asked.pop(row["entity_id"], None)
            elif fields is not None and row["before"]:
                fields.difference_update(row["before"])
                if not fields:
                    del asked[row["entity_id"]]
        first, span = first + span, span * 4


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
