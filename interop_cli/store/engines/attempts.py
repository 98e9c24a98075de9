"""Locks that keep others out, asked for in short attempts.

Whoever waits for such a lock has everybody else queue behind: a reader that takes its time would
stop all others. So it is given up soon, others have their turn, and it is asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
ATTEMPT = 0.5  # seconds that others queue at most
PAUSE = 0.5


def in_attempts(
    attempt: Callable[[], T],
    seconds: float,
    refused: Callable[[Exception], bool],
    waiting: Callable[[], object] = bool,
) -> T:
    """What ``attempt`` gives; again for ``seconds`` while it raises what is ``refused``.

    ``waiting`` is called after each attempt that failed.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except Exception as error:
            if not refused(error) or time.monotonic() >= deadline:
                raise
        waiting()
        time.sleep(min(PAUSE, max(deadline - time.monotonic(), 0)))
