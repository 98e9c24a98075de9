"""What can be done with a client's contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interop_cli.domain.contact import Contact
from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Rules
from interop_cli.domain.validation import invalid
from interop_cli.domain.values.text import fold
from interop_cli.services.clients.card import check_version
from interop_cli.services.deletion import in_use, kept
from interop_cli.services.outcome import Outcome, one

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

# The flags that only one contact of a client has, and their columns.
EXCLUSIVE = {"default": "is_default", "billing": "billing"}


def create(uow: UnitOfWork, ref: str, values: Mapping[str, Any], rules: Rules) -> Outcome:
    """Add a contact to a client; the first one becomes its default, unless told otherwise.

    At an inactive client the contact is inactive until the client is brought back. Warns
    ``contact.email.shared`` where a contact of another client has the same e-mail.
    """
    client = uow.clients.row(ref)
    point_at(uow, client, rules)
    own = {name: value for name, value in values.items() if name not in EXCLUSIVE}
    try:
        contact = Contact.build(own, rules)
    except ValidationError as error:
        raise invalid(error, key=client["code"]) from None
    contact.client_id = client["id"]
    check_email(uow, contact, rules)
    others = uow.contacts.of_clients([client["id"]])[client["id"]]
    asked = values.get("default")
    contact.default = not any(map(stands, others)) if asked is None else bool(asked)
    contact.billing = bool(values.get("billing"))
    for name, column in EXCLUSIVE.items():
        if getattr(contact, name):
            uow.contacts.take_flag(column, client["id"])
    asleep = []
    if not client["active"]:
        contact.active, asleep = False, [client["id"]]
    (contact_id,) = uow.contacts.add([contact], with_client=asleep)
    item = {"id": contact_id, "client": client["code"], "status": "ok", "error": None}
    return one({**item, "action": "created"}, changed=True, warnings=rules.warnings)


def point_at(uow: UnitOfWork, client: Row, rules: Rules) -> None:
    """Have phones read in the country of the client's main address, and warnings name it."""
    main = uow.addresses.main_of([client["id"]]).get(client["id"])
    rules.phone_country = main["country"] if main else None
    rules.key = client["code"]


def stands(row: Row) -> bool:
    """Whether a stored contact is active, or is so as soon as its client is."""
    return bool(row["active"] or row["deactivated_with"])


def check_email(uow: UnitOfWork, contact: Contact, rules: Rules) -> None:
    """Refuse an e-mail that another contact of the client has; warn where one elsewhere has it."""
    if contact.email is None or contact.client_id is None:
        return
    own, others = uow.contacts.with_email(fold(contact.email), contact.client_id)
    if own is not None and own != contact.id:
        raise duplicate_email(own)
    if others:
        rules.warn(
            "email",
            "contact.email.shared",
            msg("a contact of {clients} has the same e-mail", clients=", ".join(others[:3])),
        )


def duplicate_email(holder: int, path: str = "email", line: int | None = None) -> Conflict:
    """Another contact of the client has this e-mail."""
    return Conflict(
        "contact.email.duplicate",
        msg("Contact {id} of this client already has this e-mail.", id=holder),
        hint=msg("See: interop contact show {id}", id=holder),
        details=[Detail(path, "unique", msg("is already taken"), line=line)],
    )


