"""Past operations, as undo needs them: what they left, and what stands in the way since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.operations import operation
from interop_cli.store.sync.links import LIVE, UNSURE
from interop_cli.store.writing.journal import changes_of, net_effects
from interop_cli.store.writing.repositories.taking_back import (
    REFERENCES,
    TakingBack,
    clashing_clients,
)
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.writer import Writer

LATER_CHANGES = (
    "SELECT change.entity, change.entity_id, change.operation_id, operation.undoes FROM change"
    " JOIN operation ON operation.id = change.operation_id"
    " JOIN undoing ON undoing.entity = change.entity AND undoing.entity_id = change.entity_id"
    # By the versions of the row: an operation may be given its id before another and write later.
    # What came later has a higher id of its own: so much of the journal needs to be read.
    " WHERE change.id > (SELECT MIN(id) FROM change WHERE operation_id = :operation)"
    " AND change.operation_id <> :operation AND (change.version > undoing.version"
    " OR change.version = undoing.version AND change.action = 'delete')"
    " AND undoing.stays <> 0 AND undoing.action <> 'insert'"
    " ORDER BY change.entity, change.entity_id, change.operation_id"
)


def unchanged_since(conn: Connection, operation_id: int) -> Iterator[tuple[str, int]]:
    """Of the rows in ``undoing`` that were written since, those that are as they were left."""
    rows = conn.query(LATER_CHANGES, operation=operation_id)
    for key, changes in groupby(rows, lambda row: (row["entity"], row["entity_id"])):
        later = {change["operation_id"]: change["undoes"] for change in changes}
        if not any(changes_that_count(later)):
            yield key


def changes_that_count(later: Mapping[int, int | None]) -> Iterator[bool]:
    """For each later operation on a row (id -> what it undoes), whether its change still counts.

    One that was taken back does not, nor does what took it back, provided that it is a later one
    too: together they changed nothing.
    """
    counting: dict[int, bool] = {}
    for number in sorted(later, reverse=True):  # an undo comes after what it undoes
        undone = any(counting[other] for other in counting if later[other] == number)
        counting[number] = not undone
        takes_back = later[number]
        yield counting[number] and takes_back not in later


UNDOING_COLUMNS = (
    "entity TEXT, entity_id BIGINT, action TEXT, before TEXT, version BIGINT, stays BIGINT,"
    " PRIMARY KEY (entity, entity_id)"
)


class Stays(IntEnum):
    """Why a row that an operation touched is left as it is; ``NO``: it is taken back."""

    NO = 0
    CHANGED = 1  # since
    USED = 2  # made by the operation, and something made since refers to it
    LINKED = 3  # the same, and a target of sync holds it, or is being sent it
    NUMBERED = 4  # the counter that gave its number went on
    ALONG = 5  # it belongs to a row that stays, or such a row refers to it


class Hindrance(NamedTuple):
    """A row that keeps an operation from being undone, and what uses it since: table and id."""

    entity: str
    id: int
    why: Stays
    users: list[tuple[str, int]]


# Which rows belong to which, and go with them: table, column, the table it refers to.
BELONGING = (
    *(
        (table.name, "client_id", "client")
        for table in TABLES.values()
        if table.client == "client_id"
    ),
    ("attachment", "note_id", "note"),
    ("document_line", "document_id", "document"),
    ("mailing", "document_id", "document"),
)
# All that may refer to a row.
REFERRING = BELONGING + REFERENCES
BROUGHT_IN = "sync.import"
"""The operation that makes records of those in a target, and links them."""
_OF_LINK = (
    "(l.entity = u.entity OR u.entity = 'document' AND l.entity IN ('invoice', 'credit_note'))"
    " AND l.local_id = u.entity_id"
)
LINKED = f"SELECT l.target_id FROM sync_link l WHERE {_OF_LINK} AND {LIVE}"


class OperationRepository:
    """Reads an operation's changes and takes them back, set-based.

    ``undoing`` is a table of the transaction with one row per row the operation touched: ``action``
    is what brings it back (``delete`` what was inserted, ``update`` to what it was, ``insert`` what
    was deleted), ``stays`` why it is not brought back.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn
        self._came_at = ""  # when the operation brought records in

    def get(self, operation_id: int) -> Row:
        """An operation, as the journal shows it; raises NotFound."""
        return operation(self.conn, operation_id)

    def lock(self, operation_id: int) -> None:
        """Keep others off what an operation wrote, and off its clients, before it is looked at."""
        ours = "(SELECT {column} FROM change WHERE operation_id = :operation{of})"
        of_clients = ours.format(column="client_id", of="")
        self.conn.lock("client", f"id IN {of_clients}", operation=operation_id)
        entities = self.conn.query(
            "SELECT DISTINCT entity FROM change WHERE operation_id = :id", id=operation_id
        )
        for table in TABLES:  # parents first, like everybody
            if {"entity": table} in entities:
                rows = ours.format(column="entity_id", of=" AND entity = :entity")
                self.conn.lock(table, f"id IN {rows}", operation=operation_id, entity=table)

    def stands(self, operation_id: int) -> bool:
        """Whether an operation was not undone, or its undo was undone again."""
        rows = self.conn.query("SELECT id FROM operation WHERE undoes = :id", id=operation_id)
        return not rows or not self.stands(rows[-1]["id"])

    def load(self, operation_id: int) -> int:
        """Fill ``undoing`` from the journal; the number of rows touched."""
        done = self.get(operation_id)
        self._came_at = done["at"] if done["name"] == BROUGHT_IN else ""
        effects = net_effects(changes_of(self.conn, operation_id))
        self.conn.temp_table("undoing", UNDOING_COLUMNS)
        self.conn.insert_many(
            "undoing",
            ("entity", "entity_id", "action", "before", "version", "stays"),
            ((entity, row_id, *effect, 0) for (entity, row_id), effect in effects.items()),
        )
        self.conn.filled("undoing")
        for entity in {entity for entity, _row_id in effects}:
            there = (
                f"SELECT u.entity_id FROM undoing u JOIN {entity} t ON t.id = u.entity_id"
                " WHERE u.entity = :entity"
            )
            found = self.conn.apart("there", there, entity=entity)
            self._mark(
                Stays.CHANGED,
                f"entity = :entity AND action = 'insert' AND entity_id IN {found}",
                entity=entity,
            )
            found = self.conn.apart("same", f"{there} AND t.version = u.version", entity=entity)
            self._mark(
                Stays.CHANGED,
                f"entity = :entity AND action <> 'insert' AND entity_id NOT IN {found}",
                entity=entity,
            )
        self.conn.execute_many(
            "UPDATE undoing SET stays = 0 WHERE entity = :entity AND entity_id = :id",
            [
                {"entity": entity, "id": row_id}
                for entity, row_id in unchanged_since(self.conn, operation_id)
            ],
        )
        return len(effects)

    def _mark(self, why: Stays, where: str, **params: object) -> int:
        """Let those rows stay that nothing has kept so far and that meet ``where``; how many."""
        return self.conn.execute(
            f"UPDATE undoing SET stays = :why WHERE stays = 0 AND {where}", why=int(why), **params
        )

    def posted(self) -> list[Row]:
        """The invoices and credit notes that the operation posted here: ``kind`` and ``number``.

        What gave them their number is told from what only made a draft by its counter, so that
        they are named also where they were changed since.
        """
        rows = self.conn.query(
            "SELECT d.kind, d.number, u.action, u.before FROM undoing u"
            " JOIN document d ON d.id = u.entity_id"
            " WHERE u.entity = 'document' AND d.issued = 1 AND d.posted_at IS NOT NULL"
            " AND (u.action = 'delete' OR u.action = 'update' AND u.before LIKE :field)"
            " AND (u.stays = 0 OR EXISTS (SELECT 1 FROM undoing c WHERE c.entity = 'counter'))"
            " ORDER BY d.id",
            field='%"posted_at"%',
        )
        return [
            row
            for row in rows
            if row["action"] == "delete" or json.loads(row["before"]).get("posted_at") is None
        ]

    def merged_there(self, at: str) -> list[str]:
        """The targets in which records have been made one since, as the operation did with ours."""
        rows = self.conn.query(
            "SELECT DISTINCT s.name AS target FROM undoing u JOIN sync_event e"
            " ON e.entity = u.entity AND e.local_id = u.entity_id AND e.at >= :at"
            " AND e.action IN ('merge', 'hand_over') AND e.outcome IN ('done', 'found')"
            " JOIN sync_target s ON s.id = e.target_id"
            " WHERE u.entity = 'contact' AND u.action = 'insert'"
            " OR u.entity = 'client' AND u.action = 'update' AND u.before LIKE :field"
            " ORDER BY s.name",
            at=at,
            field='%"merged_into_id"%',
        )
        return [row["target"] for row in rows]

    def unlink(self) -> list[str]:
        """Forget the records there of what the operation made; the targets that have some.

        What is just being sent, or may have been, keeps its link.
        """
        made = (
            f"l.remote_id IS NOT NULL AND NOT {UNSURE} AND EXISTS (SELECT 1 FROM undoing u"
            f" WHERE u.action = 'delete' AND {_OF_LINK})"
        )
        rows = self.conn.query(
            "SELECT name FROM sync_target s WHERE EXISTS (SELECT 1 FROM sync_link l"
            f" WHERE l.target_id = s.id AND {made}) ORDER BY name"
        )
        if rows:
            self.writer.derived = True
            self.conn.execute(f"DELETE FROM sync_link AS l WHERE {made}")
        return [row["name"] for row in rows]

    # -- what stays -------------------------------------------------------------------------

    def keep(self) -> None:
        """Mark what cannot be taken back, besides what was changed since, and what that keeps."""
        # Where a counter went on since, its numbers are not given again: the documents stay.
        counted = "EXISTS (SELECT 1 FROM undoing c WHERE c.entity = 'counter' AND c.stays <> 0)"
        self._mark(Stays.NUMBERED, f"entity = 'document' AND {counted}")
        self._mark(Stays.ALONG, f"entity = 'document_line' AND {counted}")
        self.conn.execute(
            "UPDATE undoing SET stays = :along WHERE entity = 'counter' AND stays <> 0",
            along=int(Stays.ALONG),
        )
        made = self.conn.query("SELECT DISTINCT entity FROM undoing WHERE action = 'delete'")
        for table, column, parent in REFERRING:
            if {"entity": parent} in made:
                self._mark(
                    Stays.USED,
                    "entity = :parent AND action = 'delete' AND entity_id IN "
                    + self.conn.apart("used", _used(table, column), parent=parent),
                    parent=parent,
                )
        linked = LINKED.replace("u.", "undoing.")
        # A record that was made of one there goes as it came: nothing was sent.
        came = "AND NOT (l.created_at = :came AND l.state IN ('pending', 'in_sync'))"
        self._mark(
            Stays.LINKED, f"action = 'delete' AND EXISTS ({linked} {came})", came=self._came_at
        )
        self._mark(
            Stays.USED,
            "entity = 'sync_target' AND action = 'delete'"
            " AND EXISTS (SELECT 1 FROM sync_event e WHERE e.target_id = undoing.entity_id)",
        )
        while self.conn.query("SELECT 1 FROM undoing WHERE stays <> 0 LIMIT 1"):
            if not self._keep_along():
                break

    def _keep_along(self) -> int:
        """Keep what belongs to rows that stay, and what those refer to; how many."""
        count = 0
        for table, column, parent in BELONGING:
            found = self.conn.apart(
                "along",
                f"SELECT t.id FROM {table} t JOIN undoing u"
                f" ON u.entity = '{parent}' AND u.entity_id = t.{column}"
                " WHERE u.action = 'delete' AND u.stays <> 0",
            )
            count += self._mark(
                Stays.ALONG, f"entity = '{table}' AND action = 'delete' AND entity_id IN {found}"
            )
        for table, column, parent in REFERRING:
            found = self.conn.apart(
                "along",
                f"SELECT t.{column} FROM {table} t JOIN undoing u"
                f" ON u.entity = '{table}' AND u.entity_id = t.id WHERE u.stays <> 0",
            )
            count += self._mark(
                Stays.ALONG, f"entity = '{parent}' AND action = 'delete' AND entity_id IN {found}"
            )
        return count

    def kept(self) -> tuple[int, int, int]:
        """How many rows stand in the way, how many stay because of those, how many go back."""
        rows = self.conn.query("SELECT stays, COUNT(*) AS n FROM undoing GROUP BY stays")
        counts = {row["stays"]: int(row["n"]) for row in rows}
        free, along = counts.pop(Stays.NO, 0), counts.pop(Stays.ALONG, 0)
        return sum(counts.values()), along, free

    def hindrances(self, limit: int) -> list[Hindrance]:
        """The first of the rows that stand in the way, with a few of those that use them since."""
        rows = self.conn.query(
            "SELECT entity, entity_id AS id, stays FROM undoing WHERE stays BETWEEN 1 AND :last"
            " ORDER BY entity, entity_id LIMIT :n",
            last=int(Stays.NUMBERED),
            n=limit,
        )
        found = []
        for row in rows:
            entity, row_id, why = row["entity"], row["id"], Stays(row["stays"])
            users = self._users(entity, row_id) if why is Stays.USED else []
            found.append(Hindrance(entity, row_id, why, users))
        return found

    def _users(self, entity: str, row_id: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for table, column, parent in REFERRING:
            if parent == entity:
                rows = self.conn.query(
                    f"SELECT t.id FROM {table} t WHERE t.{column} = :id AND {_SINCE}"
                    " ORDER BY t.id LIMIT :n",
                    table=table,
                    id=row_id,
                    n=USERS_SHOWN,
                )
                found += [(table, row["id"]) for row in rows]
        return found[:USERS_SHOWN]

    def linked_to(self) -> list[Row]:
        """The targets that hold what the operation made: ``target``, a ``client`` of each, whether
        it ``made`` clients, and whether something is ``open``: being sent, nobody knows, or
        handed over in a ``batch``.
        """
        undone = (
            "FROM sync_link o JOIN undoing w ON w.entity = o.entity AND w.entity_id = o.local_id"
            f" AND w.action = 'delete' WHERE o.target_id = s.id AND {UNSURE}"
        )
        return self.conn.query(
            "SELECT s.name AS target, MIN(c.code) AS client,"
            " MAX(CASE WHEN u.entity = 'client' THEN 1 ELSE 0 END) AS made,"
            f" (SELECT COUNT(*) {undone}) AS open, (SELECT MIN(o.batch) {undone}) AS batch"
            " FROM undoing u"
            f" JOIN sync_target s ON s.id IN ({LINKED})"
            " LEFT JOIN contact p ON u.entity = 'contact' AND p.id = u.entity_id"
            " LEFT JOIN document d ON u.entity = 'document' AND d.id = u.entity_id"
            " LEFT JOIN client c ON c.id = COALESCE(p.client_id, d.client_id, u.entity_id)"
            " WHERE u.stays = :linked GROUP BY s.id, s.name ORDER BY s.name",
            linked=int(Stays.LINKED),
        )

    def only(self, why: Stays) -> bool:
        """Whether what stands in the way does so for this reason alone."""
        rows = self.conn.query(
            "SELECT DISTINCT stays FROM undoing WHERE stays BETWEEN 1 AND :last",
            last=int(Stays.NUMBERED),
        )
        return [row["stays"] for row in rows] == [why]

    def rows(self) -> list[Row]:
        """What there is to undo: ``entity``, ``id``, ``action`` that undoes it, ``stays``."""
        return self.conn.query(
            "SELECT entity, entity_id AS id, action, stays FROM undoing ORDER BY entity, entity_id"
        )

    # -- taking back ------------------------------------------------------------------------

    def take_back(self) -> None:
        """Undo every row that does not stay."""
        self.writer.derived = True
        self.conn.execute(
            "DELETE FROM sync_link WHERE EXISTS (SELECT 1 FROM undoing u"
            " WHERE u.entity = sync_link.entity AND u.entity_id = sync_link.local_id"
            " AND u.action = 'delete' AND u.stays = 0)"
        )
        TakingBack(self.writer).run()

    def clashing_clients(self, limit: int) -> list[str]:
        """The codes of clients that what was written back has brought in conflict with others."""
        return clashing_clients(self.conn, limit)


USERS_SHOWN = 3
# ``t``, a row of :table, was made since: the operation has not touched it.
_SINCE = "t.id NOT IN (SELECT x.entity_id FROM undoing x WHERE x.entity = :table)"


def _used(table: str, column: str) -> str:
    """SQL for what rows of ``table`` made since refer to, of those made in ``:parent``."""
    since = _SINCE.replace(":table", f"'{table}'")
    return (
        f"SELECT t.{column} FROM {table} t WHERE t.{column} IN (SELECT u.entity_id FROM undoing u"
        f" WHERE u.entity = :parent AND u.action = 'delete') AND {since}"
    )
