"""Sending one kind of thing about many records: claim, call, settle, batch by batch.

While the remote answers, the batch before is settled and the next one claimed; never are two calls
under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import BREAKING, PAUSING, Trouble, TroubleKind
from interop_cli.domain.sync.plan import SENT, STALE_TRIES, Reason, Step, Todo, reason
from interop_cli.domain.sync.records import FINAL, Action, Failed, FoundRemote, Result, Send, Trace
from interop_cli.store.sync.links import linked
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync import claims, departing, settlement, unknown_outcomes
from interop_cli.sync.arranging import Arranged
from interop_cli.sync.breaker import Breaker, Stopped
from interop_cli.sync.call_thread import CallThread
from interop_cli.sync.claims import Claimed
from interop_cli.sync.report import ERROR, SKIPPED, UNCHANGED, Report
from interop_cli.sync.settlement import Settled
from interop_cli.sync.target import OpenTarget

Fault = Callable[[str], None]


@dataclass(frozen=True)
class Flight:
    """A call under way, and the claims it is about."""

    claimed: Claimed
    answer: Future[list[Result]]


@dataclass(frozen=True)
class Landed:
    """A call that was answered, not yet settled."""

    claimed: Claimed
    results: Sequence[Result]
    traces: Sequence[Trace]

    @property
    def calm(self) -> bool:
        """Whether nothing went wrong that the next call has to wait for."""
        troubles = [one.trouble.kind for one in self.results if isinstance(one, Failed)]
        whole = len(self.results) >= len(self.claimed.sends)
        return whole and not any(kind in UNSETTLING for kind in troubles)


CHANGED = Trouble(
    TroubleKind.STALE, "remote.changed", msg("Somebody changed the record there meanwhile.")
)
UNSETTLING = BREAKING | PAUSING | {TroubleKind.STALE}


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
    tried: dict[tuple[str, int], int] = field(default_factory=dict)
    """How often each record was found stale."""
    linked: set[str] = field(default_factory=set)
    """The records there that belong to ours, where they are looked for before a create."""

    def send(
        self, arranged: Arranged, todo: Todo, ids: Sequence[int], *, making_way: bool = False
    ) -> set[int]:
        """Send records in batches; whom to come back to. Raises Stopped.

        ``making_way``: what they give up for a while, so that others can go.
        While a call is under way, the one before it is settled and the one after it claimed, in
        one transaction. After a call that went wrong nothing is sent before it is settled.
        """
        revisit: set[int] = set()
        entity = arranged.entity
        if todo is Todo.CREATE and self.opened.connector.looks_first:
            self.linked = set(linked(self.opened.store.conn, self.opened.target.id, entity))
        flight: Flight | None = None
        landed: Landed | None = None
        batches = self._batches(todo, ids)
        while True:
            # Whether the breaker was open decides the size of the next batch: settle first.
            if landed is not None and self.breaker.probing:
                revisit |= self._settle(entity, landed)
                landed = None
            batch = next(batches, None)
            waiting = self._write(arranged, todo, landed, batch, revisit, making_way=making_way)
            landed = None
            if flight is not None:
                landed, flight = self._wait(flight), None
                if not landed.calm:
                    try:
                        revisit |= self._settle(entity, landed)
                    except Stopped:
                        self._release(waiting)  # nothing was sent for them
                        raise
                    landed = None
            if waiting.sends:
                flight = self._start(waiting)
                if self.breaker.probing:
                    landed, flight = self._wait(flight), None
            elif batch is None and landed is None:
                return revisit

    def _batches(self, todo: Todo, ids: Sequence[int]) -> Iterator[Sequence[int]]:
        """Renames go alone; so does the first call after the breaker was open."""
        size = 1 if todo is Todo.RENAME else self.opened.connector.batch_size
        start = 0
        while start < len(ids):
            step = 1 if self.breaker.probing else size
            yield ids[start : start + step]
            start += step

    def _write(
        self,
        arranged: Arranged,
        todo: Todo,
        landed: Landed | None,
        batch: Sequence[int] | None,
        revisit: set[int],
        *,
        making_way: bool,
    ) -> Claimed:
        """Settle what has landed and claim what comes next, in one transaction."""
        if landed is None and batch is None:
            return Claimed()
        how = {"again": self.again, "making_way": making_way}
        settled, claimed = self.opened.write(
            lambda uow: (
                self._settled(uow, landed) if landed is not None else None,
                claims.claim(
                    uow, self.opened, arranged.entity, (todo,), batch or (), arranged, **how
                ),
            )
        )
        if settled is not None and landed is not None:
            revisit |= self._settled_now(arranged.entity, landed, settled)
        if batch is not None:
            self.fault("claimed")
        for step in claimed.left:
            if step.is_held:
                self.report.say(step, SKIPPED, step.reason)
            elif step.todo is Todo.BLOCKED:
                self.report.blocked(step)
            elif step.todo is Todo.SKIP:
                self.report.say(step, UNCHANGED, step.reason)
            if not step.is_held and (step.todo is not Todo.BLOCKED or step.waits_for is not None):
                revisit.add(step.local.id)
        return claimed

    def _release(self, claimed: Claimed) -> None:
        if claimed.sends:
            self.opened.write(lambda uow: settlement.release(uow, self.opened, claimed))

    def _start(self, claimed: Claimed) -> Flight:
        sends = claimed.sends
        return Flight(claimed, self.call_thread.start(lambda: self._call(sends)))

    def _call(self, sends: list[Send]) -> list[Result]:
        """The call itself, in the thread of calls. Raises Trouble."""
        connector, found = self.opened.connector, list[Result]()
        if sends[0].action in FINAL:
            found, sends = departing.look(self.opened, sends)
        elif sends[0].action is Action.CREATE and connector.looks_first:
            # One of another of ours that was made inactive gave its name up.
            there = {
                local_id: remote
                for local_id, remote in connector.lookup(sends).items()
                if remote.active or remote.remote_id not in self.linked
            }
            found = [FoundRemote(local_id, remote) for local_id, remote in there.items()]
            sends = [send for send in sends if send.id not in there]
        elif sends[0].action is not Action.CREATE and not connector.knows_versions:
            changed = self._changed_there(sends)
            found = [Failed(local_id, CHANGED) for local_id in changed]
            sends = [send for send in sends if send.id not in changed]
        if sends:
            found += self._pushed(sends)
        return found

    def _pushed(self, sends: list[Send]) -> list[Result]:
        """Push; of new records that are refused for what another one has, ours may be that one."""
        connector = self.opened.connector
        results = connector.push(str(sends[0].action), sends)
        taken = {
            one.id
            for one in results
            if isinstance(one, Failed) and one.trouble.kind is TroubleKind.NAME_TAKEN
        }
        if not taken or sends[0].action is not Action.CREATE or connector.looks_first:
            return results
        found = connector.lookup([send for send in sends if send.id in taken])
        return [
            FoundRemote(one.id, found[one.id])
            if one.id in taken and one.id in found and found[one.id].key is not None
            else one
            for one in results
        ]

    def _changed_there(self, sends: Sequence[Send]) -> set[int]:
        """Which of these would be written over something that is not known here. Raises Trouble."""
        entity = sends[0].entity
        descriptor = self.opened.connector.descriptor(entity)
        there = self.opened.connector.fetch(entity, [str(send.remote_id) for send in sends])
        return {
            send.id
            for send in sends
            if unknown_outcomes.is_news(
                there.get(str(send.remote_id)), send.remote_id, send.base, send.payload, descriptor
            )
        }

    def _wait(self, flight: Flight) -> Landed:
        """Wait for the answer of a call."""
        try:
            results = flight.answer.result()
        except Trouble as trouble:
            results = [Failed(send.id, trouble) for send in flight.claimed.sends]
        new = {send.id for send in flight.claimed.sends if send.remote_id is None}
        results = [_of_new(one) if one.id in new else one for one in results]
        traces = self.opened.connector.traces()
        self.report.calls += len(traces)
        self.fault("answered")
        return Landed(flight.claimed, results, traces)

    def _settle(self, entity: str, landed: Landed) -> set[int]:
        """Settle a call by itself; whom to come back to. Raises Stopped."""
        settled = self.opened.write(lambda uow: self._settled(uow, landed))
        return self._settled_now(entity, landed, settled)

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
        for steps in self._afresh(entity, ids):
            self._look(entity, [step for step in steps if step.todo is Todo.CHECK])

    def look_for_news(self, entity: str, ids: Sequence[int]) -> bool:
        """Merge what somebody changed there on any of these records; whether somebody had.

        Raises Stopped.
        """
        changed = False
        for steps in self._afresh(entity, ids):
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

    def _afresh(self, entity: str, ids: Sequence[int]) -> Iterator[list[Step]]:
        """What is to be done about records, as they are now, in batches."""
        size = self.opened.connector.batch_size
        for start in range(0, len(ids), size):
            yield list(self.opened.steps_of(entity, ids[start : start + size]))

    def look_for_done(self, entity: str, ids: Sequence[int]) -> None:
        """Find out which of the records that are to go have gone, by a person's hand."""
        for steps in self._afresh(entity, ids):
            try:
                done = departing.done_there(self.opened, [s for s in steps if s.is_final])
            except Trouble as trouble:
                self.breaker.met(trouble)
                return
            finally:
                self.report.calls += len(self.opened.connector.traces())
            self.breaker.succeeded()
            departing.forget(self.opened, entity, done)
            for step, _remote_id in done:
                self.report.say(step, UNCHANGED, reason("gone"))

    def look_for_freed(self, entity: str, ids: Sequence[int]) -> bool:
        """Let go those of the records refused for what another had that may go by now; whether
        there are any.
        """
        found = False
        for steps in self._afresh(entity, ids):
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


def _of_new(result: Result) -> Result:
    """What came of a new record: it cannot be gone, nor changed by anybody. Who answers so may
    have made it or not.
    """
    if not isinstance(result, Failed) or result.trouble.kind not in (
        TroubleKind.GONE,
        TroubleKind.STALE,
    ):
        return result
    was = result.trouble
    unknown = Trouble(
        TroubleKind.UNKNOWN, was.code, was.message, retry_after=was.retry_after, status=was.status
    )
    return Failed(result.id, unknown)
