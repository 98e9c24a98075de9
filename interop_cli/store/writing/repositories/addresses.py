"""Addresses, as the services write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interop_cli.domain.address import Address
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Row
from interop_cli.store.writing.repositories.belonging import BelongingRepository
from interop_cli.store.writing.repositories.contacts import give_up
from interop_cli.store.writing.tables import Ordered

PLACE = ("line_key", "city_key", "province", "postal_code", "country")


def to_row(address: Address) -> Row:
    """The columns of an address, the folded keys among them."""
    line1, line2 = address.line1, address.line2
    return {
        **address.__dict__,  # its fields
        "main": int(address.main),
        # The same text as that of the row's identity, which is folded already.
        "line_key": fold(f"{line1} {line2}" if line2 else line1),
        "city_key": fold(address.city or ""),
    }


def to_address(row: Row) -> Address:
    """The entity of a stored row."""
    values = {name: row[name] for name in Address.model_fields}
    values["main"] = bool(row["main"])
    return Address.stored(values)


class AddressRepository(BelongingRepository):
    """Finds and writes addresses inside a unit of work."""

    table = "address"

    def entity(self, row: Row) -> Address:
        """The address of a stored row."""
        return to_address(row)

    def of_client(self, client_id: int) -> list[Row]:
        """A client's addresses, the main one first, then in the order they were made."""
        return self.conn.query(
            "SELECT * FROM address WHERE client_id = :id ORDER BY main DESC, id", id=client_id
        )

    def main_of(self, client_ids: Iterable[int]) -> dict[int, Row]:
        """The main address of each client: client id -> row."""
        condition, ids = self.conn.among("client_id", client_ids)
        rows = self.conn.query(f"SELECT * FROM address WHERE main = 1 AND {condition}", among=ids)
        return {row["client_id"]: row for row in rows}

    def columns_of(self, address: Address) -> Row:
        """The columns that an address is stored in."""
        return to_row(address)

    def add(self, rows: Sequence[Row]) -> list[int]:
        """Insert the columns of addresses that passed their rules; their ids."""
        return self.writer.insert("address", rows)

    def add_mains(self, rows: Sequence[Ordered], words: Sequence[str | None]) -> None:
        """Insert the main addresses of new clients; ``words``: see ``Writer.insert_ordered``."""
        self.writer.insert_ordered("address", rows, words)

    def save(self, pairs: Sequence[tuple[Row, Address]]) -> int:
        """Write changed addresses over the rows they were read from; how many differed."""
        return self.writer.save("address", [(row, to_row(address)) for row, address in pairs])

    def place(self, address: Address) -> tuple[object, ...]:
        """What two spellings of one place have in common."""
        row = to_row(address)
        return tuple(row[name] for name in PLACE)

    def place_of(self, row: Row) -> tuple[object, ...]:
        """The same of a stored row."""
        return tuple(row[name] for name in PLACE)

    def put(self, saves: Sequence[tuple[Row, Address]], adds: Sequence[Address]) -> list[int]:
        """Write many addresses over the rows they were read from, and add others: their ids.

        The main flag may change hands among them; ``touched`` has those that differed.
        """
        new = [to_row(address) for address in adds]
        pairs = [(row, to_row(address)) for row, address in saves]
        self.writer.save("address", give_up(self.writer, "address", ("main",), pairs, new))
        return self.writer.insert("address", new)

    def make_main(self, address: Row) -> None:
        """Move the client's main flag to this address."""
        # The old one is cleared first: the unique index is checked row by row.
        self.writer.update(
            "address", {"main": 0}, "client_id = :client AND main = 1", client=address["client_id"]
        )
        self.writer.update("address", {"main": 1}, "id = :id", id=address["id"])
