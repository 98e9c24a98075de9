"""Claiming: what is about to be sent is read again, planned again, and marked, in one transaction.

So a client that became a prospect since the plan was made is not sent, and whoever finds the mark
later knows that there may have been a call.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interop_cli.domain.sync.payload import digest_of, dumped
from interop_cli.domain.sync.plan import FINAL, LEASE_SECONDS, SENT, Step, Todo, reason
from interop_cli.domain.sync.records import Send
from interop_cli.domain.sync.turns import aside
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.arranging import Arranged
from interop_cli.sync.lease import keep
from interop_cli.sync.target import OpenTarget

ACTIONS = SENT | FINAL


@dataclass
class Claimed:
    """``sends`` are ours to send; ``left`` are those that turned out to be something else."""

    sends: list[Send] = field(default_factory=list)
    steps: dict[int, Step] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    """Their payloads as they are stored."""
    left: list[Step] = field(default_factory=list)
    later: set[int] = field(default_factory=set)
    """Those to come back to."""
    read: int = 0
    """How many records were looked at for it."""

    def add(self, step: Step, attempt: Mapping[str, Any]) -> None:
        """Count a record in that is ours to send, with the columns of its claim."""
        send = _send(step, attempt["attempt_key"])
        self.sends.append(send)
        self.steps[send.id] = step
        self.texts[send.id] = attempt["attempt"]

    def in_batches(self, size: int) -> list[Claimed]:
        """Those to send, at most so many at once."""
        batches = (self.sends[at : at + size] for at in range(0, len(self.sends), size))
        return [
            Claimed(
                sends,
                {send.id: self.steps[send.id] for send in sends},
                {send.id: self.texts[send.id] for send in sends},
            )
            for sends in batches
        ]


def claim(
    uow: UnitOfWork,
    opened: OpenTarget,
    entity: str,
    todos: Collection[Todo],
    ids: Sequence[int],
    arranged: Arranged,
    *,
    again: bool,
    making_way: bool = False,
    most: int | None = None,
) -> Claimed:
    """Claim those of ``ids`` about which one of ``todos`` is still what is to be done.

    ``making_way``: for what they give up for a while, so that others can go. No more than ``most``
    are claimed, and those after them not looked at.
    """
    claiming = _Claiming(opened, arranged, todos, making_way, most or len(ids))
    found = claiming.found
    while len(claiming.rows) < claiming.most and found.read < len(ids):
        some = ids[found.read : found.read + claiming.most]
        found.read += claiming.take(entity, some, again=again)
    if claiming.rows:
        until = opened.clock.stamp(LEASE_SECONDS)
        uow.links.claim(opened.target.id, entity, claiming.rows, opened.owner, until)
        keep(uow, opened)
    return found


@dataclass
class _Claiming:
    """What is claimed in one transaction, ``most`` records of those that are read."""

    opened: OpenTarget
    arranged: Arranged
    todos: Collection[Todo]
    making_way: bool
    most: int
    found: Claimed = field(default_factory=Claimed)
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The columns of their claims."""
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    def take(self, entity: str, ids: Sequence[int], *, again: bool) -> int:
        """Claim of these as many as there is room for; how many were looked at."""
        place = {local_id: number for number, local_id in enumerate(ids)}
        steps = sorted(
            self.opened.steps_of(entity, ids, again=again), key=lambda step: place[step.local.id]
        )
        kept = self.arranged.still_held(steps)
        for step in steps:
            if len(self.rows) == self.most:
                return place[step.local.id]
            self._note(step, self._turn_of(step, kept))
        return len(ids)

    def _turn_of(self, step: Step, kept: Mapping[int, Step]) -> Step | None:
        """A record as it comes out; None where its turn comes later."""
        if self.making_way and step.todo in SENT:
            descriptor = self.opened.connector.descriptor(step.local.entity)
            return aside(step, self.arranged.aside[step.local.id], descriptor)
        return kept.get(step.local.id) or _at_turn(step, self.arranged, self.todos)

    def _note(self, step: Step, turn: Step | None) -> None:
        """Claim a record, or count it to those that are left or come later."""
        if turn is None:
            self.found.later.add(step.local.id)
        elif turn.todo not in self.todos or turn.is_held:
            self.found.left.append(turn)
            if self.arranged.returns(turn):
                self.found.later.add(step.local.id)
        else:
            self.rows.append(_attempt(turn, self.opened.form, f"{self.key}-{step.local.id}"))
            self.found.add(turn, self.rows[-1])


def _at_turn(step: Step, arranged: Arranged, todos: Collection[Todo]) -> Step | None:
    """A record as it comes out; None where its turn comes later."""
    turn = arranged.at_turn(step)
    if turn is None or turn.todo not in todos or turn.waits_for is None:
        return turn
    why = reason("waiting", code=turn.waits_for)
    return replace(turn, todo=Todo.BLOCKED, reason=why)


def _attempt(step: Step, form: str, key: str) -> dict[str, Any]:
    """The columns of a claim. The ``key`` of an attempt lives as long as its payload does."""
    text = dumped(step.payload)
    fixed = digest_of(text, form)
    link = step.link
    same = link.attempt_key is not None and link.attempt_hash == fixed
    return {
        "local_id": step.local.id,
        "key": step.local.key,
        "attempt": text,
        "attempt_hash": fixed,
        "attempt_key": link.attempt_key if same else key,
    }


def _send(step: Step, attempt_key: str) -> Send:
    local, link = step.local, step.link
    return Send(
        local.entity,
        local.id,
        local.key,
        ACTIONS[step.todo],
        step.payload,
        tuple([change.field for change in step.changes]),
        attempt_key,
        link.remote_id,
        link.remote_version,
        link.pushed,
    )
