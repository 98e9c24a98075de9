"""``client import``, ``export``, ``apply``: files in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from interop_cli.commands.client.reading import Asked, list_options, list_query
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.fields.field import names, taken
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, ngettext
from interop_cli.inputs.mapping import Fields
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.import_options import ImportOptions, import_options
from interop_cli.shell.importing import take_in
from interop_cli.shell.options import ALLOW_MISMATCH, STATUS
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.matching import Key
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.services.imports.clients import Import
    from interop_cli.store.writing.unit_of_work import UnitOfWork


F = TypeVar("F", bound=Callable[..., Any])


class KeyList(click.types.StringParamType):
    """Keys with commas between them."""

    name = "K[,K…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from interop_cli.domain.matching import NAMEABLE, read_keys

        try:
            return read_keys(value) if isinstance(value, str) else value
        except ValueError:
            choices = ", ".join(NAMEABLE)
            self.fail(_("Keys, each once, out of: {choices}.", choices=choices), param, ctx)


def client_options(function: F) -> F:
    """What the rules of a client may be told."""
    for decorate in (
        option("--reuse", is_flag=True, help=N_("Take codes that other clients had before.")),
        option(
            "--merged",
            type=click.Choice(("skip", "update")),
            default="skip",
            help=N_("Fields of a client that was merged: leave them out, or give them its winner."),
        ),
        ALLOW_MISMATCH,
    ):
        function = decorate(function)
    return function


@command("import")
@argument("file", type=FileRead(), metavar="FILE|-")
@option(
    "--key",
    "keys",
    type=KeyList(),
    help=N_("What a row is recognised by, in this order (code,external_id,email,natural)."),
)
@option(
    "--new",
    "anew",
    is_flag=True,
    help=N_("Create every row without looking for its client: a first load."),
)
@import_options()
@client_options
def import_command(app: App, file: str, asked: ImportOptions, **how: Any) -> None:
    """Create and update clients from a CSV, Excel or NDJSON file: all of it, or nothing.

    A row may carry the client's contacts, shipping addresses and notes: in columns such as
    contact.name, contact2.email, address.line1, note.text, or as NDJSON in the lists contacts,
    addresses and notes. A contact is recognised by its e-mail, else by its name; an address by its
    place, else by its label; a note by its text. What the file does not name stays.

    A row finds its client by the keys, one after the other; several that share a value are told
    apart by the next key. natural is the name, legal form included, with the postal code, or with
    street and city. An e-mail counts only where name or place agrees, unless --key names it. A row
    that fits several clients is refused, and so are two rows for one client.

    An empty cell empties its field, but not what every client has: its code, name, currency and
    the like; nor does a row whose whole place is empty move it. A row that was refused for what
    another client has may be taken the next time, when that one has given it up.

    \b
    interop client import clients.csv --dry-run
    interop client import old.csv --mapping quickbooks --continue-on-error --rejects r.csv
    interop client import excel.csv --encoding cp1252
    interop client import shop.csv --key external_id,email
    """

    import_clients(app, "client.import", file, asked, **how)


@command("apply")
@option(
    "-f",
    "--file",
    required=True,
    type=FileRead(),
    metavar="FILE|-",
    help=N_("Nested NDJSON, a client a line."),
)
@import_options(form="ndjson")
@client_options
def apply_command(app: App, file: str, asked: ImportOptions, **how: Any) -> None:
    """Make the clients be as the file says; a second time, nothing changes.

    The lines are those of client export --format ndjson, or of client show -o ndjson.

    \b
    interop client apply -f clients.ndjson --dry-run
    """

    import_clients(app, "client.apply", file, asked, keys=None, anew=False, **how)


@command("export")
@option("--status", type=STATUS, help=N_("Which clients; all of them by default."))
@list_options
@option(
    "--format",
    "form",
    type=click.Choice(("csv", "ndjson", "xlsx")),
    help=N_("Form of the file (csv)."),
)
@option("--no-files", is_flag=True, help=N_("Leave out the content of attachments."))
def export_command(app: App, form: str | None, no_files: bool, asked: Asked) -> None:
    """Write clients, their contacts, addresses and notes, in a form that import takes back.

    NDJSON holds everything, logos and attachments too; CSV has columns such as contact2.email, as
    many as are needed, and no files. A contact that is inactive with its client has no active, so
    that it comes back with the client.

    \b
    interop client export --out clients.csv
    interop client export --filter tag=vip --format ndjson
    """
    from interop_cli.output.rows import pick_together
    from interop_cli.store.reading import exports
    from interop_cli.store.reading.clients import COLUMNS, LISTED

    if form or app.settings.origin("output") == "default":
        app.output.format = form or "csv"
    query = list_query(app, "all", asked)
    conn = app.store.conn
    own = [one.column for one in LISTED if one.name not in READ_ONLY]
    nested = app.output.format in ("json", "ndjson")
    parts, left_out = (exports.nested_columns(), 0) if nested else exports.flat_columns(conn, query)
    columns = pick_together(app.output, [*own, *parts], COLUMNS, exports.MADE)
    names = [one.name for one in columns]
    files = nested and not no_files
    if left_out and not (no_files or app.output.fields or app.output.format == "codes"):
        app.output.warn(
            ngettext(
                "{n} logo or attachment is left out; with it: --format ndjson",
                "{n} logos and attachments are left out; with them: --format ndjson",
                left_out,
            )
        )
    batches = exports.rows(conn, query, names, files=files, complete=not app.output.fields)
    app.output.rows(columns, batches, spool=conn.readers_block_writers, comes_back=True)


# What a file of clients may hold and an import does not write.
READ_ONLY = frozenset(
    {*names(CLIENT), "former_codes", "documents", "mailings", "sales", "sync"}
    - {*names(taken(CLIENT))}
)


def fields() -> Fields:
    """What a file of clients may hold."""
    from interop_cli.domain.fields.nested import is_field

    return Fields(names(taken(CLIENT)), READ_ONLY, is_field)


def import_clients(
    app: App,
    operation: str,
    file: str,
    asked: ImportOptions,
    *,
    keys: tuple[Key, ...] | None,
    anew: bool,
    merged: str,
    allow_mismatch: bool,
    reuse: bool,
) -> None:
    """Take clients in from a file."""
    from interop_cli.domain.matching import DEFAULT, read_keys
    from interop_cli.services.imports.clients import Import
    from interop_cli.services.imports.matching import Refusals

    refusals: Refusals = {}

    def task(uow: UnitOfWork, columns: ColumnMap) -> Import:
        own = read_keys(columns.key) if columns.key and not keys else ()
        named = keys or own
        return Import(
            uow,
            app.rules(allow_mismatch=allow_mismatch),
            keys=named or DEFAULT,
            named=bool(named),
            absent={key for key in own if columns.may_lack(key)},
            anew=anew,
            merged=merged,
            reuse=reuse,
            refusals=refusals,
            continue_on_error=asked.continue_on_error,
            want_rows=asked.results is not None,
        )

    take_in(app, operation, file, asked, fields(), task)
