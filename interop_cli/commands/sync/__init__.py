"""``interop sync``: push to accounting and to the CRM."""

from __future__ import annotations

from interop_cli.commands.frame import Group
from interop_cli.commands.sync import (
    fields,
    handing,
    linking,
    log,
    planning,
    pulling,
    pushing,
    targets,
)
from interop_cli.domain.messages import N_

sync_command = Group("sync", help=N_("Push to accounting and to the CRM."))
for command in (
    targets.targets_command, targets.add_command, targets.remove_command, targets.connect_command,
    fields.fields_command, linking.link_command, linking.unlink_command, planning.plan_command,
    pushing.push_command, pulling.pull_command, planning.status_command, pushing.retry_command,
    pulling.resolve_command, handing.export_command, handing.ack_command, log.log_command,
):  # fmt: skip
    sync_command.add_command(command)
