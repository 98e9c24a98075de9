"""One worker a target: the lease that a run takes, who holds a claim, and whether it lives.

A lease bounds a claim in time. On the machine that made it, a claim ends sooner: a process that was
killed is known to be gone, so the next run need not wait for the lease.
"""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Busy
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.plan import LEASE_SECONDS
from interop_cli.store.sync.targets import TargetRow
from interop_cli.store.writing.unit_of_work import UnitOfWork

if TYPE_CHECKING:
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


SEPARATOR = "/"


@lru_cache(maxsize=1)
def _place() -> str:
    """This boot of this machine, and the space of process numbers; ``-`` where nothing tells."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "-"
    return f"{platform.node()}:{boot}:{space}".replace(SEPARATOR, "_")


def _started(pid: int) -> str | None:
    """When a process started, in ticks since the boot; None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


def new_owner() -> str:
    """A name for this run: the place, the process, and something no other run has."""
    pid = os.getpid()
    return SEPARATOR.join([_place(), str(pid), _started(pid) or "-", uuid.uuid4().hex[:12]])


def is_gone(owner: str | None) -> bool:
    """Whether the process behind a name is known to have ended."""
    if owner is None:
        return True
    place, _, rest = owner.partition(SEPARATOR)
    parts = rest.split(SEPARATOR)
    if place != _place() or place == "-" or len(parts) != 3 or not parts[0].isdecimal():
        return False
    return _started(int(parts[0])) != parts[1]


def may_live(owner: str | None, until: str | None, now: str) -> bool:
    """Whether a claim still stands: its lease has not run out and its process may be there."""
    return until is not None and until > now and not is_gone(owner)
