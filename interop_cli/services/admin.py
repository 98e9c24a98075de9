"""What admins do: take an operation back, say who has which role, fill a database for trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail, NotFound
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.rights import User
from interop_cli.domain.rules import Context
from interop_cli.services.imports.clients import Import
from interop_cli.services.outcome import MAX_ITEMS, Outcome, one

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def set_role(uow: UnitOfWork, user: User, role: str) -> Outcome:
    """Give a user a role; on a server the server holds them to it from then on.

    Raises Conflict ``user.last_admin`` where nobody would be admin any more.
    """
    changed = uow.users.set(user, role)
    check_admin(uow)
    return one(_role_item(user, role, changed=changed), changed=changed)


def remove(uow: UnitOfWork, user: User) -> Outcome:
    """Forget a user's role: from then on it is that of anyone not listed."""
    row = uow.users.find(user.uid)
    if row is None:
        raise NotFound(
            "user.not_found",
            msg("{name} is not listed.", name=user.name),
            hint=msg("See: interop db user list"),
        )
    uow.users.remove(user.uid)
    check_admin(uow)
    return one(_role_item(user, row["role"], changed=True), changed=True)


def check_admin(uow: UnitOfWork) -> None:
    """Raise Conflict ``user.last_admin`` where there are users and none of them is admin."""
    if uow.users.without_admin():
        raise Conflict(
            "user.last_admin",
            msg("Nobody would be admin any more."),
            hint=msg("Make someone else admin first: interop db user set USER admin"),
        )


def _role_item(user: User, role: str, *, changed: bool) -> dict[str, object]:
    status = "ok" if changed else "unchanged"
    return {"id": user.uid, "name": user.name, "role": role, "status": status, "error": None}


SHOWN = 20
ERASE = "contact.erase"
ACTIONS = {"delete": "deleted", "insert": "restored", "update": "updated"}


def undo(uow: UnitOfWork, operation_id: int, *, keep_newer: bool = False) -> Outcome:
    """Bring back what an operation changed, and nothing else.

    Raises Conflict ``journal.undone`` where that was done already, ``journal.posted`` where it
    posted an invoice or a credit note, ``journal.newer`` where rows were changed since, or are used
    since; with ``keep_newer`` those are kept and reported.
    """
    operations = uow.operations
    operation = operations.get(operation_id)
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
    matched = operations.load(operation["id"])
    if posted := operations.posted():
        raise _stays(operation["id"], posted)
    operations.keep(operations.used_since())
    count, rows = operations.stale(SHOWN)
    details = [_detail(row) for row in rows]
    if count and not keep_newer:
        raise Conflict(
            "journal.newer",
            counted(
                "{count} of {total} rows was changed or used since; nothing was undone.",
                "{count} of {total} rows were changed or used since; nothing was undone.",
                count=count,
                total=matched,
            ),
            hint=msg(
                "Undo the others only: interop journal undo {id} --keep-newer", id=operation["id"]
            ),
            details=details,
        )
    changed = _taken_back(uow, operation["id"])
    check_admin(uow)
    outcome = Outcome(matched=matched, changed=changed, unchanged=count)
    outcome.extra = {"undoes": operation["id"], "kept": count}
    if matched <= MAX_ITEMS:
        outcome.items = [_item(row) for row in operations.rows()]
    if count:
        outcome.notice = msg("{count} rows changed since were kept.", count=count)
    return outcome


def _stays(operation_id: int, posted: list[dict[str, Any]]) -> Conflict:
    """What was posted keeps its number, which the next one would be given again."""
    kind, number = posted[0]["kind"], posted[0]["number"]
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


def _taken_back(uow: UnitOfWork, operation_id: int) -> int:
    """Write everything back; how many rows. Refuse what does not fit what was done since."""
    try:
        changed = uow.operations.take_back()
    except Conflict as error:
        if error.code != "db.constraint":
            raise
        raise _clash(operation_id, []) from error
    if codes := uow.operations.clashing_clients(SHOWN):
        raise _clash(operation_id, codes)
    return changed


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


def _item(row: dict[str, Any]) -> dict[str, Any]:
    kept = bool(row["stale"])
    return {
        "entity": row["entity"],
        "id": row["id"],
        "status": "unchanged" if kept else "ok",
        "action": "kept" if kept else ACTIONS[row["action"]],
        "error": None,
    }


def _detail(row: dict[str, Any]) -> Detail:
    message: Message = msg(
        "{entity} #{id} was changed since", entity=row["entity"], id=row["entity_id"]
    )
    return Detail(f"{row['entity']}.{row['entity_id']}", "newer", message)


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """A made-up client, as an import sees a row."""

    line: int
    values: dict[str, Any]
    error: Detail | None = None


def seed_clients(uow: UnitOfWork, clients: Iterable[dict[str, Any]], context: Context) -> Outcome:
    """Write the clients, over those of the same codes."""
    return Import(uow, context).run(_records(clients))


def _records(clients: Iterable[dict[str, Any]]) -> Iterator[SeedRecord]:
    for line, values in enumerate(clients, 1):
        yield SeedRecord(line, values)
