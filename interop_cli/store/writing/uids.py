"""The uids of rows: of new ones, and of those that were deleted before rows had any."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from interop_cli.domain.values.code import derived_uid
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.writing import journal
from interop_cli.store.writing.tables import Table

# The version's digit is fixed, and two bits of another: a digit of chance becomes one of four.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_DIGITS = 20  # of chance in a uid, in hexadecimal


def as_today(conn: Connection, spec: Table, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows as the journal has them, with the columns that came since they were deleted."""
    nameless = spec.named and not all(row.get("uid") for row in rows)
    first = journal.origin(conn) if nameless else ""
    for row in rows:
        today = {**dict.fromkeys(spec.columns), **row}
        if spec.named and not today["uid"]:
            today["uid"] = derived_uid(first, spec.name, row["id"])
        yield today


def give_uids(rows: Sequence[Any], place: Any) -> None:
    """Give a uid to the rows that have none; it stands at ``place``."""
    nameless = [row for row in rows if not row[place]]
    for row, uid in zip(nameless, new_uids(len(nameless)), strict=True):
        row[place] = uid


def new_uids(count: int) -> Iterator[str]:
    """So many uids that nothing ever had, of version 7: they begin with the time.

    So thousands of them go to the end of the index rather than all over it, which is what an import
    would pay for with version 4.
    """
    now = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{now[:8]}-{now[8:]}-7"
    chance = os.urandom(count * _DIGITS // 2).hex()
    for start in range(0, count * _DIGITS, _DIGITS):
        digits = chance[start : start + _DIGITS]
        yield f"{head}{digits[:3]}-{_VARIANT[digits[3]]}{digits[4:7]}-{digits[7:19]}"
