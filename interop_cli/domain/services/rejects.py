"""The rows that an import does not write: counted, told, and passed on; never all kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.errors import Detail

MAX_DETAILS = 1000
PassOn = Callable[[Any, list[Detail]], None]


@dataclass
class Rejects:
    """``pass_on`` gets each row with its faults, in the order of the lines of a batch.

    Only the first ``MAX_DETAILS`` faults stay here: a file may have millions of bad rows.
    """

    pass_on: PassOn | None = None
    count: int = 0
    details: list[Detail] = field(default_factory=list)
    _batch: list[tuple[Any, list[Detail]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, record: Any, details: list[Detail]) -> None:
        """Refuse a row."""
        self.count += 1
        self._batch.append((record, details))

    def settle(self) -> None:
        """Pass on the rows of a batch."""
        for record, details in sorted(self._batch, key=lambda pair: pair[0].line):
            self.details.extend(details[: MAX_DETAILS - len(self.details)])
            if self.pass_on is not None:
                self.pass_on(record, details)
        self._batch.clear()
