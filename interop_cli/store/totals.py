"""Sales totals in SQL: what makes them, and the marks of those that documents changed under.

They are derived data, never journaled. A row of ``sales_total`` is a client, a year and a currency,
on both bases: what was sold to the client, and what it was billed. Several currencies are never
added together. Drafts and void documents do not count, credit notes subtract.

A mark names a client, a year and a basis, and the operation that set it, in the transaction of the
write of a document (an undo, an import and a merge are writes too). ``sales refresh`` takes the
marks away that it sees, before it computes: what is written beside it sets others, and waits for
nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from interop_cli.store.engines.connection import Connection, Row

POSTED = "status = 'posted' AND kind IN ('invoice', 'credit_note')"
_CENTS = "CASE kind WHEN 'invoice' THEN subtotal_cents ELSE -subtotal_cents END"
_INVOICE = "kind = 'invoice'"
_PAYER = "d.bill_to_id IS NOT NULL"
KEY = "client_id, year, currency"
AMOUNTS = "sold_cents, sold_invoices, billed_cents, billed_invoices"
INSERT = f"INSERT INTO sales_total ({KEY}, {AMOUNTS}, run_id) "


def years_table(first: int, last: int) -> str:
    """SQL for the years from ``first`` to ``last``, a row each, in a column ``year``."""
    years = range(first, last + 1)
    return " UNION ALL ".join(f"SELECT {int(year)} AS year" for year in years)


def sold(source: str) -> str:
    """SQL for the totals of the documents ``d`` in ``source`` (FROM and WHERE), by client.

    Billed is what the client pays itself; ``billed`` adds what it pays for others.
    """
    # What others pay is taken off, rather than what it pays itself summed: they are fewer.
    return (
        f"SELECT d.client_id, d.year, d.currency, SUM({_CENTS}) AS sold_cents,"
        f" COUNT(*) FILTER (WHERE {_INVOICE}) AS sold_invoices,"
        f" SUM({_CENTS}) - COALESCE(SUM({_CENTS}) FILTER (WHERE {_PAYER}), 0) AS billed_cents,"
        f" COUNT(*) FILTER (WHERE {_INVOICE})"
        f" - COUNT(*) FILTER (WHERE {_PAYER} AND {_INVOICE}) AS billed_invoices,"
        f" :run {source} GROUP BY d.client_id, d.year, d.currency"
    )


def billed(source: str) -> str:
    """SQL for what payers are billed for others, of the documents ``d`` in ``source``."""
    return (
        "SELECT d.bill_to_id AS client_id, d.year, d.currency, 0 AS sold_cents,"
        f" 0 AS sold_invoices, SUM({_CENTS}) AS billed_cents,"
        f" COUNT(*) FILTER (WHERE {_INVOICE}) AS billed_invoices,"
        f" :run {source} AND {_PAYER} GROUP BY d.bill_to_id, d.year, d.currency"
    )


# A row is there already for what the payer bought itself.
ADD = (
    f" ON CONFLICT ({KEY}) DO UPDATE SET"
    " billed_cents = sales_total.billed_cents + excluded.billed_cents,"
    " billed_invoices = sales_total.billed_invoices + excluded.billed_invoices"
)
_ALL = f"FROM document d WHERE {POSTED} AND d.year BETWEEN :first AND :last"
ALL_SOLD = sold(_ALL)
ALL_BILLED = billed(_ALL)
# ``due`` is a table of the transaction: the clients and years to compute. SQLite has no statistics
# to go by, so the conditions lead it to the index that is meant: IN rather than a join (for which
# it would read all the documents into a Bloom filter), and a currency (the next column).
_IN_DUE = "IN (SELECT due.client_id, due.year FROM due) AND d.currency > ''"
_DUE = f"FROM document d WHERE {POSTED}"
DUE_SOLD = sold(f"{_DUE} AND (d.client_id, d.year) {_IN_DUE}")
DUE_BILLED = billed(f"{_DUE} AND (d.bill_to_id, d.year) {_IN_DUE}")
# Computed and nothing found: zero, which is not the same as never computed.
DUE_ZEROS = (
    f"{INSERT} SELECT due.client_id, due.year, c.currency, 0, 0, 0, 0, :run"
    " FROM due CROSS JOIN client c WHERE c.id = due.client_id AND (due.client_id, due.year)"
    " NOT IN (SELECT t.client_id, t.year FROM sales_total t"
    " WHERE t.client_id IN (SELECT due.client_id FROM due))"
)


# The columns of a document that its client's totals depend on.
COLUMNS = frozenset(
    {"client_id", "bill_to_id", "kind", "status", "year", "currency", "subtotal_cents"}
)
_TEXT = frozenset({"kind", "status"})
MARKED = 100_000  # totals that are remembered as marked


def mark(
    conn: Connection,
    operation_id: int,
    where: str,
    params: Mapping[str, object],
    values: Mapping[str, object] | None = None,
) -> None:
    """Mark the totals in which the documents that meet ``where`` count, which an operation writes.

    With ``values``: in which they will count once these columns have been set.
    """
    values = values or {}
    names = {
        name: f"CAST(:mark_{name} AS {'TEXT' if name in _TEXT else 'BIGINT'})"
        for name in values.keys() & COLUMNS
    }
    column = {name: names.get(name, name) for name in COLUMNS}
    own = "CAST(:marking AS BIGINT)"
    condition = (
        f"({where}) AND {column['status']} = 'posted'"
        f" AND {column['kind']} IN ('invoice', 'credit_note')"
    )
    conn.execute(
        "INSERT INTO sales_stale (client_id, year, basis, operation_id)"
        f" SELECT {column['client_id']}, {column['year']}, 'sold-to', {own}"
        f" FROM document WHERE {condition}"
        f" UNION SELECT COALESCE({column['bill_to_id']}, {column['client_id']}),"
        f" {column['year']}, 'bill-to', {own} FROM document WHERE {condition}"
        " ON CONFLICT DO NOTHING",
        **params,
        **{f"mark_{name}": values[name] for name in names},
        marking=operation_id,
    )


class Marked:
    """The totals that an operation has marked for new documents: once, not for each of them."""

    def __init__(self) -> None:
        self._keys: set[tuple[object, ...]] = set()

    def those_not(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
        """The ids of those documents whose totals were not, which are to be marked now."""
        if len(self._keys) > MARKED:
            self._keys.clear()
        known, found = self._keys, []
        key_of = itemgetter(*map(columns.index, ("client_id", "bill_to_id", "year", *_TEXT)))
        for row in rows:
            if (key := key_of(row)) not in known:
                known.add(key)
                found.append(row[0])
        return found


def mark_change(
    conn: Connection,
    operation_id: int,
    where: str,
    params: Mapping[str, object],
    values: Mapping[str, object],
) -> None:
    """Mark the totals in which documents count, and those in which they will with ``values``."""
    mark(conn, operation_id, where, params)
    mark(conn, operation_id, where, params, values)


def mark_rows(conn: Connection, operation_id: int, rows: Iterable[Row]) -> None:
    """Mark the totals in which these documents count, which an operation writes."""
    marks = set()
    for row in rows:
        if row["status"] == "posted" and row["kind"] in ("invoice", "credit_note"):
            marks.add((row["client_id"], row["year"], "sold-to"))
            marks.add((row["bill_to_id"] or row["client_id"], row["year"], "bill-to"))
    if marks:
        conn.execute_many(
            "INSERT INTO sales_stale (client_id, year, basis, operation_id)"
            " VALUES (:client, :year, :basis, :operation) ON CONFLICT DO NOTHING",
            (
                {"client": client, "year": year, "basis": basis, "operation": operation_id}
                for client, year, basis in marks
            ),
        )


# Each mark once, whoever set it.
STALE = "(SELECT DISTINCT client_id, year, basis FROM sales_stale)"


def stale_count(conn: Connection) -> int:
    """How many totals are to be computed anew: a client's in a year, on a basis."""
    return int(conn.query(f"SELECT COUNT(*) AS n FROM {STALE} s")[0]["n"])
