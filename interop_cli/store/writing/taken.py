"""What a row is named by for ever, and no two may share: uids, of documents numbers, too.

A distributed engine holds only those keys of a table to be unique that have the client in them. So
where rows lie by client, each number and uid that is given has a row in ``taken``, which is unique
by itself. In a file an index does that, and no such row is kept. Uids are made here,
too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from interop_cli.domain.values.code import derived_uid
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.migrations.release_0_3 import GIVEN
from interop_cli.store.writing import journal
from interop_cli.store.writing.tables import Table

COLUMNS = {"document": frozenset({"uid", "kind", "number_key"}), "note": frozenset({"uid"})}
"""The columns that make these names, by table."""
CHUNK = 5000


def concerns(conn: Connection, table: str, columns: Collection[str]) -> bool:
    """Whether to write these columns of a table takes names or gives some up."""
    return conn.by_client and not COLUMNS.get(table, frozenset()).isdisjoint(columns)


def take(conn: Connection, table: str, rows: Iterable[Row]) -> None:
    """Take the names of rows that are new; a Conflict ``db.constraint`` where one is taken."""
    if concerns(conn, table, ("uid",)):
        conn.insert_many(
            "taken", ("name",), ((name,) for row in rows for name in _names(table, row))
        )


def give_up(conn: Connection, table: str, rows: Iterable[Row]) -> None:
    """Let others have the names of rows that go."""
    if not concerns(conn, table, ("uid",)):
        return
    names = [name for row in rows for name in _names(table, row)]
    for start in range(0, len(names), CHUNK):
        condition, among = conn.among("name", names[start : start + CHUNK])
        conn.execute(f"DELETE FROM taken WHERE {condition}", among=among)


def fill(conn: Connection) -> None:
    """Take the names of all the rows there are, in a database that was filled table by table."""
    if conn.by_client:
        conn.execute("DELETE FROM taken")
        conn.execute(GIVEN)


def _names(table: str, row: Row) -> Iterable[str]:
    yield f"{table} {row['uid']}"
    if row.get("number_key") is not None:
        yield f"{row['kind']} {row['number_key']}"


# -- uids ---------------------------------------------------------------------------------------

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
