"""Records that are to go there: merged with that of another of ours, or deleted for privacy.

Neither can be taken back there, so both are sent only where somebody says so, and what is there is
looked at before: a person may have done it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Link, LinkState, Trouble, TroubleKind
from interop_cli.domain.sync.plan import Step
from interop_cli.domain.sync.records import (
    Action,
    Departure,
    Done,
    Failed,
    LocalRecord,
    RemoteRecord,
    Result,
    Send,
)
from interop_cli.store.sync.departures import Inheritance, inheritances
from interop_cli.store.writing.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from interop_cli.sync.target import OpenTarget

HEIR_GONE = Trouble(
    TroubleKind.MISSING_REF,
    "remote.missing_ref",
    msg("The record that it is to be merged with is not there."),
)
ELSEWHERE = Trouble(
    TroubleKind.VALIDATION,
    "remote.merged",
    msg("It was merged into another record there: see to it by hand, then sync unlink."),
)
Gone = tuple[Step, str | None]
"""A record that has gone there, and what the one it was merged into is called now."""


def inheriting(
    found: Iterable[tuple[LocalRecord, Link]], heirs: Mapping[int, Inheritance]
) -> Iterator[tuple[LocalRecord, Link]]:
    """Records with the links that they will have once ``hand_over`` has been done."""
    losers = {taken.loser for taken in heirs.values()}
    for local, link in found:
        departure = local.departure
        if local.id in heirs:
            taken = heirs[local.id].link
            yield local, replace(taken, id=link.id, state=LinkState.PENDING, stamp="", fault=None)
        elif local.id in losers:
            yield local, replace(link, remote_id=None)
        elif departure is not None and departure.heir is not None and departure.heir in heirs:
            into = heirs[departure.heir].link.remote_id
            yield replace(local, departure=replace(departure, into=into)), link
        else:
            yield local, link


def hand_over(opened: OpenTarget, entity: str) -> None:
    """Give records of merged ones to those they were merged into, where these have none there."""
    heirs = inheritances(opened.store.conn, entity, opened.target.id)
    if not heirs:
        return

    def work(uow: UnitOfWork) -> None:
        uow.departures.hand_over(opened.target.id, entity, heirs)
        uow.sync_log.write(
            [opened.event(entity, taken.loser, "hand_over", "done") for taken in heirs.values()]
        )

    opened.write(work)


def is_final(attempt: Mapping[str, Any] | None) -> bool:
    """Whether what was sent last was that the record is to go."""
    return attempt is not None and ("into" in attempt or "erased" in attempt)


def look(opened: OpenTarget, sends: Sequence[Send]) -> tuple[list[Result], list[Send]]:
    """What became of records without a call, and those left to send. Raises Trouble."""
    there = _read(opened, sends[0].entity, [(s.remote_id, s.payload) for s in sends])
    results: list[Result] = []
    left: list[Send] = []
    for send in sends:
        found = _found(send, there)
        if found is None:
            left.append(send)
        else:
            results.append(found)
    return results, left


def _read(
    opened: OpenTarget, entity: str, pairs: Iterable[tuple[str | None, Mapping[str, Any]]]
) -> Mapping[str, RemoteRecord]:
    wanted = [
        one for remote_id, payload in pairs for one in (remote_id, payload.get("into")) if one
    ]
    return opened.fetched(entity, map(str, wanted))


def _found(send: Send, there: Mapping[str, RemoteRecord]) -> Result | None:
    mine, into = there.get(str(send.remote_id)), str(send.payload.get("into"))
    gone = mine is None or mine.gone
    elsewhere = mine is not None and mine.remote_id != send.remote_id
    if send.action is Action.ERASE:
        # One that is only archived could be restored: it is deleted all the same.
        return Failed(send.id, ELSEWHERE) if elsewhere else None
    heir = there.get(into)
    if gone:
        return Done(send.id, into if heir is None else heir.remote_id)
    if heir is None or heir.gone:
        return Failed(send.id, HEIR_GONE)
    if mine is not None and mine.remote_id == heir.remote_id:
        return Done(send.id, heir.remote_id)
    return Failed(send.id, ELSEWHERE) if elsewhere or heir.remote_id != into else None


def done_there(opened: OpenTarget, steps: Sequence[Step]) -> list[Gone]:
    """Which of these merges a person did there by hand. Raises Trouble."""
    results = look_at(opened, steps)
    return [
        (step, result.remote_id)
        for step in steps
        if isinstance(result := results.get(step.local.id), Done)
    ]


def look_at(opened: OpenTarget, steps: Sequence[Step]) -> dict[int, Result]:
    """What can be told of these merges without a call: done there by hand, or not to be done.

    Raises Trouble.
    """
    merges = [step for step in steps if step.payload.get("into")]
    if not merges:
        return {}
    pairs = [(step.link.remote_id, step.payload) for step in merges]
    there = _read(opened, merges[0].local.entity, pairs)
    found: dict[int, Result] = {}
    for step in merges:
        send = Send(
            step.local.entity,
            step.local.id,
            "",
            Action.MERGE,
            step.payload,
            (),
            "",
            step.link.remote_id,
        )
        result = _found(send, there)
        if result is not None:
            found[step.local.id] = result
    return found


def forget(opened: OpenTarget, entity: str, gone: Sequence[Gone]) -> None:
    """Forget the links of records that have gone there."""
    if not gone:
        return

    def work(uow: UnitOfWork) -> None:
        for step, remote_id in gone:
            uow.departures.settle(
                opened.target.id,
                entity,
                step.local.departure or Departure(),
                step.local.id,
                remote_id,
                never_there=step.link.remote_id is None,
            )
        uow.sync_log.write(
            [
                opened.event(entity, step.local.id, "merge", "found")
                for step, _remote_id in gone
                if step.payload.get("into")
            ]
        )

    opened.write(work)
