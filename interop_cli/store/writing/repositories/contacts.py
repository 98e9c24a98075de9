"""Contacts, as the services write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.contact import Contact
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Row
from interop_cli.store.engines.id_lists import id_table, of_clients, query_in
from interop_cli.store.reading import used_by
from interop_cli.store.reading.contacts import contact_not_found

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


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


# What an entity calls otherwise than its column, which SQL reserves.
COLUMNS = {"default": "is_default"}
EXCLUSIVE = ("is_default", "billing")
FLAGS = ("active", "is_default", "billing", "billing_copy")


def to_row(contact: Contact, *, deactivated_with: int = 0) -> Row:
    """The columns of a contact, the folded keys among them."""
    row = {
        COLUMNS.get(name, name): getattr(contact, name)
        for name in contact.__class__.model_fields
        if name != "hubspot_synced"
    }
    row.update({flag: int(row[flag]) for flag in FLAGS})
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
    values.update({name: bool(values[name]) for name in ("active", "default")})
    values.update({name: bool(values[name]) for name in ("billing", "billing_copy")})
    return Contact.stored({**values, "hubspot_synced": False})


class ContactRepository:
    """Finds and writes contacts inside a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.conn = uow.conn

    # -- finding ----------------------------------------------------------------------------

    def row(self, contact_id: int) -> Row:
        """The stored row. Raises NotFound ``contact.not_found``."""
        rows = self.conn.query("SELECT * FROM contact WHERE id = :id", id=contact_id)
        if not rows:
            raise contact_not_found(contact_id)
        return rows[0]

    def entity(self, row: Row) -> Contact:
        """The contact of a stored row."""
        return to_contact(row)

    def of_clients(self, client_ids: Iterable[int]) -> dict[int, list[Row]]:
        """The contacts of each client, in the order they were made: client id -> rows."""
        return of_clients(self.conn, "contact", client_ids)

    # -- writing ----------------------------------------------------------------------------

    def add(self, contacts: Sequence[Contact], *, with_client: Iterable[int] = ()) -> list[int]:
        """Insert contacts that passed their rules; their ids.

        Those of the clients ``with_client`` are remembered as inactive because their client is.
        """
        asleep = frozenset(with_client)
        return self.uow.insert(
            "contact",
            [
                to_row(contact, deactivated_with=int(contact.client_id in asleep))
                for contact in contacts
            ],
        )

    def save(self, pairs: Sequence[tuple[Row, Contact]]) -> int:
        """Write changed contacts over the rows they were read from; how many differed."""
        return self.uow.save(
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
        them; ``uow.touched`` has those that differed.
        """
        new = [to_row(contact, deactivated_with=asleep) for contact, asleep in adds]
        pairs = [(row, to_row(contact, deactivated_with=asleep)) for row, contact, asleep in saves]
        self.uow.save("contact", give_up(self.uow, "contact", EXCLUSIVE, pairs, new))
        return self.uow.insert("contact", new)

    def elsewhere(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Of these folded e-mails, those that several clients' contacts have: key -> codes."""
        found: dict[str, list[str]] = {}
        sql = (
            "SELECT DISTINCT email_key, code, code_key FROM contact"
            " JOIN client ON client.id = client_id WHERE email_key IN ({places})"
            " ORDER BY email_key, code_key"
        )
        for row in query_in(self.conn, sql, keys):
            found.setdefault(row["email_key"], []).append(row["code"])
        return {key: codes for key, codes in found.items() if len(codes) > 1}

    def set_active(self, contact_id: int, active: int) -> None:
        """Make one contact active or inactive by itself, whatever its client does later."""
        self.uow.update(
            "contact", {"active": active, "deactivated_with": 0}, "id = :id", id=contact_id
        )

    def take_flag(self, flag: str, client_id: int) -> int:
        """Take ``is_default`` or ``billing`` from whoever of the client has it; how many."""
        return self.uow.update(
            "contact", {flag: 0}, f"client_id = :client AND {flag} = 1", client=client_id
        )

    def give_flag(self, flag: str, row: Row) -> None:
        """Give ``is_default`` or ``billing`` to this contact and take it from all others."""
        # Taken first: the unique index is checked row by row.
        self.take_flag(flag, row["client_id"])
        self.uow.update("contact", {flag: 1}, "id = :id", id=row["id"])

    def sleep(self, clients: str, **params: object) -> int:
        """Deactivate the active contacts of clients and remember that; how many.

        ``clients`` is a condition on ``client_id``.
        """
        return self.uow.update(
            "contact", {"active": 0, "deactivated_with": 1}, f"active = 1 AND {clients}", **params
        )

    def wake(self, clients: str, **params: object) -> int:
        """Bring back the contacts that ``sleep`` took along, and no others; how many."""
        return self.uow.update(
            "contact",
            {"active": 1, "deactivated_with": 0},
            f"deactivated_with = 1 AND {clients}",
            **params,
        )

    def follow(self, client_ids: Sequence[int], active: int) -> int:
        """Do to the contacts of these clients what becoming active or inactive does; how many."""
        if not client_ids:
            return 0
        id_table(self.conn, "followed", client_ids)
        those = "client_id IN (SELECT id FROM followed)"
        return self.wake(those) if active else self.sleep(those)

    def remove(self, contact_id: int) -> None:
        """Delete a contact."""
        self.uow.delete("contact", "id = :id", id=contact_id)

    def blockers(self, contact_id: int) -> list[Row]:
        """What keeps the contact from being deleted; see ``store/reading/used_by.py``."""
        return used_by.of_contact(self.conn, contact_id)
