"""The plan: what a push would do about one record, and why; how long to wait. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, Policy, Problem, RemoteField
from interop_cli.domain.sync.link import Link, LinkState, TroubleKind
from interop_cli.domain.sync.payload import Change, Payload, Value, as_kept, differences, digest
from interop_cli.domain.sync.records import Action, LocalRecord, Role


class Todo(StrEnum):
    """What is to be done about a record."""

    CREATE = "create"
    UPDATE = "update"
    RENAME = "rename"
    DEACTIVATE = "deactivate"
    MERGE = "merge"  # with the record of the one it was merged into here
    ERASE = "erase"  # for privacy
    CHECK = "check"  # the outcome of an earlier call is unknown: look before sending
    BY_HAND = "by_hand"  # there, by a person: that system has no way for us to do it
    SKIP = "skip"
    BLOCKED = "blocked"


SENT = {
    Todo.CREATE: Action.CREATE,
    Todo.UPDATE: Action.UPDATE,
    Todo.RENAME: Action.RENAME,
    Todo.DEACTIVATE: Action.DEACTIVATE,
}
FINAL = {Todo.MERGE: Action.MERGE, Todo.ERASE: Action.ERASE}
"""What cannot be taken back there."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is skipped or blocked: a stable code, a sentence, and our field."""

    code: str
    message: Message
    field: str | None = None


