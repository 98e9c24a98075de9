"""What a mapping says of a foreign file, and the rows under our names that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Fields:
    """What a file may hold: ``known`` fields, others that ``accepts`` takes, and those ignored.

    ``accepts`` says yes to fields that are not worth listing, such as ``contact7.email``.
    """

    known: Collection[str]
    ignored: Collection[str] = ()
    accepts: Callable[[str], bool] | None = None

    def has(self, name: str) -> bool:
        """Whether a file may hold this field."""
        return name in self.known or bool(self.accepts and self.accepts(name))
