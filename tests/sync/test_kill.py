"""kill -9 at a system call, between the claim and the settlement: no double, and nothing missing.

``strace`` ends the process at the Nth of the calls that write, sync, send or receive, where it is
installed; the portal ends it at the Nth request that arrives there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.support.warm import warm_command
from tests.support.warm_process import WarmProcess

CALLS = "pwrite64,fdatasync,fsync,unlink,ftruncate,sendto,recvfrom"
# All that a push does between its start and its end, besides loading Python. The calls are counted
# in each thread for itself: what the one does on the disk, and the other on the network.
DISK = "pwrite64,pread64,fdatasync,fsync,unlink,ftruncate,fcntl,lseek,newfstatat"
NETWORK = "%network,poll,ppoll"
CLIENTS = 3


@pytest.fixture
def portal() -> Iterator[FakeHubSpot]:
    with FakeHubSpot() as fake:
        yield fake


class Shop:
    """A database with a few clients and a connected target, copied afresh for each kill."""

    def __init__(self, folder: Path, template: str, portal: FakeHubSpot) -> None:
        self.folder, self.portal = folder, portal
        self.db = folder / "shop.db"
        self.env = {
            **os.environ,
            "INTEROP_DB": str(self.db),
            "INTEROP_CRM_BASE_URL": portal.url,
            "INTEROP_NO_KEYRING": "1",
        }
        shutil.copy(template, self.db)
        self("sync", "add", "crm", "hubspot")
        self("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
        for n in range(CLIENTS):
            self(
                "client",
                "create",
                f"Client {n}",
                "--code",
                f"C-{n}",
                "--line1",
                "1",
                "--city",
                "Québec",
                "--postal-code",
                "G1K 7X2",
            )
            self("contact", "create", f"C-{n}", "--name", f"Contact {n}")
        self.base = folder / "base.db"
        shutil.copy(self.db, self.base)

    def afresh(self) -> None:
        """The database and the portal as they were."""
        for file in self.folder.glob("shop.db*"):
            file.unlink()
        shutil.copy(self.base, self.db)
        with self.portal.lock:
            for rows in self.portal.objects.values():
                rows.clear()
            self.portal._index.clear()
            self.portal.linked.clear()
            self.portal.calls.clear()

    def __call__(self, *args: str, stdin: str = "", before: tuple[str, ...] = ()) -> int:
        # What strace looks at starts with Python, what only makes ready does not.
        program = [sys.executable, "-m", "interop_cli"] if before else warm_command()
        command = [*before, *program, *args]
        done = subprocess.run(
            command,
            input=stdin.encode(),
            capture_output=True,
            env=self.env,
            timeout=120,
            check=False,
        )
        assert done.returncode != 1, done.stderr
        return done.returncode

    def killed_at(self, nth: int, calls: str) -> bool:
        """Push, killed at the Nth of these calls; whether it got that far."""
        inject = f"inject={calls}:signal=SIGKILL:when={nth}"
        code = self(
            "sync",
            "push",
            "-q",
            before=("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject),
        )
        return code in (-signal.SIGKILL, 128 + signal.SIGKILL)

    def killed_by_call(self, nth: int, when: str, seconds: float = 0.0) -> bool:
        """Push, killed at the Nth call that arrives: ``before`` it is answered, or ``after``, so
        many seconds later; whether it got that far.
        """
        started, reached = threading.Event(), 0

        def kill() -> None:
            started.wait()
            child.kill()

        def called() -> None:
            nonlocal reached
            reached += 1
            if reached == nth and seconds:
                threading.Timer(seconds, kill).start()
            elif reached == nth:
                kill()

        self.portal.fail("act", when=when, act=called, times=sys.maxsize)
        child = WarmProcess(
            ["sync", "push", "-q"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.set()
        ended = child.wait()
        self.portal.mishaps.clear()
        assert ended in (0, -signal.SIGKILL)
        return reached >= nth

    def check(self, where: Any) -> None:
        """The next push finishes the work: one record each, and then nothing more to do."""
        code = self("sync", "push", "-q")
        assert code == 0, (where, code)
        uids = {row["interop_uid"] for row in self.portal.live().values()}
        assert len(uids) == len(self.portal.live()) == CLIENTS, where
        people = self.portal.live("contacts")
        assert len(people) == CLIENTS, where
        assert all(len(self.portal.companies_of(one)) == 1 for one in people), where
        assert self("sync", "plan", "--offline", "-q", "--detailed-exitcode") == 0, where
        writes = len(self.portal.writes())
        assert self("sync", "push", "-q") == 0
        assert len(self.portal.writes()) == writes, where


@pytest.fixture
def shop(tmp_path: Path, sqlite_template: Path, portal: FakeHubSpot) -> Shop:
    return Shop(tmp_path, str(sqlite_template), portal)


def sweep(shop: Shop, points: range, calls: str) -> int:
    """Kill at each of the points that a push has; how many there were."""
    reached = 0
    for nth in points:
        shop.afresh()
        if not shop.killed_at(nth, calls):
            break
        reached += 1
        shop.check(nth)
    return reached


needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@needs_strace
def test_killed_at_some_calls_nothing_is_doubled(shop: Shop) -> None:
    assert sweep(shop, range(20, 108, 20), CALLS) >= 4


@needs_strace
@pytest.mark.long
def test_killed_at_every_call_nothing_is_doubled(shop: Shop) -> None:
    points = sweep(shop, range(1, 1000), DISK) + sweep(shop, range(1, 1000), NETWORK)
    assert points >= 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_it_is_answered_nothing_is_doubled(shop: Shop, when: str) -> None:
    for nth in (2, 3):
        shop.afresh()
        assert shop.killed_by_call(nth, when)
        shop.check((nth, when))


# How long after the answer: while it is read, settled, and the next one claimed.
LATER = [step / 1000 for step in range(30)]


@pytest.mark.long
def test_killed_around_every_call_nothing_is_doubled(shop: Shop) -> None:
    kills = 0
    for when, seconds in [("before", 0.0), *(("after", seconds) for seconds in LATER)]:
        for nth in range(1, 100):
            shop.afresh()
            if not shop.killed_by_call(nth, when, seconds):
                break
            kills += 1
            shop.check((nth, when, seconds))
    assert kills >= 3 * (1 + len(LATER))  # who it is, the companies, the people
