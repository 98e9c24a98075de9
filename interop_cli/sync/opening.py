"""Opening a target: its connector, its secret, and what the environment overrides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from interop_cli.clock import Clock
from interop_cli.connectors import connector_class
from interop_cli.connectors.protocol import Target, Tools
from interop_cli.connectors.secrets import TargetSecrets, variable
from interop_cli.store.store import Store
from interop_cli.store.sync.targets import TargetRow
from interop_cli.sync.site import Site


def open_site(
    store: Store,
    target: TargetRow,
    clock: Clock,
    environ: Mapping[str, str],
    *,
    timeout: float,
    folder: Path,
) -> Site:
    """A target at work. Raises ConfigError where its kind is unknown or its address refused."""
    kind = connector_class(target.kind)
    tools = Tools(
        clock,
        secrets_of(target, environ, folder),
        base_url=environ.get(variable(target.name, "BASE_URL")) or None,
        token_url=environ.get(variable(target.name, "TOKEN_URL")) or None,
        timeout=timeout,
        ca_bundle=environ.get("REQUESTS_CA_BUNDLE") or None,
        proxy=environ.get("INTEROP_PROXY") or None,
    )
    configured = Target(
        target.id, target.name, target.kind, target.settings, target.version, target.uid
    )
    return Site(store, target, kind(configured, tools), clock)


def secrets_of(target: TargetRow, environ: Mapping[str, str], folder: Path) -> TargetSecrets:
    """Where the secret of a target is kept."""
    names = connector_class(target.kind).secret_names
    return TargetSecrets(target.name, target.uid, names, environ, folder)
