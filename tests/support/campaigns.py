"""How much of a campaign of random examples is run: all of it in the long one, else a share."""

from __future__ import annotations

from hypothesis import settings

LONG = 2000  # examples of a property in the profile ``long``


def share(examples: int) -> int:
    """As many in the profile ``long``, a third of them otherwise.

    What a test names by hand is always run.
    """
    return examples if settings().max_examples >= LONG else max(examples // 3, 1)
