"""Importing what belongs to clients beside them: contacts, shipping addresses, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Rules
from interop_cli.domain.validation import invalid, merged
from interop_cli.domain.values.text import fold
from interop_cli.services.clients.card import revised_address
from interop_cli.services.imports.attachments import File, attached_files, missing_files
from interop_cli.services.imports.contacts import Planned, plan_contacts
from interop_cli.services.imports.nested import NestedItem, NestedItems

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

KINDS = ("contact", "address", "note")


@dataclass
class Plan:
    """What will be written for one client: rows to save, and entities to add."""

    contacts: list[Planned] = field(default_factory=list)
    addresses: list[tuple[Row, Address]] = field(default_factory=list)
    new_addresses: list[Address] = field(default_factory=list)
    notes: list[tuple[Row, Note, list[File]]] = field(default_factory=list)
    new_notes: list[tuple[Note, list[File]]] = field(default_factory=list)
    line: int | None = None
    key: str | None = None


class PartsImport:
    """Plans and writes the parts of one batch of clients after another."""

    def __init__(self, uow: UnitOfWork, rules: Rules, author: str | None) -> None:
        self.uow = uow
        self.rules = rules
        self.author = author
        self._rows: dict[str, dict[int, list[Row]]] = {}
        self._files: dict[int, set[tuple[str, str]]] = {}
        self._emails: dict[str, list[tuple[int | None, str | None]]] = {}

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
        notes = [row["id"] for rows in self._rows["note"].values() for row in rows]
        self._files = self.uow.notes.files(notes)

    def plan(self, parts: NestedItems, client: Client, client_id: int | None) -> Plan:
        """What the row changes; raises InvalidData with all that is wrong in its parts."""
        plan = Plan(line=self.rules.line, key=self.rules.key)
        owner = client_id or 0
        errors: list[InvalidData] = []
        for work in (self._contacts, self._addresses, self._notes):
            try:
                work(plan, parts, client, owner)
            except InvalidData as error:
                errors.append(error)
        if errors:
            raise merged(*errors)
        return plan

    def _contacts(self, plan: Plan, parts: NestedItems, client: Client, owner: int) -> None:
        if parts.contact:
            rows = self._rows["contact"].get(owner, [])
            plan.contacts = plan_contacts(
                self.uow, rows, parts.contact, self.rules, client_active=client.active
            )

    def _addresses(self, plan: Plan, parts: NestedItems, _client: Client, owner: int) -> None:
        free = [row for row in self._rows["address"].get(owner, []) if not row["main"]]
        for part in parts.address:
            values = {name: value for name, value in part.values.items() if name != "main"}
            row = self._address_row(part, values, free)
            if row is None:
                plan.new_addresses.append(self._built(part, Address, values))
                continue
            free.remove(row)
            kept = {n: v for n, v in values.items() if v not in ("", None) or n != "country"}
            entity = self.uow.addresses.entity(row)
            plan.addresses.append((row, revised_address(entity, kept, self.rules, self.rules.key)))

    def _address_row(
        self, part: NestedItem, values: dict[str, Any], free: Sequence[Row]
    ) -> Row | None:
        """The stored address that a part is about: of the same place, else of the same label."""
        label = fold(str(values.get("label") or ""))
        named = [row for row in free if label and fold(row["label"] or "") == label]
        if not values.get("line1"):
            return named[0] if named else None
        warnings = len(self.rules.warnings)
        place = self.uow.addresses.place(self._built(part, Address, values))
        there = [row for row in free if self.uow.addresses.place_of(row) == place]
        found = next((row for row in there if row in named), None) or next(
            iter(there + named), None
        )
        if found is not None:
            del self.rules.warnings[warnings:]  # they are given again when it is written over
        return found

    def _notes(self, plan: Plan, parts: NestedItems, _client: Client, owner: int) -> None:
        free = list(self._rows["note"].get(owner, []))
        for part in parts.note:
            values = dict(part.values)
            files = attached_files(values.pop("attachments", None), part.path, self.rules)
            new = self._built(part, Note, {"author": self.author, **values})
            row = _note_row(new, free)
            if row is None:
                plan.new_notes.append((new, files))
                continue
            free.remove(row)
            note = self.uow.notes.entity(row)
            for name in ("category", "author", "created_at"):
                if name in values and (values[name] not in ("", None) or name == "author"):
                    setattr(note, name, getattr(new, name))
            plan.notes.append((row, note, missing_files(files, self._files.get(row["id"], set()))))

    def _built(self, part: NestedItem, kind: Any, values: dict[str, Any]) -> Any:
        warnings = len(self.rules.warnings)
        self.rules.prefix = part.path
        try:
            return kind.build(values, self.rules)
        except ValidationError as error:
            del self.rules.warnings[warnings:]
            raise invalid(
                error, prefix=part.path, line=self.rules.line, key=self.rules.key
            ) from None
        finally:
            self.rules.prefix = ""

    # -- writing ----------------------------------------------------------------------------

    def write(self, plans: Sequence[tuple[int, Plan]]) -> set[int]:
        """Write the plans of clients; the ids of those for which something differed."""
        changed: set[int] = set()
        self._write_contacts(plans, changed)
        self._write_addresses(plans, changed)
        self._write_notes(plans, changed)
        return changed

    def _write_contacts(self, plans: Sequence[tuple[int, Plan]], changed: set[int]) -> None:
        saves, adds = [], []
        for client_id, plan in plans:
            for planned in plan.contacts:
                planned.contact.client_id = client_id
                if planned.row is None:
                    adds.append((planned.contact, planned.asleep))
                    changed.add(client_id)
                else:
                    saves.append((planned.row, planned.contact, planned.asleep))
                if planned.part and planned.contact.email:
                    key = fold(planned.contact.email)
                    self._emails.setdefault(key, []).append((plan.line, plan.key))
        self.uow.contacts.put(saves, adds)
        self._note_touched("contact", [row for row, _contact, _asleep in saves], changed)

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
                self.uow.notes.attach(
                    row, [(f.name, len(f.content), self.uow.blobs.add(f.content)) for f in files]
                )
                changed.add(row["client_id"])

    def _note_touched(self, table: str, rows: Iterable[Row], changed: set[int]) -> None:
        changed.update(row["client_id"] for row in rows if (table, row["id"]) in self.uow.touched)

    def warn_of_shared_emails(self) -> None:
        """Warn where the e-mail of a contact of the file is one of another client's too."""
        shared = self.uow.contacts.elsewhere(self._emails)
        for email_key, codes in shared.items():
            for line, key in self._emails[email_key]:
                self.rules.line, self.rules.key = line, key
                others = [code for code in codes if code != self.rules.key][:3]
                self.rules.warn(
                    "contact.email",
                    "contact.email.shared",
                    msg("a contact of {clients} has the same e-mail", clients=", ".join(others)),
                )


def _note_row(note: Note, free: Sequence[Row]) -> Row | None:
    """The stored note of the same text; of the same category and time where there are several."""
    same = [row for row in free if row["text"] == note.text]
    same.sort(
        key=lambda row: (
            (row["category"] == note.category) + 2 * (row["noted_at"] == note.created_at)
        ),
        reverse=True,
    )
    return same[0] if same else None
