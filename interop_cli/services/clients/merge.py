"""Making several clients one: fields, contacts, addresses, and all that hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.fields import ADDRESS, CONTACT, Merge
from interop_cli.domain.fields.field import merged as merged_fields
from interop_cli.domain.merging import MergeChoice, check_can_merge, check_levels, merged
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import words
from interop_cli.services import Outcome, item
from interop_cli.services.clients.writing import CardWriter, Revision

if TYPE_CHECKING:
    from interop_cli.domain.client import Client
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


FLAGS = ("is_default", "billing")
CONTACT_BLANKS = merged_fields(CONTACT, Merge.FILL)
CONTACT_ANY = merged_fields(CONTACT, Merge.ANY)
ADDRESS_BLANKS = merged_fields(ADDRESS, Merge.FILL)


@dataclass
class Combination:
    """What becomes of rows: those to write over what they were, and those that go.

    ``combined`` maps a row to the equal one that stands for it; ``gone`` are deleted, ``copies``
    are inserted.
    """

    written: list[tuple[Row, Row]] = field(default_factory=list)
    combined: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    copies: list[Row] = field(default_factory=list)
    moved: int = 0


def contacts(uow: UnitOfWork, winner: int, losers: Sequence[int]) -> Combination:
    """The contacts of the losers become the winner's; one with an e-mail it has is combined.

    The winner's default and billing contacts stay; where it has none, the first of the losers'
    keeps the flag. Contacts that slept with their client wake up at the active winner.
    """
    found = uow.contacts.of_clients([winner, *losers])
    result, kept = Combination(), {}
    by_email: dict[str, dict[str, Any]] = {}
    holders: dict[str, int] = {}
    for client_id in (winner, *losers):
        for row in found[client_id]:
            after = dict(row)
            if client_id != winner and row["deactivated_with"]:
                after.update(active=1, deactivated_with=0)
            same = by_email.get(row["email_key"]) if row["email_key"] else None
            for flag in FLAGS:
                if row[flag]:
                    holders.setdefault(flag, same["id"] if same else row["id"])
            if same is not None:
                _absorb_contact(same, after)
                result.combined[row["id"]] = same["id"]
                result.gone.append(row["id"])
                continue
            after["client_id"] = winner
            result.moved += client_id != winner
            if row["email_key"]:
                by_email[row["email_key"]] = after
            kept[row["id"]] = (row, after)
    for _row, after in kept.values():
        after.update({flag: int(holders.get(flag) == after["id"]) for flag in FLAGS})
    result.written = [pair for pair in kept.values() if pair[0] != pair[1]]
    return result


def _absorb_contact(kept: dict[str, Any], gone: Row) -> None:
    _fill(kept, gone, CONTACT_BLANKS)
    if gone["active"]:
        kept.update(active=1, deactivated_with=0)
        kept.update({name: max(kept[name], gone[name]) for name in CONTACT_ANY})


def addresses(uow: UnitOfWork, winner: int, losers: Sequence[int]) -> Combination:
    """The addresses of the losers become the winner's; an equal one is combined.

    Each loser keeps a main address of its own, as every client has one: its old one where the
    winner has an equal, else a copy of the one that moved.
    """
    result, kept = Combination(), {}
    by_place: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for client_id in (winner, *losers):
        for row in uow.addresses.of_client(client_id):
            same = next((a for a in by_place.get(_place(row), []) if _agree(a, row)), None)
            after = dict(row)
            if same is not None and client_id != winner:
                _fill(same, row, ADDRESS_BLANKS)
                result.combined[row["id"]] = same["id"]
                if not row["main"]:
                    result.gone.append(row["id"])
                continue
            if client_id != winner:
                after.update(client_id=winner, main=0)
                result.moved += 1
                if row["main"]:
                    result.copies.append({**row, "uid": None})  # it is another address
            kept[row["id"]] = (row, after)
            by_place.setdefault(_place(row), []).append(after)
    result.written = [pair for pair in kept.values() if pair[0] != pair[1]]
    return result


def _place(row: Row) -> tuple[Any, ...]:
    code = (row["postal_code"] or "").replace(" ", "").upper()
    return words(row["line_key"]), words(row["city_key"]), row["province"], code, row["country"]


def _agree(one: Row, other: Row) -> bool:
    """Whether two rows of one place say nothing different about it."""
    return all(
        one[name] == other[name] or None in (one[name], other[name]) for name in ADDRESS_BLANKS
    )


def _fill(kept: dict[str, Any], gone: Row, names: Iterable[str]) -> None:
    for name in names:
        if kept[name] is None:
            kept[name] = gone[name]


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
    billed = uow.clients.billed_to([row["id"], *ids])
    paid_for = [client["code"] for loser in ids for client in billed[loser]]
    check_levels(winner, paid_for)
    pays = bool(paid_for or billed[row["id"]])
    after, choices = merged(winner, losers, may_be_billed=not pays)
    plan = {
        "winner": row["code"],
        "losers": [loser["code"] for loser in rows],
        "fields": [_shown(uow, choice) for choice in choices],
        **_move(uow, row["id"], ids),
        "codes": _take_codes(uow, row["id"], rows),
    }
    _retire(uow, row["id"], rows, losers, after)
    writer = CardWriter(uow, Context())
    writer.save([Revision(uow.clients.by_id(row["id"]), winner, after)])
    writer.finish()
    outcome = Outcome(matched=1 + len(rows), changed=1 + len(rows), extra={"plan": plan})
    outcome.warnings = writer.context.warnings
    for found, action in ((row, "kept"), *((loser, "merged") for loser in rows)):
        outcome.items.append(item({"id": found["id"], "code": found["code"]}, action=action))
    return outcome


def _shown(uow: UnitOfWork, choice: MergeChoice) -> dict[str, Any]:
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
        ("contact", contacts(uow, winner, losers)),
        ("address", addresses(uow, winner, losers)),
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
    uow.departures.combined(entity, {one: found.combined[one] for one in found.gone})
    uow.clients.take_over(entity, found.written, found.copies)


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
