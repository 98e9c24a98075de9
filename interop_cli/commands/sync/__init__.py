"""``interop sync``: push to accounting and to the CRM."""

from __future__ import annotations

from interop_cli.domain.messages import N_
from interop_cli.shell.lazy import LazyGroup

COMMANDS = {
    "ack": "files",
    "add": "targets",
    "connect": "connecting",
    "export": "files",
    "fields": "target_fields",
    "link": "linking",
    "log": "planning",
    "plan": "planning",
    "pull": "pulling",
    "push": "pushing",
    "remove": "targets",
    "resolve": "pulling",
    "retry": "pushing",
    "status": "planning",
    "targets": "targets",
    "unlink": "linking",
}

sync_command = LazyGroup.of(__name__, COMMANDS, N_("Push to accounting and to the CRM."))
