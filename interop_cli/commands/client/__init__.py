"""``interop client``: clients and prospects."""

from __future__ import annotations

from interop_cli.commands.client import bulk, exchange, logo, reading, sending, writing
from interop_cli.commands.frame import Group
from interop_cli.domain.messages import N_

client_command = Group("client", help=N_("Clients and prospects."))
for command in (
    reading.list_command, reading.show_command, writing.create_command, writing.edit_command,
    bulk.activate_command, bulk.deactivate_command, bulk.promote_command, writing.recode_command,
    bulk.delete_command, bulk.why_not_command, exchange.import_command, exchange.export_command,
    exchange.apply_command, reading.history_command, logo.logo_command, sending.send_command,
):  # fmt: skip
    client_command.add_command(command)
