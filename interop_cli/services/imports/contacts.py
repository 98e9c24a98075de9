"""How the contacts of a client become what a row of a file says.

A contact is recognised by its e-mail, then by its name. Those that the file does not name stay as
they are, but for the flags that another one takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interop_cli.domain.contact import Contact
from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.fields import CONTACT
from interop_cli.domain.fields.field import given
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.rules import Rules
from interop_cli.domain.validation import invalid
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.nested import NestedItem

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

KEPT_WHEN_EMPTY = given(CONTACT)
EXCLUSIVE = ("default", "billing")


@dataclass
class Planned:
    """A contact as it will be: from a stored row or new, with what the file says of it.

    ``asleep`` is 1 where it is inactive because its client is.
    """

    contact: Contact
    asleep: int
    row: Row | None = None
    part: NestedItem | None = None

    @property
    def stands(self) -> bool:
        """Whether it is active, or is so as soon as its client is."""
        return self.contact.active or bool(self.asleep)

    def asks(self, name: str) -> bool | None:
        """What the file says of a flag; None where it says nothing."""
        if self.part is None or self.part.values.get(name) in (None, ""):
            return None
        return bool(getattr(self.contact, name))


def plan_contacts(
    uow: UnitOfWork,
    rows: Sequence[Row],
    parts: Sequence[NestedItem],
    rules: Rules,
    *,
    client_active: bool,
) -> list[Planned]:
    """Every contact the client will have; raises InvalidData with all that is wrong.

    ``client_active`` is what the client will be: its contacts follow it.
    """
    known = [Planned(uow.contacts.entity(row), row["deactivated_with"], row) for row in rows]
    stood = any(planned.stands for planned in known)
    made: list[Planned] = []
    errors: list[InvalidData] = []
    for part, match in _matched(known, parts):
        try:
            if match is None:
                made.append(Planned(Contact.build(_given(part), rules), 0, None, part))
            else:
                match.part = part
                match.contact = match.contact.revise(_given(part), rules)
        except ValidationError as error:
            errors.append(invalid(error, prefix=part.path, line=rules.line, key=rules.key))
    if errors:
        from interop_cli.domain.validation import merged

        raise merged(*errors)
    everyone = known + made
    for planned in everyone:
        _follow(planned, client_active)
    _share_out(everyone, made, first=not stood, rules=rules)
    _check_emails(everyone, rules)
    return everyone


def _given(part: NestedItem) -> dict[str, Any]:
    return {
        name: value
        for name, value in part.values.items()
        if value not in ("", None) or name not in KEPT_WHEN_EMPTY
    }


def _matched(
    known: Sequence[Planned], parts: Sequence[NestedItem]
) -> list[tuple[NestedItem, Planned | None]]:
    """Each part with the stored contact it is about, by e-mail first and then by name."""
    if not known:
        return [(part, None) for part in parts]
    free = list(known)
    found: dict[int, Planned] = {}
    for name in ("email", "name"):
        for number, part in enumerate(parts):
            key = fold(str(part.values.get(name) or ""))
            if number in found or not key:
                continue
            match = next((p for p in free if fold(getattr(p.contact, name) or "") == key), None)
            if match is not None:
                found[number] = match
                free.remove(match)
    return [(part, found.get(number)) for number, part in enumerate(parts)]


def _follow(planned: Planned, client_active: bool) -> None:
    """Settle whether the contact is active, given its client and what the file says."""
    asked = planned.asks("active")
    if asked is False:
        # One that its client took along stays so: it is inactive already.
        planned.contact.active = False
        return
    stands = planned.stands or asked is True
    planned.contact.active = stands and client_active
    planned.asleep = int(stands and not client_active)


def _share_out(
    everyone: Sequence[Planned], made: Sequence[Planned], *, first: bool, rules: Rules
) -> None:
    """Give the flags that only one has to whom the file says, and take them from all others."""
    for name in EXCLUSIVE:
        takers = [planned for planned in everyone if planned.asks(name)]
        if len(takers) > 1:
            part = takers[1].part
            raise _fault(
                "import.flag.twice",
                f"{part.path if part else ''}{name}",
                msg("two contacts of the client have this flag"),
                rules,
            )
        if name == "default" and first and not takers:
            takers = [p for p in made if p.stands and p.asks(name) is None][:1]
        if takers:
            for planned in everyone:
                if getattr(planned.contact, name) is not (planned is takers[0]):
                    setattr(planned.contact, name, planned is takers[0])


def _check_emails(everyone: Sequence[Planned], rules: Rules) -> None:
    holders: dict[str, Planned] = {}
    for planned in everyone:
        key = fold(planned.contact.email or "")
        if key and holders.setdefault(key, planned) is not planned:
            part = planned.part or holders[key].part
            raise _fault(
                "contact.email.duplicate",
                f"{part.path if part else ''}email",
                msg("another contact of the client has this e-mail"),
                rules,
            )


def _fault(code: str, path: str, reason: Message, rules: Rules) -> InvalidData:
    detail = Detail(path, code, reason, rules.line, rules.key)
    return InvalidData(code, reason, details=[detail])
