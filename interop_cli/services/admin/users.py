"""Who has which role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.errors import Conflict, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.services.outcome import Outcome, one

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def set_role(uow: UnitOfWork, user: User, role: str) -> Outcome:
    """Give a user a role; on a server the server holds them to it from then on.

    Raises Conflict ``user.last_admin`` where nobody would be admin any more.
    """
    changed = uow.users.set(user, role)
    check_admin(uow)
    return one(_item(user, role, changed=changed), changed=changed)


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
    return one(_item(user, row["role"], changed=True), changed=True)


def check_admin(uow: UnitOfWork) -> None:
    """Raise Conflict ``user.last_admin`` where there are users and none of them is admin."""
    if uow.users.without_admin():
        raise Conflict(
            "user.last_admin",
            msg("Nobody would be admin any more."),
            hint=msg("Make someone else admin first: interop db user set USER admin"),
        )


def _item(user: User, role: str, *, changed: bool) -> dict[str, object]:
    status = "ok" if changed else "unchanged"
    return {"id": user.uid, "name": user.name, "role": role, "status": status, "error": None}
