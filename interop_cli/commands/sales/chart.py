"""``sales chart`` and ``report``: the stored totals as bars, as rows, or as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.sales.totals import BASIS, Span, sales_query, span_options
from interop_cli.domain import charts
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, local_time, ngettext
from interop_cli.shell.command import Command, Count, argument, option, pass_app
from interop_cli.shell.options import CLIENT_FILTERS
from interop_cli.shell.paths import FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output.charts import Drawing
    from interop_cli.store.reading.sales import SalesQuery


Rows = Iterable[tuple[Any, ...]]
TITLES = {
    "client": N_("Sales by client, {years}"),
    "year": N_("Sales by year, {years}"),
    "province": N_("Sales by province, {years}"),
    "tag": N_("Sales by tag, {years}"),
}
AXES = {"client": N_("Client"), "year": N_("Year"), "province": N_("Province"), "tag": N_("Tag")}


def of_client(names: Sequence[str], rows: Rows, query: SalesQuery, client: str) -> Drawing:
    """The sales of one client, called ``client``, year by year."""
    from interop_cli.output.charts import Drawing

    totals = [dict(zip(names, row, strict=True)) for row in rows]
    found = charts.by_year(totals, query.first, query.last)
    title = _("Sales by year: {client}", client=client)
    return Drawing(title, _(AXES["year"]), found, _notes(found, query))


def of_report(
    names: Sequence[str], rows: Rows, query: SalesQuery, by: str, top: int | None
) -> Drawing:
    """The rows of a report ``by`` client, year, province or tag, in their order."""
    from interop_cli.output.charts import Drawing

    found = charts.by_group(dict(zip(names, row, strict=True)) for row in rows)
    years = str(query.first) if query.first == query.last else f"{query.first}–{query.last}"
    title = _(TITLES[by], years=years)
    notes = _notes(found, query)
    if top:
        notes = [ngettext("Only the largest.", "Only the {n} largest.", top), *notes]
    return Drawing(title, _(AXES[by]), found, notes)


def _notes(found: Sequence[charts.Chart], query: SalesQuery) -> list[str]:
    """What the bars do not say by themselves."""
    if not found:
        return [_("No sales are computed for these years.")]
    notes = [_("Before taxes.")]
    if query.basis == "bill-to":
        notes.append(_("Counted for who was billed."))
    computed = min((chart.computed_at for chart in found if chart.computed_at), default=None)
    if computed:
        notes.append(_("Computed {time}.", time=local_time(computed)))
    else:
        notes.append(_("Nothing computed yet; interop sales refresh does it."))
    if any(chart.stale for chart in found):
        notes.append(_("* Documents changed since."))
    return notes


PICTURES = ("svg", "png")
# Endings that promise what is not written here.
OTHERS = frozenset(
    {"bmp", "eps", "gif", "htm", "html", "jpeg", "jpg", "pdf", "tif", "tiff", "webp"}
)


@click.command("chart", cls=Command)
@argument("client", required=False, metavar="[CODE]")
@option(
    "--top",
    type=Count(min=1),
    metavar="N",
    help=N_("The N clients with the largest sales, instead of one's years."),
)
@option(
    "--format",
    "form",
    type=click.Choice(("term", *PICTURES)),
    help=N_("Bars of characters (term) or a picture; else as --out ends."),
)
@span_options
@BASIS
@pass_app
def chart_command(
    app: App, client: str | None, top: int | None, form: str | None, span: Span, basis: str
) -> None:
    """Draw the sales of a client by year, or those of the largest clients, as bars.

    Each currency has its own chart. PNG needs the extra 'charts' of the package. -o json and the
    like give the numbers instead.

    \b
    interop sales chart ACME
    interop sales chart --top 10 --years 3
    interop sales chart ACME --out acme.svg
    """
    from interop_cli.store.reading import reports, sales

    form = wanted(app, form)
    if (client is None) == (top is None):
        raise UsageError("usage.chart", msg("Name one client, or say --top N."))
    with app.store.reading() as conn:
        query = sales_query(app, conn, span, basis, (client,) if client else ())
        if client:
            columns = sales.columns()
            rows = [row for batch in sales.totals(conn, query) for row in batch]
            drawing = of_client(sales.NAMES, rows, query, sales.heading(conn, query))
        else:
            columns, rows = reports.columns(), reports.report(conn, query, "client", top)
            drawing = of_report(reports.NAMES, rows, query, "client", top)
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


@click.command("report", cls=Command)
@option(
    "--by",
    type=click.Choice(("client", "year", "province", "tag")),
    default="client",
    help=N_("What the sales are added up by (client)."),
)
@option("--top", type=Count(min=1), metavar="N", help=N_("Only the N largest."))
@span_options
@BASIS
@CLIENT_FILTERS
@option(
    "--html",
    "page",
    type=FileWritten(tells=True),
    metavar="FILE",
    help=N_("Write a page with chart and table to FILE (-: stdout) instead."),
)
@pass_app
def report_command(
    app: App,
    by: str,
    top: int | None,
    span: Span,
    basis: str,
    filters: tuple[str, ...],
    page: str | None,
) -> None:
    """Add up the sales by client, year, province or tag; each currency by itself.

    \b
    interop sales report --by client --top 10
    interop sales report --by province --years 3 -o csv
    interop sales report --top 20 --html sales.html
    """
    from interop_cli.store.reading import reports

    if page is not None:
        alone(app)
    with app.store.reading() as conn:
        query = sales_query(app, conn, span, basis, filters=filters)
        rows = reports.report(conn, query, by, top)
    if page is None:
        app.output.rows(reports.columns(by), [rows], key="key")
    else:
        from interop_cli.output.charts.page import html

        drawing = of_report(reports.NAMES, rows, query, by, top)
        app.output.side_file(page, html(drawing, reports.columns(by), rows, app.output.fields))


def alone(app: App) -> None:
    """Refuse another form or place of the data beside a page."""
    typed = app.options
    if typed.get("json") or typed.get("out") or typed.get("output", "table") != "table":
        raise UsageError("usage.report_html", msg("--html excludes -o and --out."))
