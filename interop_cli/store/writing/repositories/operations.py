"""Past operations, as undo needs them: what they left, what changed since, what breaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from interop_cli.store.engines.connection import Connection, Row, fill_id_table
from interop_cli.store.reading.operations import operation
from interop_cli.store.sync.links import LIVE
from interop_cli.store.writing.journal import changes_of
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.writer import Writer

LATER_CHANGES = (
    "SELECT change.entity, change.entity_id, change.operation_id, operation.undoes FROM change"
    " JOIN operation ON operation.id = change.operation_id"
    " JOIN undoing ON undoing.entity = change.entity AND undoing.entity_id = change.entity_id"
    " WHERE change.operation_id > :operation AND undoing.stale = 1 AND undoing.action <> 'insert'"
    " ORDER BY change.entity, change.entity_id, change.operation_id"
)


def unchanged_since(conn: Connection, operation_id: int) -> Iterator[tuple[str, int]]:
    """Of the rows in ``undoing`` that were written since, those that are as they were left."""
    rows = conn.query(LATER_CHANGES, operation=operation_id)
    for key, changes in groupby(rows, lambda row: (row["entity"], row["entity_id"])):
        later = {change["operation_id"]: change["undoes"] for change in changes}
        if not any(changes_that_count(later, operation_id)):
            yield key


def changes_that_count(later: Mapping[int, int | None], operation_id: int) -> Iterator[bool]:
    """For each later operation on a row (id -> what it undoes), whether its change still counts.

    One that was taken back does not, nor does what took it back, provided that it is a later one
    too: together they changed nothing.
    """
    counting: dict[int, bool] = {}
    for number in sorted(later, reverse=True):  # an undo comes after what it undoes
        undone = any(counting[other] for other in counting if later[other] == number)
        counting[number] = not undone
        takes_back = later[number]
        yield counting[number] and not (takes_back is not None and takes_back > operation_id)


UNDONE_CLIENTS = "(SELECT entity_id FROM undoing WHERE entity = 'client' AND stale = 0)"
# Each gives the codes of the clients that break one rule. None of them is broken otherwise.
BREACHES = (
    # A code leads to one client: nobody's present code is the former one of another.
    "SELECT c.code FROM client_code f JOIN client c ON c.code_key = f.code_key"
    " WHERE c.id <> f.client_id",
    # Who pays is no prospect, and billed to nobody else.
    "SELECT c.code FROM client c JOIN client p ON p.id = c.bill_to_id"  # noqa: S608
    f" WHERE (c.id IN {UNDONE_CLIENTS} OR p.id IN {UNDONE_CLIENTS})"
    " AND (p.bill_to_id IS NOT NULL OR p.prospect = 1)",
    # A job has ended the prospect for good.
    f"SELECT c.code FROM client c WHERE c.prospect = 1 AND c.id IN {UNDONE_CLIENTS} AND EXISTS"  # noqa: S608
    " (SELECT 1 FROM document d WHERE d.client_id = c.id AND d.kind = 'job'"
    " AND d.status <> 'void')",
)


def clashing_clients(conn: Connection, limit: int) -> list[str]:
    """The codes of the first clients whom an undo has brought in conflict with what came since."""
    found: dict[str, None] = {}
    for sql in BREACHES:
        rows = conn.query(f"{sql} ORDER BY c.code_key LIMIT :n", n=limit)
        found |= dict.fromkeys(row["code"] for row in rows)
    return list(found)[:limit]


# What only one row may have: flags of a client's, and the id in another system.
EXCLUSIVE = ("main", "is_default", "billing", "external_id")
# What the operation left of each row, and what the row is now.
SameValues = tuple[dict[str, Any], list[int]]
UNDOING_COLUMNS = (
    "entity TEXT, entity_id BIGINT, action TEXT, before TEXT, version BIGINT, stale BIGINT,"
    " PRIMARY KEY (entity, entity_id)"
)


class OperationRepository:
    """Reads an operation's changes and takes them back, set-based.

    ``undoing`` is a table of the transaction with one row per row the operation touched: ``action``
    is what brings it back (``delete`` what was inserted, ``update`` to what it was, ``insert`` what
    was deleted).
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def get(self, operation_id: int) -> Row:
        """An operation, as the journal shows it; raises NotFound."""
        return operation(self.conn, operation_id)

    def stands(self, operation_id: int) -> bool:
        """Whether an operation was not undone, or its undo was undone again."""
        rows = self.conn.query("SELECT id FROM operation WHERE undoes = :id", id=operation_id)
        return not rows or not self.stands(rows[-1]["id"])

    def load(self, operation_id: int) -> int:
        """Fill ``undoing`` from the journal; the number of rows touched."""
        effects = net_effects(changes_of(self.conn, operation_id))
        self.conn.temp_table("undoing", UNDOING_COLUMNS)
        self.conn.insert_many(
            "undoing",
            ("entity", "entity_id", "action", "before", "version", "stale"),
            ((entity, row_id, *effect, 0) for (entity, row_id), effect in effects.items()),
        )
        self.conn.filled("undoing")
        for entity in {entity for entity, _row_id in effects}:
            there = f"EXISTS (SELECT 1 FROM {entity} t WHERE t.id = undoing.entity_id"  # noqa: S608
            self.conn.execute(
                "UPDATE undoing SET stale = 1 WHERE entity = :entity AND (CASE action"  # noqa: S608
                f" WHEN 'insert' THEN {there})"
                f" ELSE NOT {there} AND t.version = undoing.version) END)",
                entity=entity,
            )
        self._mark(unchanged_since(self.conn, operation_id), stale=0)
        self._keep_numbers()
        return len(effects)

    def _mark(self, rows: Iterable[tuple[str, int]], *, stale: int) -> None:
        self.conn.execute_many(
            "UPDATE undoing SET stale = :stale WHERE entity = :entity AND entity_id = :id",
            [{"stale": stale, "entity": entity, "id": row_id} for entity, row_id in rows],
        )

    def _keep_numbers(self) -> None:
        """Where a counter went on since, its numbers are not given again: the documents stay."""
        self.conn.execute(
            "UPDATE undoing SET stale = 1 WHERE entity IN ('document', 'document_line')"
            " AND EXISTS (SELECT 1 FROM undoing u WHERE u.entity = 'counter' AND u.stale = 1)"
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
            " AND (u.stale = 0 OR EXISTS (SELECT 1 FROM undoing c WHERE c.entity = 'counter'))"
            " ORDER BY d.id",
            field='%"posted_at"%',
        )
        return [
            row
            for row in rows
            if row["action"] == "delete" or json.loads(row["before"]).get("posted_at") is None
        ]

    def stale(self, limit: int) -> tuple[int, list[Row]]:
        """How many rows were changed since, and the first of them."""
        count = self.conn.query("SELECT COUNT(*) AS n FROM undoing WHERE stale = 1")[0]["n"]
        rows = self.conn.query(
            "SELECT entity, entity_id FROM undoing WHERE stale = 1"
            " ORDER BY entity, entity_id LIMIT :n",
            n=limit,
        )
        return int(count), rows

    def rows(self) -> list[Row]:
        """What there is to undo: ``entity``, ``id``, ``action`` that undoes it, ``stale``."""
        return self.conn.query(
            "SELECT entity, entity_id AS id, action, stale FROM undoing ORDER BY entity, entity_id"
        )

    def used_since(self) -> list[tuple[str, int]]:
        """What the operation made and rows of others refer to by now: table and id."""
        found: list[tuple[str, int]] = []
        for parent in dict.fromkeys(parent for _table, _column, parent in OWNED):
            used = " OR ".join(
                f"EXISTS (SELECT 1 FROM {table} t WHERE t.{column} = u.entity_id AND t.id NOT IN"  # noqa: S608
                f" (SELECT entity_id FROM undoing x WHERE x.entity = '{table}' AND x.stale = 0))"
                for table, column, owner in OWNED
                if owner == parent
            )
            rows = self.conn.query(
                "SELECT entity_id AS id FROM undoing u WHERE u.entity = :parent"  # noqa: S608
                f" AND u.action = 'delete' AND u.stale = 0 AND ({used}) ORDER BY entity_id",
                parent=parent,
            )
            found += [(parent, row["id"]) for row in rows]
        return found + self._linked_since()

    def _linked_since(self) -> list[tuple[str, int]]:
        """What the operation made and a target of sync holds by now, or is being sent."""
        rows = self.conn.query(
            "SELECT entity, entity_id AS id FROM undoing u WHERE u.action = 'delete'"  # noqa: S608
            " AND u.stale = 0 AND (EXISTS (SELECT 1 FROM sync_link l WHERE (l.entity = u.entity"
            " OR u.entity = 'document' AND l.entity IN ('invoice', 'credit_note'))"
            f" AND l.local_id = u.entity_id AND {LIVE}) OR (u.entity = 'sync_target' AND EXISTS"
            " (SELECT 1 FROM sync_event e WHERE e.target_id = u.entity_id)))"
            " ORDER BY entity, entity_id"
        )
        return [(row["entity"], row["id"]) for row in rows]

    def keep(self, rows: list[tuple[str, int]]) -> None:
        """Leave these rows as they are, and whatever belongs to a row that stays."""
        self._mark(rows, stale=1)
        for table, column, parent in OWNED:
            self.conn.execute(
                "UPDATE undoing SET stale = 1 WHERE entity = :table AND action = 'delete'"  # noqa: S608
                f" AND entity_id IN (SELECT t.id FROM {table} t JOIN undoing u"
                f" ON u.entity = '{parent}' AND u.entity_id = t.{column}"
                " WHERE u.action = 'delete' AND u.stale = 1)",
                table=table,
            )

    def take_back(self) -> int:
        """Undo every row that is not stale; how many."""
        count = 0
        order = list(TABLES)
        for entity in reversed(order):  # children before parents
            count += self.writer.delete(
                entity,
                "id IN (SELECT entity_id FROM undoing WHERE entity = :entity AND action = 'delete'"
                " AND stale = 0)",
                entity=entity,
            )
        for entity in order:
            # A flag that only one row may have is taken away before it is given back.
            first, then = _by_flags(self._befores(entity, "update"))
            count += sum(self._set_back(entity, *group) for group in first)
            count += self._restore(entity)
            count += sum(self._set_back(entity, *group) for group in then)
        return count

    def clashing_clients(self, limit: int) -> list[str]:
        """The codes of clients that what was written back has brought in conflict with others."""
        return clashing_clients(self.conn, limit)

    def _restore(self, entity: str) -> int:
        rows = [json.loads(text) for text, _ids in self._befores(entity, "insert") for _id in _ids]
        self.writer.restore(entity, rows)
        return len(rows)

    def _set_back(self, entity: str, values: dict[str, Any], ids: list[int]) -> int:
        """Rows with the same values to bring back are written by one statement."""
        fill_id_table(self.conn, "set_back", ids)
        return self.writer.update(entity, values, "id IN (SELECT id FROM set_back)")

    def _befores(self, entity: str, action: str) -> Iterator[tuple[str, list[int]]]:
        groups: dict[str, list[int]] = {}
        for batch in self.conn.batches(
            "SELECT before, entity_id FROM undoing WHERE entity = :entity AND action = :action"
            " AND stale = 0 ORDER BY entity_id",
            {"entity": entity, "action": action},
            5000,
        ):
            for text, row_id in batch:
                groups.setdefault(text, []).append(row_id)
        yield from groups.items()


