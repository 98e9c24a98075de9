"""Unknown outcomes and stale versions: reading the remote before anything is sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor
from interop_cli.domain.sync.link import Link, LinkState, TroubleKind
from interop_cli.domain.sync.merge import is_erased, merge, without_erased
from interop_cli.domain.sync.payload import Payload, differences
from interop_cli.domain.sync.plan import Reason, Step, Todo, reason
from interop_cli.domain.sync.records import Action, RemoteRecord, Send
from interop_cli.domain.sync.turns import compared
from interop_cli.store.sync.links import CLEARED, dumped, held_there, message_text, owners
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync import departing
from interop_cli.sync.report import ERROR, OK, Report
from interop_cli.sync.target import OpenTarget

GONE = msg("Its record is not there any more.")
MERGED = msg("Its record was merged into another one there.")
BOTH = reason("conflict").message
FOREIGN = msg("Another record there has that name, number or key.")


def read(opened: OpenTarget, entity: str, steps: Sequence[Step]) -> dict[int, RemoteRecord | None]:
    """What the remote holds of these records: by their remote ids, else by our key.

    Raises Trouble. Runs outside any transaction.
    """
    linked = {step.link.remote_id: step.local.id for step in steps if step.link.remote_id}
    found: dict[int, RemoteRecord | None] = {step.local.id: None for step in steps}
    if linked:
        for remote_id, remote in opened.connector.fetch(entity, list(linked)).items():
            found[linked[remote_id]] = remote
    created = [_send(step) for step in steps if step.link.remote_id is None]
    if created:
        found.update(opened.connector.lookup(created))
    return found


def is_news(
    remote: RemoteRecord | None,
    remote_id: str | None,
    base: Payload,
    ours: Payload,
    descriptor: Descriptor,
) -> bool:
    """Whether what is there has to be merged with what we know before ours is sent."""
    if remote is None or remote.gone or remote.remote_id != remote_id:
        return True
    merged = merge(base, ours, remote.values, descriptor)
    return bool(merged.conflicts) or merged.base != base


def is_same(opened: OpenTarget, link: Link, remote: RemoteRecord | None) -> bool:
    """Whether a record there is known, by its version, not to have changed since it was sent."""
    if not opened.connector.knows_versions or remote is None or remote.gone:
        return False
    return (remote.remote_id, remote.version) == (link.remote_id, link.remote_version)


def lost(link: Link, remote: RemoteRecord | None) -> Reason | None:
    """Why a linked record is not there any more; None where it is."""
    if remote is None or remote.gone:
        return Reason("remote.gone", GONE)
    return Reason("remote.merged", MERGED) if remote.remote_id != link.remote_id else None


def strange(
    local_id: int, remote: RemoteRecord, ours: Payload, holder: int | None, descriptor: Descriptor
) -> Reason | None:
    """Why a record that was found there is not to be taken for ours; None where there is proof.

    ``ours`` is what we sent: somebody may have added to it since.
    """
    equal = all(
        ours[name] == value
        for name, value in remote.values.items()
        if name in ours and not is_erased(ours[name])
    )
    if holder not in (None, local_id) or (remote.key is None and not equal):
        return Reason("sync.name_taken", FOREIGN, descriptor.key)
    return None


def freed(opened: OpenTarget, entity: str, steps: Sequence[Step]) -> list[Step]:
    """Those refused for what another record there had, which no stranger has now: it is free, or
    one of ours has it that goes first, or is known to have it, so that turns decide. Raises
    Trouble.
    """
    descriptor, found = opened.connector.descriptor(entity), list[Step]()
    wanted: dict[str, list[Step]] = {}
    for step in steps:
        field = descriptor.named(step.reason.field or "") if step.reason is not None else None
        if field is not None and field.unique is not None and step.payload.get(field.name):
            wanted.setdefault(field.name, []).append(step)
    for name, takers in wanted.items():
        held = held_by_others(opened, entity, name, takers)
        if held:
            held = _held_by_strangers(opened, entity, name, takers, held)
        found += [step for step in takers if step.local.id not in held]
    return found


def _held_by_strangers(
    opened: OpenTarget, entity: str, name: str, takers: Sequence[Step], held: Mapping[int, str]
) -> dict[int, str]:
    """Of values that others have those that none of ours is known to have, or goes with."""
    conn, target_id = opened.store.conn, opened.target.id
    ours = owners(conn, target_id, entity, sorted(set(held.values())))
    steps = opened.steps_of(entity, sorted(ours.values()))
    goes = {step.local.id for step in steps if step.is_final and not step.is_held}
    known = {
        (local_id, compared(values.get(name)))
        for local_id, all_values in held_there(conn, target_id, entity, sorted(ours.values()))
        for values in all_values
    }
    wanted = {step.local.id: compared(step.payload[name]) for step in takers}
    return {
        local_id: remote_id
        for local_id, remote_id in held.items()
        if ours.get(remote_id) not in goes and (ours.get(remote_id), wanted[local_id]) not in known
    }


def held_by_others(
    opened: OpenTarget, entity: str, name: str, takers: Sequence[Step]
) -> dict[int, str]:
    """Which other record there has what each of these is to get in a field: our id -> its id.

    Raises Trouble.
    """
    values = list(dict.fromkeys(str(step.payload[name]) for step in takers))
    there = opened.connector.holders(entity, name, values)
    holders = {compared(value): remote_id for value, remote_id in there.items()}
    found = {step.local.id: holders.get(compared(step.payload[name])) for step in takers}
    own = {step.local.id: step.link.remote_id for step in takers}
    return {one: held for one, held in found.items() if held is not None and held != own[one]}


def try_again(uow: UnitOfWork, opened: OpenTarget, steps: Sequence[Step]) -> None:
    """Let records that failed be sent again."""
    for step in steps:
        _set(uow, opened, step, **{**CLEARED, "state": LinkState.PENDING, "stamp": ""})


def _send(step: Step) -> Send:
    link = step.link
    payload = (link.attempt if step.todo is Todo.CHECK else None) or step.payload
    # Under the key it was sent with: the code may have changed since.
    key = link.remote_key or step.local.key
    return Send(
        step.local.entity,
        step.local.id,
        key,
        Action.CREATE,
        payload,
        tuple(payload),
        link.attempt_key or "",
        None,
        None,
        {},
    )


def resolve_all(
    uow: UnitOfWork,
    opened: OpenTarget,
    steps: Sequence[Step],
    found: Mapping[int, RemoteRecord | None],
    report: Report,
) -> None:
    """Settle records whose outcome was unknown, now that the remote has been read."""
    for step in steps:
        resolve(uow, opened, step, found[step.local.id], report)


def resolve(
    uow: UnitOfWork, opened: OpenTarget, step: Step, remote: RemoteRecord | None, report: Report
) -> None:
    """Settle one of them."""
    attempt = step.link.attempt or {}
    if departing.is_final(attempt):
        # Whether it went is seen before it is sent again.
        _set(uow, opened, step, state=LinkState.PENDING)
    elif step.link.remote_id is not None:
        compare(uow, opened, step, remote, attempt, report, sent=True)
    elif remote is None or remote.gone:
        # It never arrived. The attempt keeps its key for as long as its payload is the same.
        _set(uow, opened, step, state=LinkState.PENDING)
    else:
        adopt(uow, opened, step, remote, attempt, report)


def adopt(
    uow: UnitOfWork,
    opened: OpenTarget,
    step: Step,
    remote: RemoteRecord,
    attempt: dict[str, Any],
    report: Report,
    *,
    failing: TroubleKind = TroubleKind.VALIDATION,
) -> bool:
    """Take a record that was found there for ours, where there is proof of it; whether there was.

    ``failing`` is what it is where there is none: after an unknown outcome it may be ours all the
    same, so that it is not tried again before a person says so.
    """
    entity, local = step.local.entity, step.local
    holder = uow.links.holder(opened.target.id, entity, remote.remote_id)
    why = strange(local.id, remote, attempt, holder, opened.connector.descriptor(entity))
    if why is not None:
        _set(uow, opened, step, state=LinkState.FAILED, **_fault(failing, why))
        refused = failing is not TroubleKind.NAME_TAKEN
        report.say(step, ERROR, why, remote_id=remote.remote_id, refused=refused)
        return False
    values = {
        **CLEARED,
        "state": LinkState.PENDING,
        "remote_id": remote.remote_id,
        "remote_key": remote.key or local.key,
        "remote_version": remote.version,
        "pushed": dumped(without_erased(remote.values, attempt)),
        "pushed_at": opened.clock.stamp(),
        "stamp": "",
    }
    _set(uow, opened, step, **values)
    todo = Todo.UPDATE if step.todo is Todo.CREATE else step.todo  # it is not made anew
    report.say(replace(step, todo=todo), OK, remote_id=remote.remote_id)
    return True


def compare(
    uow: UnitOfWork,
    opened: OpenTarget,
    step: Step,
    remote: RemoteRecord | None,
    ours: dict[str, Any],
    report: Report,
    *,
    give_up: bool = False,
    sent: bool = False,
) -> None:
    """Hold what we last pushed, what we want and what is there against each other.

    The record is then pending with a base that fits, in conflict (``give_up``: in any case), or
    detached. ``sent``: a call may have brought it, of which nobody knew.
    """
    link = step.link
    why = lost(link, remote)
    if remote is None or why is not None:
        why = why or Reason("remote.gone", GONE)
        _set(uow, opened, step, state=LinkState.DETACHED, **_fault(TroubleKind.GONE, why))
        report.say(step, ERROR, why)
        return
    result = merge(link.pushed, ours, remote.values, opened.connector.descriptor(step.local.entity))
    if result.conflicts or give_up:
        field = result.conflicts[0].field if result.conflicts else None
        why = Reason("sync.conflict", BOTH, field)
        _set(
            uow,
            opened,
            step,
            state=LinkState.CONFLICT,
            seen=dumped(without_erased(remote.values, link.pushed, ours)),
            seen_at=opened.clock.stamp(),
            attempt=dumped(ours),
            remote_version=remote.version,
            **_fault(TroubleKind.STALE, why),
        )
        report.say(step, ERROR, why)
        return
    _set(
        uow,
        opened,
        step,
        **{
            **CLEARED,
            "state": LinkState.PENDING,
            "remote_version": remote.version,
            "pushed": dumped(result.base),
            "remote_key": remote.key or link.remote_key,
            "stamp": "",
        },
    )
    if sent and arrived(link, ours, remote):
        report.say(step, OK)
    else:
        report.forget(step)  # what becomes of it is told next


def arrived(link: Link, ours: Payload, remote: RemoteRecord) -> bool:
    """Whether a call of which nobody knew brought what it was to bring."""
    changes = differences(link.pushed, ours)
    return bool(changes) and all(
        remote.values.get(one.field, one.after) == one.after for one in changes
    )


def _set(uow: UnitOfWork, opened: OpenTarget, step: Step, **values: Any) -> None:
    """Write, unless somebody did something else about it since it was read."""
    local = step.local
    uow.links.compare_and_set(
        opened.target.id, local.entity, local.id, was=step.link.state, **values
    )


def _fault(kind: TroubleKind, reason: Reason) -> dict[str, Any]:
    return {
        "error_class": kind,
        "error_code": reason.code,
        "error_field": reason.field,
        "error_text": message_text(reason.message),
    }