@dataclass(slots=True)  # not frozen, as ``LocalRecord``
class Step:
    """What to do about one record. ``changes`` are the fields to send, with what was there."""

    todo: Todo
    local: LocalRecord
    link: Link
    payload: Payload
    changes: tuple[Change, ...] = ()
    reason: Reason | None = None
    problems: tuple[Problem, ...] = ()
    waits_for: str | None = None
    """The client, or the invoice, that has to be there first."""
    aside: bool = False
    """Whether it only makes way for another record: its own turn comes after."""

    @property
    def is_final(self) -> bool:
        """Whether it cannot be taken back there."""
        return self.todo in FINAL

    @property
    def is_held(self) -> bool:
        """Whether a person has to do it, or to say that it may be done."""
        return self.todo is Todo.BY_HAND or (self.is_final and self.reason is not None)

    @property
    def is_gone(self) -> bool:
        """Whether its record has gone there, and nothing is left to do."""
        return (
            self.todo is Todo.SKIP and self.reason is not None and self.reason.code == "sync.gone"
        )

    @property
    def lacks_value(self) -> bool:
        """Whether it was refused for what another record there has, and may have given up since."""
        fault = self.link.fault
        failed = self.todo is Todo.BLOCKED and self.link.state is LinkState.FAILED
        if not failed or fault is None or self.reason is None:
            return False
        return self.reason.code == fault.code and fault.kind == TroubleKind.NAME_TAKEN

    @property
    def is_refused(self) -> bool:
        """Whether it is not sent again as it is before somebody says so."""
        failed = self.todo is Todo.BLOCKED and self.link.state is LinkState.FAILED
        return failed and not self.lacks_value

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing is sent because it equals what was pushed."""
        return self.reason is not None and self.reason.code == "sync.unchanged"


@dataclass(frozen=True)
class TargetRules:
    """What a target wants: its role, its descriptor, how it makes payloads, and the time."""

    role: Role
    descriptor: Descriptor
    payload: Callable[[LocalRecord], Payload]
    form: str
    now: str
    prospects: bool = False
    """Whether prospects may go to this target; an accounting one never gets them."""
    again: bool = False
    """Whether what is equal to what was pushed is sent all the same (``--force``)."""
    merges: bool = False
    """Whether the remote can make one record of two."""
    erases: bool = False
    """Whether the remote can delete a record for privacy."""
    final: bool = False
    """Whether what cannot be taken back there may be sent (``--irreversible``)."""
    only_read: bool = False
    """Whether records of this entity are never pushed to this target."""
    reads: bool = True
    """Whether what is there can be read, so that a pull sees what a person did there."""


def plan(local: LocalRecord, link: Link, rules: TargetRules) -> Step:
    """What a push does about ``local``, given its link."""
    if rules.only_read:
        return Step(Todo.SKIP, local, link, {}, reason=reason("only_read"))
    held = _leaving(local, link, rules) or _held(local, link, rules)
    if held is not None:
        return held
    guarded = _guard(local, rules)
    if guarded is not None:
        return Step(Todo.BLOCKED, local, link, {}, reason=guarded)
    if not local.active and link.remote_id is None:
        return Step(Todo.SKIP, local, link, {}, reason=reason("inactive"))
    payload = rules.payload(local)
    lacking = waited(local, payload, rules.descriptor)
    settled = rules.descriptor.once and link.remote_id is not None
    problems = () if settled else tuple(rules.descriptor.problems(payload))
    if problems:
        first = problems[0]
        why = Reason(first.code, first.message, first.field)
        return Step(Todo.BLOCKED, local, link, payload, reason=why, problems=problems)
    payload = as_kept(payload, link.pushed, link.kept)
    if _failed_as_it_is(link, payload, rules):
        return Step(Todo.BLOCKED, local, link, payload, reason=_fault(link))
    if link.next_at is not None and link.next_at > rules.now:
        return Step(Todo.BLOCKED, local, link, payload, reason=reason("later", at=link.next_at))
    if link.remote_id is None:
        every = differences(None, payload)
        waits = local.refers[lacking.name] if lacking is not None else None
        return Step(Todo.CREATE, local, link, payload, every, waits_for=waits)
    return _changed(local, link, payload, rules, lacking)


def _changed(
    local: LocalRecord,
    link: Link,
    payload: Payload,
    rules: TargetRules,
    lacking: RemoteField | None,
) -> Step:
    descriptor = rules.descriptor
    base = link.pushed
    if rules.again and not descriptor.once:
        base = {name: base[name] for name in link.kept if name in base}
    changes = differences(base, payload)
    if descriptor.once:
        changes = tuple(one for one in changes if one.field == "active")
    changes = tuple(one for one in changes if not _is_theirs(descriptor, one.field))
    if not local.active and not _sends_active(descriptor):
        # It still gives up what somebody else needs.
        changes = tuple(
            one for one in changes if one.after is None and _is_unique(descriptor, one.field)
        )
        if not changes:
            return Step(
                Todo.BY_HAND, local, link, payload, reason=_by_hand("inactive_there", rules)
            )
        lacking = None
    waits = None
    if lacking is not None and not descriptor.once and not _is_theirs(descriptor, lacking.name):
        waits = local.refers[lacking.name]
        if not any(one.field == lacking.name for one in changes):
            before = link.pushed.get(lacking.name)
            changes = (*changes, Change(lacking.name, before, None))
    if not changes:
        return Step(Todo.SKIP, local, link, payload, reason=reason("unchanged"))
    key = next((one for one in changes if one.field == descriptor.key), None)
    if key is not None and link.pushed.get(key.field) not in (None, key.after):
        return Step(Todo.RENAME, local, link, payload, (key,))
    ends = any(one.field == "active" and one.after in (False, "false") for one in changes)
    todo = Todo.DEACTIVATE if ends else Todo.UPDATE
    return Step(todo, local, link, payload, changes, waits_for=waits)


def _sends_active(descriptor: Descriptor) -> bool:
    return any(one.name == "active" for one in descriptor.sent())


def _leaving(local: LocalRecord, link: Link, rules: TargetRules) -> Step | None:
    """What becomes of a record that is to go there; None: it is one like the others."""
    departure = local.departure
    if link.state is LinkState.DETACHED and not local.active:
        return Step(Todo.SKIP, local, link, {}, reason=reason("gone"))
    open_call = link.state in (LinkState.CLAIMED, LinkState.UNKNOWN, LinkState.AWAITING)
    if departure is None or open_call or link.state is LinkState.EXCLUDED:
        return None
    if link.remote_id is None:
        return Step(Todo.SKIP, local, link, {}, reason=reason("gone"))
    if departure.erased:
        todo, payload, may = Todo.ERASE, dict[str, Value](erased=True), rules.erases
        by_hand = reason("erased_there")
    elif not rules.merges and _sends_active(rules.descriptor) and local.values:
        return None  # it is made inactive
    else:
        todo, payload, may = Todo.MERGE, dict[str, Value](into=departure.into), rules.merges
        by_hand = _by_hand("merged_there", rules, code=departure.code)
    if not may or (departure.heir is None and not departure.erased):
        return Step(Todo.BY_HAND, local, link, payload, reason=by_hand)
    if todo is Todo.MERGE and departure.into is None:
        return Step(
            Todo.BLOCKED, local, link, payload, reason=reason("waiting", code=departure.code)
        )
    if _failed_as_it_is(link, payload, rules):
        return Step(Todo.BLOCKED, local, link, payload, reason=_fault(link))
    return Step(todo, local, link, payload, reason=None if rules.final else reason("irreversible"))


def _is_unique(descriptor: Descriptor, name: str) -> bool:
    field = descriptor.named(name)
    return field is not None and field.unique is not None


def _is_theirs(descriptor: Descriptor, name: str) -> bool:
    """Whether a field is not ours to send any more once the record is there."""
    field = descriptor.named(name)
    return field is not None and field.policy is Policy.CREATE_ONLY


_HELD = {
    LinkState.EXCLUDED: (Todo.SKIP, "excluded"),
    LinkState.CONFLICT: (Todo.BLOCKED, "conflict"),
    LinkState.DETACHED: (Todo.BLOCKED, "detached"),
    LinkState.AWAITING: (Todo.BLOCKED, "awaiting"),
}


def _held(local: LocalRecord, link: Link, rules: TargetRules) -> Step | None:
    """What the state of the link alone decides."""
    if link.state in _HELD:
        todo, code = _HELD[link.state]
        field = link.fault.field if link.fault is not None else None
        return Step(todo, local, link, {}, reason=reason(code, field))
    if link.state is LinkState.CLAIMED and link.alive:
        return Step(Todo.SKIP, local, link, {}, reason=reason("claimed"))
    if link.state in (LinkState.CLAIMED, LinkState.UNKNOWN):
        if link.next_at is not None and link.next_at > rules.now:
            return Step(Todo.BLOCKED, local, link, {}, reason=reason("later", at=link.next_at))
        return Step(Todo.CHECK, local, link, link.attempt or {})
    return None


def _guard(local: LocalRecord, rules: TargetRules) -> Reason | None:
    """Prospects stay here; so do clients billed to one."""
    if rules.prospects and rules.role is not Role.ACCOUNTING:
        return None
    if local.prospect:
        return reason("prospect")
    if local.payer_prospect:
        return reason("payer_prospect", code=local.payer)
    return None


def waited(local: LocalRecord, payload: Payload, descriptor: Descriptor) -> RemoteField | None:
    """The field that refers to a record which is not there yet."""
    for one in descriptor.referring:
        if payload.get(one.name) is None and one.name in local.refers:
            return one
    return None


def _failed_as_it_is(link: Link, payload: Payload, rules: TargetRules) -> bool:
    return (
        link.state is LinkState.FAILED
        and not rules.again
        and link.attempt_hash == digest(payload, rules.form)
    )


def _fault(link: Link) -> Reason:
    if link.fault is None:
        return reason("failed")
    return Reason(link.fault.code, link.fault.message, link.fault.field)


_SENTENCES = {
    "prospect": msg("It is a prospect."),
    "payer_prospect": msg("It is billed to {code}, who is a prospect."),
    "inactive": msg("It is inactive."),
    "unchanged": msg("Nothing to send has changed."),
    "excluded": msg("It is excluded from this target."),
    "conflict": msg("Both sides changed the same field: sync resolve."),
    "detached": msg("Its record was deleted or merged there: sync link or unlink."),
    "awaiting": msg("It was handed over in a file that is not acknowledged: sync ack."),
    "claimed": msg("Another process is sending it."),
    "later": msg("It is tried again after {at}."),
    "failed": msg("It was refused; change it, or sync retry."),
    "first_contact": msg("The target holds records that nobody has matched yet: sync link."),
    "only_read": msg("It is only read from this target."),
    "waiting": msg("{code} has to be there first."),
    "gone": msg("It is not there any more."),
    "inactive_there": msg(
        "It is inactive: see to it there by hand, then sync pull or sync unlink; or give active a"
        " place there."
    ),
    "erased_there": msg(
        "Its person was erased: delete it there by hand, then sync unlink --contact."
    ),
    "merged_there": msg(
        "It was merged into {code}: merge them there by hand, then sync pull or sync unlink."
    ),
    "irreversible": msg(
        "It cannot be taken back there: push with --irreversible, or do it there by hand."
    ),
    "value_taken": msg("{code} has this there, and keeps it: no two records can."),
    "exists": msg("It is there already: it is taken over, and these fields change."),
}


def reason(name: str, /, field: str | None = None, **params: object) -> Reason:
    """A reason of ours by its name; its code is ``sync.<name>``."""
    return Reason(f"sync.{name}", Message(_SENTENCES[name].msgid, params), field)


_UNREAD = {
    "inactive_there": msg(
        "It is inactive: see to it there by hand, then sync unlink; or give active a place there."
    ),
    "merged_there": msg("It was merged into {code}: merge them there by hand, then sync unlink."),
}


def _by_hand(name: str, rules: TargetRules, **params: object) -> Reason:
    """Why a person has to do something there, and how it is known then that it is done."""
    why = reason(name, None, **params)
    return why if rules.reads else replace(why, message=Message(_UNREAD[name].msgid, params))


BREAKER_FAILURES = 5
"""So many calls in a row without an answer open the breaker of a target."""
BREAKER_SECONDS = 120.0
LONGEST_WAIT = 60.0
"""A run waits no longer than this for a target; then the target is parked."""
STALE_TRIES = 3
LEASE_SECONDS = 900.0
"""A claim is good for so long; it must outlast the longest call, and those made of its halves. A
process that ended on this machine is known to be gone before that.
"""
ROUNDS = 12
"""How often a run comes back to records that were not done at once."""


def backoff(attempt: int, asked: float | None = None) -> float:
    """Seconds before the attempt after ``attempt`` (1, 2 …): what the remote asked for, or full
    jitter under an exponential cap.
    """
    if asked is not None:
        return asked
    return random.uniform(0, min(30.0, 0.5 * 2**attempt))  # noqa: S311 - not a secret
