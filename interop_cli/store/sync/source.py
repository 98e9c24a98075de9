"""How our records are read for a target: the source of each entity of sync."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.sync.records import Local
from interop_cli.store.connection import Connection, Row

# Beside the client ``c``: its main address and who pays for it. Scopes and filters speak of them.
PEOPLE = (
    " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
    " LEFT JOIN client p ON p.id = c.bill_to_id"
)


def _no_params(_conn: Connection, _target_id: int) -> dict[str, Any]:
    return {}


def _no_more(_conn: Connection, _rows: Sequence[Row]) -> None:
    """Everything stands in the row."""


@dataclass(frozen=True)
class Source:
    """How an entity is read: ``columns`` are name -> SQL, ``stamp`` SQL for text.

    ``client`` is the column with the client's id, ``eligible`` what a record must be to be sent
    for the first time; ``order`` puts those first that others refer to. Of the table only what
    ``only`` holds for is such a record at all.
    """

    table: str
    columns: dict[str, str]
    tables: str
    stamp: str
    client: str
    eligible: str
    order: str
    local: Callable[[Row], Local]
    only: str = "TRUE"
    params: Callable[[Connection, int], dict[str, Any]] = _no_params
    """What the SQL is bound to besides ``:target``."""
    complete: Callable[[Connection, Sequence[Row]], None] = _no_more
    """Adds to a batch of rows what stands in other tables."""
