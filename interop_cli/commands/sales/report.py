"""``sales report``: the stored totals added up, as rows or as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, Count, option, pass_app
from interop_cli.commands.sales import drawings
from interop_cli.commands.sales.totals import BASIS, sales_query, span_options
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("report", cls=Command)
@option("--by", type=click.Choice(("client", "year", "province", "tag")), default="client",
        help=N_("What the sales are added up by (client)."))  # fmt: skip
@option("--top", type=Count(min=1), metavar="N", help=N_("Only the N largest."))
@span_options
@BASIS
@option("--filter", "filters", multiple=True, metavar="EXPR",
        help=N_("The clients a filter matches, active or not; several are AND."))  # fmt: skip
@option("--html", "page", metavar="FILE",
        help=N_("Write a page with chart and table to FILE (-: stdout) instead."))  # fmt: skip
@pass_app
def report_command(
    app: App, by: str, top: int | None, years: int | None, through: int | None, basis: str,
    filters: tuple[str, ...], page: str | None,
) -> None:  # fmt: skip
    """Add up the sales by client, year, province or tag; each currency by itself.

    \b
    interop sales report --by client --top 10
    interop sales report --by province --years 3 -o csv
    interop sales report --top 20 --html sales.html
    """
    from interop_cli.store.views import reports

    if page is not None:
        alone(app)
    with app.store.reading() as conn:
        query = sales_query(app, conn, (), filters, years, through, basis)
        rows = reports.report(conn, query, by, top)
    if page is None:
        app.output.rows(reports.columns(), [rows], key="key")
    else:
        from interop_cli.output.charts.page import html

        drawing = drawings.of_report(reports.NAMES, rows, query, by, top)
        app.output.side_file(page, html(drawing, reports.columns(), rows, app.output.fields))


def alone(app: App) -> None:
    """Refuse another form or place of the data beside a page."""
    typed = app.options
    if typed.get("json") or typed.get("out") or typed.get("output", "table") != "table":
        raise UsageError("usage.report_html", msg("--html excludes -o and --out."))
