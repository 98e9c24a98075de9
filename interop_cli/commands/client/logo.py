"""``client logo``: the picture that names the client as the sender."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interop_cli.commands.client.reading import resolved
from interop_cli.commands.complete import client_argument
from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.domain.errors import NotFound, UsageError
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("logo", cls=Command)
@client_argument()
@click.argument("file", metavar="[FILE]", required=False)
@option("--save", "target", metavar="FILE", type=click.Path(path_type=Path),
        help=N_("Write the logo to a file."))  # fmt: skip
@option("--overwrite", is_flag=True, help=N_("Replace the file if there is one."))
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
    from interop_cli.domain.logo import MAX_BYTES
    from interop_cli.domain.services import logos
    from interop_cli.inputs.wholefile import read_whole

    if (file is not None) + (target is not None) + remove > 1:
        raise UsageError("usage.logo", msg("One of these only: FILE, --save, --remove."))
    if file is not None:
        content = read_whole(file, limit=MAX_BYTES)
        app.write("client.logo", lambda uow: logos.set_logo(uow, client, content))
    elif remove:
        app.write("client.logo", lambda uow: logos.remove_logo(uow, client))
    else:
        _show(app, client, target, overwrite)


def _show(app: App, client: str, target: Path | None, overwrite: bool) -> None:
    from interop_cli.output.saving import save_file
    from interop_cli.store.views import logos

    with app.store.reading() as conn:
        client_id, code = resolved(app, conn, client)
        found = logos.of_client(conn, client_id)
        content = logos.contents(conn, [client_id]).get(client_id) if target else None
    if target is not None:
        if content is None:
            raise NotFound("client.logo.missing", msg("Client {code} has no logo.", code=code))
        if not app.dry_run:
            save_file(target, content, overwrite=overwrite)
    if target is None or not app.output.quiet:
        known = found or {"type": None, "size": None, "sha256": None}
        app.output.record({"code": code, **known, "file": str(target) if target else None})
