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
KEY = "client_id, year, currency"
AMOUNTS = "sold_cents, sold_invoices, billed_cents, billed_invoices"
INSERT = f"INSERT INTO sales_total ({KEY}, {AMOUNTS}, run_id) "


def years_table(first: int, last: int) -> str:
    """SQL for the years from ``first`` to ``last``, a row each, in a column ``year``."""
    years = range(first, last + 1)
    return " UNION ALL ".join(f"SELECT {int(year)} AS year" for year in years)


def sold(source: str) -> str:
    """SQL for the totals of the documents ``d`` in ``source`` (FROM and WHERE), by client.

    As if every client paid for itself; ``moved`` puts that right where another one pays.
    """
    return (
        f"SELECT d.client_id, d.year, d.currency, SUM({_CENTS}) AS sold_cents,"
        f" SUM({_COUNT}) AS sold_invoices, SUM({_CENTS}) AS billed_cents,"
        f" SUM({_COUNT}) AS billed_invoices, :run {source} GROUP BY d.client_id, d.year, d.currency"
    )


def moved(to_payers: str, from_clients: str) -> str:
    """SQL for what payers are billed for others, and those others for that much less.

    Of the documents with a payer in the two sources: the first looks at payers, the second at
    clients.
    """
    parts = [
        f"SELECT d.bill_to_id AS client_id, d.year, d.currency, {_CENTS} AS cents, {_COUNT} AS n"
        f" {to_payers}",
        f"SELECT d.client_id, d.year, d.currency, -({_CENTS}) AS cents, -({_COUNT}) AS n"
        f" {from_clients}",
    ]
    return (
        f"SELECT {KEY}, 0 AS sold_cents, 0 AS sold_invoices, SUM(cents) AS billed_cents,"
        f" SUM(n) AS billed_invoices, :run FROM ({' UNION ALL '.join(parts)}) billed GROUP BY {KEY}"
    )


# A row is there already for what the payer bought itself, and for what the client bought.
ADD = (
    f" ON CONFLICT ({KEY}) DO UPDATE SET"
    " billed_cents = sales_total.billed_cents + excluded.billed_cents,"
    " billed_invoices = sales_total.billed_invoices + excluded.billed_invoices"
)
_ALL = f"FROM document d WHERE {POSTED} AND d.year BETWEEN :first AND :last"
ALL_SOLD = sold(_ALL)
ALL_MOVED = moved(f"{_ALL} AND d.bill_to_id IS NOT NULL", f"{_ALL} AND d.bill_to_id IS NOT NULL")
# ``due`` is a table of the transaction: the clients and years to compute. SQLite has no statistics
# to go by, so the conditions lead it to the index that is meant: IN rather than a join (for which
# it would read all the documents into a Bloom filter), a currency (the next column), and COALESCE
# (away from the index of all that have a payer, where a client has few).
_IN_DUE = "(SELECT due.client_id, due.year FROM due)"
_DUE = f"FROM document d WHERE {POSTED}"
_OF_CLIENT = f"{_DUE} AND (d.client_id, d.year) IN {_IN_DUE} AND d.currency > ''"
DUE_SOLD = sold(_OF_CLIENT)
DUE_MOVED = moved(
    f"{_DUE} AND d.bill_to_id IS NOT NULL AND (d.bill_to_id, d.year) IN {_IN_DUE}",
    f"{_OF_CLIENT} AND COALESCE(d.bill_to_id, 0) <> 0",
)
# Computed and nothing found: zero, which is not the same as never computed.
DUE_ZEROS = (
    f"{INSERT} SELECT due.client_id, due.year, c.currency, 0, 0, 0, 0, :run"
    " FROM due CROSS JOIN client c WHERE c.id = due.client_id AND NOT EXISTS"
    " (SELECT 1 FROM sales_total t WHERE t.client_id = due.client_id AND t.year = due.year)"
)
