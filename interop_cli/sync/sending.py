"""Sending one kind of thing about many records: claim, call, settle, a few batches at a time.

Never are two calls made at a time, and each can follow the one before it at once::

    this thread    claim 1 | claim 2 3 | settle 1, claim 4 5 | settle 2 3, claim 6 7 | …
    that of calls          | call 1    | call 2    | call 3    | call 4    | call 5    | …

A bar of the upper line is a commit: what was claimed by then may be called, and what was answered
by then is settled next. No call waits for the database as long as that is the faster of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from interop_cli.domain.sync.link import Trouble
from interop_cli.domain.sync.plan import SENT, STALE_TRIES, Reason, Step, Todo, reason
from interop_cli.store.sync.links import linked
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync import claims, departing, settlement, unknown_outcomes
from interop_cli.sync.arranging import Arranged
from interop_cli.sync.breaker import Breaker, Stopped
from interop_cli.sync.calling import Calls, CallThread, Landed
from interop_cli.sync.claims import Claimed
from interop_cli.sync.report import ERROR, SKIPPED, UNCHANGED, Report
from interop_cli.sync.settlement import Settled
from interop_cli.sync.target import OpenTarget

Fault = Callable[[str], None]
LOOKED_AT = 10
"""To fill calls, at most so many times the records of them are looked at in one transaction."""


@dataclass
class Sender:
    """What the calls of one run share."""

    opened: OpenTarget
    report: Report
    breaker: Breaker
    call_thread: CallThread
    fault: Fault
    advance: Callable[[int], None]
    again: bool = False
    ahead: int = 1
    """For so many calls records are claimed in one transaction, while as many are under way."""
    tried: dict[tuple[str, int], int] = field(default_factory=dict)
    """How often each record was found stale."""

    def send(
        self, arranged: Arranged, todo: Todo, ids: Sequence[int], *, making_way: bool = False
    ) -> set[int]:
        """Send records in batches; whom to come back to. Raises Stopped.

        ``making_way``: what they give up for a while, so that others can go.
        The calls stand in a queue, so that one can follow the other at once; meanwhile those that
        were answered are settled and the next ones claimed, in one transaction. After a call that
        went wrong nothing is sent before it is settled.
        """
        revisit: set[int] = set()
        entity, calls = arranged.entity, Calls(self.opened, self.call_thread)
        if todo is Todo.CREATE and self.opened.connector.looks_first:
            calls.linked = set(linked(self.opened.store.conn, self.opened.target.id, entity))
        at, waiting = 0, list[Claimed]()
        while at < len(ids) or waiting or calls.under_way:
            landed, unsent = self._landed(calls, more=at < len(ids))
            waiting = [*unsent, *waiting]
            # Whether the breaker was open decides how many go next, too.
            if self.breaker.probing or not all(one.calm for one in landed):
                revisit |= self._settle(entity, landed, waiting)
                landed = []
            size = self._size(todo)
            several = self.ahead if at and not self.breaker.probing else 1  # the first goes at once
            most = size * several
            group = () if waiting else ids[at : at + most * LOOKED_AT]
            claimed = self._write(
                arranged, todo, landed, group, revisit, making_way=making_way, most=most
            )
            at += claimed.read
            waiting += claimed.in_batches(size)
            go = 1 if self.breaker.probing else len(waiting)
            calls.start(waiting[:go])
            waiting = waiting[go:]
        return revisit

    def _size(self, todo: Todo) -> int:
        """How many go in a call: renames go alone, and so does the first one after the breaker was
        open.
        """
        alone = todo is Todo.RENAME or self.breaker.probing
        return 1 if alone else self.opened.connector.batch_size

    def _landed(self, calls: Calls, *, more: bool) -> tuple[list[Landed], list[Claimed]]:
        """Wait for calls; those answered, and what was claimed for those that were not made.

        One is, where there is not ``more`` to claim meanwhile; all are after one that went wrong.
        """
        landed, unsent, under_way = list[Landed](), list[Claimed](), calls.under_way
        most = self.ahead if more else len(under_way) - 1
        if self.breaker.probing:
            most = 0
        while under_way and (len(under_way) > most or under_way[0].answer.done()):
            flight = under_way.popleft()
            found = flight.answer.result()
            if found is None:
                unsent.append(flight.claimed)
                continue
            landed.append(found)
            if not found.calm:
                most = 0
            self.report.calls += len(found.traces)
            self.fault("answered")
        return landed, unsent

    def _write(
        self,
        arranged: Arranged,
        todo: Todo,
        landed: Sequence[Landed],
        ids: Sequence[int],
        revisit: set[int],
        *,
        making_way: bool,
        most: int,
    ) -> Claimed:
        """Settle what has landed and claim what comes next, in one transaction."""
        if not landed and not ids:
            return Claimed()
        settled, claimed = self.opened.write(
            lambda uow: (
                [self._settled(uow, one) for one in landed],
                claims.claim(
                    uow,
                    self.opened,
                    arranged.entity,
                    (todo,),
                    ids,
                    arranged,
                    again=self.again,
                    making_way=making_way,
                    most=most,
                ),
            )
        )
        for one, outcome in zip(landed, settled, strict=True):
            revisit |= self._settled_now(arranged.entity, one, outcome)
        if ids:
            self.fault("claimed")
        revisit |= claimed.later
        for step in claimed.left:
            if step.is_held:
                self.report.say(step, SKIPPED, step.reason)
            elif step.todo is Todo.BLOCKED:
                self.report.blocked(step)
            elif step.todo is Todo.SKIP:
                self.report.say(step, UNCHANGED, step.reason)
        return claimed

    def _release(self, waiting: Sequence[Claimed]) -> None:
        def release(uow: UnitOfWork) -> None:
            for one in waiting:
                settlement.release(uow, self.opened, one)

        if waiting:
            self.opened.write(release)

    def _settle(
        self, entity: str, landed: Sequence[Landed], waiting: Sequence[Claimed]
    ) -> set[int]:
        """Settle calls by themselves; whom to come back to. Raises Stopped: then the claims that
        wait for a call are given back, for nothing was sent for them.
        """
        revisit = set[int]()
        try:
            for one in landed:
                settled = self.opened.write(partial(self._settled, landed=one))
                revisit |= self._settled_now(entity, one, settled)
        except Stopped:
            self._release(waiting)
            raise
        return revisit

    def _settled(self, uow: UnitOfWork, landed: Landed) -> Settled:
        return settlement.settle(
            uow, self.opened, landed.claimed, landed.results, landed.traces, self.report
        )

    def _settled_now(self, entity: str, landed: Landed, settled: Settled) -> set[int]:
        """See to what a settled call leaves to do; whom to come back to. Raises Stopped."""
        self.fault("settled")
        self.advance(len(landed.claimed.sends) - len(settled.again))
        if settled.done:
            self.breaker.succeeded()
        revisit = settled.again | self._stale(entity, settled.stale)
        if settled.trouble is not None:
            self.breaker.met(settled.trouble)
        return revisit

    def _stale(self, entity: str, ids: set[int]) -> set[int]:
        """Read what somebody changed there, and merge; after some tries, leave it to a person."""
        if not ids:
            return set()
        opened = self.opened
        steps = list(opened.steps_of(entity, sorted(ids)))
        try:
            found = unknown_outcomes.read(opened, entity, steps)
        except Trouble as trouble:
            self.breaker.met(trouble)
            return ids
        self.fault("reread")
        for local_id in ids:
            self.tried[entity, local_id] = self.tried.get((entity, local_id), 0) + 1

        def compare(uow: UnitOfWork) -> None:
            for step in steps:
                tries = self.tried[entity, step.local.id]
                unknown_outcomes.compare(
                    uow,
                    opened,
                    step,
                    found[step.local.id],
                    step.payload,
                    self.report,
                    give_up=tries >= STALE_TRIES,
                )

        opened.write(compare)
        self.fault("merged")
        return ids

    def look(self, entity: str, ids: Sequence[int]) -> None:
        """Find out what became of records whose outcome is unknown. Raises Stopped."""
        for steps in self.afresh(entity, ids):
            self._look(entity, [step for step in steps if step.todo is Todo.CHECK])

    def look_for_news(self, entity: str, ids: Sequence[int]) -> bool:
        """Merge what somebody changed there on any of these records; whether somebody had.

        Raises Stopped.
        """
        changed = False
        for steps in self.afresh(entity, ids):
            asked = [
                step for step in steps if step.todo in SENT and step.link.remote_id is not None
            ]
            if asked:
                news = self._news(entity, asked)
                changed = bool(self._stale(entity, news)) or changed
        return changed

    def _news(self, entity: str, steps: Sequence[Step]) -> set[int]:
        """Which of these somebody changed there. Raises Stopped."""
        opened = self.opened
        try:
            there = opened.connector.fetch(entity, [str(step.link.remote_id) for step in steps])
        except Trouble as trouble:
            self.breaker.met(trouble)
            return set()
        finally:
            self.report.calls += len(opened.connector.traces())
        news = set[int]()
        for step in steps:
            link, remote = step.link, there.get(str(step.link.remote_id))
            if unknown_outcomes.is_same(opened, link, remote):
                continue
            descriptor = opened.connector.descriptor(entity)
            if unknown_outcomes.is_news(
                remote, link.remote_id, link.pushed, step.payload, descriptor
            ):
                news.add(step.local.id)
        return news

    def afresh(self, entity: str, ids: Sequence[int]) -> Iterator[list[Step]]:
        """What is to be done about records, as they are now, in batches."""
        size = self.opened.connector.batch_size
        for start in range(0, len(ids), size):
            yield list(self.opened.steps_of(entity, ids[start : start + size]))

    def look_for_done(self, entity: str, ids: Sequence[int]) -> tuple[set[int], set[int]]:
        """Which of the records that are to go have gone, by a person's hand, and those that they
        were merged into, which may have changed by it. Raises Stopped.
        """
        gone, heirs = set[int](), set[int]()
        for steps in self.afresh(entity, ids):
            try:
                done = departing.done_there(self.opened, [s for s in steps if s.is_final])
            except Trouble as trouble:
                self.breaker.met(trouble)
                return gone, heirs
            finally:
                self.report.calls += len(self.opened.connector.traces())
            self.breaker.succeeded()
            departing.forget(self.opened, entity, done)
            for step, _remote_id in done:
                self.report.say(step, UNCHANGED, reason("gone"))
                gone.add(step.local.id)
                if step.local.departure is not None and step.local.departure.heir is not None:
                    heirs.add(step.local.departure.heir)
        return gone, heirs

    def look_for_freed(self, entity: str, ids: Sequence[int]) -> bool:
        """Let go those of the records refused for what another had that may go by now; whether
        there are any.
        """
        found = False
        for steps in self.afresh(entity, ids):
            try:
                free = unknown_outcomes.freed(
                    self.opened, entity, [step for step in steps if step.lacks_value]
                )
            except Trouble as trouble:
                self.breaker.met(trouble)
                return found
            finally:
                self.report.calls += len(self.opened.connector.traces())
            if free:
                self.opened.write(
                    partial(unknown_outcomes.try_again, opened=self.opened, steps=free)
                )
                for step in free:
                    self.report.forget(step)  # what becomes of it is told next
                found = True
        return found

    def _look(self, entity: str, steps: list[Step]) -> None:
        opened = self.opened
        if not steps:
            return
        try:
            found = self.call_thread.start(
                lambda: unknown_outcomes.read(opened, entity, steps)
            ).result()
        except Trouble as trouble:
            for step in steps:
                why = Reason(trouble.code, trouble.message, trouble.field)
                self.report.say(step, ERROR, why)
            self.breaker.met(trouble)
            return
        finally:
            self.report.calls += len(opened.connector.traces())
        self.fault("looked")
        self.breaker.succeeded()
        opened.write(
            lambda uow: unknown_outcomes.resolve_all(uow, opened, steps, found, self.report)
        )
        self.fault("resolved")
