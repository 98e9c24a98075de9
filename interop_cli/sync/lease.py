"""One worker a target: the lease that a run takes on the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from interop_cli.domain.errors import Busy
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.plan import LEASE_SECONDS
from interop_cli.store.sync.targets import TargetRow
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.claim_owner import may_live
from interop_cli.sync.target import OpenTarget

POLL = 0.25


@contextmanager
def working(opened: OpenTarget, wait: float) -> Iterator[None]:
    """Be the only one at this target; wait up to ``wait`` seconds for another one to end.

    Raises Busy ``sync.busy``. What the target was found to be is read again when it is ours.
    """
    waited = 0.0
    while not opened.write(lambda uow: _take(uow, opened)):
        if waited >= wait:
            raise _busy(opened.target)
        opened.store.sleep(POLL)  # in real time: the other run is real
        waited += POLL
    try:
        yield
    except (Exception, KeyboardInterrupt):
        _leave(opened)
        raise
    _leave(opened)


def keep(uow: UnitOfWork, opened: OpenTarget) -> None:
    """Prolong the lease, within a transaction that claims something.

    Raises Busy where another run has taken it, believing that this one is gone: it goes no further.
    """
    if uow.targets.by_id(opened.target.id).worker != opened.owner:
        raise _busy(opened.target)
    uow.targets.note(opened.target.id, worker_until=opened.clock.stamp(LEASE_SECONDS))


def _take(uow: UnitOfWork, opened: OpenTarget) -> bool:
    found = uow.targets.by_id(opened.target.id)
    others = found.worker is not None and found.worker != opened.owner
    if others and opened.lives(found.worker, found.worker_until, opened.clock.stamp()):
        return False
    opened.target = found
    until = opened.clock.stamp(LEASE_SECONDS)
    uow.targets.note(found.id, worker=opened.owner, worker_until=until)
    return True


def _leave(opened: OpenTarget) -> None:
    def leave(uow: UnitOfWork) -> None:
        if uow.targets.by_id(opened.target.id).worker == opened.owner:
            uow.targets.note(opened.target.id, worker=None, worker_until=None)

    opened.write(leave)


def refuse_busy(target: TargetRow, now: str) -> None:
    """Raise Busy where a run is at work on a target."""
    if target.worker is not None and may_live(target.worker, target.worker_until, now):
        raise _busy(target)


def _busy(target: TargetRow) -> Busy:
    return Busy(
        "sync.busy",
        msg("Another run is pushing to {target}.", target=target.name),
        hint=msg("Wait for it, or longer with --lock-timeout."),
    )
