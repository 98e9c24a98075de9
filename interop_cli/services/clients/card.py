"""Creating and editing a client with its main address: the fields of the card, and the logo.

The command line, an import and ``apply`` all name a client's fields the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.address import Address, accepted
from interop_cli.domain.client import Client
from interop_cli.domain.entity import merged
from interop_cli.domain.errors import Conflict, InteropError, InvalidData, UsageError
from interop_cli.domain.fields import CLIENT, PLACE
from interop_cli.domain.fields.field import columns, names, taken
from interop_cli.domain.matching import identity
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer, check_identity
from interop_cli.domain.rules import Context
from interop_cli.domain.values.logo import check_logo
from interop_cli.domain.values.places import country_code
from interop_cli.services import Outcome, item, one
from interop_cli.services.clients import bulk
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.clients.matching import ClientFinder, warn_of_similar
from interop_cli.services.clients.writing import (
    CardWriter,
    Others,
    Revision,
    claim_external_id,
    code_for,
    holders,
    take_code,
)

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


# Who pays, whom it was merged into and the logo are not the client's alone: services look them up.
CLIENT_FIELDS = names(
    field
    for field in taken(CLIENT)
    if field.stored and not field.place and field.name not in ("bill_to", "logo", "merged_into")
)
_OWN, _PLACE = frozenset(CLIENT_FIELDS), frozenset(PLACE)

AT_ONCE = 3  # columns that are written for all by themselves
# Fields that can be checked once for many clients, and the columns of each.
ALONE = {field.name: columns((field,)) for field in CLIENT if field.alone}


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A client's own fields, and those of its main address.

    ``main_address`` has the fields of the latter that a client has no flat name for.
    """
    client = {name: value for name, value in values.items() if name in _OWN}
    place = {name: value for name, value in values.items() if name in _PLACE}
    return client, place | values.get("main_address", {})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is said; an empty cell says as much as none, and takes its time."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def built(values: Mapping[str, Any], context: Context) -> tuple[Client, Address]:
    """A new client and its main address; raises InvalidData with all that is wrong in both."""
    values, context = accepted(values, context)
    own, place = split(_given(values))
    errors: list[InvalidData] = []
    address = client = None
    try:
        address = Address.build({**place, "main": True}, context)
        country: str | None = address.country
    except InvalidData as error:
        errors.append(error)
        country = country_code(str(place.get("country") or ""))
    try:
        client = Client.build(own, context.phones_in(country))
    except InvalidData as error:
        errors.insert(0, error)
    if client is None or address is None:
        raise merged(*errors)
    return client, address


def revised(
    uow: UnitOfWork, row: Row, main: Row, changes: Mapping[str, Any], context: Context
) -> Revision:
    """A stored client and its main address with changes to both; raises InvalidData."""
    before, address = uow.clients.entity(row), uow.addresses.entity(main)
    changes, context = accepted(changes, context)
    own, place = split(changes)
    if place:
        address = address.revise(place, context)
    client = before.revise(own, context.phones_in(address.country))
    return Revision(row, before, client, main, address)


def create(
    uow: UnitOfWork,
    values: Mapping[str, Any],
    context: Context,
    *,
    reuse: bool = False,
    logo: bytes | None = None,
) -> Outcome:
    """Make a client and its main address from flat fields, with the picture that is its ``logo``.

    Warns ``client.similar`` where there is one of the same name and place.
    """
    client, address = built(values, context)
    check_identity(client.shipper_identity, has_logo=logo is not None)
    if logo is not None:
        check_logo(logo)
        client.logo = uow.blobs.add(logo)
    client.bill_to_id = _payer_id(uow, values.get("bill_to"), client, Others(uow, []))
    if client.code:
        take_code(uow, client.code, None, reuse=reuse)
    client.code = client.code or code_for(uow, client.name)
    claim_external_id(_held(uow, [client]), client.external_id, None)
    _warn_of_similar(uow, client, address, context.at(None, client.code))
    writer = CardWriter(uow, context)
    (client_id,) = writer.add([(client, address)])
    writer.finish()
    names = {"id": client_id, "code": client.code}
    return one(item(names, action="created"), context.warnings)


def _warn_of_similar(uow: UnitOfWork, client: Client, address: Address, context: Context) -> None:
    who = identity({**address.__dict__, "name": client.name})
    finder = ClientFinder(uow)
    finder.load([who])
    warn_of_similar(finder.similar(who), context)


