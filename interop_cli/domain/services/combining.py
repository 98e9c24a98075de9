"""The contacts and addresses of merged clients: which are one, and who keeps the flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.text import words

if TYPE_CHECKING:
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork

FLAGS = ("is_default", "billing")
CONTACT_BLANKS = ("title", "phone", "mobile", "language")
ADDRESS_BLANKS = ("label", "attention", "phone", "instructions")


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
        kept["billing_copy"] = max(kept["billing_copy"], gone["billing_copy"])


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
                    result.copies.append(dict(row))
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
