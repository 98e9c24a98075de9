"""Chance: one stream of random numbers from a seed, and choices and fair numbers out of it.

Those numbers look right and are nobody's. The exchange 555 belongs to no subscriber, and the French
numbers begin as those that the regulator set aside for films. Tax numbers have valid check digits
and random middles.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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


def walk(size: int, draw: Draw) -> Iterator[int]:
    """The numbers below ``size`` in a scattered order, each once."""
    start = draw.below(size)
    # Steps of about the golden section spread the numbers evenly; coprime, they meet all.
    step = size * 5 // 8 + draw.below(size // 16 + 1)
    while gcd(step, size) != 1:
        step += 1
    return ((start + step * turn) % size for turn in range(1, size + 1))


def weighted(table: Mapping[T, int]) -> tuple[T, ...]:
    """Each item as many times as its weight, to ``pick`` from."""
    return tuple(item for item, weight in table.items() for _ in range(weight))


_LETTERS = "ABCEGHJKLMNPRSTVWXYZ"
_ENDS = tuple(f" {a}{letter}{b}" for a in range(10) for letter in _LETTERS for b in range(10))
# Written in as many ways as people write them, the usual one most.
_PHONES = (
    "%s 555-%04d",
    "%s 555-%04d",
    "%s-555-%04d",
    "%s-555-%04d",
    "(%s) 555-%04d",
    "%s.555.%04d",
)
_EXTENSIONS = {"fr": (" poste %d", ", poste %d", " p. %d"), "en": (" ext. %d", " ext. %d", " x%d")}
_WITH_EXTENSION = 0.15
_RESERVED = 0.3  # of all lines, those that were set aside for fiction
_DIRECTORY = 1212


def postal_code(prefix: str, draw: Draw) -> str:
    """A Canadian postal code that begins with ``prefix``."""
    return prefix + draw.pick(_ENDS)


def phone(area: str, language: str, draw: Draw) -> str:
    """A North American number, now and then with an extension."""
    if draw.next() < _RESERVED:
        line = 100 + draw.below(100)
    else:
        line = draw.below(10_000)
        if line == _DIRECTORY:
            line = 100
    number = draw.pick(_PHONES) % (area, line)
    if draw.next() < _WITH_EXTENSION:
        number += draw.pick(_EXTENSIONS[language]) % (10 + draw.below(490))
    return number


def french_phone(beginning: str, draw: Draw) -> str:
    """A number of France that begins with the six digits of ``beginning``."""
    return f"{beginning} {draw.below(100):02} {draw.below(100):02}"


def gst(draw: Draw) -> str:
    """A GST/HST number: eight digits, their Luhn check digit, RT0001."""
    start, end = int(draw.pick("178")) * 1000 + draw.below(1000), draw.below(10_000)
    sums = _luhn_sums()
    return f"{start}{end:04}{-(sums[start] + sums[end]) % 10}RT0001"


def qst(draw: Draw) -> str:
    """A QST number: nine digits, their check digit (weights, modulo 11), TQ0001."""
    one, two, three = 100 + draw.below(30), draw.below(1000), draw.below(1000)
    outer, inner = _weighted_sums(4, 3, 2), _weighted_sums(7, 6, 5)
    total = outer[one] + inner[two] + outer[three]
    return f"{one}{two:03}{three:03}{(11 - total % 11) % 10}TQ0001"


def neq(beginning: str, draw: Draw) -> str:
    """A Quebec enterprise number: two digits for the legal form, eight others."""
    return f"{beginning}{draw.below(100_000_000):08}"


@cache
def _luhn_sums() -> tuple[int, ...]:
    """What four digits add to a Luhn sum, the second and fourth of them doubled."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    pairs = [tens + doubled[ones] for tens in range(10) for ones in range(10)]
    return tuple(first + second for first in pairs for second in pairs)


@cache
def _weighted_sums(*weights: int) -> tuple[int, ...]:
    """What three digits add to a QST sum at the places of these weights."""
    a, b, c = weights
    return tuple(a * x + b * y + c * z for x in range(10) for y in range(10) for z in range(10))
