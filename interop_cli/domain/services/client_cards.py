"""Creating and editing clients: the fields of the card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail, UsageError
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer, check_identity, check_prospect
from interop_cli.domain.rules import Rules
from interop_cli.domain.services import bulk
from interop_cli.domain.services.bulk import Selector
from interop_cli.domain.services.client_fields import (
    built,
    code_for,
    revised,
    revised_address,
    split,
    take_code,
)
from interop_cli.domain.services.outcome import Outcome, one

if TYPE_CHECKING:
    from interop_cli.domain.client import Client
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork


def create(
    uow: UnitOfWork, values: Mapping[str, Any], rules: Rules, *, reuse: bool = False
) -> Outcome:
    """Make a client and its main address from flat fields."""
    client, address = built(values, rules)
    check_identity(client.shipper_identity, has_logo=False)
    client.bill_to_id = payer_id(uow, str(values.get("bill_to") or ""), client)
    if client.code:
        take_code(uow, client.code, None, reuse=reuse)
    client.code = code_for(uow, client)
    check_external_id(uow, client.external_id, None)
    (client_id,) = uow.clients.add([client])
    address.client_id = client_id
    uow.addresses.add([address])
    warn_same_numbers(uow, client_id, client, rules)
    item = {"id": client_id, "code": client.code, "status": "ok", "error": None}
    return one({**item, "action": "created"}, changed=True, warnings=rules.warnings)


def edit(
    uow: UnitOfWork,
    selector: Selector,
    changes: Mapping[str, Any],
    rules: Rules,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of clients and of their main addresses.

    ``if_version`` is the version the caller has read: another one is refused with Conflict
    ``conflict.version``, naming both.
    """
    bulk.select(uow, selector)
    bulk.each(
        uow, selector, lambda client_id: _edit_one(uow, client_id, changes, rules, if_version)
    )
    outcome = bulk.conclude(uow, selector)
    outcome.warnings = rules.warnings
    return outcome


def _edit_one(
    uow: UnitOfWork,
    client_id: int,
    changes: Mapping[str, Any],
    rules: Rules,
    if_version: int | None,
) -> bool:
    row = uow.clients.by_id(client_id)
    rules.key = row["code"]
    check_version(row, if_version)
    own, place = split(changes)
    if "accounting" in own:  # those that are not named stay; one set to nothing goes
        own["accounting"] = {**json.loads(row["accounting"]), **own["accounting"]}
    main = uow.addresses.main_of([client_id])[client_id]
    address = uow.addresses.entity(main)
    if place:
        address = revised_address(address, place, rules, row["code"])
    rules.phone_country = address.country
    before = uow.clients.entity(row)
    client = revised(before, own, rules)
    if client.shipper_identity != before.shipper_identity:
        check_identity(client.shipper_identity, has_logo=client.logo is not None)
    if client.prospect and not before.prospect:
        pays_for = [other["code"] for other in uow.clients.billed_to(client_id)]
        check_prospect(client, jobs=uow.documents.jobs_of(client_id), pays_for=pays_for)
    if "bill_to" in changes:
        client.bill_to_id = payer_id(uow, str(changes["bill_to"] or ""), before)
    check_external_id(uow, client.external_id, client_id)
    changed = uow.clients.save([(row, client)])
    if changed:
        warn_same_numbers(uow, client_id, client, rules)
    return uow.addresses.save([(main, address)]) + changed > 0


def payer_id(uow: UnitOfWork, ref: str, of: Client) -> int | None:
    """The id of the client who pays for ``of``; "" is nobody.

    Raises Conflict where that client may not pay for another.
    """
    if not ref:
        return None
    payer = uow.clients.entity(uow.clients.row(ref))
    # As before: a payer retired since does not forbid other edits.
    if payer.id != of.bill_to_id:
        pays_for = uow.clients.billed_to(of.id) if of.id else []
        check_can_be_payer(payer, of, [row["code"] for row in pays_for])
    return payer.id


def check_version(row: Row, if_version: int | None) -> None:
    """Refuse a row that is not at the version the caller has read."""
    if if_version is not None and row["version"] != if_version:
        raise Conflict(
            "conflict.version",
            msg("It is at version {found}, not {expected}: someone changed it.",
                found=row["version"], expected=if_version),
            hint=msg("Read it again, then repeat the change with --if-version {found}",
                     found=row["version"]),
        )  # fmt: skip


def check_external_id(uow: UnitOfWork, external_id: str | None, owner: int | None) -> None:
    """Refuse an external id that another client has."""
    if external_id is None:
        return
    holder = uow.clients.by_column("external_id", [external_id]).get(external_id)
    if holder is not None and holder["id"] != owner:
        message = msg("Another client has this external id.")
        code = "client.external_id.duplicate"
        raise Conflict(code, message, details=[Detail("external_id", code, message)])


def warn_same_numbers(uow: UnitOfWork, client_id: int, client: Any, rules: Rules) -> None:
    """Warn where another client, active or not, has the same tax or enterprise number."""
    for name in ("gst", "qst", "neq"):
        value = getattr(client, name)
        if value is None:
            continue
        others = uow.clients.sharing(name, value, client_id)
        if others:
            rules.warn(
                name, f"client.{name}.shared",
                msg("{code} has the same number.", code=", ".join(others[:3])),
            )  # fmt: skip


def check_changes(changes: Mapping[str, Any]) -> None:
    """Refuse an edit without any change, or one of the code."""
    if not changes:
        raise UsageError("usage.no_change", msg("Nothing to change: give at least one field."))
    if "code" in changes:
        raise UsageError(
            "usage.recode", msg("A code is not edited."), hint=msg("Run: interop client recode")
        )
