"""``interop sales``: documents, invoices and sales totals."""

from __future__ import annotations

from interop_cli.commands.sales import chart, documents, invoice, paper, totals
from interop_cli.domain.messages import N_
from interop_cli.shell.command import Group

sales_command = Group("sales", help=N_("Documents, invoices, and sales by year."))
documents.document_command.add_command(paper.print_command)
for command in (
    documents.import_command,
    documents.document_command,
    invoice.invoice_command,
    paper.label_command,
    totals.refresh_command,
    totals.totals_command,
    chart.report_command,
    chart.chart_command,
    totals.verify_command,
):
    sales_command.add_command(command)
