"""Waiting, parking and the breaker: what a trouble means for the run and for the next ones."""

from __future__ import annotations

from dataclasses import dataclass

from interop_cli.domain.errors import RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import PAUSING, Trouble, TroubleKind
from interop_cli.domain.sync.plan import BREAKER_FAILURES, BREAKER_SECONDS, LONGEST_WAIT, backoff
from interop_cli.store.sync.targets import FOREVER, RESTED
from interop_cli.sync.report import Report
from interop_cli.sync.target import OpenTarget

AUTO = "auto"
"""Why a target rests that failed in a push nobody asked for."""


class Stopped(Exception):
    """The run ends here; what is left stays pending."""


@dataclass
class Breaker:
    """The breaker and the parking of one target, kept in the database between runs."""

    opened: OpenTarget
    report: Report
    patient: bool = True

    def refuse_paused(self) -> None:
        """Raise Remote ``sync.paused`` where the target rests."""
        target = self.opened.target
        if target.paused_until is None or target.paused_until <= self.opened.clock.stamp():
            return
        if target.paused_by == AUTO and self.patient:
            return
        raise RemoteFailure(
            "sync.paused",
            msg(
                "{target} is paused until {until} ({why}).",
                target=target.name,
                until=target.paused_until,
                why=target.paused_by or "-",
            )
            if target.paused_until != FOREVER
            else msg(
                "{target} is paused ({why}).", target=target.name, why=target.paused_by or "-"
            ),
            hint=msg("interop sync connect {target}", target=target.name)
            if target.paused_until == FOREVER
            else msg(
                "Try before that with: interop sync retry --target {target}", target=target.name
            ),
            until=target.paused_until,
        )

    @property
    def probing(self) -> bool:
        """Whether the breaker was open: then one record is tried before the others."""
        return self.opened.target.failures >= BREAKER_FAILURES

    def succeeded(self) -> None:
        """A call was answered."""
        target = self.opened.target
        if target.failures or target.paused_until:
            self.opened.note(**RESTED)

    def met(self, trouble: Trouble) -> None:
        """Wait as long as it takes, or raise Stopped where that is too long or of no use."""
        if trouble.kind in PAUSING:
            wait = trouble.retry_after if trouble.kind is TroubleKind.QUOTA else None
            self._park(trouble, wait)
            raise Stopped
        failures = self.opened.target.failures + 1
        self.opened.note(failures=failures)
        if failures >= BREAKER_FAILURES:
            self._park(trouble, BREAKER_SECONDS, "breaker")
            raise Stopped
        wait = backoff(failures, trouble.retry_after)
        if not self.patient:
            # Whoever writes next does not wait for it again; who asks for a push does.
            self._park(trouble, BREAKER_SECONDS if trouble.retry_after is None else wait, AUTO)
            raise Stopped
        if trouble.retry_after is not None and wait > LONGEST_WAIT:
            self._park(trouble, wait)
            raise Stopped
        self.opened.clock.sleep(wait)

    def stop(self, trouble: Trouble) -> None:
        """End the run without parking the target."""
        self.report.stopped = trouble
        raise Stopped

    def _park(self, trouble: Trouble, seconds: float | None, why: str | None = None) -> None:
        until = FOREVER if seconds is None else self.opened.clock.stamp(max(seconds, 1))
        self.opened.note(paused_until=until, paused_by=why or str(trouble.kind))
        self.report.stopped, self.report.until = trouble, until


def unpause(opened: OpenTarget) -> bool:
    """Let a target be called again at once; whether it rested."""
    target = opened.target
    rested = target.paused_until is not None or target.failures > 0
    opened.write(lambda uow: uow.targets.note(target.id, **RESTED), "sync.connect")
    return rested
