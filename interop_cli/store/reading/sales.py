"""Sales totals as people read them: by client and year, and reports on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.fields import Per
from interop_cli.store.reading.lists import EVERYTHING, Condition
from interop_cli.store.totals import STALE, years_table

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = ("client", "year", "basis", "currency", "amount_cents", "invoices", "computed_at", "stale")
BASES = {"sold-to": "sold", "bill-to": "billed"}
YEARS = 5
# What was sold to the client ``c`` in a year, in its own currency, for lists of clients.
IN_YEAR = (
    "COALESCE((SELECT t.sold_cents FROM sales_total t WHERE t.client_id = c.id"
    " AND t.year = {suffix} AND t.currency = c.currency), 0)"
)

SOLD_IN_YEAR = Per(
    "MAX(t.sold_cents)",
    "sales_total t JOIN client o ON o.id = t.client_id AND o.currency = t.currency"
    " WHERE t.year = {suffix}",
    "t.client_id",
    "0",
)


class SalesQuery(NamedTuple):
    """Which totals: the years ``first`` to ``last``, the basis, and a condition on ``c`` ``a``."""

    first: int
    last: int
    basis: str = "sold-to"
    condition: Condition = EVERYTHING


def columns() -> list[Column]:
    """The columns of a sales total."""
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {
        "year": ValueKind.INT,
        "amount_cents": ValueKind.MONEY,
        "invoices": ValueKind.INT,
        "computed_at": ValueKind.TIME,
        "stale": ValueKind.BOOL,
    }
    return [Column(name, kinds.get(name, ValueKind.TEXT)) for name in NAMES]


def span(
    conn: Connection, this_year: int, years: int | None, through: int | None
) -> tuple[int, int]:
    """The first and last year to show: as asked, else those that were refreshed last.

    Five years through this one where nothing was refreshed yet, or only one end is given.
    """
    if years is None and through is None:
        (row,) = conn.query(
            "SELECT MIN(year) AS first, MAX(year) AS last FROM sales_year WHERE latest = 1"
        )
        if row["first"] is not None:
            return row["first"], row["last"]
    last = through or this_year
    return last - (years or YEARS) + 1, last


def totals(
    conn: Connection, query: SalesQuery, names: Sequence[str] = NAMES
) -> Iterator[list[tuple[Any, ...]]]:
    """A row of ``names`` for each client and year, years without sales too, in batches.

    Ordered by code, year and currency. A client with sales in several currencies in a year has a
    row for each; one without any has a zero in its own currency. ``stale``: documents changed
    since ``computed_at``, which is NULL where the year was never refreshed.
    """
    sql = _columns(BASES[query.basis])
    chosen = ", ".join(f"{sql[name]} AS {name}" for name in names)
    text = (
        f"SELECT {chosen}{_source(query)} WHERE {query.condition.sql}"
        " ORDER BY c.code_key, y.year, COALESCE(t.currency, c.currency)"
    )
    return conn.batches(text, {"basis": query.basis, **query.condition.params})


def heading(conn: Connection, query: SalesQuery) -> str:
    """Code and name of the one client of ``query``."""
    (row,) = conn.query(
        "SELECT c.code, c.name FROM client c"
        " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
        f" LEFT JOIN client p ON p.id = c.bill_to_id WHERE {query.condition.sql}",
        **query.condition.params,
    )
    return f"{row['code']}  {row['name']}"


def by_year(conn: Connection, client_id: int, this_year: int) -> list[Row]:
    """What was sold to a client, as the objects on its card: of the years refreshed last."""
    first, last = span(conn, this_year, None, None)
    condition = Condition("c.id = :sales_client", {"sales_client": client_id})
    query = SalesQuery(first, last, condition=condition)
    rows = [dict(zip(NAMES, row, strict=True)) for batch in totals(conn, query) for row in batch]
    return [{**row, "stale": bool(row["stale"])} for row in rows]


def _columns(b: str) -> dict[str, str]:
    return {
        "client": "c.code",
        "year": "y.year",
        "basis": "CAST(:basis AS TEXT)",
        "currency": "COALESCE(t.currency, c.currency)",
        "amount_cents": f"COALESCE(t.{b}_cents, 0)",
        "invoices": f"COALESCE(t.{b}_invoices, 0)",
        "computed_at": "r.at",
        "stale": "CASE WHEN s.client_id IS NULL THEN 0 ELSE 1 END",
    }


def _source(query: SalesQuery) -> str:
    b = BASES[query.basis]
    return (
        " FROM client c LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
        " LEFT JOIN client p ON p.id = c.bill_to_id"
        f" CROSS JOIN ({years_table(query.first, query.last)}) y"
        # A row may be there for the other basis only; a year's zero stands alone.
        " LEFT JOIN sales_total t ON t.client_id = c.id AND t.year = y.year"
        f" AND (t.{b}_cents <> 0 OR t.{b}_invoices <> 0)"
        " LEFT JOIN sales_total z ON z.client_id = c.id AND z.year = y.year"
        " AND z.currency = c.currency"
        " LEFT JOIN sales_year n ON n.year = y.year"
        " LEFT JOIN sales_run r ON r.id = COALESCE(t.run_id, z.run_id, n.run_id)"
        f" LEFT JOIN {STALE} s ON s.client_id = c.id AND s.year = y.year AND s.basis = :basis"
    )
