"""A few rows in one line each, for the person who is asked whether they are meant."""

from __future__ import annotations

from collections.abc import Sequence

from interop_cli.store.engines.connection import Connection, query_in_chunks
from interop_cli.store.reading.clients import ListQuery, client_rows
from interop_cli.store.reading.conditions import Condition

FEW = 5
LONGEST = 60
SQL = {
    "client": "SELECT t.id, t.code AS name, t.name AS what, NULL AS more, NULL AS owner"
    " FROM client t",
    "contact": "SELECT t.id, NULL AS name, t.name AS what, t.title AS more, c.code AS owner"
    " FROM contact t JOIN client c ON c.id = t.client_id",
    "address": "SELECT t.id, t.label AS name, t.line1 AS what, t.city AS more, c.code AS owner"
    " FROM address t JOIN client c ON c.id = t.client_id",
    "note": "SELECT t.id, t.category AS name, t.text AS what, NULL AS more, c.code AS owner"
    " FROM note t JOIN client c ON c.id = t.client_id",
}


def lines(conn: Connection, entity: str, ids: Sequence[int]) -> list[str]:
    """The first few of these rows, in their order: ``ACME  Acmé inc.``, ``#7  Jo  (ACME)``."""
    few = ids[:FEW]
    sql = f"{SQL[entity]} WHERE t.id IN ({{places}})"
    found = {row["id"]: row for row in query_in_chunks(conn, sql, few)}
    return [_line(entity, found[row_id]) for row_id in few if row_id in found]


def first_clients(conn: Connection, condition: Condition) -> list[int]:
    """The ids of the first few clients for whom a condition holds, by code."""
    query = ListQuery("all", filters=condition, limit=FEW)
    return [row[0] for batch in client_rows(conn, query, ["id"]) for row in batch]


def _line(entity: str, row: dict[str, object]) -> str:
    number = "" if entity == "client" else f"#{row['id']}"
    what = ", ".join(str(row[name]) for name in ("what", "more") if row[name])
    what = " ".join(what.split())
    if len(what) > LONGEST:
        what = what[: LONGEST - 1] + "…"
    owner = f"({row['owner']})" if row["owner"] else ""
    return "  ".join(part for part in (number, str(row["name"] or ""), what, owner) if part)
