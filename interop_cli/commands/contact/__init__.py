"""``interop contact``: the people at a client."""

from __future__ import annotations

from interop_cli.commands.belonging import contact_import_command
from interop_cli.commands.contact import reading, writing
from interop_cli.domain.messages import N_
from interop_cli.shell.command import Group

contact_command = Group("contact", help=N_("People at a client, and who gets its invoices."))
for command in (
    reading.list_command,
    reading.show_command,
    writing.create_command,
    writing.edit_command,
    writing.activate_command,
    writing.deactivate_command,
    writing.delete_command,
    reading.why_not_command,
    writing.default_command,
    writing.billing_command,
    reading.recipients_command,
    contact_import_command,
    reading.export_command,
    writing.export_personal_command,
    writing.erase_command,
):
    contact_command.add_command(command)
