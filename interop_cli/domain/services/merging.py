"""Making several clients one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.merging import Choice, check_can_merge, check_levels, merged
from interop_cli.domain.services import combining
from interop_cli.domain.services.outcome import Outcome

if TYPE_CHECKING:
    from interop_cli.domain.client import Client
    from interop_cli.domain.services.combining import Combination
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork

STEM = "MERGED"


def merge(uow: UnitOfWork, winner_ref: str, loser_refs: Sequence[str]) -> Outcome:
    """Merge the losers into the winner.

    The winner's values stay, its blanks are filled; what belongs to the losers becomes the
    winner's, rows that are equal are combined; the losers' codes lead to the winner, and they stay
    behind inactive, under a code of their own. Raises Conflict ``client.merge.…``. The outcome's
    ``plan`` tells all that.
    """
    row = uow.clients.row(winner_ref)
    rows = [uow.clients.row(ref) for ref in loser_refs]
    winner, losers = uow.clients.entity(row), [uow.clients.entity(loser) for loser in rows]
    check_can_merge(winner, losers)
    ids = [loser["id"] for loser in rows]
    paid_for = [client["code"] for loser in ids for client in uow.clients.billed_to(loser)]
    check_levels(winner, paid_for)
    pays = bool(paid_for or uow.clients.billed_to(row["id"]))
    after, choices = merged(winner, losers, may_be_billed=not pays)
    plan = {
        "winner": row["code"],
        "losers": [loser["code"] for loser in rows],
        "fields": [_shown(uow, choice) for choice in choices],
        **_move(uow, row["id"], ids),
        "codes": _take_codes(uow, row["id"], rows),
    }
    _retire(uow, row["id"], rows, losers, after)
    uow.clients.save([(uow.clients.by_id(row["id"]), after)])
    outcome = Outcome(matched=1 + len(rows), changed=1 + len(rows), extra={"plan": plan})
    for found, action in ((row, "kept"), *((loser, "merged") for loser in rows)):
        item = {"id": found["id"], "code": found["code"], "status": "ok", "error": None}
        outcome.items.append({**item, "action": action})
    return outcome


def _shown(uow: UnitOfWork, choice: Choice) -> dict[str, Any]:
    """A choice as printed: a payer by its code."""
    found = choice.as_dict()
    if choice.field == "bill_to_id":
        found["field"] = "bill_to"
        for value in (found, *found["others"]):
            value["value"] = uow.clients.by_id(value["value"])["code"] if value["value"] else None
    return found


def _move(uow: UnitOfWork, winner: int, losers: Sequence[int]) -> dict[str, Any]:
    """Move and combine; what was moved by kind, and what was combined into what."""
    moves, collisions = {}, []
    for entity, found in (
        ("contact", combining.contacts(uow, winner, losers)),
        ("address", combining.addresses(uow, winner, losers)),
    ):
        _apply(uow, entity, found)
        moves[entity] = found.moved
        collisions += [
            {"kind": entity, "id": gone, "into": kept} for gone, kept in found.combined.items()
        ]
    moves |= uow.clients.move_to(winner, losers)
    counted = [{"kind": kind, "count": count} for kind, count in moves.items() if count]
    return {"moves": counted, "collisions": collisions}


def _apply(uow: UnitOfWork, entity: str, found: Combination) -> None:
    uow.clients.combine(entity, found.combined, found.gone)
    uow.save(entity, found.written)
    uow.insert(entity, found.copies)


def _take_codes(uow: UnitOfWork, winner: int, losers: Sequence[Row]) -> list[str]:
    """Have the losers' codes lead to the winner; their former codes have moved already."""
    uow.clients.pass_codes(winner, [(loser["code"], loser["code_key"]) for loser in losers])
    return [loser["code"] for loser in losers]


def _retire(
    uow: UnitOfWork, winner: int, rows: Sequence[Row], losers: Sequence[Client], after: Client
) -> None:
    """Leave the losers behind: inactive, billed to nobody, under a code of their own."""
    pairs = []
    for row, loser in zip(rows, losers, strict=True):
        retired = loser.model_copy()
        retired.code = uow.clients.free_code(STEM)
        retired.active, retired.merged_into_id, retired.bill_to_id = False, winner, None
        if loser.external_id and loser.external_id == after.external_id:
            retired.external_id = None
        pairs.append((uow.clients.by_id(row["id"]), retired))
    uow.clients.save(pairs)
