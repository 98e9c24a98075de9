"""Flags that only one row of a client may have, when many rows are saved at once.

A unique index is checked row by row: were a flag given to its new holder before the old one gave
it up, the update would be refused. So who loses it loses it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interop_cli.store.chunks import id_table
from interop_cli.store.connection import Row

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork

Pair = tuple[Row, Row]


def give_up(
    uow: UnitOfWork, table: str, flags: Sequence[str], pairs: Sequence[Pair], new: Sequence[Row]
) -> list[Pair]:
    """The pairs (before, after) still to save, once flags that others get were given up."""
    found = list(pairs)
    for flag in flags:
        wanted = {row["client_id"] for row in new if row[flag]}
        wanted |= {after["client_id"] for before, after in found if after[flag] > before[flag]}
        losing = [
            position
            for position, (before, after) in enumerate(found)
            if before[flag] > after[flag] and before["client_id"] in wanted
        ]
        if losing:
            _clear(uow, table, flag, [found[position][0]["id"] for position in losing])
        for position in losing:
            before, after = found[position]
            found[position] = ({**before, flag: 0, "version": before["version"] + 1}, after)
    return found


def _clear(uow: UnitOfWork, table: str, flag: str, ids: list[int]) -> None:
    id_table(uow.conn, "losing", ids)
    uow.update(table, {flag: 0}, "id IN (SELECT id FROM losing)")
    uow.touched.update((table, row_id) for row_id in ids)
