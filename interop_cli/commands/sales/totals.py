"""``sales refresh``, ``totals``, ``verify``; and totals as bars: ``chart`` and ``report``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from interop_cli.app import EXIT_ATTENTION
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, local_time, ngettext
from interop_cli.shell import selectors
from interop_cli.shell.command import Count, argument, command, gathered, option
from interop_cli.shell.options import CLIENT_FILTERS
from interop_cli.shell.paths import FileWritten
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output.charts import Chart, Drawing
    from interop_cli.store.engines.connection import Connection
    from interop_cli.store.reading.sales import SalesQuery

F = TypeVar("F", bound=Callable[..., Any])
TASK = "sales-refresh"
YEAR = click.IntRange(1900, 2199)


class Span(NamedTuple):
    """The years as typed: how many, and the last of them."""

    years: int | None
    through: int | None


def _span(years: int | None, through: int | None, year: int | None) -> Span:
    if year is None:
        return Span(years, through)
    if years or through:
        raise UsageError("usage.year", msg("--year excludes --years and --through."))
    return Span(1, year)


span_options = gathered(
    "span",
    _span,
    ("years", "through", "year"),
    option("--years", type=click.IntRange(1, 100), metavar="N", help=N_("How many years (5).")),
    option("--through", type=YEAR, metavar="YEAR", help=N_("The last of them (this year).")),
    option("--year", type=YEAR, metavar="YEAR", help=N_("This year alone.")),
)
BASIS = option(
    "--basis",
    type=click.Choice(("sold-to", "bill-to")),
    default="sold-to",
    help=N_("Whose sales: who it was sold to, or who was billed."),
)


@command("refresh")
@selector_options
@span_options
@option("--full", is_flag=True, help=N_("Compute all of them, not only what changed."))
@option("--wait", is_flag=True, help=N_("Wait where another refresh is at work."))
def refresh_command(app: App, picked: Picked, span: Span, full: bool, wait: bool) -> None:
    """Bring the sales totals up to date: the last five years, of clients whose documents changed.

    \b
    interop sales refresh
    interop -q sales refresh --full --wait
    interop sales refresh ACME --years 10
    """
    from interop_cli.services.sales import totals
    from interop_cli.store.reading.sales import YEARS

    last = span.through or app.this_year
    first = last - (span.years or YEARS) + 1
    selector = None
    if picked.codes or picked.filters or picked.only_failed_from:
        selectors.check(picked)
        selector = selectors.selector(app, picked, limited=False)
    with app.store.alone(TASK, wait=wait):
        outcome = app.run(
            "sales.refresh",
            lambda uow: totals.refresh(uow, first, last, selector=selector, full=full),
        )
    selectors.deliver(app, outcome, picked.results)


@command("totals")
@argument("codes", nargs=-1, metavar="[CODE…]")
@span_options
@BASIS
@CLIENT_FILTERS
def totals_command(
    app: App, codes: tuple[str, ...], span: Span, basis: str, filters: tuple[str, ...]
) -> None:
    """Show sales by client and year, years without sales too.

    The years are those refreshed last, unless you say which. stale: documents changed since.

    \b
    interop sales totals ACME
    interop sales totals --years 3 --basis bill-to -o csv
    """
    from interop_cli.store.reading import sales

    conn = app.store.conn
    columns = app.output.pick(sales.columns(), key="client")
    names = [column.name for column in columns]
    with app.store.reading():
        query = sales_query(app, conn, span, basis, codes, filters)
        rows = sales.totals(conn, query, names)
        app.output.rows(columns, rows, key="client", spool=conn.readers_block_writers)


def sales_query(
    app: App,
    conn: Connection,
    span: Span,
    basis: str = "sold-to",
    codes: tuple[str, ...] = (),
    filters: tuple[str, ...] = (),
) -> SalesQuery:
    """The years and clients that were asked for."""
    from interop_cli.commands.client.reading import resolved
    from interop_cli.store.reading import sales
    from interop_cli.store.reading.clients import SOURCE
    from interop_cli.store.reading.lists import of_clients

    first, last = sales.span(conn, app.this_year, *span)
    condition = selectors.compiled(app, filters)
    if codes:
        ids = [resolved(app, conn, code)[0] for code in codes]
        condition &= of_clients(ids)
    selectors.say_left_out(app, SOURCE, condition)
    return sales.SalesQuery(first, last, basis, condition)


@command("verify")
@argument("codes", nargs=-1, metavar="[CODE…]")
@span_options
def verify_command(app: App, codes: tuple[str, ...], span: Span) -> None:
    """Compute the totals again without writing, and show where those stored differ (exit 10).

    \b
    interop sales verify
    """
    from interop_cli.store.reading import verification

    with app.store.reading() as conn:
        query = sales_query(app, conn, span, codes=codes)
        rows = verification.differences(conn, query)
    if not rows and app.output.format == "table":
        app.output.message(_("The totals are what the documents come to."))
        return
    app.output.rows(verification.columns(), [rows], key="client")
    if rows:
        app.exit_code = EXIT_ATTENTION
        app.output.message(
            ngettext(
                "{n} total differs; interop sales refresh brings it up to date.",
                "{n} totals differ; interop sales refresh brings them up to date.",
                len(rows),
            )
        )


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
    from interop_cli.output.charts import Drawing, by_year

    totals = [dict(zip(names, row, strict=True)) for row in rows]
    found = by_year(totals, query.first, query.last)
    title = _("Sales by year: {client}", client=client)
    return Drawing(title, _(AXES["year"]), found, _notes(found, query))


def of_report(
    names: Sequence[str], rows: Rows, query: SalesQuery, by: str, top: int | None
) -> Drawing:
    """The rows of a report ``by`` client, year, province or tag, in their order."""
    from interop_cli.output.charts import Drawing, by_group

    found = by_group(dict(zip(names, row, strict=True)) for row in rows)
    years = str(query.first) if query.first == query.last else f"{query.first}–{query.last}"
    title = _(TITLES[by], years=years)
    notes = _notes(found, query)
    if top:
        notes = [ngettext("Only the largest.", "Only the {n} largest.", top), *notes]
    return Drawing(title, _(AXES[by]), found, notes)


def _notes(found: Sequence[Chart], query: SalesQuery) -> list[str]:
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


@command("chart")
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
            columns = reports.columns()
            rows = list(chain.from_iterable(reports.report(conn, query, "client", top)))
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


@command("report")
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
        found = reports.report(conn, query, by, top)
        if page is None:
            spool = conn.readers_block_writers
            app.output.rows(reports.columns(by), found, key="key", spool=spool)
            return
        rows = list(chain.from_iterable(found))
    from interop_cli.output.charts.page import html

    drawing = of_report(reports.NAMES, rows, query, by, top)
    app.output.side_file(page, html(drawing, reports.columns(by), rows, app.output.fields))


def alone(app: App) -> None:
    """Refuse another form or place of the data beside a page."""
    typed = app.options
    if typed.get("json") or typed.get("out") or typed.get("output", "table") != "table":
        raise UsageError("usage.report_html", msg("--html excludes -o and --out."))
