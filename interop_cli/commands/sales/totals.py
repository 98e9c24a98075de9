"""``sales refresh``, ``totals``, ``verify``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from interop_cli.app import EXIT_ATTENTION
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, ngettext
from interop_cli.shell import selectors
from interop_cli.shell.command import Command, argument, option, options, pass_app
from interop_cli.shell.options import CLIENT_FILTERS
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.engines.connection import Connection
    from interop_cli.store.reading.sales import SalesQuery

F = TypeVar("F", bound=Callable[..., Any])
TASK = "sales-refresh"
YEAR = click.IntRange(1900, 2199)
_span = options(
    option("--years", type=click.IntRange(1, 100), metavar="N", help=N_("How many years (5).")),
    option("--through", type=YEAR, metavar="YEAR", help=N_("The last of them (this year).")),
    option("--year", type=YEAR, metavar="YEAR", help=N_("This year alone.")),
)


class Span(NamedTuple):
    """The years as typed: how many, and the last of them."""

    years: int | None
    through: int | None


def span_options(function: F) -> F:
    """The years that are meant; the command gets them as one ``span``."""

    @wraps(function)
    def with_span(
        *args: Any, years: int | None, through: int | None, year: int | None, **kwargs: Any
    ) -> Any:
        span = Span(years, through)
        if year is not None:
            if any(span):
                raise UsageError("usage.year", msg("--year excludes --years and --through."))
            span = Span(1, year)
        return function(*args, span=span, **kwargs)

    return cast(F, _span(with_span))


BASIS = option(
    "--basis",
    type=click.Choice(("sold-to", "bill-to")),
    default="sold-to",
    help=N_("Whose sales: who it was sold to, or who was billed."),
)


@click.command("refresh", cls=Command)
@selector_options
@span_options
@option("--full", is_flag=True, help=N_("Compute all of them, not only what changed."))
@option("--wait", is_flag=True, help=N_("Wait where another refresh is at work."))
@pass_app
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


@click.command("totals", cls=Command)
@argument("codes", nargs=-1, metavar="[CODE…]")
@span_options
@BASIS
@CLIENT_FILTERS
@pass_app
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


@click.command("verify", cls=Command)
@argument("codes", nargs=-1, metavar="[CODE…]")
@span_options
@pass_app
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
