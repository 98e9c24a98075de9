"""A person at a client, who of them receives its invoices, and who of them has its flags.

Whoever changes a contact, a command or a file, plans all contacts of its client together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from interop_cli.domain.client import Email, Phone
from interop_cli.domain.entity import Lasting, Line, Name, Off, On
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.closed_lists import read_language
from interop_cli.domain.values.text import fold


def _language(value: object) -> Any:
    return read_language(value) if value else None


class Contact(Lasting):
    """A contact. ``language`` is ``None`` where it is the client's; phones are E.164.

    ``billing`` marks the one billing contact, ``billing_copy`` those who get copies. The store
    sees to it that at most one is the default, and at most one the billing contact.
    """

    client_id: int | None = None
    name: Name
    title: Line = None
    email: Email = None
    phone: Phone = None
    mobile: Phone = None
    language: Annotated[Literal["fr", "en"] | None, BeforeValidator(_language)] = None
    active: On = True
    default: Off = False
    billing: Off = False
    billing_copy: Off = False
    hubspot_synced: Off = False


@dataclass(frozen=True)
class RecipientsAnswer:
    """Whether one contact receives invoices, and why (not).

    ``why`` is ``billing_contact billing_copy inactive no_email same_email not_ticked``.
    """

    id: int | None
    name: str
    email: str | None
    receives: bool
    why: str


@dataclass(frozen=True)
class Recipients:
    """Who an invoice goes to; ``answers`` has a line for each contact, by id.

    ``rule`` is the rule that applied: ``billing_contact`` (alone), ``billing_contact_and_copies``
    or ``incomplete``. ``reason`` says why it is incomplete: ``no_billing_contact``,
    ``billing_contact_inactive`` or ``billing_contact_without_email``.
    """

    to: tuple[str, ...]
    cc: tuple[str, ...]
    rule: str
    reason: str | None = None
    answers: tuple[RecipientsAnswer, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the invoice can be sent."""
        return self.reason is None

    @property
    def message(self) -> Message | None:
        """The reason as a sentence."""
        return _REASONS[self.reason] if self.reason else None


_REASONS = {
    "no_billing_contact": msg("No contact is responsible for billing."),
    "billing_contact_inactive": msg("The billing contact is inactive."),
    "billing_contact_without_email": msg("The billing contact has no e-mail address."),
}


def recipients(contacts: Iterable[Contact]) -> Recipients:
    """Who receives the invoices of the client whose contacts these are.

    To: the billing contact. Copies: the active contacts ticked for copies, in the order of their
    ids, no address twice (nor the billing contact's again). Copies are listed even where the
    billing contact is lacking, so that a person sees them.
    """
    people = sorted(contacts, key=lambda contact: (contact.id is None, contact.id or 0))
    billing = next((contact for contact in people if contact.billing), None)
    reason = _lacking(billing)
    to = () if reason or billing is None or billing.email is None else (billing.email,)
    seen = {fold(email) for email in to}
    cc: list[str] = []
    answers = []
    for contact in people:
        why = _why(contact, seen)
        if why == "billing_copy" and contact.email:
            seen.add(fold(contact.email))
            cc.append(contact.email)
        receives = why in ("billing_contact", "billing_copy")
        answers.append(RecipientsAnswer(contact.id, contact.name, contact.email, receives, why))
    complete = "billing_contact_and_copies" if cc else "billing_contact"
    rule = "incomplete" if reason else complete
    return Recipients(to, tuple(cc), rule, reason, tuple(answers))


def _why(contact: Contact, seen: set[str]) -> str:
    """What decides about a contact, given the addresses that get the invoice already."""
    if not contact.active:
        return "inactive"
    if not (contact.billing or contact.billing_copy):
        return "not_ticked"
    if not contact.email:
        return "no_email"
    if contact.billing:
        return "billing_contact"
    return "same_email" if fold(contact.email) in seen else "billing_copy"


def _lacking(billing: Contact | None) -> str | None:
    if billing is None:
        return "no_billing_contact"
    if not billing.active:
        return "billing_contact_inactive"
    return None if billing.email else "billing_contact_without_email"


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
