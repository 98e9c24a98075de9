"""kill -9 at a system call, between the claim and the settlement: no double, and nothing missing.

``strace`` ends the process at the Nth of the calls that write, sync, send or receive. Where it is
not installed, the process is killed after a while instead: the points are then not exact.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
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

    def killed_after(self, seconds: float) -> bool:
        """Push, killed after a while; whether it was still running."""
        child = WarmProcess(
            ["sync", "push", "-q"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        child.kill()
        return child.wait() == -signal.SIGKILL

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


needs_strace = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed; killed by time instead"
)


@needs_strace
def test_killed_at_some_calls_nothing_is_doubled(shop: Shop) -> None:
    assert sweep(shop, range(20, 108, 20), CALLS) >= 4


@needs_strace
@pytest.mark.long
def test_killed_at_every_call_nothing_is_doubled(shop: Shop) -> None:
    points = sweep(shop, range(1, 1000), DISK) + sweep(shop, range(1, 1000), NETWORK)
    assert points >= 200


def test_killed_by_time_nothing_is_doubled(shop: Shop) -> None:
    for tenths in (3, 5):
        shop.afresh()
        shop.portal.fail("sleep", match="batch/create", seconds=0.3)
        shop.killed_after(tenths / 10)
        shop.portal.mishaps.clear()
        shop.check(tenths)


@pytest.mark.long
def test_two_hundred_kills_by_time(shop: Shop) -> None:
    killed = 0
    for n in range(200):
        shop.afresh()
        shop.portal.fail("sleep", match="batch/create", seconds=0.2)
        killed += shop.killed_after(0.25 + n * 0.004)
        shop.portal.mishaps.clear()
        shop.check(n)
    assert killed > 50
