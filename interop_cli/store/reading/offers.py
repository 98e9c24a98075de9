"""What a shell offers to complete: the first or the latest few rows that begin as typed."""

from __future__ import annotations

import json

from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection

LAST = "\U0010ffff"  # stands after all else that begins so
MOST_DIGITS = 9  # of an id that is looked for by its beginning
_OWNER = " JOIN client c ON c.id = t.client_id"
_SAID = {
    "contact": ("c.code", "t.name", _OWNER),
    "address": ("c.code", "t.line1", _OWNER),
    "note": ("c.code", "t.category", _OWNER),
    "document": ("c.code", "t.number", _OWNER),
    "attachment": ("t.name", "''", ""),
    "operation": ("t.at", "t.command", ""),
}
"""What is said of a row ``t``, by its table: two columns, and what else they are from."""


def codes_beginning(
    conn: Connection, start: str, limit: int, *, active: bool = True
) -> list[tuple[str, str]]:
    """The first ``limit`` codes of active or inactive clients that begin so, and their names."""
    rows = conn.query(
        "SELECT code, name FROM client WHERE active = :active AND code_key >= :low"
        " AND code_key < :high ORDER BY code_key LIMIT :limit",
        active=int(active),
        low=fold(start),
        high=fold(start) + LAST,
        limit=limit,
    )
    return [(row["code"], row["name"]) for row in rows]


def numbers_beginning(conn: Connection, start: str, limit: int) -> list[tuple[str, list[str]]]:
    """The first ``limit`` numbers of documents that begin so: kind, date and client of each."""
    rows = conn.query(
        "SELECT d.number AS number, d.kind AS kind, d.date AS date, c.code AS code"
        " FROM document d JOIN client c ON c.id = d.client_id WHERE d.number_key >= :low"
        " AND d.number_key < :high ORDER BY d.number_key LIMIT :limit",
        low=fold(start),
        high=fold(start) + LAST,
        limit=limit,
    )
    return [(row["number"], [row["kind"], row["date"], row["code"]]) for row in rows]


def ids_beginning(
    conn: Connection, table: str, digits: str, limit: int
) -> list[tuple[int, list[str]]]:
    """The latest ``limit`` ids of a table that begin with these digits, and what each is."""
    first, second, owner = _SAID[table]
    ranges, params = [], {"limit": limit}
    for more in range(MOST_DIGITS - len(digits) + 1) if digits else ():
        params |= {
            f"low{more}": int(digits) * 10**more,
            f"high{more}": (int(digits) + 1) * 10**more,
        }
        ranges.append(f"t.id >= :low{more} AND t.id < :high{more}")
    where = f" WHERE {' OR '.join(ranges)}" if ranges else ""
    rows = conn.query(
        f"SELECT t.id AS id, {first} AS one, {second} AS two FROM {table} t{owner}"
        f"{where} ORDER BY t.id DESC LIMIT :limit",
        **params,
    )
    return [(row["id"], [str(row[key]) for key in ("one", "two") if row[key]]) for row in rows]


def tags(conn: Connection) -> list[str]:
    """The tags of the latest ten thousand clients that have any, in their order."""
    rows = conn.query(
        "SELECT DISTINCT t.tags AS tags FROM (SELECT tags FROM client WHERE tags <> '[]'"
        " ORDER BY id DESC LIMIT 10000) t"
    )
    return sorted({tag for row in rows for tag in json.loads(row["tags"])}, key=fold)
