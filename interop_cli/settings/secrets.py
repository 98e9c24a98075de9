"""Secrets that are settings: kept as those of sync targets are, not with the other settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interop_cli.connectors.secrets import TargetSecrets


def keeper(name: str, environ: Mapping[str, str], folder: Path) -> TargetSecrets:
    """Where the secret setting ``name`` is kept: ``places.key`` under ``places``.

    A file named in ``INTEROP_PLACES_TOKEN_FILE``, the keyring, or a private file.
    """
    from interop_cli.connectors.secrets import TargetSecrets

    group, _, value = name.partition(".")
    return TargetSecrets(group, group, (value,), environ, folder)


def read(name: str, environ: Mapping[str, str], folder: Path) -> tuple[str, str] | None:
    """A secret setting and its place, or None where there is none."""
    kept = keeper(name, environ, folder)
    secret = kept.read()
    value = (secret or {}).get(name.partition(".")[2])
    return (str(value), kept.place) if value else None