def edit(
    uow: UnitOfWork,
    contact_id: int,
    changes: Mapping[str, Any],
    rules: Rules,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of a contact; ``default`` and ``billing`` true take the flag from others."""
    row = uow.contacts.row(contact_id)
    check_version(row, if_version)
    point_at(uow, uow.clients.by_id(row["client_id"]), rules)
    before = uow.contacts.entity(row)
    own = {name: value for name, value in changes.items() if name not in EXCLUSIVE}
    try:
        contact = before.revise(own, rules)
    except ValidationError as error:
        raise invalid(error, key=rules.key) from None
    if contact.email != before.email:
        check_email(uow, contact, rules)
    changed = uow.contacts.save([(row, contact)]) > 0
    for name, column in EXCLUSIVE.items():
        if changes.get(name) is not None:
            changed |= _set_flag(uow, uow.contacts.row(contact_id), column, on=changes[name])
    return one(_item(uow, row, changed=changed), changed=changed, warnings=rules.warnings)


def set_flag(uow: UnitOfWork, contact_id: int, name: str, *, on: bool) -> Outcome:
    """Make a contact the default or the billing one of its client, or no longer.

    ``name`` is ``default`` or ``billing``; all others of the client lose the flag it gets.
    """
    row = uow.contacts.row(contact_id)
    changed = _set_flag(uow, row, EXCLUSIVE[name], on=on)
    return one(_item(uow, row, changed=changed), changed=changed)


def _set_flag(uow: UnitOfWork, row: Row, column: str, *, on: bool) -> bool:
    if bool(row[column]) == on:
        return False
    if not on:
        uow.contacts.take_flag(column, row["client_id"])
    elif stands(row):
        uow.contacts.give_flag(column, row)
    else:
        raise inactive(row["id"])
    return True


def inactive(contact_id: int) -> Conflict:
    """What is said where only an active contact will do."""
    return Conflict(
        "contact.inactive",
        msg("Contact {id} is inactive.", id=contact_id),
        hint=msg("interop contact activate {id}", id=contact_id),
    )


def activate(uow: UnitOfWork, contact_ids: Sequence[int]) -> Outcome:
    """Bring contacts back; one that is then alone becomes its client's default.

    Raises Conflict ``contact.client_inactive`` where the client itself is inactive.
    """
    outcome = Outcome(matched=len(contact_ids))
    for contact_id in contact_ids:
        row = uow.contacts.row(contact_id)
        client = uow.clients.by_id(row["client_id"])
        if not client["active"]:
            raise Conflict(
                "contact.client_inactive",
                msg("Client {code} is inactive, and its contacts with it.", code=client["code"]),
                hint=msg("interop client activate {code}", code=client["code"]),
            )
        if not row["active"]:
            uow.contacts.set_active(contact_id, 1)
            others = uow.contacts.of_clients([client["id"]])[client["id"]]
            if not any(
                other["is_default"] or stands(other)
                for other in others
                if other["id"] != contact_id
            ):
                uow.contacts.give_flag("is_default", row)
        _count(uow, outcome, row, changed=not row["active"])
    return outcome


def deactivate(uow: UnitOfWork, contact_ids: Sequence[int], rules: Rules) -> Outcome:
    """Retire contacts: they receive nothing, and stay inactive whatever their client does.

    They keep their flags; warns where the default or the billing contact is retired.
    """
    outcome = Outcome(matched=len(contact_ids), warnings=rules.warnings)
    for contact_id in contact_ids:
        row = uow.contacts.row(contact_id)
        changed = stands(row)
        if changed:
            uow.contacts.set_active(contact_id, 0)
            rules.key = uow.clients.by_id(row["client_id"])["code"]
            _warn_of_flags(row, rules)
        _count(uow, outcome, row, changed=changed)
    return outcome


def _warn_of_flags(row: Row, rules: Rules) -> None:
    if row["billing"]:
        rules.warn(
            "billing",
            "contact.billing.inactive",
            msg("the billing contact is inactive now: invoices reach nobody"),
        )
    if row["is_default"]:
        rules.warn(
            "default", "contact.default.inactive", msg("the default contact is inactive now")
        )


def delete(
    uow: UnitOfWork, contact_ids: Sequence[int], rules: Rules, *, or_deactivate: bool = False
) -> Outcome:
    """Delete contacts that nothing uses, all or none; ``or_deactivate`` retires the others.

    Raises Conflict ``contact.in_use`` with everything that blocks.
    """
    outcome = Outcome(matched=len(contact_ids), warnings=rules.warnings)
    for contact_id in contact_ids:
        row = uow.contacts.row(contact_id)
        blockers = uow.contacts.blockers(contact_id)
        if blockers and or_deactivate:
            outcome.add(deactivate(uow, [contact_id], rules))
            rules.warnings.append(kept("contact", f"#{contact_id}"))
            continue
        if blockers:
            raise in_use(
                "contact.in_use",
                blockers,
                msg("Contact {id} is in use and cannot be deleted.", id=contact_id),
                msg("Make it inactive instead: interop contact deactivate {id}", id=contact_id),
            )
        _count(uow, outcome, row, changed=True)
        uow.contacts.remove(contact_id)
    return outcome


def _count(uow: UnitOfWork, outcome: Outcome, row: Row, *, changed: bool) -> None:
    outcome.changed += changed
    outcome.unchanged += not changed
    outcome.items.append(_item(uow, row, changed=changed))


def _item(uow: UnitOfWork, row: Row, *, changed: bool) -> dict[str, Any]:
    code = uow.clients.by_id(row["client_id"])["code"]
    status = "ok" if changed else "unchanged"
    return {"id": row["id"], "client": code, "status": status, "error": None}
