"""Importing contacts of clients that are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

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
from interop_cli.domain.entity import several, wrong
from interop_cli.domain.errors import InvalidData, Place
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.belonging import BelongingImport, Part, flag_twice
from interop_cli.services.imports.nested_matching import (
    CONTACT_KEPT,
    said,
    said_anew,
    warn_of_alike,
    warn_of_invoiced,
)
from interop_cli.services.imports.rows import also_on_line
from interop_cli.services.people import contacts


@dataclass
class ContactImport(BelongingImport[Planned]):
    """Contacts, recognised by their e-mail, else by their name."""

    kind: ClassVar[str] = "contact"
    _emails: dict[str, list[Place]] = field(default_factory=dict)

    def _load(self, client_ids: list[int]) -> None:
        self.uow.clients.lock(client_ids)
        self._rows = self.uow.contacts.of_clients(client_ids)
        self._mains = self.uow.addresses.main_of(client_ids)
        self._everyone: list[Planned] = []
        self._parts: list[tuple[Part[Planned], Planned]] = []

    def _conclude(self, client_id: int, parts: list[Part[Planned]]) -> None:
        everyone = contacts.stored(self.uow, self._rows[client_id])
        had_one = any(one.stands for one in everyone)
        invoiced_before = invoiced(everyone)
        parts = self._checked(parts, self._matched(parts, everyone))
        befores = {id(one): one.contact for one in everyone}
        planned: dict[Part[Planned], Planned] = {}
        faults: dict[Part[Planned], InvalidData] = {}
        main = self._mains.get(client_id)
        for part in parts:
            context = part.context.phones_in(main["country"] if main else None)
            try:
                if part.stored is None:
                    one = Planned(
                        Contact.build(said(part.values, CONTACT_KEPT), context), said=part.values
                    )
                    one.contact.client_id = client_id
                else:
                    one, values = part.stored, said_anew(part.values, CONTACT_KEPT)
                    one.contact, one.said = one.contact.revise(values, context), part.values
            except InvalidData as error:
                faults[part] = error
            else:
                planned[part] = one
        active = parts[0].owner.active if parts else True
        faults |= self._clashes(planned, everyone, active=active)
        for part in faults:
            if (refused := planned.pop(part, None)) is not None and refused.row is not None:
                refused.contact, refused.said = befores[id(refused)], None
        self._checked(parts, faults)
        everyone += [one for one in planned.values() if one.row is None]
        follow_client(everyone, active=active)
        share_out(everyone, had_one=had_one)
        if changes_invoiced(invoiced_before, everyone):
            for part, one in planned.items():
                if one.contact.billing or (one.row and one.row["billing"]):
                    warn_of_invoiced(part.context)
        self._everyone += everyone
        self._parts += planned.items()

    def _matched(
        self, parts: list[Part[Planned]], everyone: Sequence[Planned]
    ) -> dict[Part[Planned], InvalidData]:
        """Find whom each row is about; what is wrong with some."""
        emails = {fold(one.contact.email): one for one in everyone if one.contact.email}
        names: dict[str, list[Planned]] = {}
        for one in everyone:
            names.setdefault(fold(one.contact.name), []).append(one)
        met = {id(one) for one in everyone if self._lines.get(one.contact.id or 0)}
        uids = {one.row["uid"]: one for one in everyone if one.row is not None}
        for part in parts:
            # One with a uid that nobody here has is somebody else.
            part.stored = uids.get(part.uid) if part.uid else emails.get(part.key("email"))
            if part.stored is not None:
                met.add(id(part.stored))
        faults: dict[Part[Planned], InvalidData] = {}
        keys: dict[Part[Planned], tuple[str, object]] = {}
        for part in parts:
            if part.stored is not None and not part.uid:
                namesakes = names.get(part.key("name"), [])
                others = [one for one in namesakes if id(one) not in met]
                if others and part.stored not in namesakes:  # the name is somebody else's
                    ids = [one.contact.id or 0 for one in (part.stored, *others)]
                    faults[part] = several("email", ids)
                    continue
            try:
                if part.stored is None and not part.uid:
                    part.stored = _of_name(part, names, met)
            except InvalidData as error:
                faults[part] = error
                continue
            if part.stored is None and part.uid:
                namesakes = names.get(part.key("name"), [])
                left = (one.contact.id or 0 for one in namesakes if id(one) not in met)
                warn_of_alike(left, part.context)
            by = next((name for name in ("uid", "email", "name") if part.key(name)), "")
            keys[part] = (by, id(part.stored) if part.stored else (by, part.key(by)))
            if part.stored and (first := self._lines.get(part.stored.contact.id or 0)):
                faults[part] = also_on_line(by, first)
        faults |= self._twice(parts, keys)
        # Rows that have nothing but a name cannot be told from others of that name.
        new = [part for part in parts if part.stored is None and part in keys]
        bare = {part.key("name") for part in new if keys[part][0] == "name"}
        alike = {part: ("name", part.key("name")) for part in new if part.key("name") in bare}
        return faults | self._twice(new, alike)

    def _clashes(
        self, planned: Mapping[Part[Planned], Planned], everyone: Sequence[Planned], *, active: bool
    ) -> dict[Part[Planned], InvalidData]:
        """Rows that give one flag twice, or an e-mail that another contact of the client has."""
        faults: dict[Part[Planned], InvalidData] = {}
        part_of = {id(one): part for part, one in planned.items()}
        made = [one for one in planned.values() if one.row is None]
        together = [*everyone, *made]
        for flag in EXCLUSIVE:
            found = [part_of[id(one)] for one in takers(together, flag)]
            if len(found) > 1:
                for part in found:
                    other = found[1] if part is found[0] else found[0]
                    faults[part] = flag_twice(flag, other.line)
            elif found and (error := self._takes(flag, found[0])) is not None:
                faults[found[0]] = error
        while (twice := same_email(together)) is not None:
            for one in twice:
                if (clashing := part_of.get(id(one))) is not None:
                    reason = msg("another contact of the client has this e-mail")
                    faults[clashing] = wrong("email", "contact.email.duplicate", reason)
            together.remove(twice[0])
        return faults

    def _write(self) -> None:
        new = [one for one in self._everyone if one.row is None]
        ids = dict(zip(map(id, new), contacts.put(self.uow, self._everyone), strict=True))
        for part, one in self._parts:
            self._written(part, ids.get(id(one)) or one.contact.id or 0, new=one.row is None)
            if one.contact.email:
                self._emails.setdefault(fold(one.contact.email), []).append(part.context.place)

    def finish(self) -> None:
        """Warn of what only the whole file shows."""
        contacts.warn_of_shared_emails(self.uow, self._emails, self.context, "email")


def _of_name(
    part: Part[Planned], names: Mapping[str, Sequence[Planned]], met: Collection[int]
) -> Planned | None:
    """The contact of a row's name; None where that is one whom another row is about.

    Raises InvalidData ``import.ambiguous`` for several of that name.
    """
    found = names.get(part.key("name"), ())
    if len(found) > 1:
        raise several("name", (one.contact.id or 0 for one in found))
    # One with an e-mail of its own is somebody else then.
    return found[0] if found and not (part.key("email") and id(found[0]) in met) else None
