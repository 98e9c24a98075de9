"""Uids for rows that are made, and for those that were made before there were any.

New ones are UUIDs of version 7: they begin with the time, so that thousands of them go to the end
of the index rather than all over it, which is what an import would pay for with version 4.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from interop_cli.domain.values.code import derived_uid
from interop_cli.store.engines.connection import Connection
from interop_cli.store.writing.journal import GENESIS

# The version's digit is fixed, and two bits of another: a digit of chance becomes one of four.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_DIGITS = 20  # of chance in a uid, in hexadecimal


def new_uids(count: int) -> Iterator[str]:
    """So many uids that nothing ever had."""
    now = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{now[:8]}-{now[8:]}-7"
    chance = os.urandom(count * _DIGITS // 2).hex()
    for start in range(0, count * _DIGITS, _DIGITS):
        digits = chance[start : start + _DIGITS]
        yield f"{head}{digits[:3]}-{_VARIANT[digits[3]]}{digits[4:7]}-{digits[7:19]}"


def origin(conn: Connection) -> str:
    """What the uids of older rows are derived from: the hash of the first operation.

    It is the same in every copy of a database, so two that migrate the same backup agree.
    """
    rows = conn.query("SELECT hash FROM operation ORDER BY id LIMIT 1")
    return str(rows[0]["hash"]) if rows else GENESIS


def older_uid(first: str, table: str, row_id: int) -> str:
    """The uid of a row that was made before there were any, in a database of this ``origin``."""
    return derived_uid(first, table, row_id)
