"""The code for each kind of target. A new kind is a file here and a row in ``KINDS``, or an entry
point of another package (docs/connectors.md).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from interop_cli.connectors.protocol import Connector, Target, Tools

# kind -> module and class; imported when a target of that kind is used.
KINDS: dict[str, tuple[str, str]] = {
    "hubspot": ("interop_cli.connectors.hubspot", "HubSpot"),
    "qbo": ("interop_cli.connectors.quickbooks", "QuickBooks"),
    "file": ("interop_cli.connectors.files", "Files"),
}
GROUP = "interop_cli.connectors"
"""The entry points in which other packages name their connectors: kind = module:class."""


def kinds() -> list[str]:
    """The kinds of targets there are: ours, and those of other packages."""
    return [*KINDS, *sorted(_installed().keys() - KINDS.keys())]


def connector_class(kind: str) -> type[Connector]:
    """The class for a kind of target.

    Raises ConfigError ``sync.kind.unknown``; ``sync.kind.broken`` where the package that brings it
    cannot be used.
    """
    if kind in KINDS:
        module, name = KINDS[kind]
        return cast("type[Connector]", getattr(importlib.import_module(module), name))
    found = _installed().get(kind)
    if found is None:
        raise ConfigError(
            "sync.kind.unknown",
            msg(
                "There is no connector {kind}. Connectors: {kinds}.",
                kind=kind[:40],
                kinds=", ".join(kinds()),
            ),
        )
    try:
        return cast("type[Connector]", found.load())
    except Exception as error:
        raise ConfigError(
            "sync.kind.broken",
            msg(
                "The connector {kind} of {place} cannot be used ({error}).",
                kind=kind,
                place=found.value,
                error=type(error).__name__,
            ),
        ) from error


def _installed() -> dict[str, EntryPoint]:
    """The connectors of other packages, by kind."""
    from importlib.metadata import entry_points

    return {one.name: one for one in entry_points(group=GROUP)}


def connector_for(target: Target, tools: Tools) -> Connector:
    """The connector of a target. Nothing is read and nobody called before it is used."""
    return connector_class(target.kind)(target, tools)
