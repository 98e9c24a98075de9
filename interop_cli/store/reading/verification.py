"""Stored sales totals against the documents: what differs, without writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop_cli.store import totals
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.sales import BASES, SalesQuery

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = (
    "client",
    "year",
    "basis",
    "currency",
    "stored_cents",
    "actual_cents",
    "difference_cents",
    "stored_invoices",
    "invoices",
    "stale",
)


def columns() -> list[Column]:
    """The columns of a difference."""
    from interop_cli.domain.fields.field import Column, ValueKind

    def kind(name: str) -> ValueKind:
        if name.endswith("_cents"):
            return ValueKind.MONEY
        if name.endswith("invoices") or name == "year":
            return ValueKind.INT
        return ValueKind.BOOL if name == "stale" else ValueKind.TEXT

    return [Column(name, kind(name)) for name in NAMES]


def differences(conn: Connection, query: SalesQuery) -> list[tuple[Any, ...]]:
    """The totals of the years of ``query``, on both bases, that are not what they should be.

    Ordered by code, year, basis and currency. A total that is missing is 0.
    """
    span = {"first": query.first, "last": query.last}
    found = []
    for basis, b in BASES.items():
        # Stored amounts count for, recomputed ones against; what is left is wrong.
        sql = (
            f"SELECT c.code, x.year, '{basis}' AS basis, x.currency, x.stored, x.actual,"
            " x.actual - x.stored AS difference, x.stored_n, x.actual_n,"
            " CASE WHEN s.client_id IS NULL THEN 0 ELSE 1 END AS stale, c.code_key"
            " FROM (SELECT client_id, year, currency, CAST(SUM(stored) AS BIGINT) AS stored,"
            " CAST(SUM(actual) AS BIGINT) AS actual, CAST(SUM(stored_n) AS BIGINT) AS stored_n,"
            " CAST(SUM(actual_n) AS BIGINT) AS actual_n"
            f" FROM ({_both(b)}) parts GROUP BY client_id, year, currency"
            " HAVING SUM(stored) <> SUM(actual) OR SUM(stored_n) <> SUM(actual_n)) x"
            " JOIN client c ON c.id = x.client_id"
            " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
            " LEFT JOIN client p ON p.id = c.bill_to_id"
            f" LEFT JOIN {totals.STALE} s ON s.client_id = x.client_id AND s.year = x.year"
            f" AND s.basis = '{basis}' WHERE {query.condition.sql}"
        )
        for batch in conn.batches(sql, {**span, **query.condition.params, "run": 0}):
            found += batch
    found.sort(key=lambda row: (row[10], row[1], -_PLACE[row[2]], row[3]))
    return [tuple(row[:10]) for row in found]


_PLACE = {"sold-to": 1, "bill-to": 0}


def _both(b: str) -> str:
    stored = (
        f"SELECT client_id, year, currency, {b}_cents AS stored, {b}_invoices AS stored_n,"
        " 0 AS actual, 0 AS actual_n FROM sales_total WHERE year BETWEEN :first AND :last"
    )
    actual = [
        f"SELECT client_id, year, currency, 0, 0, {b}_cents, {b}_invoices FROM ({sql}) part"
        for sql in (totals.ALL_SOLD, totals.ALL_BILLED)
    ]
    return " UNION ALL ".join([stored, *actual])
