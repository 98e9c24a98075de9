"""Whose turn it is: what has to be there, or to be free, before a record can be sent. Pure.

No two records there may share a unique value, so whoever gives one up goes before who takes it.
Where each waits for the next in a circle, one of them first steps aside to a value that nobody has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from interop_cli.domain.sync.descriptor import Descriptor, RemoteField, Unique
from interop_cli.domain.sync.payload import Change, Payload, Value
from interop_cli.domain.sync.plan import FINAL, SENT, Step, Todo, reason
from interop_cli.domain.values.text import nfc

Place = tuple[str, str]
"""A unique value: our name of the field, and the value as the remote compares it."""
TURNS = 8
"""So many records wait one for another; those behind them are let through by stepping aside."""


@dataclass(slots=True)  # not frozen, as ``LocalRecord``
class Part:
    """What a record that is to be sent has to do with others.

    ``takes`` are the unique values that it is to get, by field; a field that is None is given up.
    ``waits`` names the record (a code, or a number) of the same entity that has to be there first.
    ``lost``: it does not go, whatever others do; it is still in the way of those after it.
    """

    id: int
    name: str
    todo: Todo
    takes: Mapping[str, str | None]
    waits: str | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a record has no turn: another one is not there, or has a value and keeps it.

    ``field`` is the field of that value, ``holder`` who has it; the record itself where what it
    waits for is none of these.
    """

    holder: int
    field: str | None = None


@dataclass
class Turns:
    """Who goes when: ``waves`` one after the other, ``aside`` before them all, ``blocked`` never.

    ``after`` are the values that a record gets from others, which may fail to give them up.
    """

    waves: list[list[int]] = field(default_factory=list)
    aside: dict[int, tuple[str, ...]] = field(default_factory=dict)
    blocked: dict[int, Obstacle] = field(default_factory=dict)
    after: dict[int, list[Obstacle]] = field(default_factory=dict)


def compared(value: Value) -> str | None:
    """A value as remotes compare unique ones: they mind accents, not capitals."""
    return None if value in (None, "") else nfc(str(value)).casefold()


def unique_fields(descriptor: Descriptor) -> tuple[RemoteField, ...]:
    """The fields in which no two records there may be the same."""
    return tuple(one for one in descriptor.sent() if one.unique is not None)


def held(values: Payload, fields: Iterable[RemoteField]) -> Iterator[Place]:
    """The unique values that a record there has."""
    for one in fields:
        value = compared(values.get(one.name))
        if value is not None and (one.unique is Unique.ALL or _is_active(values)):
            yield one.name, value


def _is_active(values: Payload) -> bool:
    return values.get("active") not in (False, "false")


def part_of(
    step: Step, fields: Collection[RemoteField], *, waits: str | None = None, lost: bool = False
) -> Part:
    """The part of a record that is to be sent."""
    local, takes = step.local, dict[str, str | None]()
    sent = {change.field for change in step.changes} if fields else frozenset[str]()
    for one in fields:
        if one.name in sent or (one.unique is Unique.ACTIVE and "active" in sent):
            stays = one.unique is Unique.ALL or _is_active(step.payload)
            takes[one.name] = compared(step.payload.get(one.name)) if stays else None
    return Part(local.id, local.number or local.code, step.todo, takes, waits, lost)


def leaving(step: Step, fields: Iterable[RemoteField]) -> Part:
    """The part of a record that goes there for good: all that it has is free then."""
    local = step.local
    return Part(local.id, local.number or local.code, step.todo, {one.name: None for one in fields})


def turns(parts: Iterable[Part], holders: Mapping[Place, int]) -> Turns:
    """Who goes when. ``holders`` are our records that have a value there, sent or not.

    ``parts`` come in the order in which they go where nothing else decides; of two that take one
    value the first gets it.
    """
    found, by_id = Turns(), {part.id: part for part in parts}
    names = {part.name: part.id for part in by_id.values() if part.todo is Todo.CREATE}
    claimed: dict[Place, int] = {}
    for part in by_id.values():
        for obstacle in _before(part, holders, claimed):
            if obstacle.field is None or _gives(by_id.get(obstacle.holder), obstacle, part):
                found.after.setdefault(part.id, []).append(obstacle)
            else:
                found.blocked[part.id] = obstacle
        payer = names.get(part.waits) if part.waits is not None else None
        if payer is not None and not part.lost:
            found.after.setdefault(part.id, []).append(Obstacle(payer))
        elif part.lost or part.waits is not None:
            found.blocked.setdefault(part.id, Obstacle(part.id))
    _spread(found)
    left = [id_ for id_ in by_id if id_ not in found.blocked]
    _queue(found, left)
    return found


