"""Arranging: in which order the records of an entity go, and which of them have to wait.

A plan needs all records for it: what one gives up another may take. So all are noted first, and
their turns are told then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain

from interop_cli.domain.sync import turns
from interop_cli.domain.sync.descriptor import RemoteField
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.plan import SENT, Step, Todo, waited
from interop_cli.domain.sync.turns import Obstacle, Part, Place, Turns
from interop_cli.store.sync.departures import inheritances
from interop_cli.store.sync.links import held_there
from interop_cli.store.sync.records import EVERYTHING, RecordScope
from interop_cli.sync.target import OpenTarget

Coming = set[tuple[str, str]]
"""Records that are to be there soon: their entity, and their code or number."""


def told(
    opened: OpenTarget, entity: str, steps: Callable[[], Iterable[Step]], coming: Coming
) -> Iterator[Step]:
    """Steps as they come out, in order; ``steps`` is asked twice where records may have to wait
    for each other.

    ``coming`` are the records of entities before, and those of this one when all have come out.
    """
    arranged = Arranged(opened, entity, coming)
    if arranged.independent:
        yield from map(arranged.alone, steps())
        coming |= arranged.linked
        return
    for step in steps():
        arranged.note(step)
    coming |= arranged.comes()
    for step in steps():
        yield arranged.told(step)


def all_told(
    opened: OpenTarget,
    scope: RecordScope = EVERYTHING,
    *,
    everything: bool = False,
    again: bool = False,
) -> Iterator[Step]:
    """The steps of all entities of a target as they come out, in order."""
    coming: Coming = set()
    for entity in opened.connector.entities:
        steps = partial(opened.steps, entity, scope, everything=everything, again=again)
        yield from told(opened, entity, steps, coming)


@dataclass
class Arranged:
    """The turns of the records noted. ``coming`` are those of other entities to be there first."""

    opened: OpenTarget
    entity: str
    coming: Coming = field(default_factory=set)
    parts: dict[int, Part] = field(default_factory=dict)
    checked: set[int] = field(default_factory=set)
    """Those of which nobody knows yet what is there, or whether they go, or that go first."""
    lacking: list[int] = field(default_factory=list)
    """Those that were refused for what another record there had."""
    found: dict[int, Payload] = field(default_factory=dict)
    """What turned out to be there of records, where that is not what is known here."""
    linked: Coming = field(default_factory=set)
    """Those that have a record there, or take over one, or whose turn comes whatever others do."""
    names: dict[int, str] = field(default_factory=dict)
    """What records are called that are not noted and stand in the way."""

    @cached_property
    def fields(self) -> tuple[RemoteField, ...]:
        """The fields with values of which there is one."""
        return turns.unique_fields(self.opened.connector.descriptor(self.entity))

    @property
    def independent(self) -> bool:
        """Whether what becomes of a record has nothing to do with the others of its entity."""
        referring = self.opened.connector.descriptor(self.entity).referring
        return not self.fields and all(one.refers_to != self.entity for one in referring)

    def alone(self, step: Step) -> Step:
        """Note a record, and tell how it comes out, where records are independent.

        Of its turn nothing more is kept than that it comes.
        """
        lost = step.waits_for is not None and step.todo in SENT and self._waiting(step)[1]
        if step.link.remote_id is not None or (step.todo is Todo.CREATE and not lost):
            self.linked.add((self.entity, step.local.number or step.local.code))
        return self._blocked(step, Obstacle(step.local.id)) if lost else step

    def note(self, step: Step) -> None:
        """Count a record in."""
        local = step.local
        if step.link.remote_id is not None:
            self.linked.add((self.entity, local.number or local.code))
        if step.todo not in SENT:
            self._note_unsent(step)
            return
        waits, lost = self._waiting(step)
        self.parts[local.id] = turns.part_of(step, self.fields, waits=waits, lost=lost)

    def _waiting(self, step: Step) -> tuple[str | None, bool]:
        """For whom of its entity a record waits, and whether it waits for one that never comes."""
        if step.waits_for is None:
            return None, False
        descriptor = self.opened.connector.descriptor(self.entity)
        lacking = waited(step.local, step.payload, descriptor)
        entity = lacking.refers_to if lacking is not None else None
        if entity == self.entity:
            is_there = (entity, step.waits_for) in self.linked
            return None if is_there else step.waits_for, False
        return None, (entity, step.waits_for) not in self.coming

    def _note_unsent(self, step: Step) -> None:
        local, leaves = step.local, step.is_final and not step.is_held
        if step.lacks_value:
            self.lacking.append(local.id)
        if step.todo is Todo.CHECK or step.lacks_value or leaves:
            self.checked.add(local.id)
        if leaves:
            self.parts[local.id] = turns.leaving(step, self.fields)

    def refuse(self, *local_ids: int) -> None:
        """Count on records, already noted, not to go."""
        self.__dict__.pop("turns", None)
        for local_id in local_ids:
            if local_id in self.parts:
                self.parts[local_id] = replace(self.parts[local_id], lost=True)

    def gives(self, local_id: int, field: str) -> bool:
        """Whether a record is to have another value there in a field, or none."""
        part = self.parts.get(local_id)
        return part is not None and not part.lost and field in part.takes

    def waits(self, local_id: int, field: str | None = None) -> bool:
        """Whether another of ours has, as far as we know, a value that this record is to get;
        ``field``: in this one.
        """
        part = self.parts.get(local_id)
        return part is not None and any(
            self.holders.get((name, value), local_id) != local_id
            for name, value in part.takes.items()
            if value is not None and field in (None, name)
        )

    @cached_property
    def turns(self) -> Turns:
        """Who goes when; asked for when all are noted, and before any is told."""
        found = turns.turns(self.parts.values(), self.holders)
        self._call_by_name({one.holder for one in found.blocked.values()} - set(self.parts))
        return found

    def _call_by_name(self, others: set[int]) -> None:
        """Learn what records are called that are not noted."""
        for step in list(self.opened.steps_of(self.entity, sorted(others - self.names.keys()))):
            self.names[step.local.id] = step.local.number or step.local.code

    @property
    def waves(self) -> list[list[int]]:
        """Those that go, one wave after the other."""
        return self.turns.waves

    @property
    def aside(self) -> dict[int, tuple[str, ...]]:
        """Those that first give up values for a while, and which."""
        return self.turns.aside

    @property
    def entangled(self) -> list[int]:
        """Those that wait for another, in vain or not, and those that are waited for."""
        after, blocked = self.turns.after, self.turns.blocked
        holders = {one.holder for obstacles in after.values() for one in obstacles}
        holders |= {one.holder for one in blocked.values()}
        return sorted(holders | after.keys() | blocked.keys())

    @cached_property
    def heir_of(self) -> dict[int, int]:
        """Who takes over the record there of one of ours that was merged."""
        heirs = inheritances(self.opened.store.conn, self.entity, self.opened.target.id)
        return {one.loser: heir for heir, one in heirs.items()}

    @cached_property
    def holders(self) -> dict[Place, int]:
        """Which of our records have the values that others are to get."""
        wanted = {
            (name, value)
            for part in self.parts.values()
            for name, value in part.takes.items()
            if value is not None
        }
        if not wanted:
            return {}
        conn, target = self.opened.store.conn, self.opened.target
        there = held_there(conn, target.id, self.entity)
        known = (one for one in there if one[0] not in self.found)
        found = ((local_id, [values]) for local_id, values in self.found.items())
        return {
            place: self.heir_of.get(local_id, local_id)
            for local_id, several in chain(known, found)
            for values in several
            for place in turns.held(values, self.fields)
            if place in wanted
        }

    def comes(self) -> Coming:
        """Those that are to be there when all have gone."""
        going = (self.parts[one] for wave in self.waves for one in wave)
        made = {(self.entity, part.name) for part in going if part.todo is Todo.CREATE}
        return made | self.linked

    def at_turn(self, step: Step) -> Step | None:
        """A record that is about to be claimed, as it comes out; None where it has no turn yet."""
        return step

    def returns(self, step: Step) -> bool:
        """Whether to come back to a record that came out otherwise than it was to be claimed for:
        more may be known then.
        """
        return not step.is_held and (step.todo is not Todo.BLOCKED or step.waits_for is not None)

    def told(self, step: Step) -> Step:
        """A step as it comes out: blocked where its turn never comes."""
        obstacle = self.turns.blocked.get(step.local.id)
        own = obstacle is not None and obstacle.holder == step.local.id
        if obstacle is None or (own and step.todo is Todo.BLOCKED):
            return step
        return self._blocked(step, obstacle)

    def unsure(self, step: Step) -> bool:
        """Whether a blocked record is to be looked at again when more is known."""
        obstacle = self.turns.blocked.get(step.local.id)
        seen = set[int]()
        while obstacle is not None and obstacle.holder not in seen:
            if obstacle.holder in self.checked:
                return True
            seen.add(obstacle.holder)
            obstacle = self.turns.blocked.get(obstacle.holder)
        return bool(self.checked) and step.waits_for is not None

    def still_held(self, steps: Iterable[Step]) -> dict[int, Step]:
        """Of records whose turn it is those to which another has not given its value: blocked."""
        taking = {
            step.local.id: [one for one in after if one.field is not None]
            for step in steps
            if (after := self.turns.after.get(step.local.id))
        }
        givers = sorted({one.holder for after in taking.values() for one in after})
        if not givers:
            return {}
        conn, target = self.opened.store.conn, self.opened.target
        there = {
            (local_id, place)
            for local_id, known in held_there(conn, target.id, self.entity, givers)
            for values in known
            for place in turns.held(values, self.fields)
        }
        found = {}
        for step in steps:
            for one in taking.get(step.local.id, ()):
                value = turns.compared(step.payload.get(str(one.field)))
                if value is not None and (one.holder, (one.field, value)) in there:
                    found[step.local.id] = self._blocked(step, one)
        return found

    def _blocked(self, step: Step, obstacle: Obstacle) -> Step:
        return turns.blocked(step, obstacle, self._name(step, obstacle))

    def _name(self, step: Step, obstacle: Obstacle) -> str:
        if obstacle.holder == step.local.id:
            return str(step.waits_for)
        part = self.parts.get(obstacle.holder)
        return part.name if part is not None else self.names.get(obstacle.holder, "-")


@dataclass
class Beginning(Arranged):
    """The turns of an entity of which nothing was ever sent, told as its records are read.

    Nobody has anything there that another could be after: so each goes at once, unless it waits for
    another one, or is to get what one before it gets.
    """

    taken: dict[Place, int] = field(default_factory=dict)

    def at_turn(self, step: Step) -> Step | None:
        """Asked in the order in which they go, and as often as one likes."""
        if step.todo is not Todo.CREATE:
            return step
        obstacle = None
        for name, value in turns.part_of(step, self.fields).takes.items():
            if value is not None:
                first = self.taken.setdefault((name, value), step.local.id)
                obstacle = obstacle if first == step.local.id else Obstacle(first, name)
        waits, lost = self._waiting(step)
        if obstacle is None and lost:
            obstacle = Obstacle(step.local.id)
        if obstacle is not None:
            self._call_by_name({obstacle.holder} - {step.local.id})
            return self._blocked(step, obstacle)
        return step if waits is None else None

    def returns(self, step: Step) -> bool:
        """Only to what is not like a record that was never sent any more."""
        return step.todo not in (Todo.BLOCKED, Todo.SKIP)
