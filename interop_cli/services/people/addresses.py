"""What can be done with a client's addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.address import Address
from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.services import people
from interop_cli.services.clients.card import check_version
from interop_cli.services.outcome import Outcome

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def create(uow: UnitOfWork, ref: str, values: Mapping[str, Any], context: Context) -> Outcome:
    """Add an address to a client; ``main`` moves the main flag to it."""
    client = uow.clients.row(ref)
    address = Address.build({**values, "main": False}, context.at(None, client["code"]))
    address.client_id = client["id"]
    (address_id,) = uow.addresses.add([uow.addresses.columns_of(address)])
    if values.get("main"):
        uow.addresses.make_main(uow.addresses.row(address_id))
    return people.created(client, address_id, context)


def edit(
    uow: UnitOfWork,
    address_id: int,
    changes: Mapping[str, Any],
    context: Context,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of an address; ``main`` true moves the main flag to it."""
    row = uow.addresses.row(address_id)
    check_version(row, if_version)
    changes = dict(changes)
    main = changes.pop("main", None)
    if main is False and row["main"]:
        raise needs_main()
    address = uow.addresses.entity(row).revise(changes, context)
    changed = uow.addresses.save([(row, address)]) > 0
    if main and not row["main"]:
        uow.addresses.make_main(uow.addresses.row(address_id))
        changed = True
    return people.edited(uow, row, context, changed=changed)


def make_main(uow: UnitOfWork, address_id: int) -> Outcome:
    """Make an address its client's main one; the former main address loses the flag."""
    row = uow.addresses.row(address_id)
    changed = not row["main"]
    if changed:
        uow.addresses.make_main(row)
    return people.edited(uow, row, changed=changed)


def delete(uow: UnitOfWork, address_ids: Iterable[int]) -> Outcome:
    """Delete addresses that nothing uses; all of them or none."""
    return people.delete(uow, uow.addresses, address_ids)


def needs_main() -> Conflict:
    """The main address would lose the flag, and nobody get it."""
    return Conflict(
        "address.main.required",
        msg("A client always has one main address."),
        hint=msg("Give the flag to another address: interop address main ID"),
    )
