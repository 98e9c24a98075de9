"""``interop sync``: push to accounting and to the CRM."""

from __future__ import annotations

from interop_cli.commands.sync import (
    connecting,
    files,
    linking,
    planning,
    pulling,
    pushing,
    target_fields,
    targets,
)
from interop_cli.domain.messages import N_
from interop_cli.shell.command import Group

sync_command = Group("sync", help=N_("Push to accounting and to the CRM."))
for command in (
    targets.targets_command,
    targets.add_command,
    targets.remove_command,
    connecting.connect_command,
    target_fields.fields_command,
    linking.link_command,
    linking.unlink_command,
    planning.plan_command,
    pushing.push_command,
    pulling.pull_command,
    planning.status_command,
    pushing.retry_command,
    pulling.resolve_command,
    files.export_command,
    files.ack_command,
    planning.log_command,
):
    sync_command.add_command(command)
