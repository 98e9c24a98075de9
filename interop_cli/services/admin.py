"""What admins do: take an operation back, say who has which role, fill a database for trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import ConfigError, Conflict, Detail, NotFound, Parts
from interop_cli.domain.messages import counted, msg
from interop_cli.domain.rights import User
from interop_cli.domain.rules import Context, RuleWarning
from interop_cli.domain.values.code import code_key, derived_uid
from interop_cli.services import refusals
from interop_cli.services.clients.merge import merge
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.imports.matching import Written
from interop_cli.services.outcome import MAX_ITEMS, Outcome, one

if TYPE_CHECKING:
    from interop_cli.seed.shop import Shop
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
            msg(
                "{name} must be a province of {country}.", name="defaults.province", country=country
            ),
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


def _role_item(user: User, role: str, *, changed: bool) -> dict[str, object]:
    status = "ok" if changed else "unchanged"
    return {"id": user.uid, "name": user.name, "role": role, "status": status, "error": None}


ERASE, MAIL = "contact.erase", "sales.invoice.send"
ACTIONS = {"delete": "deleted", "insert": "restored", "update": "updated"}


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
    if operation["name"] == MAIL:
        raise Conflict("journal.mailed", msg("What was sent by e-mail is not called back."))
    matched = operations.load(operation["id"])
    if posted := operations.posted():
        raise refusals.posted(operation["id"], posted)
    merged = operations.merged_there(operation["at"])
    if merged and not unlink:
        raise refusals.merged_there(operation["id"], merged)
    unlinked = operations.unlink() if unlink else []
    operations.keep()
    hindering, along, free = operations.kept()
    if hindering and not keep_newer:
        raise refusals.newer(uow, operation["id"], hindering, matched, free)
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
        raise refusals.clash(operation_id, []) from error
    if codes := uow.operations.clashing_clients(refusals.SHOWN):
        raise refusals.clash(operation_id, codes)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    kept = bool(row["stays"])
    return {
        "entity": row["entity"],
        "id": row["id"],
        "status": "unchanged" if kept else "ok",
        "action": "kept" if kept else ACTIONS[row["action"]],
        "error": None,
    }


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """A made-up client, as an import sees a row."""

    line: int
    values: dict[str, Any]
    error: Detail | None = None
    parts: Parts = field(default_factory=dict)


class Seeding(Import):
    """An import that names what it makes after the seed and the code: the same in every database.

    ``origin`` is what their uids are derived from.
    """

    origin: str = "seed"

    def _built(self, *args: Any) -> Written:
        made = super()._built(*args)
        made.client.uid = derived_uid(self.origin, "client", made.client.code)
        if made.address is not None:
            made.address.uid = derived_uid(self.origin, "address", made.client.code)
        return made


def seed_clients(
    uow: UnitOfWork, clients: Iterable[dict[str, Any]], context: Context, seed: int = 1
) -> Outcome:
    """Write the made-up clients of a seed, over those of the same codes."""
    seeding = Seeding(uow, context)
    seeding.origin = f"seed {seed}"
    return seeding.run(_records(clients))


def seed_shop(
    uow: UnitOfWork, shop: Shop, context: Context, advance: Callable[[int], None]
) -> Outcome:
    """Write a made-up shop: clients with what belongs to them, documents, then the merges.

    ``advance`` is told of each client, and again when its documents are made.
    """
    # Those of an earlier seeding that were merged: their codes lead to the winners since.
    keys = {code_key(code): code for code in shop.merges}
    gone = {keys[key] for key, _found in uow.candidates().by_former_code(keys)}
    companies = (
        row for row in _counted(shop.companies(), "code", advance) if row["code"] not in gone
    )
    # What was entered twice is meant to be there; warnings of it would drown all else.
    outcome = seed_clients(uow, companies, context.silent(), shop.seed)
    outcome.warnings = []
    history = _counted(shop.documents(), "client", advance)
    documents = DocumentImport(uow, context.silent()).run(
        _records(row for row in history if row["client"] not in gone)
    )
    merged = [pair for pair in shop.merges.items() if pair[0] not in gone]
    for loser, winner in merged:
        merge(uow, winner, [loser])
    outcome.matched += documents.matched
    outcome.changed += documents.changed
    outcome.unchanged += documents.unchanged
    outcome.extra |= {"documents": documents.changed, "merged": len(merged)}
    return outcome


def _counted(
    rows: Iterator[dict[str, Any]], name: str, advance: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """The same rows; ``advance`` is called where another client's begin."""
    last = None
    for row in rows:
        if row[name] != last:
            last = row[name]
            advance(1)
        yield row


def _records(rows: Iterable[dict[str, Any]]) -> Iterator[SeedRecord]:
    for line, values in enumerate(rows, 1):
        yield SeedRecord(line, values)
