"""Which sales totals no longer fit the documents: marks set by every write of a document.

A mark names a client, a year and a basis. It is set in the transaction of the write (an undo, an
import and a merge are writes too) and taken away by ``sales refresh``; never journaled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interop_cli.store.engines.connection import Connection, Row

# The columns of a document that its client's totals depend on.
COLUMNS = frozenset(
    {"client_id", "bill_to_id", "kind", "status", "year", "currency", "subtotal_cents"}
)
_TEXT = frozenset({"kind", "status"})


def mark(
    conn: Connection,
    where: str,
    params: Mapping[str, object],
    values: Mapping[str, object] | None = None,
) -> None:
    """Mark the totals in which the documents that meet ``where`` count.

    With ``values``: in which they will count once these columns have been set.
    """
    values = values or {}
    names = {
        name: f"CAST(:mark_{name} AS {'TEXT' if name in _TEXT else 'BIGINT'})"
        for name in values.keys() & COLUMNS
    }
    column = {name: names.get(name, name) for name in COLUMNS}
    condition = (
        f"({where}) AND {column['status']} = 'posted'"
        f" AND {column['kind']} IN ('invoice', 'credit_note')"
    )
    conn.execute(
        "INSERT INTO sales_stale (client_id, year, basis)"  # noqa: S608 - our own names
        f" SELECT {column['client_id']}, {column['year']}, 'sold-to'"
        f" FROM document WHERE {condition}"
        f" UNION SELECT COALESCE({column['bill_to_id']}, {column['client_id']}),"
        f" {column['year']}, 'bill-to' FROM document WHERE {condition} ON CONFLICT DO NOTHING",
        **params,
        **{f"mark_{name}": values[name] for name in names},
    )


def mark_change(
    conn: Connection, where: str, params: Mapping[str, object], values: Mapping[str, object]
) -> None:
    """Mark the totals in which documents count, and those in which they will with ``values``."""
    mark(conn, where, params)
    mark(conn, where, params, values)


def mark_rows(conn: Connection, rows: Iterable[Row]) -> None:
    """Mark the totals in which these documents count."""
    marks = set()
    for row in rows:
        if row["status"] == "posted" and row["kind"] in ("invoice", "credit_note"):
            marks.add((row["client_id"], row["year"], "sold-to"))
            marks.add((row["bill_to_id"] or row["client_id"], row["year"], "bill-to"))
    if marks:
        conn.execute_many(
            "INSERT INTO sales_stale (client_id, year, basis) VALUES (:client, :year, :basis)"
            " ON CONFLICT DO NOTHING",
            ({"client": client, "year": year, "basis": basis} for client, year, basis in marks),
        )
