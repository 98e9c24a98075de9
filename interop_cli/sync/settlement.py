"""Settling: writing down what came of a call, each record by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import BREAKING, PAUSING, LinkState, Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, kept
from interop_cli.domain.sync.plan import Reason, Step
from interop_cli.domain.sync.records import (
    FINAL,
    Action,
    Awaiting,
    Departure,
    Done,
    Failed,
    FoundRemote,
    Result,
    Send,
    Trace,
)
from interop_cli.store.sync.links import dumped, message_text
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync import unknown_outcomes
from interop_cli.sync.claims import Claimed
from interop_cli.sync.report import ERROR, OK, Report
from interop_cli.sync.target import OpenTarget

TAKEN = Trouble(
    TroubleKind.VALIDATION,
    "sync.remote_taken",
    msg("That record over there is already another one's of ours."),
)
NO_RESULT = Trouble(
    TroubleKind.UNKNOWN, "remote.no_result", msg("The answer says nothing about this record.")
)


NEVER_REMADE = frozenset({"uid", "active"})
"""What is there as we say, or is not in step."""


@dataclass
class Settled:
    """What the run has to see to next."""

    again: set[int] = field(default_factory=set)
    """Records to come back to."""
    stale: set[int] = field(default_factory=set)
    """Records that somebody changed over there."""
    trouble: Trouble | None = None
    """The trouble that keeps some of them from having been done: to wait for, or to stop at."""
    done: int = 0


def settle(
    uow: UnitOfWork,
    opened: OpenTarget,
    claimed: Claimed,
    results: Sequence[Result],
    traces: Sequence[Trace],
    report: Report,
) -> Settled:
    """Write the results of one call."""
    settled = Settled()
    by_id = {result.id: result for result in results}
    target_id, entity = opened.target.id, claimed.sends[0].entity
    ours = uow.links.claimed_by(target_id, entity, opened.owner, list(claimed.steps))
    holders = uow.links.holders(
        target_id, entity, [one.remote_id for one in results if isinstance(one, Done | Awaiting)]
    )
    events, done, at = [], [], opened.clock.stamp()
    event = _event(opened, claimed.sends[0], traces, at)
    for send in claimed.sends:
        step = claimed.steps[send.id]
        result = by_id.get(send.id) or Failed(send.id, NO_RESULT)
        if (
            isinstance(result, Done | Awaiting)
            and send.action not in FINAL
            and holders.get(result.remote_id, send.id) != send.id
        ):
            result = Failed(send.id, TAKEN)
        if send.id not in ours:
            outcome = "late"  # whoever has it now looks before sending
        elif isinstance(result, FoundRemote):
            outcome = _found(uow, opened, step, result, settled, report)
        elif isinstance(result, Failed):
            outcome = _failed(uow, opened, send, step, result.trouble, settled, report)
        elif send.action in FINAL:
            outcome = _gone(uow, opened, step, result, settled, report)
        else:
            holders[result.remote_id] = send.id
            text = claimed.texts[send.id]
            done.append(_done(opened, send, step, text, result, settled, report, at))
            outcome = "awaiting" if isinstance(result, Awaiting) else "done"
        code = result.trouble.code if isinstance(result, Failed) else None
        events.append({**event, "local_id": send.id, "outcome": outcome, "code": code})
    uow.links.settle(target_id, entity, done)
    uow.sync_log.write(events)
    return settled


def _done(
    opened: OpenTarget,
    send: Send,
    step: Step,
    text: str,
    result: Done | Awaiting,
    settled: Settled,
    report: Report,
    at: str,
) -> dict[str, Any]:
    """The columns of a link whose record was taken; ``text`` is its payload as it is stored."""
    if isinstance(result, Awaiting):
        link = step.link
        values: dict[str, Any] = {
            "state": LinkState.AWAITING,
            "batch": result.batch,
            "attempt": text,
            "remote_version": link.remote_version,
            "pushed": dumped(link.pushed) if link.pushed else None,
            "stamp": link.stamp,
        }
    else:
        new = send.action is Action.CREATE
        held = send.payload if new else {**send.base, **send.changes()}
        values = pushed(opened, step, held, text if new else dumped(held), result.version, at)
        if result.held or step.link.kept:
            values |= _remade(opened, step, send, held, result.held, report)
        if not values["stamp"]:
            settled.again.add(send.id)  # sent in part, as a rename is
        for message in result.notes:
            report.note(step, message)
    settled.done += 1
    if not step.aside:
        report.say(step, OK, remote_id=result.remote_id)
    values["local_id"] = send.id
    # What an index has is not written as it is already; the claim of a new one wrote its key.
    if send.remote_id != result.remote_id:
        values["remote_id"] = result.remote_id
    if send.remote_id is not None and step.link.remote_key != send.key:
        values["remote_key"] = send.key
    return values


def _remade(
    opened: OpenTarget, step: Step, send: Send, sent: Payload, told: Payload, report: Report
) -> dict[str, Any]:
    """The columns that remember what the remote made of what it was sent: a telephone in a form of
    its own, say. That is no change of anybody's, and stays until the field is edited here.
    """
    descriptor, target = opened.connector.descriptor(send.entity), opened.target.name
    remade = Payload()
    for name in send.changed:
        field, found = descriptor.named(name), told.get(name)
        if name not in told or field is None or found == send.payload[name]:
            continue
        text = msg("{target} holds another {field} than was sent.", target=target, field=name)
        report.note(step, text)
        if found not in (None, "") and field.refers_to is None and name not in NEVER_REMADE:
            remade[name] = found
    before = {name: pair for name, pair in step.link.kept.items() if name not in send.changed}
    now = kept({name: send.payload[name] for name in remade}, remade)
    return {"pushed": dumped({**sent, **remade}), "kept": dumped({**before, **now} or None)}


def _found(
    uow: UnitOfWork,
    opened: OpenTarget,
    step: Step,
    result: FoundRemote,
    settled: Settled,
    report: Report,
) -> str:
    claimed = replace(step, link=replace(step.link, state=LinkState.CLAIMED))
    ours, taken = step.payload, TroubleKind.NAME_TAKEN
    if unknown_outcomes.adopt(uow, opened, claimed, result.remote, ours, report, failing=taken):
        settled.again.add(result.id)
    return "found"


def _gone(
    uow: UnitOfWork,
    opened: OpenTarget,
    step: Step,
    result: Done | Awaiting,
    settled: Settled,
    report: Report,
) -> str:
    """Forget a record that is there no more; the one it was merged into is looked at again."""
    local = step.local
    departure = local.departure or Departure()
    uow.departures.settle(opened.target.id, local.entity, departure, local.id, result.remote_id)
    if departure.heir is not None:
        settled.again.add(departure.heir)
    settled.done += 1
    report.say(step, OK, remote_id=result.remote_id)
    return "done"


def pushed(
    opened: OpenTarget, step: Step, held: Payload, text: str | None, version: str | None, at: str
) -> dict[str, Any]:
    """The columns of a link whose remote record holds ``held`` since ``at``; ``text``: as stored.
    All of ``CLEARED`` is to be forgotten besides.

    The stamp is only taken over where that is all there is to send: else it stays pending.
    """
    whole = not step.aside and (
        held is step.payload or all(held.get(name) == value for name, value in step.payload.items())
    )
    return {
        "state": LinkState.IN_SYNC,
        "remote_version": version,
        "pushed": text,
        "pushed_at": at,
        "stamp": step.local.stamp if whole else "",
        "form": opened.form,
        "target_version": opened.target.version,
    }


def _failed(
    uow: UnitOfWork,
    opened: OpenTarget,
    send: Send,
    step: Step,
    trouble: Trouble,
    settled: Settled,
    report: Report,
) -> str:
    kind = trouble.kind
    fault = {
        "error_class": kind,
        "error_code": trouble.code,
        "error_field": trouble.field,
        "error_text": message_text(trouble.message),
    }
    values: dict[str, Any] = {"state": LinkState.FAILED, "attempt_key": None, **fault}
    if kind in BREAKING or kind in PAUSING:
        settled.trouble = trouble
        settled.again.add(send.id)
        state = LinkState.UNKNOWN if kind is TroubleKind.UNKNOWN else LinkState.PENDING
        values = {"state": state, **fault}
    elif kind is TroubleKind.STALE:
        settled.stale.add(send.id)
        values = {"state": LinkState.PENDING, "attempt_key": None, **fault}
    elif kind is TroubleKind.GONE:
        values["state"] = LinkState.DETACHED
        if not step.local.active:  # that was all that was to come of it
            settled.again.add(send.id)
    if not uow.links.compare_and_set(
        opened.target.id, send.entity, send.id, opened.owner, **values
    ):
        return "late"
    reason = Reason(trouble.code, trouble.message, trouble.field)
    failed = values["state"] is LinkState.FAILED and kind is not TroubleKind.NAME_TAKEN
    report.say(step, ERROR, reason, refused=failed)
    return str(values["state"])


def _event(opened: OpenTarget, send: Send, traces: Sequence[Trace], at: str) -> dict[str, Any]:
    """What the log says of all records of a call."""
    trace = traces[-1] if traces else None
    return opened.event(
        send.entity,
        send.id,
        str(send.action),
        "",
        at=at,
        status=trace.status if trace else None,
        request_id=trace.request_id if trace else None,
        duration_ms=trace.duration_ms if trace else None,
    )


def release(uow: UnitOfWork, opened: OpenTarget, claimed: Claimed) -> None:
    """Give back claims for which nothing was sent."""
    for send in claimed.sends:
        uow.links.compare_and_set(
            opened.target.id, send.entity, send.id, opened.owner, state=LinkState.PENDING
        )
