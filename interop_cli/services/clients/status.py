"""What can be done with clients: one function a use case.

Each gets the unit of work first and returns an ``Outcome``; it raises before it writes, and the
transaction around it is the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer, check_can_deactivate
from interop_cli.domain.rules import Context, RuleWarning
from interop_cli.domain.values.code import code_key
from interop_cli.services import Outcome, item, one
from interop_cli.services.clients import bulk
from interop_cli.services.clients.bulk import Selector
from interop_cli.store.reading.used_by import in_use, kept
from interop_cli.store.writing.repositories.selection import Which

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork

NOBODY = Client.model_construct(code="", id=None)


def deactivate(uow: UnitOfWork, selector: Selector, *, reassign: str | None = None) -> Outcome:
    """Retire clients: they leave the default lists and get no new documents.

    Their active contacts go with them.

    A client that others are billed to is refused (``client.payer.in_use``), unless they are retired
    too, or ``reassign`` names who pays for them from now on.
    """
    bulk.select(uow, selector)
    if reassign is not None:
        _reassign_payer(uow, reassign)
    else:
        bulk.refuse(
            uow,
            selector,
            Which.PAYS_FOR_OTHERS,
            "client.payer.in_use",
            msg("Other clients are billed to this one."),
            hint=msg("See who: interop client why-not CODE; name who pays now: --reassign CODE"),
        )
    return _set_active(uow, selector, 0)


def activate(uow: UnitOfWork, selector: Selector) -> Outcome:
    """Bring clients back into the default lists, with the contacts that left with them.

    One that was merged into another stays where it is (``client.merge.merged``).
    """
    bulk.select(uow, selector)
    bulk.refuse(
        uow,
        selector,
        Which.MERGED,
        "client.merge.merged",
        msg("It has been merged into another client."),
        hint=msg("Undo the merge: interop journal list --name client.merge"),
    )
    return _set_active(uow, selector, 1)


def _set_active(uow: UnitOfWork, selector: Selector, active: int) -> Outcome:
    uow.selection.mark("unchanged", Which.ACTIVE if active else Which.INACTIVE)
    uow.selection.set_active(active)
    contacts = uow.contacts.follow_picked(uow.selection, active)
    uow.selection.mark("ok")
    outcome = bulk.conclude(uow, selector)
    outcome.extra = {"contacts": contacts}
    return outcome


def _reassign_payer(uow: UnitOfWork, reassign: str) -> None:
    """Bill the active clients of the picked payers to another one."""
    payer = uow.clients.row(reassign)
    check_can_be_payer(uow.clients.entity(payer), NOBODY)
    if payer["id"] in uow.selection.ids():
        raise Conflict(
            "client.bill_to.inactive", msg("The client to pay instead is being deactivated itself.")
        )
    uow.selection.reassign_payer(payer["id"])


def promote(uow: UnitOfWork, selector: Selector) -> Outcome:
    """Make prospects clients that can be invoiced and sent to accounting."""
    bulk.select(uow, selector)
    uow.selection.mark("unchanged", Which.NO_PROSPECT)
    uow.selection.end_prospects()
    uow.selection.mark("ok")
    return bulk.conclude(uow, selector)


def recode(
    uow: UnitOfWork, ref: str, new_code: str, context: Context, *, reuse: bool = False
) -> Outcome:
    """Give a client another code; the old one goes on resolving to it.

    ``reuse`` allows a code that another client had before.
    """
    from interop_cli.services.clients.writing import take_code

    row = uow.clients.row(ref)
    client = uow.clients.entity(row).revise({"code": new_code}, context.at(None, row["code"]))
    if client.code == row["code"]:
        return one(item({"id": row["id"], "code": row["code"]}, changed=False))
    if code_key(client.code) != row["code_key"]:
        take_code(uow, client.code, row["id"], reuse=reuse)
        uow.clients.retire_code(row)
    uow.clients.save([(row, client)])
    return one(item({"id": row["id"], "code": client.code}, former_code=row["code"]))


def delete(uow: UnitOfWork, selector: Selector, *, or_deactivate: bool = False) -> Outcome:
    """Delete clients that nothing uses; ``or_deactivate`` retires the others instead.

    Raises Conflict ``client.in_use`` with everything that blocks.
    """
    bulk.select(uow, selector)
    warnings: list[RuleWarning] = []

    def remove(client_id: int) -> bool:
        blockers = uow.clients.blockers(client_id)
        if not blockers:
            uow.clients.remove(client_id)
            return True
        code = uow.clients.by_id(client_id)["code"]
        if not or_deactivate:
            raise in_use(
                "client.in_use",
                blockers,
                msg("Client {code} is in use and cannot be deleted.", code=code),
                msg("Make it inactive instead: interop client deactivate {code}", code=code),
            )
        pays_for = [
            row["code"] for row in uow.clients.billed_to([client_id])[client_id] if row["active"]
        ]
        check_can_deactivate(uow.clients.entity(uow.clients.by_id(client_id)), pays_for)
        uow.contacts.follow([client_id], 0)
        warnings.append(kept("client", code))
        return uow.clients.set_active(client_id, 0)

    bulk.each(uow, selector, remove)
    outcome = bulk.conclude(uow, selector)
    outcome.warnings = warnings
    return outcome
