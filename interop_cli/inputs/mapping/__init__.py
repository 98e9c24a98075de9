"""What a mapping says of a foreign file, and the rows under our names that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from interop_cli.domain.messages import Message

WHOLE_ADDRESS = "full_address"
"""The end of a field that holds an address in one cell, such as ``ship_to.full_address``."""


class ColumnFault(Exception):
    """What is wrong with what is said of columns, or with what they hold in a row.

    ``reason`` tells no value; in a row, ``code`` and ``path`` say what it is and of which field.
    """

    def __init__(self, reason: Message, code: str = "", path: str = "") -> None:
        super().__init__(code)
        self.reason = reason
        self.code = code
        self.path = path


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
