"""What can be done with a client's contacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.contact import (
    EXCLUSIVE,
    Contact,
    Planned,
    follow_client,
    same_email,
    share_out,
)
from interop_cli.domain.errors import Conflict, Detail, Place
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import fold
from interop_cli.services import Outcome, people
from interop_cli.services.clients.card import check_version
from interop_cli.store.reading.used_by import kept

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

MAX_NAMED = 3


def create(uow: UnitOfWork, ref: str, values: Mapping[str, Any], context: Context) -> Outcome:
    """Add a contact to a client; the first one becomes its default, unless told otherwise.

    At an inactive client the contact is inactive until the client is brought back. Warns
    ``contact.email.shared`` where a contact of another client has the same e-mail.
    """
    client = uow.clients.row(ref)
    context = _about(uow, client, context)
    known = stored(uow, uow.contacts.of_clients([client["id"]])[client["id"]])
    planned = Planned(Contact.build(values, context), said=values)
    planned.contact.client_id = client["id"]
    had_one = any(one.stands for one in known)
    everyone = [*known, planned]
    follow_client(everyone, active=bool(client["active"]))
    share_out(everyone, had_one=had_one)
    _check_email(everyone)
    (contact_id,) = put(uow, everyone)
    _warn_of_email(uow, planned.contact, context)
    return people.created(client, contact_id, context)


def edit(
    uow: UnitOfWork,
    contact_id: int,
    changes: Mapping[str, Any],
    context: Context,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of a contact; ``default`` and ``billing`` true take the flag from others."""
    row = uow.contacts.row(contact_id)
    check_version(row, if_version)
    client = uow.clients.by_id(row["client_id"])
    context = _about(uow, client, context)
    everyone = stored(uow, uow.contacts.of_clients([client["id"]])[client["id"]])
    planned = next(one for one in everyone if one.contact.id == contact_id)
    changes = {n: v for n, v in changes.items() if n not in EXCLUSIVE or v is not None}
    before, planned.said = planned.contact, changes
    planned.contact = before.revise(changes, context)
    for flag in EXCLUSIVE:
        if planned.asks(flag) and not getattr(before, flag) and not planned.stands:
            raise inactive(contact_id)
    share_out(everyone, had_one=True)
    email = planned.contact.email != before.email
    if email:
        _check_email(everyone)
    uow.touched.clear()
    put(uow, everyone)
    changed = ("contact", contact_id) in uow.touched
    if email:
        _warn_of_email(uow, planned.contact, context)
    return people.edited(uow, row, context, changed=changed)


def stored(uow: UnitOfWork, rows: Iterable[Row]) -> list[Planned]:
    """The contacts of a client as they are."""
    return [Planned(uow.contacts.entity(row), row["deactivated_with"], row) for row in rows]


def put(uow: UnitOfWork, everyone: Iterable[Planned]) -> list[int]:
    """Write planned contacts, where they differ; the ids of the new ones. Flags change hands."""
    saves, adds = [], []
    for planned in everyone:
        if planned.row is None:
            adds.append((planned.contact, planned.asleep))
        else:
            saves.append((planned.row, planned.contact, planned.asleep))
    return uow.contacts.put(saves, adds)


def warn_of_shared_emails(
    uow: UnitOfWork, written: Mapping[str, Sequence[Place]], context: Context, path: str
) -> None:
    """Warn where the e-mail of a contact is one of another client's contact, too.

    ``written``: the folded e-mails, each with where the rows stand that have it.
    """
    for email_key, codes in uow.contacts.elsewhere(written).items():
        for place in written[email_key]:
            others = [code for code in codes if code != place.key][:MAX_NAMED]
            context.at(place.line, place.key).warn(
                path,
                "contact.email.shared",
                msg("a contact of {clients} has the same e-mail", clients=", ".join(others)),
            )


def stands(row: Row) -> bool:
    """Whether a stored contact is active, or is so as soon as its client is."""
    return bool(row["active"] or row["deactivated_with"])


def _about(uow: UnitOfWork, client: Row, context: Context) -> Context:
    """The context of a contact: its phones are read in the country of the main address."""
    main = uow.addresses.main_of([client["id"]]).get(client["id"])
    return context.at(None, client["code"]).phones_in(main["country"] if main else None)


def _check_email(everyone: Sequence[Planned]) -> None:
    """Refuse an e-mail that another contact of the client has."""
    if (found := same_email(everyone)) is not None:
        holder = found[0] if found[0].said is None else found[1]
        raise Conflict(
            "contact.email.duplicate",
            msg("Contact {id} of this client already has this e-mail.", id=holder.contact.id),
            hint=msg("See: interop contact show {id}", id=holder.contact.id),
            details=[Detail("email", "unique", msg("is already taken"))],
        )


def _warn_of_email(uow: UnitOfWork, contact: Contact, context: Context) -> None:
    if contact.email is not None:
        warn_of_shared_emails(uow, {fold(contact.email): [context.place]}, context, "email")


def set_flag(uow: UnitOfWork, contact_id: int, name: str, *, on: bool) -> Outcome:
    """Make a contact the default or the billing one of its client, or no longer.

    ``name`` is ``default`` or ``billing``; all others of the client lose the flag it gets.
    """
    return edit(uow, contact_id, {name: on}, Context())


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
        people.count(uow, outcome, row, changed=not row["active"])
    return outcome


def deactivate(uow: UnitOfWork, contact_ids: Sequence[int], context: Context) -> Outcome:
    """Retire contacts: they receive nothing, and stay inactive whatever their client does.

    They keep their flags; warns where the default or the billing contact is retired.
    """
    outcome = Outcome(matched=len(contact_ids), warnings=context.warnings)
    for contact_id in contact_ids:
        row = uow.contacts.row(contact_id)
        changed = stands(row)
        if changed:
            uow.contacts.set_active(contact_id, 0)
            code = uow.clients.by_id(row["client_id"])["code"]
            _warn_of_flags(row, context.at(None, code))
        people.count(uow, outcome, row, changed=changed)
    return outcome


def _warn_of_flags(row: Row, context: Context) -> None:
    if row["billing"]:
        context.warn(
            "billing",
            "contact.billing.inactive",
            msg("the billing contact is inactive now: invoices reach nobody"),
        )
    if row["is_default"]:
        context.warn(
            "default", "contact.default.inactive", msg("the default contact is inactive now")
        )


def delete(
    uow: UnitOfWork, contact_ids: Sequence[int], context: Context, *, or_deactivate: bool = False
) -> Outcome:
    """Delete contacts that nothing uses, all or none; ``or_deactivate`` retires the others.

    Raises Conflict ``contact.in_use`` with everything that blocks.
    """
    ids = list(dict.fromkeys(contact_ids))
    outcome = Outcome(matched=len(ids), warnings=context.warnings)
    for contact_id in ids:
        row = uow.contacts.row(contact_id)
        blockers = uow.contacts.blockers(contact_id)
        if blockers and or_deactivate:
            outcome.add(deactivate(uow, [contact_id], context))
            context.warnings.append(kept("contact", f"#{contact_id}"))
            continue
        if blockers:
            raise people.used("contact", contact_id, blockers)
        people.count(uow, outcome, row, changed=True)
        uow.contacts.remove(contact_id)
    return outcome
