"""Which values a client has after others are merged into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict
from interop_cli.domain.fields import CLIENT, Kind, Merge
from interop_cli.domain.fields.field import merged as fields_merged
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold

# What is taken from a loser where the winner has nothing.
FILLED = fields_merged(CLIENT, Merge.FILL)
# What every client has: the winner's stands, and another one is said.
KEPT = fields_merged(CLIENT, Merge.KEEP)
JOINED = tuple(field for field in CLIENT if field.merge is Merge.UNION)


@dataclass(frozen=True)
class MergeChoice:
    """A field in which the clients differ: the value that wins, whose it is, and the others'.

    ``source`` is a client's code, or ``""`` where the value is joined of all of theirs.
    """

    field: str
    value: Any
    source: str
    others: tuple[tuple[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The choice as printed."""
        return {
            "field": self.field,
            "value": self.value,
            "from": self.source or None,
            "others": [{"code": code, "value": value} for code, value in self.others],
        }


def check_can_merge(winner: Client, losers: Sequence[Client]) -> None:
    """Whether ``losers`` may become ``winner``.

    Raises Conflict ``client.merge.same|merged|inactive|bill_to``.
    """
    ids = [client.id for client in (winner, *losers)]
    if len(set(ids)) != len(ids):
        raise Conflict(
            "client.merge.same", msg("A client is not merged with itself, nor named twice.")
        )
    for client in (winner, *losers):
        if client.merged_into_id is not None:
            raise Conflict(
                "client.merge.merged",
                msg("{code} has been merged into another client already.", code=client.code),
            )
    if not winner.active:
        raise Conflict(
            "client.merge.inactive",
            msg("{code} is inactive: the client that stays is an active one.", code=winner.code),
            hint=msg("interop client activate {code}", code=winner.code),
        )
    by_id = {client.id: client for client in (winner, *losers)}
    for client in (winner, *losers):
        if client.bill_to_id in by_id:
            raise Conflict(
                "client.merge.bill_to",
                msg(
                    "{code} is billed to {payer}: they are two clients.",
                    code=client.code,
                    payer=by_id[client.bill_to_id].code,
                ),
                hint=msg(
                    'If they are one all the same: interop client edit {code} --bill-to ""',
                    code=client.code,
                ),
            )


def check_levels(winner: Client, paid_for: Sequence[str]) -> None:
    """Refuse a winner that others bill to while it would pay for clients of the losers.

    Raises Conflict ``client.merge.level``; ``paid_for`` are those clients' codes.
    """
    if winner.bill_to_id is not None and paid_for:
        raise Conflict(
            "client.merge.level",
            msg(
                "{code} is itself billed to another client, and would be billed for: {clients}.",
                code=winner.code,
                clients=", ".join(paid_for[:5]),
            ),
            hint=msg(
                'Have it pay for itself first: interop client edit {code} --bill-to ""',
                code=winner.code,
            ),
        )


def merged(
    winner: Client, losers: Sequence[Client], *, may_be_billed: bool
) -> tuple[Client, list[MergeChoice]]:
    """The winner with its blanks filled, and a choice for each field in which they differ.

    ``may_be_billed``: whether it may get the payer of a loser (not where it pays for others). It
    stays a prospect only where all of them are.
    """
    values: dict[str, Any] = {}
    choices: list[MergeChoice] = []
    filled = (*FILLED, "bill_to_id") if may_be_billed else FILLED
    for name in (*KEPT, *FILLED, "bill_to_id"):
        source = winner
        if name in filled and not getattr(winner, name):
            source = next((loser for loser in losers if getattr(loser, name)), winner)
        value = getattr(source, name)
        values[name] = value
        others = [
            (client.code, getattr(client, name))
            for client in (winner, *losers)
            if client is not source and getattr(client, name) not in (None, "", value)
        ]
        if others or source is not winner:
            choices.append(MergeChoice(name, value, source.code, tuple(others)))
    if winner.prospect and not all(loser.prospect for loser in losers):
        values["prospect"] = False
        source = next(loser for loser in losers if not loser.prospect)
        choices.append(
            MergeChoice("prospect", source.prospect, source.code, ((winner.code, winner.prospect),))
        )
    for name, value in _joined((*reversed(losers), winner)).items():
        if value != getattr(winner, name):
            values[name] = value
            choices.append(MergeChoice(name, value, "", ()))
    # Each was checked when it was written: what today's rules would refuse does not forbid a merge.
    return winner.model_copy(update=values), choices


def _joined(clients: Sequence[Client]) -> dict[str, Any]:
    """What is taken of all of them; of two that contradict each other the later one's stands."""
    found: dict[str, Any] = {}
    for field in JOINED:
        values = [getattr(client, field.name) for client in clients]
        if field.kind is Kind.TAGS:
            tags = {fold(tag): tag for value in values for tag in value}
            found[field.name] = [tags[key] for key in sorted(tags)]
        else:
            found[field.name] = {name: text for value in values for name, text in value.items()}
    return found
