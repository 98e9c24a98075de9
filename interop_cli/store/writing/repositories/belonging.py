"""What belongs to one client, as the services find and delete it: contacts, addresses, notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from interop_cli.store.engines.connection import Row, lock_owner
from interop_cli.store.reading import used_by
from interop_cli.store.reading.addresses import address_not_found
from interop_cli.store.reading.contacts import contact_not_found
from interop_cli.store.reading.notes import note_not_found
from interop_cli.store.writing.writer import Writer

NOT_FOUND = {"address": address_not_found, "contact": contact_not_found, "note": note_not_found}


class BelongingRepository:
    """Finds and deletes the rows of one table inside a unit of work."""

    table: ClassVar[str]

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def row(self, row_id: int) -> Row:
        """The stored row, its client locked; raises NotFound, as ``contact.not_found``."""
        lock_owner(self.conn, self.table, row_id)
        rows = self.conn.query(f"SELECT * FROM {self.table} WHERE id = :id", id=row_id)
        if not rows:
            raise NOT_FOUND[self.table](row_id)
        return rows[0]

    def of_clients(self, client_ids: Iterable[int]) -> dict[int, list[Row]]:
        """The rows of each client, in the order they were made: client id -> rows."""
        ids = list(client_ids)
        found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
        condition, among = self.conn.among("client_id", ids)
        sql = f"SELECT * FROM {self.table} WHERE {condition} ORDER BY id"
        for row in self.conn.query(sql, among=among):
            found[row["client_id"]].append(row)
        return found

    def remove(self, row_id: int) -> None:
        """Delete a row that nothing uses."""
        self.writer.delete(self.table, "id = :id", id=row_id)

    def blockers(self, row_id: int) -> list[Row]:
        """What keeps the row from being deleted; see ``store/reading/used_by.py``."""
        return used_by.users_of(self.conn, self.table, row_id)
