"""Taking an operation back, or saying why it stays, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import counted, joined, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.services import MAX_ITEMS, Outcome
from interop_cli.services.admin import check_admin
from interop_cli.store.reading.called import Called, called
from interop_cli.store.writing.repositories.operations import Hindrance, OperationRepository, Stays

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

ERASE, MAIL = "contact.erase", "sales.invoice.send"
ACTIONS = {"delete": "deleted", "insert": "restored", "update": "updated"}
SHOWN = 20
HINDERS = {
    Stays.CHANGED: ("newer", msg("was changed since")),
    Stays.USED: ("used", msg("is used since")),
    Stays.LINKED: ("linked", msg("a target of sync holds it, or is being sent it")),
    Stays.NUMBERED: ("numbered", msg("later numbers were given since")),
}


def undo(
    uow: UnitOfWork, operation_id: int, *, keep_newer: bool = False, unlink: bool = False
) -> Outcome:
    """Bring back what an operation changed, and nothing else.

    Raises Conflict ``journal.undone`` where that was done already, ``journal.posted`` where it
    posted an invoice or a credit note, ``journal.newer`` where rows were changed since, or are used
    since; with ``keep_newer`` those are kept and reported. ``journal.sent`` where a target of sync
    holds what it made, or has merged what it merged: with ``unlink`` that is no hindrance, and what
    is there stays there.
    """
    operations = uow.operations
    operations.lock(operation_id)
    operation = operations.get(operation_id)
    _check_undoable(operations, operation)
    matched = operations.load(operation["id"])
    if posted := operations.posted():
        raise _posted(operation["id"], posted)
    merged = operations.merged_there(operation["at"])
    if merged and not unlink:
        raise _merged_there(operation["id"], merged)
    unlinked = operations.unlink() if unlink else []
    operations.keep()
    hindering, along, free = operations.kept()
    if hindering and not keep_newer:
        raise _newer(uow, operation["id"], hindering, matched, free)
    _take_back(uow, operation["id"])
    check_admin(uow)
    kept = hindering + along
    outcome = Outcome(matched=matched, changed=free, unchanged=kept)
    outcome.extra = {"undoes": operation["id"], "kept": kept}
    if matched <= MAX_ITEMS:
        outcome.items = [_item(row) for row in operations.rows()]
    if kept:
        outcome.notice = counted(
            "{count} row was kept: it was changed or used since.",
            "{count} rows were kept: they were changed or used since, or belong to one that was.",
            count=kept,
        )
    if merged or unlinked:
        outcome.extra["targets"] = sorted({*merged, *unlinked})
        outcome.warnings.append(_left_there(merged, unlinked))
    return outcome


def _check_undoable(operations: OperationRepository, operation: Row) -> None:
    """Refuse what was undone already, and what nobody can call back."""
    if operation["undone_by"] is not None and operations.stands(operation["undone_by"]):
        raise Conflict(
            "journal.undone",
            msg(
                "Operation {id} was undone by operation {by}.",
                id=operation["id"],
                by=operation["undone_by"],
            ),
        )
    if operation["name"] == ERASE:
        raise Conflict("journal.erased", msg("A person who was erased is not brought back."))
    if operation["name"] == MAIL:
        raise Conflict("journal.mailed", msg("What was sent by e-mail is not called back."))


def _left_there(merged: list[str], unlinked: list[str]) -> RuleWarning:
    """What a person should know of records there that an undo does not touch."""
    if merged:
        text = msg(
            "in {targets} the records stay one; the others get new ones at the next push",
            targets=", ".join(merged),
        )
    else:
        text = msg("in {targets} what was sent stays", targets=", ".join(unlinked))
    return RuleWarning("sync", "journal.stays_there", text)


def _take_back(uow: UnitOfWork, operation_id: int) -> None:
    """Write everything back. Refuse what does not fit what was done since."""
    try:
        uow.operations.take_back()
    except Conflict as error:
        if error.code != "db.constraint":
            raise
        raise _clash(operation_id, []) from error
    if codes := uow.operations.clashing_clients(SHOWN):
        raise _clash(operation_id, codes)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    kept = bool(row["stays"])
    return {
        "entity": row["entity"],
        "id": row["id"],
        "status": "unchanged" if kept else "ok",
        "action": "kept" if kept else ACTIONS[row["action"]],
        "error": None,
    }


def _merged_there(operation_id: int, targets: list[str]) -> Conflict:
    """What was merged there, too, cannot be taken back there."""
    return Conflict(
        "journal.sent",
        msg(
            "Operation {id} made one of several, and so did {targets}, which cannot take it back.",
            id=operation_id,
            targets=", ".join(targets),
        ),
        hint=msg(
            "interop journal undo {id} --unlink takes it back here; the others get new records"
            " there at the next push",
            id=operation_id,
        ),
    )


def _sent(
    operation_id: int, holders: Sequence[Mapping[str, Any]], details: list[Detail]
) -> Conflict:
    """What the operation made was sent, and what helps."""
    first = next((row for row in holders if row["open"]), holders[0])
    if first["batch"]:
        hint = msg(
            "It was handed over to {target} in a file: first interop sync ack {batch} --ok, or"
            " --rejected FILE",
            target=first["target"],
            batch=first["batch"],
        )
    elif first["open"]:
        hint = msg(
            "It is being sent, or nobody knows whether it was: first interop sync push --target"
            " {target}",
            target=first["target"],
        )
    elif first["made"]:
        hint = msg(
            "interop journal undo {id} --unlink takes it back here, and leaves it there; or"
            " interop client deactivate {code}, which goes out, too",
            id=operation_id,
            code=first["client"],
        )
    else:
        hint = msg(
            "interop journal undo {id} --unlink takes it back here, and leaves it there",
            id=operation_id,
        )
    return Conflict(
        "journal.sent",
        msg(
            "What operation {id} made was sent to {target}; nothing was undone.",
            id=operation_id,
            target=", ".join([row["target"] for row in holders]),
        ),
        hint=hint,
        details=details,
    )


def _newer(uow: UnitOfWork, operation_id: int, hindering: int, matched: int, free: int) -> Conflict:
    """What was changed or used since, by name, and what helps."""
    operations = uow.operations
    found = operations.hindrances(SHOWN)
    rows = [(one.entity, one.id) for one in found] + [user for one in found for user in one.users]
    names = called(uow.conn, rows)
    hint = msg("Undo what was done since first: interop journal list")
    details = [_detail(one, names) for one in found]
    if operations.only(Stays.LINKED):
        return _sent(operation_id, operations.linked_to(), details)
    if free:
        hint = msg("Undo the others only: interop journal undo {id} --keep-newer", id=operation_id)
    return Conflict(
        "journal.newer",
        counted(
            "{count} of {total} rows was changed or used since; nothing was undone.",
            "{count} of {total} rows were changed or used since; nothing was undone.",
            count=hindering,
            total=matched,
        ),
        hint=hint,
        details=details,
    )


def _detail(one: Hindrance, names: Mapping[tuple[str, int], Called]) -> Detail:
    name = names[one.entity, one.id]
    code, message = HINDERS[one.why]
    if name.gone:
        message = msg("was deleted since")
    elif one.users:
        # A document uses a client twice: itself, and by its lines.
        titles = {str(names[user].title): names[user].title for user in one.users}
        message = msg("is used since: {users}", users=joined(titles.values()))
    return Detail(one.entity, code, message, key=name.client, title=name.title)


def _posted(operation_id: int, documents: list[dict[str, Any]]) -> Conflict:
    """What was posted keeps its number, which the next one would be given again."""
    kind, number = documents[0]["kind"], documents[0]["number"]
    if kind == "credit_note":
        reason = msg(
            "Operation {id} posted credit note {number}, and what is posted stays.",
            id=operation_id,
            number=number,
        )
        hint = msg("interop sales document void {number} --kind credit_note", number=number)
    else:
        reason = msg(
            "Operation {id} posted invoice {number}, and what is posted stays.",
            id=operation_id,
            number=number,
        )
        hint = msg(
            "interop sales invoice credit {number}, or interop sales document void {number}"
            " --kind invoice",
            number=number,
        )
    return Conflict("journal.posted", reason, hint=hint)


def _clash(operation_id: int, codes: list[str]) -> Conflict:
    reason = msg("would not fit what was done since")
    return Conflict(
        "journal.clash",
        msg(
            "Operation {id} cannot be undone: it does not fit what was done since, such as a code"
            " given to another client or another payer.",
            id=operation_id,
        ),
        hint=msg("Undo what was done since first: interop journal list"),
        details=[Detail("client", "clash", reason, key=code) for code in codes],
    )
