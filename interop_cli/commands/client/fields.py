"""``client create``, ``edit``, ``recode``, ``logo``: the fields of the card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.address import PICK, completed
from interop_cli.commands.client.reading import resolved
from interop_cli.domain.errors import NotFound, UsageError
from interop_cli.domain.fields import CLIENT, NEEDED
from interop_cli.domain.messages import N_, counted, msg
from interop_cli.shell import confirm, selectors
from interop_cli.shell.command import Command, argument, option, pass_app
from interop_cli.shell.options import (
    ALLOW_MISMATCH,
    OVERWRITE,
    confirm_option,
    field_options,
    field_values,
    version_option,
)
from interop_cli.shell.paths import FileRead, FileWritten
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services.outcome import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@click.command("create", cls=Command)
@argument("name", empty=True)
@field_options(CLIENT, but=("name",), needed=NEEDED["client"])
@option(
    "--logo", type=FileRead(), metavar="FILE", help=N_("Its logo: PNG, JPEG or SVG, by content.")
)
@ALLOW_MISMATCH
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@option("--autofill", metavar="TEXT", help=N_("Complete the address through Google Places."))
@PICK
@pass_app
def create_command(
    app: App,
    name: str,
    reuse: bool,
    autofill: str | None,
    pick: int | None,
    logo: str | None,
    allow_mismatch: bool,
    **fields: Any,
) -> None:
    """Create a client and its main address.

    \b
    interop client create "Imprimerie Boréale inc." --line1 "12, rue du Quai" \\
        --city Québec --postal-code "G1K 7X2" --phone "418 555-0134 poste 22"
    """
    from interop_cli.services.clients import card

    picture = _picture(logo) if logo is not None else None
    values = {"name": name, **completed(app, autofill, pick), **field_values(CLIENT, fields)}

    def create(uow: UnitOfWork) -> Outcome:
        rules = app.rules(allow_mismatch=allow_mismatch)
        return card.create(uow, values, rules, reuse=reuse, logo=picture)

    app.write("client.create", create)


def _picture(file: str) -> bytes:
    from interop_cli.domain.values.logo import MAX_BYTES
    from interop_cli.inputs.source import read_whole

    return read_whole(file, limit=MAX_BYTES)


@click.command("edit", cls=Command)
@selector_options
@field_options(CLIENT)
@ALLOW_MISMATCH
@version_option(N_("Refuse unless the client is at this version."))
@pass_app
def edit_command(
    app: App, picked: Picked, if_version: int | None, allow_mismatch: bool, **fields: Any
) -> None:
    """Change fields of clients and of their main addresses.

    \b
    interop client edit ACME --terms net45 --phone ""
    interop client edit --filter "terms = net30" --terms net45 --yes
    """
    from interop_cli.services.clients import card

    selectors.check(picked)
    changes = field_values(CLIENT, fields)
    card.check_changes(changes)
    ask = picked.is_bulk and confirm.needed(app, stdin_is_data=picked.reads_stdin)
    selector = selectors.selector(app, picked)

    def edit(uow: UnitOfWork) -> Outcome:
        rules = app.rules(allow_mismatch=allow_mismatch)
        return card.edit(uow, selector, changes, rules, if_version=if_version)

    if ask:
        count = confirm.write(
            app,
            "client.edit",
            edit,
            lambda count: counted("Change {count} client?", "Change {count} clients?", count=count),
        )
        selector = selectors.exactly(selector, count)
    outcome = app.run("client.edit", edit)
    selectors.deliver(app, outcome, picked.results)


@click.command("recode", cls=Command)
@argument("client", metavar="CODE")
@argument("new_code", metavar="NEW_CODE")
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@confirm_option("CODE", N_("Repeat the present code."))
@pass_app
def recode_command(
    app: App, client: str, new_code: str, reuse: bool, confirmation: str | None
) -> None:
    """Give a client another code; the old one goes on leading to it.

    \b
    interop client recode ACME ACME-QC --confirm ACME
    """
    from interop_cli.services.clients import status
    from interop_cli.store.reading.called import lines

    def work(uow: UnitOfWork) -> Outcome:
        return status.recode(uow, client, new_code, app.rules(), reuse=reuse)

    def about() -> Iterator[str]:
        (item,) = confirm.tried(app, "client.recode", work).items
        with app.store.reading() as conn:
            yield from lines(conn, "client", [item["id"]])
        yield f"→ {item['code']}"

    confirm.severe(app, client, confirmation, about=about)
    app.write("client.recode", work)


@click.command("logo", cls=Command)
@argument("client", metavar="CODE")
@argument("file", type=FileRead(), metavar="[FILE]", required=False)
@option(
    "--save", "target", metavar="FILE", type=FileWritten(Path), help=N_("Write the logo to a file.")
)
@OVERWRITE
@option("--remove", is_flag=True, help=N_("Take the logo away."))
@pass_app
def logo_command(
    app: App, client: str, file: str | None, target: Path | None, overwrite: bool, remove: bool
) -> None:
    """Set, show, save or remove a client's logo: PNG, JPEG or SVG, by its content.

    Packing slips and labels show it where the client's shipper identity is client.

    \b
    interop client logo ACME acme.svg
    interop client logo ACME --save acme.svg
    interop client logo ACME --remove
    """
    from interop_cli.services.clients import card

    if (file is not None) + (target is not None) + remove > 1:
        raise UsageError("usage.logo", msg("One of these only: FILE, --save, --remove."))
    if file is not None:
        content = _picture(file)
        app.write("client.logo", lambda uow: card.set_logo(uow, client, content))
    elif remove:
        app.write("client.logo", lambda uow: card.remove_logo(uow, client))
    else:
        _show(app, client, target, overwrite)


def _show(app: App, client: str, target: Path | None, overwrite: bool) -> None:
    from interop_cli.output.sink import save_file
    from interop_cli.store.reading import clients

    with app.store.reading() as conn:
        client_id, code = resolved(app, conn, client)
        found = clients.of_client(conn, client_id)
        content = clients.contents(conn, [client_id]).get(client_id) if target else None
    if target is not None:
        if content is None:
            raise NotFound("client.logo.missing", msg("Client {code} has no logo.", code=code))
        if not app.dry_run:
            save_file(target, content, overwrite=overwrite)
    if target is None or not app.output.quiet:
        known = found or {"type": None, "size": None, "sha256": None}
        app.output.record({"code": code, **known, "file": str(target) if target else None})
