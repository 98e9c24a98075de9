"""``interop sales``: documents, invoices and sales totals."""

from __future__ import annotations

from interop_cli.domain.messages import N_
from interop_cli.shell.lazy import LazyGroup

COMMANDS = {
    "import": "documents",
    "document": "documents",
    "invoice": "invoice",
    "label": "paper",
    "refresh": "totals",
    "totals": "totals",
    "report": "totals",
    "chart": "totals",
    "verify": "totals",
}

sales_command = LazyGroup.of(__name__, COMMANDS, N_("Documents, invoices, and sales by year."))
