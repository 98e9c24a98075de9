"""``client send``: a push to the accounting target, for the clients that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands import confirm, selectors
from interop_cli.commands.frame import Command, pass_app
from interop_cli.commands.selectors import Picked, selector_options
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from interop_cli.app import App


@click.command("send", cls=Command)
@selector_options
@pass_app
def send_command(app: App, picked: Picked) -> None:
    """Send clients to the accounting system; prospects never go.

    \b
    interop client send ACME
    interop client send --filter tag=vip --yes
    """
    from dataclasses import replace

    from interop_cli.commands.sync import common
    from interop_cli.commands.sync.pushing import push

    selectors.check(picked)
    if picked.is_bulk:
        confirm.moderate(
            app, msg("Send these clients to the accounting system?"),
            stdin_is_data=picked.reads_stdin,
        )  # fmt: skip
    limited = replace(picked, max_affected=selectors.limit(app, picked))
    push(app, [common.accounting(app)], common.scope_of(app, limited), limited)
