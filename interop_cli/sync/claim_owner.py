"""Who holds a claim, and whether that process can still be at it.

A lease bounds a claim in time. On the machine that made it, a claim ends sooner: a process that was
killed is known to be gone, so the next run need not wait for the lease.
"""

from __future__ import annotations

import os
import platform
import uuid
from functools import lru_cache
from pathlib import Path

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
