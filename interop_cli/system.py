"""What the operating system says: the time and its zone, and who runs the program.

Where the date is fixed (``INTEROP_TODAY``) waiting takes no time: the clock is moved on instead,
so that a run waits for a remote's Retry-After in the same order, without waiting.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interop_cli.domain.rights import User


def current_user() -> User:
    """Who runs the program, as the system knows it; the one behind sudo is noted too."""
    try:
        import pwd
    except ImportError:  # Windows: asks the system, not the environment
        name = os.getlogin()
        return User(name, name)
    uid = os.getuid()
    name = f"uid {uid}"
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
    behind = os.environ.get("SUDO_UID", "")
    return User(str(uid), name, behind if behind.isascii() and behind.isdigit() else None)


def user_named(text: str) -> User | None:
    """The system's user of this name or number; a number may be one that has no name (yet)."""
    try:
        import pwd
    except ImportError:
        return User(text, text)
    with suppress(KeyError):
        return User(str(pwd.getpwnam(text).pw_uid), text)
    if not (text.isascii() and text.isdigit()):
        return None
    name = f"uid {text}"
    with suppress(KeyError, OverflowError):
        name = pwd.getpwuid(int(text)).pw_name
    return User(str(int(text)), name)


LOCAL = "/etc/localtime"


def system_zone() -> str:
    """The zone's name, such as ``America/Toronto``; "" where the system does not tell.

    Out of ``TZ``, else from the file of zones that ``/etc/localtime`` leads to.
    """
    from interop_cli.domain.values.days import zone_named

    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            _, _, name = str(Path(LOCAL).resolve(strict=True)).partition("zoneinfo/")
        except (OSError, RuntimeError):
            return ""
    try:
        zone_named(name)
    except ValueError:
        return ""
    return name


class Clock:
    """The real clock, or one that stands at ``start`` and moves by what is slept."""

    def __init__(
        self, start: datetime | None = None, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._start = start
        self._pause = pause
        self._slept = 0.0

    def now(self) -> datetime:
        """The time in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=self._slept)

    def stamp(self, seconds: float = 0) -> str:
        """The time ``seconds`` from now as it is stored: ISO 8601, UTC, whole seconds, ``Z``."""
        return (self.now() + timedelta(seconds=seconds)).isoformat()[:19] + "Z"

    def sleep(self, seconds: float) -> None:
        """Wait, or move the fixed clock on."""
        if seconds <= 0:
            return
        if self._start is None:
            self._pause(seconds)
        else:
            self._slept += seconds
