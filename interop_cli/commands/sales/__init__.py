"""``interop sales``: documents, invoices and sales totals."""

from __future__ import annotations

from interop_cli.commands.frame import Group
from interop_cli.commands.sales import chart, documents, exchange, invoice, report, totals
from interop_cli.domain.messages import N_

sales_command = Group("sales", help=N_("Documents, invoices, and sales by year."))
for command in (
    exchange.import_command, documents.document_command, invoice.invoice_command,
    totals.refresh_command, totals.totals_command, report.report_command,
    chart.chart_command, totals.verify_command,
):  # fmt: skip
    sales_command.add_command(command)
