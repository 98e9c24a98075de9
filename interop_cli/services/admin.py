"""What admins say of the database: who has which role, and where new addresses are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.errors import ConfigError, Conflict, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.domain.rules import RuleWarning
from interop_cli.services import Outcome, item, one

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def set_role(uow: UnitOfWork, user: User, role: str) -> Outcome:
    """Give a user a role; on a server the server holds them to it from then on.

    Raises Conflict ``user.last_admin`` where nobody would be admin any more.
    """
    changed = uow.users.set(user, role)
    check_admin(uow)
    return one(item(_with_role(user, role), changed=changed))


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
    return one(item(_with_role(user, row["role"])))


def check_admin(uow: UnitOfWork) -> None:
    """Raise Conflict ``user.last_admin`` where there are users and none of them is admin."""
    if uow.users.without_admin():
        raise Conflict(
            "user.last_admin",
            msg("Nobody would be admin any more."),
            hint=msg("Make someone else admin first: interop db user set USER admin"),
        )


PROVINCE = "defaults.province"


def checked_province(text: str, country: str) -> str:
    """The code of the province of new addresses, which is one of ``country``.

    Raises ConfigError ``config.value``. Where no provinces are known, any text is one.
    """
    from interop_cli.domain.values.places import country_rules

    rules = country_rules(country)
    if not text or not rules.provinces:
        return text
    found = rules.province_code(text)
    if found is None:
        raise ConfigError(
            "config.value",
            msg("{name} must be a province of {country}.", name=PROVINCE, country=country),
            hint=msg("Another country is set first: interop config set defaults.country CODE"),
            name=PROVINCE,
        )
    return found


def province_elsewhere(province: str, country: str) -> list[RuleWarning]:
    """What to say where the province of new addresses is none of their country."""
    try:
        checked_province(province, country)
    except ConfigError:
        text = msg("{province} is no province of {country}", province=province, country=country)
        return [RuleWarning(PROVINCE, "config.province", text)]
    return []


def _with_role(user: User, role: str) -> dict[str, object]:
    return {"id": user.uid, "name": user.name, "role": role}
