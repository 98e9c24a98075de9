"""Logins that lapse: refresh tokens that will not be good any more unless they are used before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from interop_cli.connectors.protocol import SecretStore
from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import Message, msg
from interop_cli.system import Clock

DAYS = 14
"""It is said so many days before."""


def lapses_at(secrets: SecretStore | None) -> str | None:
    """When the login of a target lapses, as times are stored; None where that is not known."""
    found = None
    with suppress(InteropError):  # a secret that cannot be read is said where it is used
        found = secrets.read() if secrets else None
    ends = (found or {}).get("refresh_ends_at")
    if not isinstance(ends, int | float) or not 0 < ends < 10**11:
        return None
    return datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def about(target: str, until: str | None, clock: Clock) -> tuple[Message, Message] | None:
    """What to say of a login that lapses soon, or has, and what to do; None where there is time."""
    if until is None or until > clock.stamp(DAYS * 86400):
        return None
    day = until[:10]
    if until <= clock.stamp():
        what = msg("The login of {target} lapsed on {date}", target=target, date=day)
        return what, msg("interop sync connect {target} --login", target=target)
    what = msg("The login of {target} lapses on {date} unless it is used", target=target, date=day)
    return what, msg("interop sync push --target {target}", target=target)


def findings(targets: Iterable[tuple[str, SecretStore]], clock: Clock) -> Iterator[dict[str, Any]]:
    """What ``db doctor`` says of logins: code, severity, what, fix."""
    for name, secrets in targets:
        said = about(name, lapses_at(secrets), clock)
        if said is not None:
            yield {"code": "sync.login", "severity": "warning", "what": said[0], "fix": said[1]}
