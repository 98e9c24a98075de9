"""Making room for values that only one row of a client may have, when they change hands.

A unique index is checked row by row: were two contacts to exchange their e-mails by two updates,
the first would be refused. So who gives such a value up gives it up first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from interop_cli.store.connection import Row

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork

Pair = tuple[Row, Row]


def vacate(
    uow: UnitOfWork,
    table: str,
    unique: Mapping[str, Mapping[str, object]],
    pairs: Sequence[Pair],
    new: Sequence[Row],
) -> list[Pair]:
    """The pairs (before, after) to save, once what others wait for was given up.

    ``unique`` has, for each column, the values that stand for having given it up.
    """
    found = list(pairs)
    for column, empty in unique.items():
        claimed = {(row["client_id"], row[column]) for row in new if row[column]}
        claimed |= {
            (after["client_id"], after[column])
            for before, after in found
            if after[column] and after[column] != before[column]
        }
        waiting = [
            position
            for position, (before, after) in enumerate(found)
            if (before["client_id"], before[column]) in claimed and after[column] != before[column]
        ]
        if waiting:
            _give_up(uow, table, empty, [found[position][0]["id"] for position in waiting])
        for position in waiting:
            before, after = found[position]
            found[position] = ({**before, **empty, "version": before["version"] + 1}, after)
    return found


def _give_up(uow: UnitOfWork, table: str, empty: Mapping[str, object], ids: list[int]) -> None:
    uow.conn.temp_table("vacated", "id BIGINT PRIMARY KEY")
    uow.conn.insert_many("vacated", ("id",), ((row_id,) for row_id in ids))
    uow.update(table, empty, "id IN (SELECT id FROM vacated)")
    uow.touched.update((table, row_id) for row_id in ids)
