"""``sales chart``: the stored totals as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.complete import client_codes
from interop_cli.commands.frame import Command, Count, option, pass_app
from interop_cli.commands.sales import drawings
from interop_cli.commands.sales.totals import BASIS, sales_query, span_options
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App

PICTURES = ("svg", "png")
# Endings that promise what is not written here.
OTHERS = frozenset(
    {"bmp", "eps", "gif", "htm", "html", "jpeg", "jpg", "pdf", "tif", "tiff", "webp"}
)


@click.command("chart", cls=Command)
@click.argument("client", required=False, metavar="[CODE]", shell_complete=client_codes)
@option("--top", type=Count(min=1), metavar="N",
        help=N_("The N clients with the largest sales, instead of one's years."))  # fmt: skip
@option("--format", "form", type=click.Choice(("term", *PICTURES)),
        help=N_("Bars of characters (term) or a picture; else as --out ends."))  # fmt: skip
@span_options
@BASIS
@pass_app
def chart_command(
    app: App, client: str | None, top: int | None, form: str | None, years: int | None,
    through: int | None, basis: str,
) -> None:  # fmt: skip
    """Draw the sales of a client by year, or those of the largest clients, as bars.

    Each currency has its own chart. SVG and PNG need the extra 'charts' of the package. -o json
    and the like give the numbers instead.

    \b
    interop sales chart ACME
    interop sales chart --top 10 --years 3
    interop sales chart ACME --out acme.svg
    """
    from interop_cli.store.views import reports, sales

    form = wanted(app, form)
    if (client is None) == (top is None):
        raise UsageError("usage.chart", msg("Name one client, or say --top N."))
    with app.store.reading() as conn:
        query = sales_query(app, conn, (client,) if client else (), (), years, through, basis)
        if client:
            columns = sales.columns()
            rows = [row for batch in sales.totals(conn, query) for row in batch]
            drawing = drawings.of_client(sales.NAMES, rows, query, sales.heading(conn, query))
        else:
            columns, rows = reports.columns(), reports.report(conn, query, "client", top)
            drawing = drawings.of_report(reports.NAMES, rows, query, "client", top)
    if form == "data":
        app.output.rows(columns, [rows], key="client" if client else "key")
    elif form == "term":
        app.output.drawing(drawing)
    else:
        from interop_cli.output.charts import picture

        app.output.picture(picture.draw(drawing, form))


def wanted(app: App, form: str | None) -> str:
    """What to write: ``term``, ``svg``, ``png``, or ``data`` where a format of data was asked for.

    Without ``--format``, a file named in ``--out`` says it by its ending.
    """
    if form is None:
        if app.output.format != "table" or app.output.fields:
            return "data"
        ending = app.output.out.suffix.lower().removeprefix(".") if app.output.out else ""
        if ending in PICTURES:
            return ending
        if ending in OTHERS:
            raise UsageError(
                "usage.chart_ending",
                msg("A chart is written as .svg, .png or text, not as .{ending}.", ending=ending),
                hint=msg("--format says which, whatever the name of the file."),
            )
        return "term"
    typed = app.options
    if typed.get("json") or typed.get("fields") or typed.get("output", "table") != "table":
        raise UsageError("usage.chart_format", msg("--format draws; it excludes -o and --fields."))
    return form
