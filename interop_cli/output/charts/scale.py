"""The axis of a chart: what it spans, and the round amounts that are marked on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interop_cli.domain.charts import Bar


def extent(bars: Sequence[Bar]) -> tuple[int, int]:
    """The smallest and the largest amount in cents, zero included."""
    amounts = [0, *(bar.cents for bar in bars)]
    return min(amounts), max(amounts)


def ticks(low: int, high: int, most: int) -> list[int]:
    """Round amounts in cents at even distances from ``low`` to ``high``, zero among them.

    ``low`` is at most zero and ``high`` at least. At most ``most`` of them; zero always.
    """
    step = 1
    for step in _distances():
        if high // step + -low // step + 1 <= max(most, 1):
            break
    return list(range(-(-low // step) * step, high // step * step + 1, step))


def _distances() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 …"""
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
