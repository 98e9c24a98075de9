"""A plan that has looked: what a push would do, given what the remote really holds.

Reads only, and judges what it reads as a push does. A record that would be created and is there
already shows what would change on it; one that is gone, or that both sides changed, is blocked; so
is one that wants a value which a stranger's record has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from interop_cli.domain.sync.link import Link, LinkFault, LinkState, TroubleKind
from interop_cli.domain.sync.merge import merge, without_erased
from interop_cli.domain.sync.payload import Change, Payload
from interop_cli.domain.sync.plan import SENT, Reason, Step, Todo, plan, reason, waited
from interop_cli.domain.sync.records import Done, Failed, LocalRecord, RemoteRecord
from interop_cli.domain.sync.turns import part_of, unique_fields
from interop_cli.store.sync.links import linked, unsure
from interop_cli.sync.arranging import Arranged, Coming
from interop_cli.sync.departing import is_final, look_at
from interop_cli.sync.target import OpenTarget, recognise
from interop_cli.sync.unknown_outcomes import (
    BOTH,
    FOREIGN,
    arrived,
    freed,
    held_by_others,
    is_same,
    lost,
    read,
    strange,
)


class Seen(NamedTuple):
    """What became of a step, without the record that it is about."""

    todo: Todo
    changes: tuple[Change, ...]
    reason: Reason | None
    waits_for: str | None


def looked(
    opened: OpenTarget, entity: str, steps: Callable[[], Iterable[Step]], coming: Coming
) -> Iterator[Step]:
    """The same steps, in order, held against what is there; ``steps`` is asked twice.

    ``coming`` are the records of entities before, and those of this one afterwards. Raises
    Conflict, Trouble.
    """
    recognise(opened, note=False)
    view, arranged = View(opened, entity), Arranged(opened, entity, coming)
    seen: dict[int, Seen] = {}
    if unsure(opened.store.conn, opened.target.id, entity):
        view.recover(steps())
        arranged.linked |= view.there
    left = iter(steps())
    while batch := list(islice(left, opened.connector.batch_size)):
        for before, after in zip(batch, view.of(batch), strict=True):
            # A push sees what is there of those that are in each other's way before it puts them
            # in turn; whether a new one is there it sees when it sends it.
            is_new = before.todo is Todo.CREATE and before.local.id not in view.heirs
            arranged.note(before if is_new else after)
            if is_new and after.todo is Todo.BLOCKED:
                arranged.refuse(before.local.id)
            if after is not before:
                seen[before.local.id] = Seen(
                    after.todo, after.changes, after.reason, after.waits_for
                )
    arranged.found |= view.found
    arranged.heir_of |= view.heir_of
    while refused := view.refused(arranged):
        arranged.refuse(*refused)
        seen |= {one: Seen(Todo.BLOCKED, (), why, None) for one, why in refused.items()}
    opened.connector.traces()
    unmatched = _unmatched(opened, arranged)
    if not unmatched:
        coming |= arranged.comes()
    for step in steps():
        known = seen.get(step.local.id)
        told = step if known is None else replace(step, **known._asdict())
        if unmatched and told.todo in SENT:
            told = _blocked(told, reason("first_contact"))
        yield arranged.told(told)


def _unmatched(opened: OpenTarget, arranged: Arranged) -> bool:
    """Whether nothing is sent before somebody has matched what is there."""
    creates = any(part.todo is Todo.CREATE for part in arranged.parts.values())
    return creates and not opened.target.introduced and not opened.connector.is_empty()


def _blocked(step: Step, why: Reason) -> Step:
    return replace(step, todo=Todo.BLOCKED, changes=(), reason=why)


@dataclass
class View:
    """What a remote holds of an entity."""

    opened: OpenTarget
    entity: str
    others: set[int] = field(default_factory=set)
    """Those for which the record of another of ours was found there."""
    there: Coming = field(default_factory=set)
    """Those of ours that were found there."""
    found: dict[int, Payload] = field(default_factory=dict)
    """What is there of ours, where that is not what is known of them."""
    known: dict[int, Link] = field(default_factory=dict)
    """The links of those of which nobody knew, and which were found there."""
    heirs: dict[int, Link] = field(default_factory=dict)
    """Those of ours that take over the record of one that was merged into them."""
    heir_of: dict[int, int] = field(default_factory=dict)
    """Who takes over the record that was found there of a merged one of ours."""
    held_by: dict[tuple[int, str], str] = field(default_factory=dict)
    """Who has a value that one of ours is to get in a field."""
    strange: dict[int, Reason] = field(default_factory=dict)
    """Those for which a stranger's record was found there."""

    @cached_property
    def linked(self) -> dict[str, int]:
        """The records there that belong to ours."""
        return linked(self.opened.store.conn, self.opened.target.id, self.entity)

    def recover(self, steps: Iterable[Step]) -> None:
        """Find first, as a push does, those of which nobody knows whether they are there."""
        left = (step for step in steps if step.todo is Todo.CHECK)
        while batch := list(islice(left, self.opened.connector.batch_size)):
            self.of(batch)

    def of(self, steps: Sequence[Step]) -> list[Step]:
        """A batch of steps as they come out. Raises Trouble."""
        steps = [self._heir(step) if step.local.id in self.heirs else step for step in steps]
        lacking = [step for step in steps if step.lacks_value]
        free = {step.local.id for step in freed(self.opened, self.entity, lacking)}
        steps = [self._anew(step) if step.local.id in free else step for step in steps]
        asked = [step for step in steps if step.todo in SENT or step.todo is Todo.CHECK]
        found = read(self.opened, self.entity, asked) if asked else {}
        judged = [
            self._judged(step, found[step.local.id]) if step.local.id in found else step
            for step in steps
        ]
        judged = self._leaving(judged)
        self._ask(judged)
        return judged

    def _leaving(self, steps: Sequence[Step]) -> list[Step]:
        """Of those that go, some have gone there by a person's hand, and some cannot go."""
        finals = [step for step in steps if step.is_final]
        results = look_at(self.opened, finals) if finals else {}
        found = []
        for step in steps:
            result = results.get(step.local.id)
            if isinstance(result, Done):
                step = replace(step, todo=Todo.SKIP, reason=reason("gone"))
            elif isinstance(result, Failed) and not step.is_held:
                trouble = result.trouble
                step = _blocked(step, Reason(trouble.code, trouble.message, trouble.field))
            found.append(step)
        return found

    def _heir(self, step: Step) -> Step:
        """A record that takes over the one of a merged client, which was found there."""
        link = replace(self.heirs[step.local.id], id=step.link.id, stamp="")
        return plan(step.local, link, self.opened.rules(self.entity))

    def _informed(self, local: LocalRecord) -> LocalRecord:
        """A record that is to go, knowing what it is to be merged with there."""
        departure = local.departure
        if departure is None or departure.heir not in self.known:
            return local
        into = self.known[departure.heir].remote_id
        return replace(local, departure=replace(departure, into=into))

    def _anew(self, step: Step) -> Step:
        """A record that was refused for what another had, which is free by now."""
        link = replace(step.link, state=LinkState.PENDING, fault=None)
        return plan(step.local, link, self.opened.rules(self.entity))

    def _judged(self, step: Step, remote: RemoteRecord | None) -> Step:
        if step.todo is Todo.CHECK and is_final(step.link.attempt):
            return step
        return self._new(step, remote) if step.link.remote_id is None else self._held(step, remote)

    def _new(self, step: Step, remote: RemoteRecord | None) -> Step:
        """A record that we do not know to be there."""
        local, link, checked = step.local, step.link, step.todo is Todo.CHECK
        rules = self.opened.rules(self.entity)
        if remote is None or remote.gone:
            if not checked:
                return step
            self.found[local.id] = {}
            return plan(local, replace(link, state=LinkState.PENDING), rules)
        holder = self.linked.get(remote.remote_id)
        if not checked and not (self.opened.connector.looks_first or remote.key is not None):
            return step  # a push does not look
        if not checked and holder not in (None, local.id):
            if remote.active:
                self.others.add(local.id)
            return step
        ours = (link.attempt or {}) if checked else step.payload
        why = strange(local.id, remote, ours, holder, rules.descriptor)
        if why is not None and not checked:
            self.strange[local.id] = why  # a push finds out when its turn comes
            return step
        if why is not None:  # what a lost call may have brought is not ours: it failed as it was
            self.found[local.id] = {}
            if self._payer_came(step):
                return plan(local, replace(link, state=LinkState.PENDING), rules)
            fault = LinkFault(TroubleKind.VALIDATION, why.code, why.message, why.field)
            return plan(local, replace(link, state=LinkState.FAILED, fault=fault), rules)
        return self._taken_over(step, remote, ours)

    def _taken_over(self, step: Step, remote: RemoteRecord, ours: Payload) -> Step:
        """A record that was found there and is taken for ours."""
        local, checked = step.local, step.todo is Todo.CHECK
        self.linked[remote.remote_id] = local.id
        self.there.add((self.entity, local.number or local.code))
        known = replace(
            step.link,
            state=LinkState.PENDING,
            remote_id=remote.remote_id,
            remote_key=remote.key,
            remote_version=remote.version,
            pushed=without_erased(remote.values, ours),
            attempt=None,
            attempt_hash=None,
        )
        if checked:
            self.found[local.id], self.known[local.id] = known.pushed, known
            if self._goes_to_heir(local, known):
                return step
            local = self._informed(local)
        after = plan(local, known, self.opened.rules(self.entity))
        if after.todo is Todo.SKIP and after.is_unchanged:
            # It arrived; or it is only taken over.
            return step if checked else replace(after, todo=Todo.UPDATE, reason=reason("exists"))
        return replace(after, reason=reason("exists")) if after.todo in SENT else after

    def _goes_to_heir(self, local: LocalRecord, known: Link) -> bool:
        """Whether a record that turned out to be there goes to the one that stands for it here."""
        departure = local.departure
        if departure is None or departure.heir is None or departure.into is not None:
            return False
        if departure.heir in self.known:
            return False
        self.found[local.id], self.found[departure.heir] = {}, known.pushed
        self.heir_of[local.id] = departure.heir
        self.heirs.setdefault(departure.heir, known)
        return True

    def _payer_came(self, step: Step) -> bool:
        """Whether what it is billed to was only found there: it is another record then."""
        waits = waited(step.local, step.payload, self.opened.connector.descriptor(self.entity))
        return waits is not None and (self.entity, step.local.refers[waits.name]) in self.there

    def _held(self, step: Step, remote: RemoteRecord | None) -> Step:
        """A record that is there as far as we know."""
        local, link, checked = step.local, step.link, step.todo is Todo.CHECK
        why = lost(link, remote)
        if remote is None or why is not None:
            self.found[local.id] = {}
            detached = replace(link, state=LinkState.DETACHED)
            after = plan(local, detached, self.opened.rules(self.entity))
            return after if after.is_gone else _blocked(step, why or reason("detached"))
        if is_same(self.opened, link, remote) and not checked:
            return step
        rules, ours = self.opened.rules(self.entity), (link.attempt or {})
        merged = merge(
            link.pushed, ours if checked else step.payload, remote.values, rules.descriptor
        )
        if checked or merged.base != link.pushed:
            self.found[local.id] = link.pushed if merged.conflicts else merged.base
        if merged.conflicts:
            return _blocked(step, Reason("sync.conflict", BOTH, merged.conflicts[0].field))
        if merged.base == link.pushed and not checked:
            return step
        after = plan(
            local, replace(link, state=LinkState.PENDING, pushed=merged.base, attempt=None), rules
        )
        there = checked and after.todo is Todo.SKIP and arrived(link, ours, remote)
        return step if there else after

    def _ask(self, steps: Sequence[Step]) -> None:
        """Find out who has the unique values that records are to get."""
        fields = unique_fields(self.opened.connector.descriptor(self.entity))
        wanted: dict[str, list[Step]] = defaultdict(list)
        for step in steps if fields else ():
            if step.todo in SENT:
                for name, value in part_of(step, fields).takes.items():
                    if value is not None:
                        wanted[name].append(step)
        for name, takers in wanted.items():
            held = held_by_others(self.opened, self.entity, name, takers)
            for local_id, remote_id in held.items():
                self.held_by.setdefault((local_id, name), remote_id)

    def refused(self, arranged: Arranged) -> dict[int, Reason]:
        """Of those whose turn comes, the first that are refused, and why: nobody finds out about
        those who wait for them.
        """
        taken = dict(self._taken(arranged))
        waves = ({one: taken[one] for one in wave if one in taken} for wave in arranged.waves)
        return next(filter(None, waves), {}) if taken else {}

    def _taken(self, arranged: Arranged) -> Iterator[tuple[int, Reason]]:
        """Which records want what a stranger's record has, or what one of ours turned out to have
        that is not known to.
        """
        key = self.opened.connector.descriptor(self.entity).key
        found = dict(self.strange)
        for one in self.others:
            if not arranged.waits(one):
                found[one] = Reason("sync.name_taken", FOREIGN, key)
        yield from found.items()
        for (local_id, name), remote_id in self.held_by.items():
            if local_id in found:
                continue
            holder = self.linked.get(remote_id)
            holder = arranged.heir_of.get(holder, holder) if holder is not None else None
            if holder is None or not (
                arranged.gives(holder, name) or arranged.waits(local_id, name)
            ):
                yield local_id, Reason("remote.name_taken", FOREIGN, name)
