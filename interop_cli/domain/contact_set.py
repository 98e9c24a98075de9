"""The contacts of one client together: who is active, who has the flags that only one has.

Whoever changes a contact, a command or a file, plans all contacts of its client and settles them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.contact import Contact
from interop_cli.domain.values.text import fold

EXCLUSIVE = ("default", "billing")
"""The flags that only one contact of a client has."""


@dataclass
class Planned:
    """A contact as it will be: stored (``row``) or new.

    ``asleep`` is 1 where it is inactive because its client is. ``said`` is what is said of it now,
    ``None`` where nothing is; ``path`` stands before its fields in errors.
    """

    contact: Contact
    asleep: int = 0
    row: dict[str, Any] | None = None
    said: Mapping[str, Any] | None = None
    path: str = ""

    @property
    def stands(self) -> bool:
        """Whether it is active, or is so as soon as its client is."""
        return self.contact.active or bool(self.asleep)

    def asks(self, name: str) -> bool | None:
        """What is said of a flag; None where nothing is."""
        if self.said is None or self.said.get(name) in (None, ""):
            return None
        return bool(getattr(self.contact, name))


def follow_client(everyone: Sequence[Planned], *, active: bool) -> None:
    """Settle who is active, given whether the client will be and what is said of each."""
    for planned in everyone:
        if planned.asks("active") is False:
            # One that its client took along stays so: it is inactive already.
            planned.contact.active = False
            continue
        stands = planned.stands or planned.asks("active") is True
        planned.contact.active = stands and active
        planned.asleep = int(stands and not active)


def takers(everyone: Sequence[Planned], flag: str) -> list[Planned]:
    """Those that are to get a flag that only one has."""
    return [planned for planned in everyone if planned.asks(flag)]


def share_out(everyone: Sequence[Planned], *, had_one: bool) -> None:
    """Give each exclusive flag to its first taker, and take it from all others.

    Where the client ``had_one`` contact that stands, none becomes the default by itself.
    """
    for flag in EXCLUSIVE:
        found = takers(everyone, flag)
        if flag == "default" and not had_one and not found:
            made = (one for one in everyone if one.row is None and one.said is not None)
            found = [one for one in made if one.stands and one.asks(flag) is None]
        if found:
            for planned in everyone:
                if getattr(planned.contact, flag) is not (planned is found[0]):
                    setattr(planned.contact, flag, planned is found[0])


def same_email(everyone: Sequence[Planned]) -> tuple[Planned, Planned] | None:
    """The first contact with the e-mail of an earlier one, and that one."""
    holders: dict[str, Planned] = {}
    for planned in everyone:
        key = fold(planned.contact.email or "")
        if key and holders.setdefault(key, planned) is not planned:
            return planned, holders[key]
    return None


def invoiced(everyone: Sequence[Planned]) -> str | None:
    """The e-mail that the client's invoices go to."""
    return next((one.contact.email for one in everyone if one.contact.billing and one.stands), None)


def changes_invoiced(before: str | None, everyone: Sequence[Planned]) -> bool:
    """Whether invoices that went to ``before`` go elsewhere, or nowhere."""
    return before is not None and fold(before) != fold(invoiced(everyone) or "")
