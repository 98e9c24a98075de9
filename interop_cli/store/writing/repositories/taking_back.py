"""Writing back what an operation changed, whatever refers to what in it.

A row is deleted after those that refer to it and restored before them; a value that only one row
may have is given up before it is given back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from interop_cli.store.engines.connection import Connection, Row, fill_id_table
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.writer import Writer

# References that a row may be without: table, column, the table it refers to.
REFERENCES = (
    ("client", "bill_to_id", "client"),
    ("client", "merged_into_id", "client"),
    ("document", "bill_to_id", "client"),
    ("document", "contact_id", "contact"),
    ("document", "ship_to_id", "address"),
    ("document", "corrects_id", "document"),
)
# Flags that only one row of a client may have.
EXCLUSIVE = ("main", "is_default", "billing")
# Values that a row may be without and that no two have: table, column, the columns empty with it.
UNIQUE = (("client", "external_id", ()), ("contact", "email_key", ("email",)))
# What the operation left of each row, and what the row is now.
SameValues = tuple[dict[str, Any], list[int]]
FREE = "SELECT entity_id FROM undoing WHERE entity = {entity} AND action = {action} AND stays = 0"
DELETED = FREE.format(entity=":entity", action="'delete'")


UNDONE_CLIENTS = "(SELECT entity_id FROM undoing WHERE entity = 'client' AND stays = 0)"
# Each gives the codes of the clients that break one rule. None of them is broken otherwise.
BREACHES = (
    # A code leads to one client: nobody's present code is the former one of another.
    "SELECT c.code FROM client_code f JOIN client c ON c.code_key = f.code_key"
    " WHERE c.id <> f.client_id",
    # Who pays is no prospect, and billed to nobody else.
    "SELECT c.code FROM client c JOIN client p ON p.id = c.bill_to_id"
    f" WHERE (c.id IN {UNDONE_CLIENTS} OR p.id IN {UNDONE_CLIENTS})"
    " AND (p.bill_to_id IS NOT NULL OR p.prospect = 1)",
    # A job has ended the prospect for good.
    "SELECT c.code FROM client c WHERE c.prospect = 1 AND c.id IN (SELECT d.client_id"
    f" FROM document d WHERE d.client_id IN {UNDONE_CLIENTS} AND d.kind = 'job'"
    " AND d.status <> 'void')",
)


def clashing_clients(conn: Connection, limit: int) -> list[str]:
    """The codes of the first clients whom an undo has brought in conflict with what came since."""
    found: dict[str, None] = {}
    for sql in BREACHES:
        rows = conn.query(f"{sql} ORDER BY c.code_key LIMIT :n", n=limit)
        found |= dict.fromkeys(row["code"] for row in rows)
    return list(found)[:limit]


class TakingBack:
    """Takes back the rows of ``undoing`` that do not stay (see ``operations.py``)."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def run(self) -> None:
        """Write it all; raises Conflict ``db.constraint`` where it does not fit what is there."""
        self._let_go()
        order = list(TABLES)
        for entity in reversed(order):  # children before parents
            self._delete(entity)
        for entity in order:
            # A flag that only one row may have is taken away before it is given back.
            first, then = _by_flags(self._befores(entity, "update"))
            for values, ids in first:
                self._set_back(entity, values, ids)
            self._restore(entity)
            for values, ids in then:
                self._set_back(entity, values, ids)

    def _let_go(self) -> None:
        """Free the rows that will be deleted, and the values that others will have again."""
        for table, column, parent in REFERENCES:
            changed = FREE.format(entity=f"'{table}'", action="'update'")
            gone = FREE.format(entity=f"'{parent}'", action="'delete'")
            self.writer.update(table, {column: None}, f"id IN ({changed}) AND {column} IN ({gone})")
        for table, column, along in UNIQUE:
            wanted = self._wanted(table, column)
            if not wanted:
                continue
            rows = self.conn.query(
                f"SELECT t.id AS id, t.{column} AS value, u.before AS before FROM {table} t"
                " JOIN undoing u ON u.entity = :entity AND u.entity_id = t.id"
                f" WHERE t.{column} IS NOT NULL AND u.action = 'update' AND u.stays = 0",
                entity=table,
            )
            # One that keeps its value is not written again: nothing would give it back.
            ids = [
                row["id"]
                for row in rows
                if row["value"] in wanted and column in json.loads(row["before"])
            ]
            if ids:
                self._set_back(table, dict.fromkeys((column, *along)), ids)

    def _wanted(self, entity: str, column: str) -> set[object]:
        """The values of a column that rows will have again."""
        found = {
            json.loads(text).get(column)
            for action in ("update", "insert")
            for text, _ids in self._befores(entity, action)
            if f'"{column}"' in text
        }
        return found - {None}

    def _delete(self, entity: str) -> None:
        """Delete what the operation made; those that others of them refer to come after these."""
        own = [column for table, column, parent in REFERENCES if table == parent == entity]
        if own:
            unreferred = " AND ".join(
                f"id NOT IN (SELECT r.{column} FROM {entity} r WHERE r.{column} IN ({DELETED}))"
                for column in own
            )
            where = f"id IN ({DELETED}) AND {unreferred}"
            while self.writer.delete(entity, where, entity=entity):
                pass
        self.writer.delete(entity, f"id IN ({DELETED})", entity=entity)

    def _restore(self, entity: str) -> None:
        """Put back what the operation deleted; those that others of them refer to come first."""
        own = [column for table, column, parent in REFERENCES if table == parent == entity]
        rows = [json.loads(text) for text, _ids in self._befores(entity, "insert") for _id in _ids]
        missing = {row["id"] for row in rows} if own else set()
        while rows:
            ready, waiting = _parted(rows, own, missing)
            self.writer.restore(entity, ready or waiting)
            missing -= {row["id"] for row in ready}
            rows = waiting if ready else []

    def _set_back(self, entity: str, values: dict[str, Any], ids: list[int]) -> int:
        """Rows with the same values to bring back are written by one statement."""
        fill_id_table(self.conn, "set_back", ids)
        return self.writer.update(entity, values, "id IN (SELECT id FROM set_back)")

    def _befores(self, entity: str, action: str) -> Iterator[tuple[str, list[int]]]:
        groups: dict[str, list[int]] = {}
        for batch in self.conn.batches(
            "SELECT before, entity_id FROM undoing WHERE entity = :entity AND action = :action"
            " AND stays = 0 ORDER BY entity_id",
            {"entity": entity, "action": action},
            5000,
        ):
            for text, row_id in batch:
                groups.setdefault(text, []).append(row_id)
        yield from groups.items()


def _parted(rows: list[Row], columns: list[str], missing: set[int]) -> tuple[list[Row], list[Row]]:
    """The rows that refer to none of the ``missing``, and the others."""
    ready: list[Row] = []
    waiting: list[Row] = []
    for row in rows:
        refers = any(row.get(column) in missing for column in columns)
        (waiting if refers else ready).append(row)
    return ready, waiting


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
