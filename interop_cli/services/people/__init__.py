"""What can be done with the contacts, addresses and notes of clients; here what is alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import N_, Message
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome, item, one
from interop_cli.store.reading.used_by import in_use

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.repositories.belonging import BelongingRepository
    from interop_cli.store.writing.unit_of_work import UnitOfWork


_IN_USE = {
    "contact": (
        N_("Contact {id} is in use and cannot be deleted."),
        N_("Make it inactive instead: interop contact deactivate {id}"),
    ),
    "address": (
        N_("Address {id} is in use and cannot be deleted."),
        N_("See: interop address why-not {id}"),
    ),
    "note": (
        N_("Note {id} has attachments and cannot be deleted."),
        N_("Take them off first: interop note detach {id} --all"),
    ),
}


def created(client: Row, row_id: int, context: Context) -> Outcome:
    """The outcome of making one."""
    names = {"id": row_id, "client": client["code"]}
    return one(item(names, action="created"), context.warnings)


def edited(uow: UnitOfWork, row: Row, context: Context | None = None, *, changed: bool) -> Outcome:
    """The outcome of changing one, or of finding it as it should be."""
    warnings = context.warnings if context else None
    return one(item(_names(uow, row), changed=changed), warnings)


def count(uow: UnitOfWork, outcome: Outcome, row: Row, *, changed: bool) -> None:
    """Add one to the outcome of a command about several."""
    outcome.changed += changed
    outcome.unchanged += not changed
    outcome.items.append(item(_names(uow, row), changed=changed))


def delete(uow: UnitOfWork, among: BelongingRepository, row_ids: Iterable[int]) -> Outcome:
    """Delete those that nothing uses; all of them or none. One that is named twice goes once.

    Raises Conflict, such as ``note.in_use``, with everything that blocks.
    """
    ids = list(dict.fromkeys(row_ids))
    outcome = Outcome(matched=len(ids))
    for row_id in ids:
        row = among.row(row_id)
        if blockers := among.blockers(row_id):
            raise used(among.table, row_id, blockers)
        count(uow, outcome, row, changed=True)
        among.remove(row_id)
    return outcome


def used(entity: str, row_id: int, blockers: list[Row]) -> Conflict:
    """The error for one that cannot be deleted."""
    message, hint = (Message(text, {"id": row_id}) for text in _IN_USE[entity])
    return in_use(f"{entity}.in_use", blockers, message, hint)


def _names(uow: UnitOfWork, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "client": uow.clients.by_id(row["client_id"])["code"]}
