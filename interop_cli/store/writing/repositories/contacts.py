"""Contacts, as the services write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interop_cli.domain.contact import Contact
from interop_cli.domain.fields import CONTACT, Kind
from interop_cli.domain.fields.field import taken
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Row, fill_id_table, query_in_chunks
from interop_cli.store.writing.repositories.belonging import BelongingRepository
from interop_cli.store.writing.repositories.selection import Selection
from interop_cli.store.writing.writer import Writer

Pair = tuple[Row, Row]


def give_up(
    writer: Writer, table: str, flags: Sequence[str], pairs: Sequence[Pair], new: Sequence[Row]
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
            _clear(writer, table, flag, [found[position][0]["id"] for position in losing])
        for position in losing:
            before, after = found[position]
            found[position] = ({**before, flag: 0, "version": before["version"] + 1}, after)
    return found


def _clear(writer: Writer, table: str, flag: str, ids: list[int]) -> None:
    fill_id_table(writer.conn, "losing", ids)
    writer.update(table, {flag: 0}, "id IN (SELECT id FROM losing)")
    writer.touched.update((table, row_id) for row_id in ids)


# What an entity calls otherwise than its column.
COLUMNS = {field.name: field.column for field in CONTACT if field.column}
EXCLUSIVE = ("is_default", "billing")
FLAGS = tuple(field.name for field in taken(CONTACT) if field.kind is Kind.BOOL)


def to_row(contact: Contact, *, deactivated_with: int = 0) -> Row:
    """The columns of a contact, the folded keys among them."""
    row = {
        COLUMNS.get(name, name): getattr(contact, name)
        for name in contact.__class__.model_fields
        if name != "hubspot_synced"
    }
    row.update({COLUMNS.get(flag, flag): int(getattr(contact, flag)) for flag in FLAGS})
    row.update(
        name_key=fold(contact.name),
        email_key=fold(contact.email) if contact.email else None,
        deactivated_with=0 if contact.active else deactivated_with,
    )
    return row


def to_contact(row: Row) -> Contact:
    """The entity of a stored row."""
    values = {
        name: row[COLUMNS.get(name, name)]
        for name in Contact.model_fields
        if name != "hubspot_synced"
    }
    values.update({flag: bool(values[flag]) for flag in FLAGS})
    return Contact.stored({**values, "hubspot_synced": False})


class ContactRepository(BelongingRepository):
    """Finds and writes contacts inside a unit of work."""

    table = "contact"

    # -- finding ----------------------------------------------------------------------------

    def entity(self, row: Row) -> Contact:
        """The contact of a stored row."""
        return to_contact(row)

    def named(self, client_ids: Iterable[int]) -> dict[int, list[Row]]:
        """What those of each client are known by: client id -> ``id name name_key email_key``."""
        ids = list(client_ids)
        found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
        condition, among = self.conn.among("client_id", ids)
        for row in self.conn.query(
            f"SELECT id, client_id, name, name_key, email_key FROM contact WHERE {condition}"
            " ORDER BY id",
            among=among,
        ):
            found[row["client_id"]].append(row)
        return found

    # -- writing ----------------------------------------------------------------------------

    def add(self, contacts: Sequence[Contact], *, with_client: Iterable[int] = ()) -> list[int]:
        """Insert contacts that passed their rules; their ids.

        Those of the clients ``with_client`` are remembered as inactive because their client is.
        """
        asleep = frozenset(with_client)
        return self.writer.insert(
            "contact",
            [
                to_row(contact, deactivated_with=int(contact.client_id in asleep))
                for contact in contacts
            ],
        )

    def save(self, pairs: Sequence[tuple[Row, Contact]]) -> int:
        """Write changed contacts over the rows they were read from; how many differed."""
        return self.writer.save(
            "contact",
            [
                (row, to_row(contact, deactivated_with=row["deactivated_with"]))
                for row, contact in pairs
            ],
        )

    def put(
        self, saves: Sequence[tuple[Row, Contact, int]], adds: Sequence[tuple[Contact, int]]
    ) -> list[int]:
        """Write many contacts over the rows they were read from, and add others: their ids.

        Each comes with whether it is inactive because its client is. Flags may change hands among
        them; ``touched`` has those that differed.
        """
        new = [to_row(contact, deactivated_with=asleep) for contact, asleep in adds]
        pairs = [(row, to_row(contact, deactivated_with=asleep)) for row, contact, asleep in saves]
        self.writer.save("contact", give_up(self.writer, "contact", EXCLUSIVE, pairs, new))
        return self.writer.insert("contact", new)

    def elsewhere(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Of these folded e-mails, those that several clients' contacts have: key -> codes."""
        found: dict[str, list[str]] = {}
        sql = (
            "SELECT DISTINCT contact.email_key, code, code_key FROM contact"
            " JOIN client ON client.id = client_id WHERE contact.email_key IN ({places})"
            " ORDER BY contact.email_key, code_key"
        )
        for row in query_in_chunks(self.conn, sql, keys):
            found.setdefault(row["email_key"], []).append(row["code"])
        return {key: codes for key, codes in found.items() if len(codes) > 1}

    def set_active(self, contact_id: int, active: int) -> None:
        """Make one contact active or inactive by itself, whatever its client does later."""
        self.writer.update(
            "contact", {"active": active, "deactivated_with": 0}, "id = :id", id=contact_id
        )

    def take_flag(self, flag: str, client_id: int) -> int:
        """Take ``is_default`` or ``billing`` from whoever of the client has it; how many."""
        return self.writer.update(
            "contact", {flag: 0}, f"client_id = :client AND {flag} = 1", client=client_id
        )

    def give_flag(self, flag: str, row: Row) -> None:
        """Give ``is_default`` or ``billing`` to this contact and take it from all others."""
        # Taken first: the unique index is checked row by row.
        self.take_flag(flag, row["client_id"])
        self.writer.update("contact", {flag: 1}, "id = :id", id=row["id"])

    def follow(self, client_ids: Sequence[int], active: int) -> int:
        """Let the contacts of these clients become active or inactive with them; how many.

        Inactive: the active ones, and that is remembered. Active again: those, and no others.
        """
        if not client_ids:
            return 0
        if len(client_ids) == 1:
            return self._follow(str(int(client_ids[0])), active)
        fill_id_table(self.conn, "followed", client_ids)
        return self._follow("SELECT id FROM followed", active)

    def follow_picked(self, selection: Selection, active: int) -> int:
        """The same with the picked clients that have no status yet."""
        return self._follow(selection.ids_sql, active)

    def _follow(self, clients: str, active: int) -> int:
        values = {"active": active, "deactivated_with": 1 - active}
        moving = "deactivated_with = 1" if active else "active = 1"
        return self.writer.update("contact", values, f"{moving} AND client_id IN ({clients})")
