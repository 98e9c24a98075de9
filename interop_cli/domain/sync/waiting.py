"""How long to wait, and when to stop trying."""

from __future__ import annotations

import random

BREAKER_FAILURES = 5
"""So many calls in a row without an answer open the breaker of a target."""
BREAKER_SECONDS = 120.0
LONGEST_WAIT = 60.0
"""A run waits no longer than this for a target; then the target is parked."""
STALE_TRIES = 3
LEASE_SECONDS = 900.0
"""A claim is good for so long; it must outlast the longest call, and those made of its halves. A
process that ended on this machine is known to be gone before that.
"""
ROUNDS = 12
"""How often a run comes back to records that were not done at once."""


def backoff(attempt: int, asked: float | None = None) -> float:
    """Seconds before the attempt after ``attempt`` (1, 2 …): what the remote asked for, or full
    jitter under an exponential cap.
    """
    if asked is not None:
        return asked
    return random.uniform(0, min(30.0, 0.5 * 2**attempt))  # noqa: S311 - not a secret
