"""One refresh at a time: a second one says who is at it, or waits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from interop_cli.domain.errors import Busy
from interop_cli.store.store import Store
from tests.support.cli import Run
from tests.support.outside import PATIENCE
from tests.support.stores import open_store
from tests.support.warm_process import WarmProcess

HOLDER = """
import sys
from tests.support.warm_process import WarmProcess
from tests.support.stores import open_store
store = open_store(sys.argv[1])
with store.alone("sales-refresh", wait=False):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(url: str, root: Path) -> subprocess.Popen[bytes]:
    """Another process that is at work until its input ends."""
    pipe = subprocess.PIPE
    process = WarmProcess([url], program=HOLDER, cwd=root, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.communicate(b"", timeout=PATIENCE)


def test_a_second_refresh_says_who_is_at_it(ready_url: str, invoke: Run, root: Path) -> None:
    process = holder(ready_url, root)
    try:
        second = invoke("--db", ready_url, "sales", "refresh", "--json")
        assert second.code == 75
        assert second.error["code"] == "task.running"
        assert f"pid {process.pid}" in second.error["message"]
        assert second.error["retryable"] is True
    finally:
        end(process)
    assert invoke("--db", ready_url, "sales", "refresh").code == 0


def test_waiting_for_the_other_one(store: Store, ready_url: str, root: Path) -> None:
    process = holder(ready_url, root)
    store.sleep = lambda _seconds: end(process)
    with store.alone("sales-refresh", wait=True):
        assert process.returncode == 0


def test_a_killed_holder_lets_go(ready_url: str, root: Path) -> None:
    process = holder(ready_url, root)
    process.kill()
    process.communicate()
    store = open_store(ready_url)
    store.sleep = lambda _seconds: None  # a server notices a moment later
    with store.alone("sales-refresh", wait=True):
        pass
    store.close()


def test_one_process_is_not_alone_twice(store: Store, ready_url: str) -> None:
    other = open_store(ready_url)
    with store.alone("sales-refresh", wait=False):
        with pytest.raises(Busy), other.alone("sales-refresh", wait=False):
            pass
        with other.alone("something else", wait=False):
            pass
    with other.alone("sales-refresh", wait=False):
        pass
    other.close()


def test_cron_hears_nothing_when_all_is_well(ready_url: str, invoke: Run) -> None:
    quiet = invoke("-q", "--db", ready_url, "sales", "refresh")
    assert quiet == (0, "", "")
    lost = invoke("-q", "--db", ready_url + ".gone", "sales", "refresh")
    assert lost.code != 0
    assert lost.stderr.startswith("Error: ")
