"""Time, as the program sees it: what it is now, and waiting.

Where the date is fixed (``INTEROP_TODAY``) waiting takes no time: the clock is moved on instead,
so that a run waits for a remote's Retry-After in the same order, without waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


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
