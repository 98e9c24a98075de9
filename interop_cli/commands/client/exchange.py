"""``client import``, ``export``, ``apply``: files in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.client.reading import STATUS, list_options, list_query
from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App

INPUT_OPTIONS = (
    option("--encoding", metavar="NAME", help=N_("Encoding of the file; UTF-8 unless said.")),
    option("--delimiter", metavar="C", help=N_("What separates the columns of a CSV.")),
    option("--continue-on-error", is_flag=True,
           help=N_("Write the good rows, report the others (exit 68).")),
    option("--rejects", metavar="FILE",
           help=N_("Write the rows that were refused, with the reason, to correct them.")),
    option("--results", metavar="FILE|-", help=N_("Write what became of each row, as NDJSON.")),
    option("--allow-mismatch", is_flag=True,
           help=N_("Accept a postal code or tax number that does not check.")),
    option("--reuse", is_flag=True, help=N_("Take codes that other clients had before.")),
)  # fmt: skip


def _input_options(function: Any) -> Any:
    for decorate in reversed(INPUT_OPTIONS):
        function = decorate(function)
    return function


@click.command("import", cls=Command)
@click.argument("file", metavar="FILE|-")
@option("--format", "form", type=click.Choice(("csv", "ndjson")), help=N_("Form of the file."))
@option("--mapping", metavar="FILE.toml", help=N_("Which column is which field."))
@option("--map", "pairs", multiple=True, metavar="COLUMN=FIELD",
        help=N_("One column's field; several times for several."))  # fmt: skip
@option("--key", type=click.Choice(("code", "external_id", "email")),
        help=N_("What a row is recognised by (code)."))  # fmt: skip
@_input_options
@pass_app
def import_command(app: App, file: str, **asked: Any) -> None:
    """Create and update clients from a CSV or NDJSON file: all of it, or nothing.

    \b
    interop client import clients.csv --dry-run
    interop client import old.csv --mapping northwind.toml --continue-on-error --rejects r.csv
    interop client import excel.csv --encoding cp1252
    """
    from interop_cli.commands.client.importing import run_import

    run_import(app, "client.import", file, **asked)


@click.command("apply", cls=Command)
@option("-f", "--file", required=True, metavar="FILE|-", help=N_("Nested NDJSON, a client a line."))
@_input_options
@pass_app
def apply_command(app: App, file: str, **asked: Any) -> None:
    """Make the clients be as the file says; a second time, nothing changes.

    \b
    interop client apply -f clients.ndjson --dry-run
    """
    from interop_cli.commands.client.importing import run_import

    run_import(app, "client.apply", file, form="ndjson", mapping=None, pairs=(), key=None, **asked)


@click.command("export", cls=Command)
@option("--status", type=STATUS, help=N_("Which clients; all of them by default."))
@list_options
@option(
    "--format", "form", type=click.Choice(("csv", "ndjson")), help=N_("Form of the file (csv).")
)
@pass_app
def export_command(app: App, form: str | None, **asked: Any) -> None:
    """Write clients in a form that ``client import`` takes back.

    \b
    interop client export --out clients.csv
    interop client export --filter tag=vip --format ndjson
    """
    from interop_cli.commands.client.importing import export_columns
    from interop_cli.store.views import clients

    if form or app.settings.origin("output") == "default":
        app.output.format = form or "csv"
    query = list_query(app, "all", **asked)
    columns = app.output.pick(export_columns())
    conn = app.store.conn
    batches = clients.client_rows(conn, query, [one.name for one in columns])
    app.output.rows(columns, batches, spool=conn.readers_block_writers)
