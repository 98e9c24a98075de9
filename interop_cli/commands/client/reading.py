"""``client list``, ``show``, ``history``: reads, each one view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.lists import FILTER, LIMIT, SORT_HELP, say_limit
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.document_kinds import KIND_NAMES
from interop_cli.i18n import _
from interop_cli.shell.command import Command, Count, option, options, pass_app
from interop_cli.shell.completion import client_argument

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Column
    from interop_cli.store.reading.clients import ListQuery

# What a table shows without --fields: what fits a terminal.
STATUS = click.Choice(("active", "inactive", "all"))


# Which clients, in which order.
list_options = options(
    option("--all", "everything", is_flag=True, help=N_("Same as --status all.")),
    option("--prospect/--no-prospect", default=None, help=N_("Prospects only, or none.")),
    FILTER,
    option("--search", metavar="TEXT", help=N_("Clients having words that begin so.")),
    option("--sort", default="code", metavar="F|-F", help=SORT_HELP),
    LIMIT,
    option("--after", metavar="CODE", help=N_("Start after this client.")),
)


@click.command("list", cls=Command)
@option("--status", type=STATUS, help=N_("Which clients; active ones by default."))
@list_options
@pass_app
def list_command(app: App, **asked: Any) -> None:
    """List clients: the active ones, unless you say otherwise.

    \b
    interop client list --search québec
    interop client list --filter country=CA --filter "created_at >= -1y" -o csv
    interop client list --filter contacts=0
    interop client list --json --fields code,contacts.email
    """
    from interop_cli.store.reading import clients

    query = list_query(app, "active", **asked)
    columns = app.output.pick([*(field.column for field in clients.LISTED), *nested_columns()])
    conn = app.store.conn
    names = [one.name for one in columns]
    batches = clients.client_rows(conn, query, names)
    app.output.rows(columns, batches, spool=conn.readers_block_writers, dim="active")
    say_limit(app, query.limit, lambda: clients.count_clients(conn, query))


def list_query(
    app: App,
    default: str,
    *,
    status: str | None,
    everything: bool,
    prospect: bool | None,
    filters: tuple[str, ...],
    search: str | None,
    sort: str,
    limit: int | None,
    after: str | None,
) -> ListQuery:
    """The query of the options; ``default`` is the status where none is given."""
    from interop_cli.shell.selectors import compiled, say_left_out
    from interop_cli.store.reading.clients import SOURCE, ListQuery, where

    if everything and status not in (None, "all"):
        raise UsageError("usage.status", msg("--all and --status exclude each other."))
    chosen = "all" if everything else status or default
    condition = compiled(app, filters)
    query = ListQuery(chosen, prospect, condition, search, sort, limit or None, after)
    if condition.left_out:
        say_left_out(app, SOURCE, where(app.store.conn, replace(query, limit=None)))
    return query


def nested_columns() -> list[Column]:
    """The columns of what belongs to a client; shown where ``--fields`` asks for them."""
    from interop_cli.store.reading import addresses, contacts, nesting, notes

    members = {"contacts": contacts.NAMES, "addresses": addresses.NAMES, "notes": notes.NAMES}
    return [nesting.column(name, names) for name, names in members.items()]


@click.command("show", cls=Command)
@client_argument()
@option("--exact", is_flag=True, help=N_("Do not resolve a former code."))
@pass_app
def show_command(app: App, client: str, exact: bool) -> None:
    """Show a client's card, with everything that belongs to it.

    \b
    interop client show ACME
    interop client show ACME --json --fields name,addresses.city
    """
    from interop_cli.commands.client.card import card
    from interop_cli.store.reading import clients

    with app.store.reading() as conn:
        client_id, _code = resolved(app, conn, client, exact=exact)
        found = clients.card(conn, client_id, app.today.year)
    app.output.record(found, "client", card=card)


def resolved(app: App, conn: Any, ref: str, *, exact: bool = False) -> tuple[int, str]:
    """Id and present code of a client; a former code is said on stderr."""
    from interop_cli.domain.errors import NotFound
    from interop_cli.store.reading.references import resolve

    client_id, code, former = resolve(conn, ref)
    if former:
        if exact:
            raise NotFound("client.not_found", msg("There is no client {code}.", code=ref[:40]))
        app.output.message(_("{former} is now {code}.", former=ref.upper(), code=code))
    return client_id, code


@click.command("history", cls=Command)
@client_argument()
@option(
    "--kind",
    type=click.Choice((*KIND_NAMES, "change")),
    help=N_("Only documents of this kind, or only changes."),
)
@option("--limit", type=Count(min=0), metavar="N", help=N_("The latest N; 0: all."))
@pass_app
def history_command(app: App, client: str, kind: str | None, limit: int | None) -> None:
    """Show a client's documents and what was changed on it, the latest first.

    \b
    interop client history ACME
    interop client history ACME --kind invoice
    interop client history ACME --kind change
    """
    from interop_cli.store.reading import history

    with app.store.reading() as conn:
        client_id, _code = resolved(app, conn, client)
        rows = history.of_client(conn, client_id, kind, limit or None)
    app.output.rows(
        history.columns(), [rows], key="number" if kind in KIND_NAMES else "operation_id"
    )
