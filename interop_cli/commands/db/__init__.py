"""``interop db``: make the database, look after it, back it up, and say who may do what."""

from __future__ import annotations

from interop_cli.commands.db import copying, keeping, users
from interop_cli.domain.messages import N_
from interop_cli.shell.command import Group

db_command = Group("db", help=N_("The database: make, look after, back up."))
for command in (
    keeping.init_command,
    keeping.info_command,
    keeping.seed_command,
    copying.backup_command,
    copying.restore_command,
    copying.copy_command,
    keeping.check_command,
    keeping.doctor_command,
    keeping.migrate_command,
    keeping.distribute_command,
    users.user_command,
    users.grant_command,
):
    db_command.add_command(command)
