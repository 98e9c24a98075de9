"""``sync log``: what was sent when, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, Count, option, pass_app
from interop_cli.commands.sync import common
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("log", cls=Command)
@click.argument("client", required=False, metavar="[CODE]")
@common.target_option
@option("--limit", type=Count(min=0), default=100, metavar="N",
        help=N_("The latest N (100); 0: all."))  # fmt: skip
@option("--failed", is_flag=True, help=N_("Only what went wrong."))
@pass_app
def log_command(
    app: App, client: str | None, target_name: str | None, limit: int, failed: bool
) -> None:
    """Show the calls, the latest first: no contents, and no secrets.

    \b
    interop sync log --target crm --failed
    interop sync log ACME --json
    """
    from interop_cli.store.sync import events
    from interop_cli.store.views.clients import resolve

    conn = app.store.conn
    columns = events.columns()
    app.output.pick(columns, key="code")
    target_id = common.only(app, target_name).id if target_name else None
    client_id = resolve(conn, client)[0] if client else None
    batches = events.rows(
        conn, target_id=target_id, client_id=client_id, failed=failed, limit=limit or None
    )
    app.output.rows(columns, batches, key="code", spool=conn.readers_block_writers)
