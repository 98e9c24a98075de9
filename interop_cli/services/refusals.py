"""Why an operation is not taken back, and what helps: the refusals of ``admin.undo``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import counted, joined, msg
from interop_cli.store.reading.called import Called, called
from interop_cli.store.writing.repositories.operations import Hindrance, Stays

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork

SHOWN = 20
HINDERS = {
    Stays.CHANGED: ("newer", msg("was changed since")),
    Stays.USED: ("used", msg("is used since")),
    Stays.LINKED: ("linked", msg("a target of sync holds it, or is being sent it")),
    Stays.NUMBERED: ("numbered", msg("later numbers were given since")),
}


def merged_there(operation_id: int, targets: list[str]) -> Conflict:
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


def _sent(operation_id: int, first: Mapping[str, Any], details: list[Detail]) -> Conflict:
    """What the operation made was sent, and what helps."""
    if first["open"]:
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
            target=first["target"],
        ),
        hint=hint,
        details=details,
    )


def newer(uow: UnitOfWork, operation_id: int, hindering: int, matched: int, free: int) -> Conflict:
    """What was changed or used since, by name, and what helps."""
    operations = uow.operations
    found = operations.hindrances(SHOWN)
    rows = [(one.entity, one.id) for one in found] + [user for one in found for user in one.users]
    names = called(uow.conn, rows)
    hint = msg("Undo what was done since first: interop journal list")
    details = [_detail(one, names) for one in found]
    if operations.only(Stays.LINKED):
        return _sent(operation_id, operations.linked_to()[0], details)
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


def posted(operation_id: int, documents: list[dict[str, Any]]) -> Conflict:
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


def clash(operation_id: int, codes: list[str]) -> Conflict:
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
