"""``interop client``: clients and prospects."""

from __future__ import annotations

from interop_cli.commands.frame import LazyGroup
from interop_cli.domain.messages import N_

COMMANDS = {
    "list": "reading", "show": "reading", "create": "writing", "edit": "writing",
    "activate": "bulk", "deactivate": "bulk", "promote": "bulk", "recode": "writing",
    "delete": "bulk", "why-not": "bulk", "import": "exchange", "export": "exchange",
    "apply": "exchange", "history": "reading", "logo": "logo", "send": "sending",
    "duplicates": "duplicates", "merge": "merging",
}  # fmt: skip

client_command = LazyGroup(
    "client",
    lazy={name: (f"{__name__}.{module}", None) for name, module in COMMANDS.items()},
    help=N_("Clients and prospects."),
)
