"""``client import``, ``export``, ``apply``: files in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from interop_cli.commands.client.reading import STATUS, list_options, list_query
from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.commands.intake import Intake, intake_options
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App

F = TypeVar("F", bound=Callable[..., Any])


def client_options(function: F) -> F:
    """What the rules of a client may be told."""
    for decorate in (
        option("--reuse", is_flag=True, help=N_("Take codes that other clients had before.")),
        option("--allow-mismatch", is_flag=True,
               help=N_("Accept a postal code or tax number that does not check.")),
    ):  # fmt: skip
        function = decorate(function)
    return function


@click.command("import", cls=Command)
@click.argument("file", metavar="FILE|-")
@option("--key", type=click.Choice(("code", "external_id", "email")),
        help=N_("What a row is recognised by (code)."))  # fmt: skip
@intake_options()
@client_options
@pass_app
def import_command(app: App, file: str, intake: Intake, **asked: Any) -> None:
    """Create and update clients from a CSV or NDJSON file: all of it, or nothing.

    A row may carry the client's contacts, shipping addresses and notes: in columns such as
    contact.name, contact2.email, address.line1, note.text, or as NDJSON in the lists contacts,
    addresses and notes. A contact is recognised by its e-mail, else by its name; an address by its
    place, else by its label; a note by its text. What the file does not name stays.

    \b
    interop client import clients.csv --dry-run
    interop client import old.csv --mapping northwind.toml --continue-on-error --rejects r.csv
    interop client import excel.csv --encoding cp1252
    """
    from interop_cli.commands.client.importing import import_clients

    import_clients(app, "client.import", file, intake, **asked)


@click.command("apply", cls=Command)
@option("-f", "--file", required=True, metavar="FILE|-", help=N_("Nested NDJSON, a client a line."))
@intake_options(form="ndjson")
@client_options
@pass_app
def apply_command(app: App, file: str, intake: Intake, **asked: Any) -> None:
    """Make the clients be as the file says; a second time, nothing changes.

    The lines are those of client export --format ndjson, or of client show -o ndjson.

    \b
    interop client apply -f clients.ndjson --dry-run
    """
    from interop_cli.commands.client.importing import import_clients

    import_clients(app, "client.apply", file, intake, key=None, **asked)


@click.command("export", cls=Command)
@option("--status", type=STATUS, help=N_("Which clients; all of them by default."))
@list_options
@option(
    "--format", "form", type=click.Choice(("csv", "ndjson")), help=N_("Form of the file (csv).")
)
@option("--no-files", is_flag=True, help=N_("Leave out the content of attachments."))
@pass_app
def export_command(app: App, form: str | None, no_files: bool, **asked: Any) -> None:
    """Write clients, their contacts, addresses and notes, in a form that import takes back.

    NDJSON holds everything, logos and attachments too; CSV has columns such as contact2.email, as
    many as are needed, and no files. A contact that is inactive with its client has no active, so
    that it comes back with the client.

    \b
    interop client export --out clients.csv
    interop client export --filter tag=vip --format ndjson
    """
    from interop_cli.commands.client.importing import READ_ONLY
    from interop_cli.commands.client.reading import column
    from interop_cli.store.views import exports
    from interop_cli.store.views.clients import LISTED

    if form or app.settings.origin("output") == "default":
        app.output.format = form or "csv"
    query = list_query(app, "all", **asked)
    conn = app.store.conn
    own = [column(one) for one in LISTED if one.name not in READ_ONLY]
    nested = app.output.format in ("json", "ndjson")
    parts = exports.nested_columns() if nested else exports.flat_columns(conn, query)
    columns = app.output.pick([*own, *parts])
    names = [one.name for one in columns]
    files = nested and not no_files
    batches = exports.rows(conn, query, names, files=files, complete=not app.output.fields)
    app.output.rows(columns, batches, spool=conn.readers_block_writers)
