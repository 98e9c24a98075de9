"""Opening a target: its connector, its secret, and what the environment overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from interop_cli.clock import Clock
from interop_cli.connectors import connector_class
from interop_cli.connectors.protocol import Target, Tools
from interop_cli.connectors.secrets import TargetSecrets, variable
from interop_cli.domain.errors import InteropError
from interop_cli.domain.sync.descriptor import Field
from interop_cli.store.connection import Connection
from interop_cli.store.store import Store
from interop_cli.store.sync.targets import TargetRow, all_targets
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


def accounting_fields(
    conn: Connection, open_target: Callable[[TargetRow], Site]
) -> dict[str, Field] | None:
    """The fields ``accounting.*`` of all targets, by the name after the dot; None: no targets.

    A target whose settings are wrong does not keep clients from being written.
    """
    targets = all_targets(conn)
    found: dict[str, Field] = {}
    for target in targets:
        try:
            fields = open_target(target).connector.descriptor("client").fields
        except InteropError:
            continue
        for field in fields:
            if field.name.startswith("accounting."):
                found.setdefault(field.name.partition(".")[2], field)
    return found if targets else None
