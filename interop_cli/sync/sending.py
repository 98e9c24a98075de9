"""Sending one kind of thing about many records: claim, call, settle, batch by batch.

While the remote answers, the next batch is claimed and the one before is settled; never are two
calls under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from interop_cli.domain.sync.plan import Reason, Step, Todo
from interop_cli.domain.sync.records import Action, Failed, Found, Result, Send
from interop_cli.domain.sync.trouble import Trouble
from interop_cli.domain.sync.waiting import STALE_TRIES
from interop_cli.store.uow import UnitOfWork
from interop_cli.sync import check, claims, settle
from interop_cli.sync.caller import Answer, Caller
from interop_cli.sync.claims import Claimed
from interop_cli.sync.pause import Pauses, Stopped
from interop_cli.sync.report import ERROR, SKIPPED, UNCHANGED, Report
from interop_cli.sync.site import Site

Fault = Callable[[str], None]


@dataclass
class Sender:
    """What the calls of one run share."""

    site: Site
    report: Report
    pauses: Pauses
    caller: Caller
    fault: Fault
    advance: Callable[[int], None]
    again: bool = False
    tried: dict[tuple[str, int], int] = field(default_factory=dict)
    """How often each record was found stale."""

    def send(self, entity: str, todo: Todo, ids: Sequence[int]) -> set[int]:
        """Send records in batches; whom to come back to. Raises Stopped."""
        revisit: set[int] = set()
        flight: tuple[Claimed, Answer[list[Result]]] | None = None
        for batch in self._batches(todo, ids):
            claimed = self._claim(entity, todo, batch, revisit)
            if flight is not None:
                try:
                    revisit |= self._land(entity, *flight)
                except Stopped:
                    self._release(claimed)  # nothing was sent for them
                    raise
            flight = self._start(claimed) if claimed.sends else None
            if flight is not None and self.pauses.probing:
                revisit |= self._land(entity, *flight)  # before anything else is claimed
                flight = None
        if flight is not None:
            revisit |= self._land(entity, *flight)
        return revisit

    def _batches(self, todo: Todo, ids: Sequence[int]) -> Iterator[Sequence[int]]:
        """Renames go alone; so does the first call after the breaker was open."""
        size = 1 if todo is Todo.RENAME else self.site.connector.batch_size
        start = 0
        while start < len(ids):
            step = 1 if self.pauses.probing else size
            yield ids[start : start + step]
            start += step

    def _claim(self, entity: str, todo: Todo, ids: Sequence[int], revisit: set[int]) -> Claimed:
        claimed = self.site.write(
            lambda uow: claims.claim(uow, self.site, entity, todo, ids, again=self.again)
        )
        self.fault("claimed")
        for step in claimed.left:
            if step.todo is Todo.BLOCKED:
                self.report.say(step, SKIPPED, step.reason)
            elif step.todo is Todo.SKIP:
                self.report.say(step, UNCHANGED, step.reason)
            if step.todo is not Todo.BLOCKED or step.waits_for is not None:
                revisit.add(step.local.id)
        return claimed

    def _release(self, claimed: Claimed) -> None:
        if claimed.sends:
            self.site.write(lambda uow: settle.release(uow, self.site, claimed))

    def _start(self, claimed: Claimed) -> tuple[Claimed, Answer[list[Result]]]:
        sends = claimed.sends
        return claimed, self.caller.start(lambda: self._call(sends))

    def _call(self, sends: list[Send]) -> list[Result]:
        """The call itself, in the caller's thread. Raises Trouble."""
        connector, found = self.site.connector, list[Result]()
        if sends[0].action is Action.CREATE and connector.looks_first:
            there = connector.lookup(sends)
            found = [Found(local_id, remote) for local_id, remote in there.items()]
            sends = [send for send in sends if send.id not in there]
        return found + (connector.push(str(sends[0].action), sends) if sends else [])

    def _land(self, entity: str, claimed: Claimed, answer: Answer[list[Result]]) -> set[int]:
        """Settle a call when it is answered; whom to come back to. Raises Stopped."""
        try:
            results = answer.get()
        except Trouble as trouble:
            results = [Failed(send.id, trouble) for send in claimed.sends]
        self.fault("answered")
        traces = self.site.connector.traces()
        self.report.calls += len(traces)
        settled = self.site.write(
            lambda uow: settle.settle(uow, self.site, claimed, results, traces, self.report)
        )
        self.fault("settled")
        self.advance(len(claimed.sends) - len(settled.again))
        if settled.done:
            self.pauses.succeeded()
        revisit = settled.again | self._stale(entity, settled.stale)
        if settled.trouble is not None:
            self.pauses.met(settled.trouble)
        return revisit

    def _stale(self, entity: str, ids: set[int]) -> set[int]:
        """Read what somebody changed there, and merge; after some tries, leave it to a person."""
        if not ids:
            return set()
        site = self.site
        steps = list(site.steps_of(entity, sorted(ids)))
        try:
            found = check.read(site, entity, steps)
        except Trouble as trouble:
            self.pauses.met(trouble)
            return ids
        self.fault("reread")
        for local_id in ids:
            self.tried[entity, local_id] = self.tried.get((entity, local_id), 0) + 1

        def compare(uow: UnitOfWork) -> None:
            for step in steps:
                tries = self.tried[entity, step.local.id]
                check.compare(
                    uow, site, step, found[step.local.id], step.payload, self.report,
                    give_up=tries >= STALE_TRIES,
                )  # fmt: skip

        site.write(compare)
        self.fault("merged")
        return ids

    def look(self, entity: str, ids: Sequence[int]) -> set[int]:
        """Find out what became of records whose outcome is unknown; whom to come back to."""
        size = self.site.connector.batch_size
        for start in range(0, len(ids), size):
            chunk = ids[start : start + size]
            self._look(
                entity, [s for s in self.site.steps_of(entity, chunk) if s.todo is Todo.CHECK]
            )
        return set(ids)

    def _look(self, entity: str, steps: list[Step]) -> None:
        site = self.site
        if not steps:
            return
        try:
            found = self.caller.start(lambda: check.read(site, entity, steps)).get()
        except Trouble as trouble:
            for step in steps:
                why = Reason(trouble.code, trouble.message, trouble.field)
                self.report.say(step, ERROR, why)
            self.pauses.met(trouble)
            return
        finally:
            self.report.calls += len(site.connector.traces())
        self.fault("looked")
        self.pauses.succeeded()
        site.write(lambda uow: check.resolve_all(uow, site, steps, found, self.report))
        self.fault("resolved")
