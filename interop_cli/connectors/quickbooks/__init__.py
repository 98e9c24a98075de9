"""QuickBooks Online, accounting API v3: clients as customers, and their invoices.

There is no place for our code there: a customer is found by its name, which is unique among
customers, vendors and employees together, and by the id that our link remembers.
"""

from __future__ import annotations

from interop_cli.connectors.quickbooks.connector import QuickBooks

__all__ = ["QuickBooks"]
