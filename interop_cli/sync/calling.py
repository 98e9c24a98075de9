"""Calls about what was claimed, one after the other: what each looks at first, what came of it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from interop_cli.connectors.protocol import MakesReady
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import BREAKING, PAUSING, Trouble, TroubleKind
from interop_cli.domain.sync.records import FINAL, Action, Failed, FoundRemote, Result, Send, Trace
from interop_cli.sync import departing, unknown_outcomes
from interop_cli.sync.claims import Claimed
from interop_cli.sync.target import OpenTarget

T = TypeVar("T")
Push = Callable[[], list[Result]]
CHANGED = Trouble(
    TroubleKind.STALE, "remote.changed", msg("Somebody changed the record there meanwhile.")
)
UNSETTLING = BREAKING | PAUSING | {TroubleKind.STALE}
"""What has to be settled before anything more is sent."""


class CallThread:
    """Makes calls in a thread, in the order they are given; ``inline``: at once, in this one.

    No executor: Python waits for the threads of one before it ends, also for a call that hangs.
    """

    def __init__(self, *, inline: bool) -> None:
        self._inline = inline
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, call: Callable[[], T]) -> Future[T]:
        """Begin a call; what it gives or raises is the result of the answer."""
        answer: Future[T] = Future()

        def made() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
                answer.set_exception(error)

        if self._inline:
            made()
            return answer
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._calls.put(made)
        return answer

    def close(self) -> None:
        """Let the thread end after the call that it is at; those that wait are not made."""
        self._closed = True
        if self._thread is not None:
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None and not self._closed:
            call()


@dataclass(frozen=True)
class Landed:
    """A call that was answered, not yet settled."""

    claimed: Claimed
    results: Sequence[Result]
    traces: Sequence[Trace]

    @cached_property
    def calm(self) -> bool:
        """Whether nothing went wrong that the next call has to wait for."""
        troubles = [one.trouble.kind for one in self.results if isinstance(one, Failed)]
        told = {one.id for one in self.results}
        return told >= self.claimed.steps.keys() and UNSETTLING.isdisjoint(troubles)


@dataclass(frozen=True)
class Flight:
    """A call under way, or one after it, and the claims it is about.

    Its answer is None where it was not made, because the call before it went wrong.
    """

    claimed: Claimed
    answer: Future[Landed | None]


@dataclass
class Calls:
    """What makes the calls about records of one entity, in the thread of calls.

    ``linked`` are the records there that belong to ours, where they are looked for before a create.
    """

    opened: OpenTarget
    call_thread: CallThread
    linked: set[str] = field(default_factory=set)
    under_way: deque[Flight] = field(default_factory=deque)
    """The call that is made and those that come after it, until their answers are taken."""

    def start(self, waiting: Sequence[Claimed]) -> None:
        """Have calls made, one after the other."""
        for claimed in waiting:
            before = self.under_way[-1].answer if self.under_way else None
            call = partial(self._landing, claimed, before, self._ready(claimed.sends))
            self.under_way.append(Flight(claimed, self.call_thread.start(call)))

    def _ready(self, sends: Sequence[Send]) -> Push:
        """What pushes these, made ready here as far as the connector can."""
        connector, action = self.opened.connector, str(sends[0].action)
        if isinstance(connector, MakesReady):
            return connector.ready(action, sends)
        return partial(connector.push, action, sends)

    def _landing(
        self, claimed: Claimed, before: Future[Landed | None] | None, ready: Push
    ) -> Landed | None:
        """A call and what came of it, in the thread of calls; None where the one before it went
        wrong.
        """
        if before is not None and ((last := before.result()) is None or not last.calm):
            return None
        try:
            results = self._call(claimed.sends, ready)
        except Trouble as trouble:
            results = [Failed(send.id, trouble) for send in claimed.sends]
        new = {send.id for send in claimed.sends if send.remote_id is None}
        results = [
            _of_new(one) if isinstance(one, Failed) and one.id in new else one for one in results
        ]
        return Landed(claimed, results, self.opened.connector.traces())

    def _call(self, sends: list[Send], ready: Push) -> list[Result]:
        """The call itself, in the thread of calls. Raises Trouble."""
        connector, found, claimed = self.opened.connector, list[Result](), sends
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
            found += self._pushed(sends, ready if sends == claimed else self._ready(sends))
        return found

    def _pushed(self, sends: list[Send], push: Push) -> list[Result]:
        """Push; of new records that are refused for what another one has, ours may be that one."""
        connector, results = self.opened.connector, push()
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


def _of_new(result: Failed) -> Failed:
    """What came of a new record: it cannot be gone, nor changed by anybody. Who answers so may
    have made it or not.
    """
    was = result.trouble
    if was.kind not in (TroubleKind.GONE, TroubleKind.STALE):
        return result
    unknown = Trouble(
        TroubleKind.UNKNOWN, was.code, was.message, retry_after=was.retry_after, status=was.status
    )
    return Failed(result.id, unknown)
