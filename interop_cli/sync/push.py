"""A push: everything pending of one target, entity by entity, until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.plan import ROUNDS, Step, Todo
from interop_cli.store.sync.records import EVERYTHING, RecordScope
from interop_cli.sync.arranging import Arranged
from interop_cli.sync.breaker import Breaker, Stopped
from interop_cli.sync.identity import recognise
from interop_cli.sync.lease import working
from interop_cli.sync.report import UNCHANGED, Report
from interop_cli.sync.sending import CallThread, Sender
from interop_cli.sync.target import OpenTarget

SEQUENCE = (Todo.RENAME, Todo.CREATE, Todo.UPDATE, Todo.DEACTIVATE)
TOO_OFTEN = Trouble(
    TroubleKind.UNKNOWN, "sync.unreachable", msg("The target could not be reached to the end.")
)


@dataclass(frozen=True)
class Options:
    """How a push goes about it.

    ``again`` sends what is equal too; ``allow_create`` creates in a target that already holds
    records without ``sync link``; ``patient`` waits and tries again (else once is enough);
    ``wait`` is how long another run is waited for; ``strict`` looks at records that are in step
    too, and counts blocked ones as failed: they were asked for by name.
    """

    again: bool = False
    allow_create: bool = False
    patient: bool = True
    wait: float = 30.0
    overlap: bool = True
    strict: bool = False


def _nothing(_point: str) -> None:
    """No fault."""


def _unwatched(_count: int) -> None:
    """Nobody watches."""


@dataclass
class Push:
    """One run. ``fault`` is called between any two steps, for tests that end it there."""

    opened: OpenTarget
    scope: RecordScope = EVERYTHING
    options: Options = field(default_factory=Options)
    fault: Callable[[str], None] = _nothing
    advance: Callable[[int], None] = _unwatched

    def run(self) -> Report:
        """Push what is pending; what became of each record.

        Raises Busy where another run is at it, Remote ``sync.paused`` where the target rests, and
        Conflict ``sync.first_contact`` or ``sync.remote.other``. A trouble on the way is in the
        report: what was not done stays pending.
        """
        opened, options = self.opened, self.options
        self.report = Report(opened.target.name, strict=options.strict)
        self.breaker = Breaker(opened, self.report, patient=options.patient)
        call_thread = CallThread(inline=not options.overlap)
        self.sender = Sender(
            opened,
            self.report,
            self.breaker,
            call_thread,
            self.fault,
            self.advance,
            again=options.again,
        )
        try:
            with working(opened, options.wait):
                self.breaker.refuse_paused()
                self._run()
        finally:
            call_thread.close()
        return self.report

    def _run(self) -> None:
        opened = self.opened
        opened.expire_claims()
        self.fault("expired")
        try:
            for entity in opened.connector.entities:
                self._entity(entity)
        except Stopped:
            pass
        self.fault("ended")

    def _recognise(self) -> None:
        """See to it that the remote is ours before anything of it is read or written."""
        while True:
            try:
                recognise(self.opened)
            except Trouble as trouble:
                self.breaker.met(trouble)
            else:
                return

    def _entity(self, entity: str) -> None:
        """Come back to the records of an entity until nothing moves any more."""
        ids: list[int] | None = None
        for _round in range(ROUNDS):
            calls = self.report.calls
            arranged, check, revisit = self._sorted(entity, ids)
            if check or arranged.waves:
                self._recognise()
            revisit |= self.sender.look(entity, check)
            if any(part.todo is Todo.CREATE for part in arranged.parts.values()):
                self._introduce()
            revisit |= self._send(arranged)
            if not revisit or (ids is not None and self.report.calls == calls):
                return
            ids = sorted(revisit)
        self.breaker.stop(TOO_OFTEN)

    def _send(self, arranged: Arranged) -> set[int]:
        """Send what has its turn, wave by wave; whom to come back to. Raises Stopped."""
        revisit: set[int] = set()
        key = self.opened.connector.descriptor(arranged.entity).key
        for todo in (Todo.RENAME, Todo.UPDATE):
            ids = [
                i for i, names in arranged.aside.items() if (key in names) is (todo is Todo.RENAME)
            ]
            revisit |= self.sender.send(arranged, todo, ids, making_way=True)
        for wave in arranged.waves:
            for todo in SEQUENCE:
                ids = [one for one in wave if arranged.parts[one].todo is todo]
                revisit |= self.sender.send(arranged, todo, ids)
        return revisit

    def _sorted(self, entity: str, ids: list[int] | None) -> tuple[Arranged, list[int], set[int]]:
        """Who goes when, whom to look up before, and whom to come back to; those that need
        nothing are noted so.
        """
        arranged, check, in_step = Arranged(self.opened, entity), [], []
        for step in self._steps(entity, ids):
            arranged.note(step)
            if step.todo is Todo.CHECK:
                check.append(step.local.id)
            elif step.todo is Todo.BLOCKED:
                self.report.blocked(step)
            elif step.todo is Todo.SKIP:
                self.report.say(step, UNCHANGED, step.reason)
                if step.is_unchanged:
                    in_step.append((step.local.id, step.local.stamp))
        if self.opened.note_in_step(entity, in_step):
            self.fault("refreshed")
        revisit = set()
        for step in list(self.opened.steps_of(entity, sorted(arranged.turns.blocked))):
            self.report.blocked(arranged.told(step))
            if arranged.unsure(step):
                revisit.add(step.local.id)
        return arranged, check, revisit

    def _steps(self, entity: str, ids: list[int] | None) -> Iterator[Step]:
        again = self.options.again
        if ids is not None:
            return self.opened.steps_of(entity, ids, again=again)
        return self.opened.steps(entity, self.scope, everything=self.options.strict, again=again)

    def _introduce(self) -> None:
        """See to it that nothing is created blindly where there are records already."""
        opened = self.opened
        if opened.target.introduced:
            return
        try:
            empty = self.options.allow_create or opened.connector.is_empty()
        except Trouble as trouble:
            self.breaker.stop(trouble)
        if not empty:
            raise Conflict(
                "sync.first_contact",
                msg(
                    "{target} already holds records: nothing is created before they are matched.",
                    target=opened.target.name,
                ),
                hint=msg(
                    "interop sync link --target {target}, or push with --allow-create",
                    target=opened.target.name,
                ),
            )
        opened.note_introduced()
