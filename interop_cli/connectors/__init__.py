"""The code for each kind of target. A new kind is a file here and a row in ``KINDS``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from interop_cli.connectors.protocol import Connector, Target, Tools

# kind -> module and class; imported when a target of that kind is used.
KINDS: dict[str, tuple[str, str]] = {
    "hubspot": ("interop_cli.connectors.hubspot", "HubSpot"),
    "qbo": ("interop_cli.connectors.quickbooks", "QuickBooks"),
    "file": ("interop_cli.connectors.files", "Files"),
}
BY_FILE = frozenset({"file"})
"""Kinds that are fed with files (``sync export``): nobody is called, and somebody says later what
became of them.
"""


def kinds() -> list[str]:
    """The kinds of targets there are."""
    return list(KINDS)


def connector_class(kind: str) -> type[Connector]:
    """The class for a kind of target; raises ConfigError ``sync.kind.unknown``."""
    if kind not in KINDS:
        raise ConfigError(
            "sync.kind.unknown",
            msg(
                "There is no connector {kind}. Connectors: {kinds}.",
                kind=kind[:40],
                kinds=", ".join(KINDS),
            ),
        )
    module, name = KINDS[kind]
    return cast("type[Connector]", getattr(importlib.import_module(module), name))


def connector_for(target: Target, tools: Tools) -> Connector:
    """The connector of a target. Nothing is read and nobody called before it is used."""
    return connector_class(target.kind)(target, tools)
