"""Importing what belongs to clients beside them: contacts, shipping addresses, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.contact import (
    EXCLUSIVE,
    Contact,
    Planned,
    changes_invoiced,
    follow_client,
    invoiced,
    same_email,
    share_out,
    takers,
)
from interop_cli.domain.entity import merged, wrong
from interop_cli.domain.errors import InvalidData, Place
from interop_cli.domain.messages import msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.nested import NestedItem, NestedItems
from interop_cli.services.imports.nested_matching import (
    ADDRESS_KEPT,
    CONTACT_KEPT,
    NOTE_KEPT,
    noted,
    of_addresses,
    of_contacts,
    of_notes,
    part_uid,
    said,
    said_anew,
    warn_of_invoiced,
)
from interop_cli.services.people import contacts, notes
from interop_cli.services.people.notes import File

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@dataclass
class Plan:
    """What will be written for one client: rows to save, and entities to add."""

    place: Place
    contacts: list[Planned] = field(default_factory=list)
    addresses: list[tuple[Row, Address]] = field(default_factory=list)
    new_addresses: list[Address] = field(default_factory=list)
    notes: list[tuple[Row, Note, list[File]]] = field(default_factory=list)
    new_notes: list[tuple[Note, list[File]]] = field(default_factory=list)


class NestedImport:
    """Plans and writes the contacts, addresses and notes of one batch of clients after another."""

    def __init__(self, uow: UnitOfWork, context: Context, author: str | None) -> None:
        self.uow = uow
        self.context = context
        self.author = author
        self._rows: dict[str, dict[int, list[Row]]] = {}
        self._files: dict[int, set[tuple[str, str]]] = {}
        self._holders: dict[str, dict[object, int]] = {}
        self._claimed: set[tuple[str, str]] = set()
        self._emails: dict[str, list[Place]] = {}

    def load(self, client_ids: Iterable[int], parts: Iterable[NestedItems]) -> None:
        """Read the parts that these clients have, of the kinds that the batch is about."""
        ids, every = list(client_ids), list(parts)
        finders = {
            "contact": self.uow.contacts.of_clients,
            "address": self.uow.addresses.of_clients,
            "note": self.uow.notes.of_clients,
        }
        for kind, find in finders.items():
            wanted = any(getattr(found, kind) for found in every)
            self._rows[kind] = find(ids) if wanted and ids else {}
            uids = [uid for found in every for part in found.of(kind) if (uid := part_uid(part))]
            self._holders[kind] = self.uow.owners_by_uid(kind, uids)
        self._claimed.clear()
        note_ids = [row["id"] for rows in self._rows["note"].values() for row in rows]
        self._files = self.uow.notes.files(note_ids)

    def claim(self, kind: str, part: NestedItem, owner: int) -> None:
        """Refuse a uid that a record of another client has, or another one of the batch.

        Raises InvalidData ``import.uid`` and ``import.duplicate``.
        """
        uid = part_uid(part)
        if not uid:
            return
        if self._holders[kind].get(uid, owner) != owner:
            reason = msg("is the uid of a record of another client")
            raise wrong(f"{part.path}uid", "import.uid", reason)
        if (kind, uid) in self._claimed:
            raise wrong(f"{part.path}uid", "import.duplicate", msg("is in the file twice"))
        self._claimed.add((kind, uid))

    def plan(
        self, parts: NestedItems, client: Client, main: Address | None, context: Context
    ) -> Plan:
        """What the row changes; raises InvalidData with all that is wrong in its parts.

        ``main`` is the client's main address.
        """
        plan = Plan(context.place)
        errors: list[InvalidData] = []
        for kind in self._holders:
            for part in parts.of(kind):
                self.claim(kind, part, client.id or 0)
        for work in (
            partial(self._contacts, active=client.active),
            partial(self._addresses, main=main),
            self._notes,
        ):
            try:
                work(plan, parts, client.id or 0, context)
            except InvalidData as error:
                errors.append(error)
        if errors:
            raise merged(*errors)
        return plan

    def _contacts(
        self, plan: Plan, parts: NestedItems, owner: int, context: Context, *, active: bool
    ) -> None:
        """Contacts that the file does not name stay, but for the flags that another one takes."""
        if not parts.contact:
            return
        known = contacts.stored(self.uow, self._rows["contact"].get(owner, []))
        had_one = any(one.stands for one in known)
        invoiced_before = invoiced(known)
        made: list[Planned] = []
        errors: list[InvalidData] = []
        for part, match in of_contacts(known, parts.contact, context):
            try:
                if match is None:
                    values = said(part.values, CONTACT_KEPT)
                    contact = Contact.build(values, context.under(part.path))
                    made.append(Planned(contact, said=part.values, path=part.path))
                else:
                    match.said, match.path = part.values, part.path
                    values = said_anew(part.values, CONTACT_KEPT)
                    match.contact = match.contact.revise(values, context.under(part.path))
            except InvalidData as error:
                errors.append(error)
        if errors:
            raise merged(*errors)
        plan.contacts = known + made
        follow_client(plan.contacts, active=active)
        for flag in EXCLUSIVE:
            if len(found := takers(plan.contacts, flag)) > 1:
                reason = msg("two contacts of the client have this flag")
                raise wrong(f"{found[1].path}{flag}", "import.flag.twice", reason)
        share_out(plan.contacts, had_one=had_one)
        if twice := same_email(plan.contacts):
            path = next((one.path for one in twice if one.path), "")
            reason = msg("another contact of the client has this e-mail")
            raise wrong(f"{path}email", "contact.email.duplicate", reason)
        if changes_invoiced(invoiced_before, plan.contacts):
            path = next((one.path for one in plan.contacts if one.contact.billing), "")
            warn_of_invoiced(context.under(path))

    def _addresses(
        self, plan: Plan, parts: NestedItems, owner: int, context: Context, *, main: Address | None
    ) -> None:
        """A shipping address that only repeats the main one is none."""
        place = self.uow.addresses.place(main) if main else None
        free = [row for row in self._rows["address"].get(owner, []) if not row["main"]]
        for part, row in of_addresses(self.uow, free, parts.address, context):
            here = context.under(part.path)
            values = {name: value for name, value in part.values.items() if name != "main"}
            if row is None:
                address = Address.build(values, here)
                again = place is not None and self.uow.addresses.place(address) == place
                if not (again and main and not part_uid(part) and _adds_nothing(address, main)):
                    plan.new_addresses.append(address)
                continue
            kept = said_anew(values, ADDRESS_KEPT)
            plan.addresses.append((row, self.uow.addresses.entity(row).revise(kept, here)))

    def _notes(self, plan: Plan, parts: NestedItems, owner: int, context: Context) -> None:
        if not parts.note:
            return
        items = [noted(part.values, self.author, context, part.path) for part in parts.note]
        rows = self._rows["note"].get(owner, [])
        errors: list[InvalidData] = []
        for item, row in of_notes(self.uow, rows, items, self._files):
            if isinstance(row, InvalidData):
                errors.append(row)
            elif row is None:
                plan.new_notes.append((item.note, item.missing()))
            else:
                note = self.uow.notes.entity(row).revise(
                    said_anew(item.values, NOTE_KEPT), item.context
                )
                there = self._files.get(row["id"], set())
                plan.notes.append((row, note, item.missing(there)))
        if errors:
            raise merged(*errors)

    # -- writing ----------------------------------------------------------------------------

    def write(self, plans: Sequence[tuple[int, Plan]]) -> set[int]:
        """Write the plans of clients; the ids of those for which something differed."""
        changed: set[int] = set()
        self._write_contacts(plans, changed)
        self._write_addresses(plans, changed)
        self._write_notes(plans, changed)
        return changed

    def _write_contacts(self, plans: Sequence[tuple[int, Plan]], changed: set[int]) -> None:
        everyone = []
        for client_id, plan in plans:
            for planned in plan.contacts:
                planned.contact.client_id = client_id
                everyone.append(planned)
                if planned.row is None:
                    changed.add(client_id)
                if planned.said is not None and planned.contact.email:
                    key = fold(planned.contact.email)
                    self._emails.setdefault(key, []).append(plan.place.under(planned.path))
        contacts.put(self.uow, everyone)
        stored = [planned.row for planned in everyone if planned.row is not None]
        self._note_touched("contact", stored, changed)

    def _write_addresses(self, plans: Sequence[tuple[int, Plan]], changed: set[int]) -> None:
        saves = [pair for _client_id, plan in plans for pair in plan.addresses]
        adds = []
        for client_id, plan in plans:
            for address in plan.new_addresses:
                address.client_id = client_id
                adds.append(address)
                changed.add(client_id)
        self.uow.addresses.put(saves, adds)
        self._note_touched("address", [row for row, _address in saves], changed)

    def _write_notes(self, plans: Sequence[tuple[int, Plan]], changed: set[int]) -> None:
        saves = [(row, note) for _id, plan in plans for row, note, _files in plan.notes]
        self.uow.notes.save(saves)
        self._note_touched("note", [row for row, _note in saves], changed)
        adds = []
        for client_id, plan in plans:
            for note, files in plan.new_notes:
                note.client_id = client_id
                adds.append((client_id, note, files))
                changed.add(client_id)
        ids = self.uow.notes.add([note for _id, note, _files in adds])
        attach: list[tuple[Row, list[File]]] = [
            ({"id": note_id, "client_id": client_id}, files)
            for note_id, (client_id, _note, files) in zip(ids, adds, strict=True)
        ]
        attach += [(row, files) for _id, plan in plans for row, _note, files in plan.notes]
        for row, files in attach:
            if files:
                notes.put_files(self.uow, row, files)
                changed.add(row["client_id"])

    def _note_touched(self, table: str, rows: Iterable[Row], changed: set[int]) -> None:
        changed.update(row["client_id"] for row in rows if (table, row["id"]) in self.uow.touched)

    def finish(self) -> None:
        """Warn of what only the whole file shows."""
        contacts.warn_of_shared_emails(self.uow, self._emails, self.context, "contact.email")


def _adds_nothing(address: Address, main: Address) -> bool:
    """Whether an address at the place of the main one says nothing that the latter does not.

    A label is only what the place is called.
    """
    return all(
        own is None or own == getattr(main, name)
        for name in ("attention", "phone", "instructions")
        for own in (getattr(address, name),)
    )
