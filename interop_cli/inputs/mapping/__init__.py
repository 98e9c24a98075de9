"""What a mapping says of a foreign file, and the rows under our names that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

WHOLE_ADDRESS = "full_address"
"""The end of a field that holds an address in one cell, such as ``ship_to.full_address``."""


@dataclass(frozen=True)
class Fields:
    """What a file may hold: ``known`` fields, others that ``accepts`` takes, and those ignored.

    ``accepts`` says yes to fields that are not worth listing, such as ``contact7.email``.
    """

    known: Collection[str]
    ignored: Collection[str] = ()
    accepts: Callable[[str], bool] | None = None

    def has(self, name: str) -> bool:
        """Whether a file may hold this field; a whole address, where it may hold a street."""
        if name.endswith(WHOLE_ADDRESS):
            name = name.removesuffix(WHOLE_ADDRESS) + "line1"
        return name in self.known or bool(self.accepts and self.accepts(name))
