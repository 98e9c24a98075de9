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
def working(site: OpenTarget, wait: float) -> Iterator[None]:
    """Be the only one at this target; wait up to ``wait`` seconds for another one to end.

    Raises Busy ``sync.busy``. What the target was found to be is read again when it is ours.
    """
    waited = 0.0
    while not site.write(lambda uow: _take(uow, site)):
        if waited >= wait:
            raise _busy(site.target)
        site.store.pause(POLL)  # in real time: the other run is real
        waited += POLL
    try:
        yield
    except (Exception, KeyboardInterrupt):
        _leave(site)
        raise
    _leave(site)


def keep(uow: UnitOfWork, site: OpenTarget) -> None:
    """Prolong the lease, within a transaction that claims something.

    Raises Busy where another run has taken it, believing that this one is gone: it goes no further.
    """
    if uow.targets.by_id(site.target.id).worker != site.owner:
        raise _busy(site.target)
    uow.targets.note(site.target.id, worker_until=site.clock.stamp(LEASE_SECONDS))


def _take(uow: UnitOfWork, site: OpenTarget) -> bool:
    found = uow.targets.by_id(site.target.id)
    others = found.worker is not None and found.worker != site.owner
    if others and site.lives(found.worker, found.worker_until, site.clock.stamp()):
        return False
    site.target = found
    until = site.clock.stamp(LEASE_SECONDS)
    uow.targets.note(found.id, worker=site.owner, worker_until=until)
    return True


def _leave(site: OpenTarget) -> None:
    def leave(uow: UnitOfWork) -> None:
        if uow.targets.by_id(site.target.id).worker == site.owner:
            uow.targets.note(site.target.id, worker=None, worker_until=None)

    site.write(leave)


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
