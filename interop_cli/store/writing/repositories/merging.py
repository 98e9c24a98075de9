"""Moving what belongs to merged clients, set-based; which tables that are is data.

A table whose rows belong to a client needs nothing here but its row in ``tables.py``: its
``client_id`` is moved. What else names a client, a contact or an address stands in the tables
below, and counts where the table exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.writer import Writer

# Rows that may equal one of the winner's, and are looked at one by one.
COMBINED = ("contact", "address")
# What is said of rows that were another client's: a file may still have that client.
MARKED = {"client_code": {"merged": 1}}
# Table, column: who pays. A row of the client itself (``client_id``) is not billed to itself.
PAYERS = (("client", "bill_to_id"), ("document", "bill_to_id"))
# Table, column, what it names: goes over to the row that an equal one was combined into.
REFERENCES = (("document", "contact_id", "contact"), ("document", "ship_to_id", "address"))


def move(writer: Writer, winner: int, losers: Sequence[int]) -> dict[str, int]:
    """Give the winner all that belongs to the losers; how many rows of each table.

    Contacts and addresses are the caller's.
    """
    ours = ", ".join(str(int(client_id)) for client_id in losers)
    _move_payers(writer, winner, ours)
    moved = {}
    for table in TABLES.values():
        if table.client == "client_id" and table.name not in COMBINED:
            values = {"client_id": winner, **MARKED.get(table.name, {})}
            moved[table.name] = writer.update(table.name, values, f"client_id IN ({ours})")
    return {name: count for name, count in moved.items() if count}


def _move_payers(writer: Writer, winner: int, losers: str) -> None:
    for table, column in PAYERS:
        if table not in TABLES:
            continue
        if TABLES[table].client == "client_id":
            # The check of the table is made row by row, so this comes before they move.
            everyone = f"{int(winner)}, {losers}"
            writer.update(
                table, {column: None}, f"{column} IN ({everyone}) AND client_id IN ({everyone})"
            )
        writer.update(table, {column: winner}, f"{column} IN ({losers})")


def refer(writer: Writer, entity: str, combined: Mapping[int, int]) -> None:
    """Let what names these contacts or addresses name those they were combined into."""
    for table, column, named in REFERENCES:
        if named != entity or table not in TABLES:
            continue
        for gone, kept in combined.items():
            writer.update(table, {column: kept}, f"{column} = :gone", gone=gone)


def inherit(writer: Writer, winner: int, losers: Sequence[int]) -> None:
    """Let the clients once merged into the losers be merged into the winner: one level only."""
    ours = ", ".join(str(int(client_id)) for client_id in losers)
    writer.update("client", {"merged_into_id": winner}, f"merged_into_id IN ({ours})")
