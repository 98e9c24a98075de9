"""A push: everything pending of one target, entity by entity, until nothing is left to do; and the
one that follows a write by itself (``sync.auto``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Conflict, InteropError
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.plan import ROUNDS, SENT, Step, Todo
from interop_cli.i18n import _, translate
from interop_cli.store.sync.links import begun, unsure
from interop_cli.store.sync.records import EVERYTHING, RecordScope, written_by
from interop_cli.store.sync.targets import all_targets
from interop_cli.sync import departing
from interop_cli.sync.arranging import Arranged, Beginning, all_told
from interop_cli.sync.breaker import Breaker, Stopped
from interop_cli.sync.calling import CallThread
from interop_cli.sync.lease import working
from interop_cli.sync.report import ERROR, OK, SKIPPED, UNCHANGED, Report
from interop_cli.sync.sending import Sender
from interop_cli.sync.target import OpenTarget, recognise

if TYPE_CHECKING:
    from interop_cli.store.store import Store
    from interop_cli.store.sync.targets import TargetRow

SEQUENCE = (Todo.RENAME, Todo.CREATE, Todo.UPDATE, Todo.DEACTIVATE)
AHEAD = 1000
"""Of records of which none was ever sent, so many are looked at for one that goes."""
TOO_OFTEN = Trouble(
    TroubleKind.UNKNOWN, "sync.unreachable", msg("The target could not be reached to the end.")
)


@dataclass(frozen=True)
class Options:
    """How a push goes about it.

    ``again`` sends what is equal too; ``allow_create`` creates in a target that already holds
    records without ``sync link``; ``patient`` waits and tries again (else once is enough);
    ``wait`` is how long another run is waited for; ``overlap``: calls are made in a thread of their
    own; ``ahead``: for so many of them records are claimed in one transaction, while as many are
    under way; ``strict`` looks at records that are in step too, and counts blocked ones as failed:
    they were asked for by name.
    """

    again: bool = False
    allow_create: bool = False
    patient: bool = True
    wait: float = 30.0
    overlap: bool = True
    ahead: int = 2
    strict: bool = False


def _nothing(_point: str) -> None:
    """No fault."""


def _unwatched(_count: int) -> None:
    """Nobody watches."""


@dataclass
class Sorted:
    """What there is to do about an entity: what cannot be taken back, who goes when, and whom to
    come back to.
    """

    arranged: Arranged
    final: list[tuple[Todo, int]] = field(default_factory=list)
    revisit: set[int] = field(default_factory=set)

    @property
    def concerned(self) -> set[int]:
        """All of which something is still to become."""
        final = {local_id for _todo, local_id in self.final}
        return {*self.arranged.parts, *self.arranged.lacking, *final, *self.revisit}


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
            ahead=options.ahead,
        )
        with working(opened, options.wait):
            try:
                self.breaker.refuse_paused()
                self._run()
            finally:
                call_thread.close()  # before another run may begin
        return self.report

    def tried(self) -> Report:
        """What a run would do, as its report; nobody is called."""
        options = self.options
        report = Report(self.opened.target.name, strict=options.strict)
        steps = all_told(self.opened, self.scope, everything=options.strict, again=options.again)
        for step in steps:
            if step.todo is Todo.BLOCKED:
                report.blocked(step)
            elif step.is_held:
                report.say(step, SKIPPED, step.reason)
            else:
                report.say(step, UNCHANGED if step.todo is Todo.SKIP else OK, step.reason)
        return report

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
        ids = self._begin(entity)
        for _round in range(ROUNDS):
            if ids == []:
                return
            calls = self.report.calls
            self._recover(entity, ids)
            # Also what was only just found: a merged client's record goes to who stands for it.
            departing.hand_over(self.opened, entity)
            sorted_ = self._sorted(entity, ids)
            if self._learn(sorted_):
                ids = sorted(sorted_.concerned)
                continue
            revisit = sorted_.revisit | self._hold_back(sorted_)
            arranged = sorted_.arranged
            if sorted_.final or arranged.waves:
                self._recognise()
            revisit |= self._depart(sorted_)
            if any(part.todo is Todo.CREATE for part in arranged.parts.values()):
                self._introduce()
            revisit |= self._send(arranged)
            if not revisit or (ids is not None and self.report.calls == calls):
                return
            ids = sorted(revisit)
        self.breaker.stop(TOO_OFTEN)

    def _begin(self, entity: str) -> list[int] | None:
        """Send an entity of which nothing was ever sent; whom to come back to. None where something
        was, or where nobody goes. Raises Stopped.

        Their turns need no plan of all of them before the first one goes.
        """
        opened = self.opened
        known_by_key = opened.connector.descriptor(entity).known_by_key
        if known_by_key or begun(opened.store.conn, opened.target.id, entity):
            return None
        ids = opened.ids(entity, self.scope, everything=self.options.strict or self.options.again)
        asked = Beginning(opened, entity)
        first = (step for steps in self.sender.afresh(entity, ids[:AHEAD]) for step in steps)
        if all(step.todo is not Todo.CREATE for step in filter(None, map(asked.at_turn, first))):
            return None
        self._recognise()
        self._introduce()
        # Begun anew: what the first ones take may be another's by the time they are claimed.
        return sorted(self.sender.send(Beginning(opened, entity), Todo.CREATE, ids))

    def _recover(self, entity: str, ids: list[int] | None) -> None:
        """Find out what became of records of which nobody knows: only then is it known whose turn
        it is. Raises Stopped.
        """
        opened = self.opened
        if not unsure(opened.store.conn, opened.target.id, entity):
            return
        check = [step.local.id for step in self._steps(entity, ids) if step.todo is Todo.CHECK]
        if check:
            self._recognise()
            self.sender.look(entity, check)

    def _learn(self, found: Sorted) -> bool:
        """Look at what decides whose turn it is, before anybody has one: whether a value that
        another record there had is free, and what those that are in each other's way hold there.

        Whether anything was learnt, so that all is to be put in turn again. Raises Stopped.
        """
        arranged = found.arranged
        lacking, entangled = arranged.lacking, arranged.entangled
        if not lacking and not entangled:
            return False
        self._recognise()
        freed = self.sender.look_for_freed(arranged.entity, lacking)
        return self.sender.look_for_news(arranged.entity, entangled) or freed

    def _hold_back(self, found: Sorted) -> set[int]:
        """Report those that have no turn; whom to look at again when more is known."""
        arranged, again = found.arranged, set[int]()
        blocked = sorted(arranged.turns.blocked)
        for step in list(self.opened.steps_of(arranged.entity, blocked)):
            self.report.blocked(arranged.told(step))
            if arranged.unsure(step):
                again.add(step.local.id)
        return again

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
                if todo is Todo.DEACTIVATE:
                    ids.reverse()  # those that are paid for before who pays
                revisit |= self.sender.send(arranged, todo, ids)
        return revisit

    def _sorted(self, entity: str, ids: list[int] | None) -> Sorted:
        """Who goes when, and all the rest; those that need nothing are noted so."""
        found = Sorted(Arranged(self.opened, entity))
        arranged, in_step, gone = found.arranged, [], list[departing.Gone]()
        for step in self._steps(entity, ids):
            arranged.note(step)
            if step.todo in SENT:
                continue
            if step.is_final:
                found.final.append((step.todo, step.local.id))
            if step.is_held:
                self.report.say(step, SKIPPED, step.reason)
            elif step.is_gone:
                self.report.say(step, UNCHANGED, step.reason)
                gone.append((step, None))
            elif step.todo is Todo.CHECK:
                found.revisit.add(step.local.id)
            elif step.todo is Todo.BLOCKED:
                self.report.blocked(step)
            elif step.todo is Todo.SKIP:
                self.report.say(step, UNCHANGED, step.reason)
                if step.is_unchanged:
                    in_step.append((step.local.id, step.local.stamp))
        if self.opened.note_in_step(entity, in_step):
            self.fault("refreshed")
        departing.forget(self.opened, entity, gone)
        return found

    def _depart(self, found: Sorted) -> set[int]:
        """See what a person did there already, and send the rest where it may be: what cannot be
        taken back, one by one.
        """
        if self.opened.auto:
            return set()
        ids = [local_id for _todo, local_id in found.final]
        done, revisit = self.sender.look_for_done(found.arranged.entity, ids)
        for todo, local_id in found.final if self.opened.final else ():
            if local_id not in done:
                revisit |= self.sender.send(found.arranged, todo, [local_id])
        return revisit

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


Warn = Callable[[str], None]


def push_written(
    store: Store,
    operations: Sequence[int],
    open_target: Callable[[TargetRow, float], OpenTarget],
    warn: Warn,
    seconds: float,
) -> None:
    """Push the clients that these operations wrote to every target; never raises.

    The write is committed and its answer printed by then: a trouble is a warning, and what was not
    sent is pending.
    No call goes on after so many ``seconds``, all targets together: somebody waits.
    """
    ends = time.monotonic() + seconds
    try:
        scope = written_by(store.conn, operations)
        targets = all_targets(store.conn) if scope is not None else []
    except InteropError as error:
        _pending(warn, "sync", error.message)
        return
    for target in targets:
        if scope is not None:
            _push(target, scope, lambda one: open_target(one, ends), warn)


def _push(
    target: TargetRow,
    scope: RecordScope,
    open_target: Callable[[TargetRow], OpenTarget],
    warn: Warn,
) -> None:
    try:
        opened = open_target(target)
        if opened.connector.by_file:  # a file for each write would be of no use: they wait
            return
        opened.auto = True
        report = Push(opened, scope, Options(patient=False, wait=0)).run()
    except InteropError as error:
        _pending(warn, target.name, error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the write stands
        _pending(warn, target.name, Message("{kind}", {"kind": type(error).__name__}))
    else:
        _tell(report, warn)


def _tell(report: Report, warn: Warn) -> None:
    if report.stopped is not None:
        _pending(warn, report.target, report.stopped.message)
        return
    for line in report.lines.values():
        if line.status == ERROR and line.reason is not None:
            code = f"{line.code} {line.number}" if line.number else line.code
            why = translate(line.reason.message)
            warn(
                _("{target}: {code} was not sent: {why}", target=report.target, code=code, why=why)
            )


def _pending(warn: Warn, target: str, why: Message) -> None:
    warn(_("{target}: not sent yet, it stays pending: {why}", target=target, why=translate(why)))
