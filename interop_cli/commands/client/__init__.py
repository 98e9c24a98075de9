"""``interop client``: clients and prospects."""

from __future__ import annotations

from interop_cli.domain.messages import N_
from interop_cli.shell.lazy import LazyGroup

COMMANDS = {
    "list": "reading",
    "show": "reading",
    "create": "writing",
    "edit": "writing",
    "activate": "status",
    "deactivate": "status",
    "promote": "status",
    "recode": "writing",
    "delete": "status",
    "why-not": "status",
    "import": "files",
    "export": "files",
    "apply": "files",
    "history": "reading",
    "logo": "writing",
    "send": "status",
    "duplicates": "writing",
    "merge": "writing",
}

client_command = LazyGroup.of(__name__, COMMANDS, N_("Clients and prospects."))