def _by_flags(groups: Iterator[tuple[str, list[int]]]) -> tuple[list[SameValues], list[SameValues]]:
    """What to set back first, since it frees a flag, and what then; a row may be in both."""
    first: list[SameValues] = []
    then: list[SameValues] = []
    for text, ids in groups:
        values = json.loads(text)
        flags = {flag: values[flag] for flag in EXCLUSIVE if flag in values}
        lost = {flag: value for flag, value in flags.items() if not value}
        if lost and len(lost) == len(flags):
            first.append((values, ids))
        else:
            first += [(lost, ids)] if lost else []
            then.append((values, ids))
    return first, then


# Which rows belong to which: table, column, the table it refers to; parents first.
OWNED = (
    *(
        (table.name, "client_id", "client")
        for table in TABLES.values()
        if table.client == "client_id"
    ),
    ("client", "bill_to_id", "client"),
    ("client", "merged_into_id", "client"),
    ("attachment", "note_id", "note"),
    ("document", "bill_to_id", "client"),
    ("document", "contact_id", "contact"),
    ("document", "ship_to_id", "address"),
    ("document", "corrects_id", "document"),
    ("document_line", "document_id", "document"),
)


def net_effects(changes: Iterator[Row]) -> dict[tuple[str, int], tuple[str, str | None, int]]:
    """The changes of an operation as one effect a row: (action to undo it, before, version).

    A row changed twice goes back to what it was before the first; one both made and removed by
    the operation has no effect.
    """
    effects: dict[tuple[str, int], tuple[str, str | None, int]] = {}
    opposite = {"insert": "delete", "update": "update", "delete": "insert"}
    for change in changes:
        key = (change["entity"], change["entity_id"])
        action, before, version = opposite[change["action"]], change["before"], change["version"]
        earlier = effects.pop(key, None)
        if earlier is None:
            effects[key] = (action, before, version)
        else:
            effect = _net_effect(earlier, action, before, version)
            if effect is not None:
                effects[key] = effect
    return effects


def _net_effect(
    earlier: tuple[str, str | None, int], action: str, before: str | None, version: int
) -> tuple[str, str | None, int] | None:
    first_action, first_before, _version = earlier
    if first_action == "delete":  # made by this operation
        return None if action == "insert" else ("delete", None, version)
    older: dict[str, Any] = json.loads(first_before or "{}")
    newer: dict[str, Any] = json.loads(before or "{}")
    values = json.dumps({**newer, **older}, ensure_ascii=False)
    return (action, values, version)
