"""Claiming: what is about to be sent is read again, planned again, and marked, in one transaction.

So a client that became a prospect since the plan was made is not sent, and whoever finds the mark
later knows that there may have been a call.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
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
) -> Claimed:
    """Claim those of ``ids`` about which one of ``todos`` is still what is to be done.

    ``making_way``: for what they give up for a while, so that others can go.
    """
    found = Claimed()
    rows: list[dict[str, Any]] = []
    form, claim_key = opened.form, str(uuid.uuid4())
    steps = list(opened.steps_of(entity, ids, again=again))
    place = {local_id: number for number, local_id in enumerate(ids)}
    steps.sort(key=lambda step: place[step.local.id])
    kept = arranged.still_held(steps)
    for step in steps:
        if making_way and step.todo in SENT:
            step = aside(step, arranged.aside[step.local.id], opened.connector.descriptor(entity))
        elif step.local.id in kept:
            step = kept[step.local.id]
        elif step.todo in todos and step.waits_for is not None:
            why = reason("waiting", code=step.waits_for)
            step = replace(step, todo=Todo.BLOCKED, reason=why)
        if step.todo not in todos or step.is_held:
            found.left.append(step)
            continue
        attempt = _attempt(step, form, f"{claim_key}-{step.local.id}")
        send = _send(step, attempt["attempt_key"])
        rows.append(attempt)
        found.sends.append(send)
        found.steps[send.id] = step
        found.texts[send.id] = attempt["attempt"]
    if rows:
        until = opened.clock.stamp(LEASE_SECONDS)
        uow.links.claim(opened.target.id, entity, rows, opened.owner, until)
        keep(uow, opened)
    return found


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
