"""The statements that make sales totals: derived data, never journaled.

A row of ``sales_total`` is a client, a year and a currency, on both bases: what was sold to the
client, and what it was billed. Several currencies are never added together. Drafts and void
documents do not count, credit notes subtract.
"""
# ruff: noqa: S608 - put together from our own names only

from __future__ import annotations

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
    " FROM due CROSS JOIN client c WHERE c.id = due.client_id AND NOT EXISTS"
    " (SELECT 1 FROM sales_total t WHERE t.client_id = due.client_id AND t.year = due.year)"
)
