"""Chance: one stream of random numbers from a seed, and choices out of it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import gcd
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Choices that are the same for the same seed on every Python.

    Of ``random.Random`` only ``random`` is used: its sequence is promised to stay; those of
    ``choice``, ``shuffle`` and the others may change with the version.
    """

    def __init__(self, seed: int) -> None:
        self.next = random.Random(seed).random

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit - 1``."""
        return int(self.next() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """One of ``items``, all equally likely."""
        return items[int(self.next() * len(items))]


class Walk:
    """The numbers below ``size`` in a scattered order, each once."""

    def __init__(self, size: int, draw: Draw) -> None:
        self._size = self._left = size
        self._at = draw.below(size)
        # Steps of about the golden section spread the numbers evenly; coprime, they meet all.
        step = size * 5 // 8 + draw.below(size // 16 + 1)
        while gcd(step, size) != 1:
            step += 1
        self._step = step

    def __next__(self) -> int:
        if not self._left:
            raise StopIteration
        self._left -= 1
        self._at = (self._at + self._step) % self._size
        return self._at


def weighted(table: Mapping[T, int]) -> tuple[T, ...]:
    """Each item as many times as its weight, to ``pick`` from."""
    return tuple(item for item, weight in table.items() for _ in range(weight))