def edit(
    uow: UnitOfWork,
    selector: Selector,
    changes: Mapping[str, Any],
    context: Context,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of clients and of their main addresses.

    ``if_version`` is the version the caller has read: another one is refused with Conflict
    ``conflict.version``, naming both.
    """
    bulk.select(uow, selector)
    values = None
    if if_version is None and uow.selection.few is None:
        values = _same_for_all(uow, changes, context)
    if values is not None:
        uow.selection.write(values)
    else:
        writer = CardWriter(uow, context)
        bulk.each_batch(uow, selector, lambda ids: _edit(uow, ids, changes, if_version, writer))
        writer.finish()
    outcome = bulk.conclude(uow, selector)
    outcome.warnings = context.warnings
    return outcome


def _same_for_all(uow: UnitOfWork, changes: Mapping[str, Any], context: Context) -> Row | None:
    """The columns that these changes come to, where they come to the same in every picked client.

    None where the rule of one looks at more than its value, where they are many (each set of those
    that differ would be a statement), and where a rule refuses or warns: that is said of each.
    """
    written = [column for name in changes for column in ALONE.get(name, ())]
    if not changes.keys() <= ALONE.keys() or len(written) > AT_ONCE:
        return None
    row = uow.selection.first()
    if row is None:
        return None
    # Without a value of its own that might stand unchecked.
    before = uow.clients.entity(row).model_copy(update=dict.fromkeys(changes))
    silent = context.silent()
    try:
        after = uow.clients.columns_of(before.revise(changes, silent))
    except InteropError:
        return None
    return None if silent.warnings else {column: after[column] for column in written}


def _edit(
    uow: UnitOfWork,
    ids: Sequence[int],
    changes: Mapping[str, Any],
    if_version: int | None,
    writer: CardWriter,
) -> dict[int, bool | InteropError]:
    """What became of each client: whether it differs, or why it was refused."""
    rows = uow.selection.few or uow.clients.by_column("id", ids)
    mains = uow.addresses.main_of(ids)
    others = Others(uow, ids)
    found: dict[int, bool | InteropError] = {}
    revisions: list[Revision] = []
    for client_id in ids:
        row = rows[client_id]
        try:
            check_version(row, if_version)
            context = writer.context.at(None, row["code"])
            revision = revised(uow, row, mains[client_id], changes, context)
            before, client = revision.before, revision.client
            if client.shipper_identity != before.shipper_identity:
                check_identity(client.shipper_identity, has_logo=client.logo is not None)
            others.check(before, client)
            if "bill_to" in changes:
                client.bill_to_id = _payer_id(uow, changes["bill_to"], before, others)
            revisions.append(revision)
        except InteropError as error:
            found[client_id] = error
    held = _held(uow, [one.client for one in revisions])
    kept = []
    for revision in revisions:
        try:
            claim_external_id(held, revision.client.external_id, revision.row["id"])
            kept.append(revision)
        except InteropError as error:
            found[revision.row["id"]] = error
    changed = writer.save(kept)
    return {client_id: found.get(client_id, client_id in changed) for client_id in ids}


def _held(uow: UnitOfWork, clients: Sequence[Client]) -> dict[str, int]:
    return holders(uow, {one.external_id for one in clients if one.external_id})


def _payer_id(uow: UnitOfWork, ref: object, of: Client, others: Others) -> int | None:
    """The id of the client who pays for ``of``; nothing is nobody.

    Raises Conflict where that client may not pay for another.
    """
    if not ref:
        return None
    payer = uow.clients.entity(uow.clients.row(str(ref), shared=True))
    check_can_be_payer(payer, of, others.paid_by(of))
    return payer.id


def check_version(row: Row, if_version: int | None) -> None:
    """Refuse a row that is not at the version the caller has read."""
    if if_version is not None and row["version"] != if_version:
        raise Conflict(
            "conflict.version",
            msg(
                "It is at version {found}, not {expected}: someone changed it.",
                found=row["version"],
                expected=if_version,
            ),
            hint=msg(
                "Read it again, then repeat the change with --if-version {found}",
                found=row["version"],
            ),
        )


def check_changes(changes: Mapping[str, Any]) -> None:
    """Refuse an edit without any change, or one of the code."""
    if not changes:
        raise UsageError("usage.no_change", msg("Nothing to change: give at least one field."))
    if "code" in changes:
        raise UsageError(
            "usage.recode", msg("A code is not edited."), hint=msg("Run: interop client recode")
        )


def set_logo(uow: UnitOfWork, ref: str, content: bytes) -> Outcome:
    """Give a client its logo; raises InvalidData ``client.logo.format`` for what is no picture."""
    row = uow.clients.row(ref)
    check_logo(content)
    return _save(uow, row, uow.blobs.add(content))


def remove_logo(uow: UnitOfWork, ref: str) -> Outcome:
    """Take a client's logo away; refused while the client is named as the sender."""
    row = uow.clients.row(ref)
    if row["shipper_identity"] == "client":
        raise Conflict(
            "client.logo.in_use",
            msg("{code} is named as the sender, which needs its logo.", code=row["code"]),
            hint=msg("interop client edit {code} --shipper-identity standard", code=row["code"]),
        )
    return _save(uow, row, None)


def _save(uow: UnitOfWork, row: Row, blob: str | None) -> Outcome:
    client = uow.clients.entity(row)
    client.logo = blob
    changed = uow.clients.save([(row, client)]) > 0
    return one(item({"id": row["id"], "code": row["code"]}, changed=changed))
