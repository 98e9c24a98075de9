"""``sales report``: the stored totals added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.commands.sales.totals import BASIS, sales_query, span_options
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("report", cls=Command)
@option("--by", type=click.Choice(("client", "year", "province", "tag")), default="client",
        help=N_("What the sales are added up by (client)."))  # fmt: skip
@option("--top", type=click.IntRange(min=1), metavar="N", help=N_("Only the N largest."))
@span_options
@BASIS
@option("--filter", "filters", multiple=True, metavar="EXPR",
        help=N_("The clients a filter matches, active or not; several are AND."))  # fmt: skip
@pass_app
def report_command(
    app: App, by: str, top: int | None, years: int | None, through: int | None, basis: str,
    filters: tuple[str, ...],
) -> None:  # fmt: skip
    """Add up the sales by client, year, province or tag; each currency by itself.

    \b
    interop sales report --by client --top 10
    interop sales report --by province --years 3 -o csv
    """
    from interop_cli.store.views import reports

    with app.store.reading() as conn:
        query = sales_query(app, conn, (), filters, years, through, basis)
        rows = reports.report(conn, query, by, top)
    app.output.rows(reports.columns(), [rows], key="key")