def _before(
    part: Part, holders: Mapping[Place, int], claimed: dict[Place, int]
) -> Iterator[Obstacle]:
    """Who has, or gets before it, a value that a record takes."""
    for name, value in part.takes.items():
        if value is None:
            continue
        holder = holders.get((name, value))
        if holder not in (None, part.id):
            yield Obstacle(int(holder or 0), name)
        first = claimed.setdefault((name, value), part.id)
        if first != part.id:
            yield Obstacle(first, name)


def _gives(holder: Part | None, obstacle: Obstacle, taker: Part) -> bool:
    """Whether the holder of a value is sent something else in its place."""
    if holder is None or obstacle.field is None or holder.todo not in SENT | FINAL:
        return False
    return (
        obstacle.field in holder.takes
        and holder.takes[obstacle.field] != taker.takes[obstacle.field]
    )


def _spread(found: Turns) -> None:
    """Block those that wait for a blocked one."""
    waiting = defaultdict(list)
    for taker, obstacles in found.after.items():
        for obstacle in obstacles:
            waiting[obstacle.holder].append((taker, obstacle))
    blocked = list(found.blocked)
    while blocked:
        for taker, obstacle in waiting[blocked.pop()]:
            if taker not in found.blocked:
                found.blocked[taker] = obstacle
                blocked.append(taker)


def _queue(found: Turns, ids: list[int]) -> None:
    """Put records in waves; where they wait in a circle, or too long, some step aside."""
    needs = {id_: list(found.after.get(id_, ())) for id_ in ids}
    while needs:
        wave = [id_ for id_, before in needs.items() if not before]
        if not wave or len(found.waves) == TURNS:
            some = _circle(needs) if not wave else list(needs)
            givers = _let_through(needs, some)
            for id_, names in givers.items():
                found.aside[id_] = tuple(dict.fromkeys([*found.aside.get(id_, ()), *names]))
            if givers:
                continue
            if not wave:
                # A circle without a value that could be given up: whoever comes first is tried.
                needs[next(iter(needs))] = []
                continue
        found.waves.append(wave)
        gone = set(wave)
        needs = {
            id_: [one for one in before if one.holder not in gone]
            for id_, before in needs.items()
            if id_ not in gone
        }


def _circle(needs: Mapping[int, list[Obstacle]]) -> list[int]:
    """Of a circle of records that wait for each other, one that others need a value of."""
    at, seen = next(iter(needs)), dict[int, None]()
    while at not in seen:
        seen[at] = None
        at = needs[at][0].holder
    path = list(seen)
    round_ = path[path.index(at) :]
    for taker in round_:
        first = needs[taker][0]
        if first.field is not None:
            return [first.holder]
    return []


def _let_through(
    needs: dict[int, list[Obstacle]], givers: Iterable[int]
) -> dict[int, tuple[str, ...]]:
    """Take from all needs the values of these givers, who step aside; the fields of each."""
    asked, found = set(givers), defaultdict(list)
    for taker, before in needs.items():
        for one in before:
            if one.holder in asked and one.field is not None:
                found[one.holder].append(one.field)
        needs[taker] = [one for one in before if one.field is None or one.holder not in asked]
    return {id_: tuple(dict.fromkeys(names)) for id_, names in found.items()}


def blocked(step: Step, obstacle: Obstacle, name: str) -> Step:
    """A step whose turn does not come, for the sake of the record called ``name``."""
    kind = "waiting" if obstacle.field is None else "value_taken"
    why = reason(kind, field=obstacle.field, code=name)
    waits = step.waits_for or name
    return Step(
        Todo.BLOCKED, step.local, step.link, step.payload, step.changes, why, waits_for=waits
    )


def aside(step: Step, names: Iterable[str], descriptor: Descriptor) -> Step:
    """The step in which a record gives up values for a while: what it gets then is its own."""
    values = {name: _own(descriptor.named(name), step) for name in names}
    changes = tuple(
        Change(name, step.link.pushed.get(name), value) for name, value in values.items()
    )
    todo = Todo.RENAME if descriptor.key in values else Todo.UPDATE
    payload = {**step.payload, **values}
    return Step(todo, step.local, step.link, payload, changes, aside=True)


def _own(one: RemoteField | None, step: Step) -> Value:
    if one is None or not one.required:
        return None
    mark = f" ({step.local.key[-12:]})"  # the end of a uid is drawn by lot
    room = (one.max_length or 100) - len(mark)
    return str(step.payload.get(one.name) or "")[:room].strip() + mark
