"""The statements that make sales totals: derived data, never journaled.

A row of ``sales_total`` is a client, a year and a currency, on both bases: what was sold to the
client, and what it was billed. Several currencies are never added together. Drafts and void
documents do not count, credit notes subtract.
"""

# ruff: noqa: S608 - put together from our own names only
from __future__ import annotations

POSTED = "status = 'posted' AND kind IN ('invoice', 'credit_note')"
_CENTS = "CASE kind WHEN 'invoice' THEN subtotal_cents ELSE -subtotal_cents END"
_COUNT = "CASE kind WHEN 'invoice' THEN 1 ELSE 0 END"
# What others pay for is sold to the client, and billed to them.
_OWN_CENTS = f"CASE WHEN bill_to_id IS NOT NULL THEN 0 ELSE {_CENTS} END"
_OWN_COUNT = "CASE WHEN bill_to_id IS NULL AND kind = 'invoice' THEN 1 ELSE 0 END"
COLUMNS = (
    "client_id, year, currency, sold_cents, sold_invoices, billed_cents, billed_invoices,"
    " computed_at"
)
_KEY = "d.client_id, d.year, d.currency"
_PAYER_KEY = "d.bill_to_id, d.year, d.currency"


def years_table(first: int, last: int) -> str:
    """SQL for the years from ``first`` to ``last``, a row each, in a column ``year``."""
    years = range(first, last + 1)
    return " UNION ALL ".join(f"SELECT {int(year)} AS year" for year in years)


def own(source: str, now: str = ":now") -> str:
    """SQL for the totals of the documents ``d`` in ``source`` (FROM and WHERE), by client."""
    return (
        f"SELECT {_KEY}, SUM({_CENTS}) AS sold_cents, SUM({_COUNT}) AS sold_invoices,"
        f" SUM({_OWN_CENTS}) AS billed_cents, SUM({_OWN_COUNT}) AS billed_invoices,"
        f" CAST({now} AS TEXT) AS computed_at {source} GROUP BY {_KEY}"
    )


def for_others(source: str, now: str = ":now") -> str:
    """The same of documents that another client pays for, by payer."""
    return (
        "SELECT d.bill_to_id AS client_id, d.year, d.currency, 0 AS sold_cents,"
        " 0 AS sold_invoices,"
        f" SUM({_CENTS}) AS billed_cents, SUM({_COUNT}) AS billed_invoices,"
        f" CAST({now} AS TEXT) AS computed_at {source} GROUP BY {_PAYER_KEY}"
    )


INSERT = f"INSERT INTO sales_total ({COLUMNS}) "
# The payer's row may exist already, with what the payer bought itself.
ADD = (
    " ON CONFLICT (client_id, year, currency) DO UPDATE SET"
    " billed_cents = sales_total.billed_cents + excluded.billed_cents,"
    " billed_invoices = sales_total.billed_invoices + excluded.billed_invoices"
)
IN_SPAN = f"{POSTED} AND d.year BETWEEN :first AND :last"
ALL_OWN = own(f"FROM document d WHERE {IN_SPAN}")
ALL_FOR_OTHERS = for_others(f"FROM document d WHERE d.bill_to_id IS NOT NULL AND {IN_SPAN}")
# ``due`` is a table of the transaction: the clients and years to compute.
DUE_OWN = own(
    f"FROM due JOIN document d ON d.client_id = due.client_id AND d.year = due.year WHERE {POSTED}"
)
DUE_FOR_OTHERS = for_others(
    f"FROM due JOIN document d ON d.bill_to_id = due.client_id AND d.year = due.year WHERE {POSTED}"
)
# Computed and nothing found: zero, which is not the same as never computed.
DUE_ZEROS = (
    f"INSERT INTO sales_total ({COLUMNS}) SELECT due.client_id, due.year, c.currency, 0, 0, 0, 0,"
    " CAST(:now AS TEXT) FROM due JOIN client c ON c.id = due.client_id WHERE NOT EXISTS"
    " (SELECT 1 FROM sales_total t WHERE t.client_id = due.client_id AND t.year = due.year)"
)
