"""How a client is named on the command line: a code, present or former, or ``#id``."""

from __future__ import annotations

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg


def id_named(ref: str) -> int | None:
    """The id in a reference of the form ``#17``."""
    return int(ref[1:]) if ref[:1] == "#" and ref[1:].isdecimal() and len(ref) < 19 else None


def client_not_found(ref: str) -> NotFound:
    """The error for a reference that names no client."""
    return NotFound(
        "client.not_found",
        msg("There is no client {code}.", code=ref if len(ref) <= 40 else ref[:40] + "…"),
        hint=msg("Look for it with: interop client list --status all --search TEXT"),
    )
