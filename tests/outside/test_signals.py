"""Signals at any moment: the code of the signal, all or nothing, and words that are true."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from interop_cli.shell import error_boundary
from tests.support.cli import Run
from tests.support.outside import (
    Content,
    content,
    finish,
    sound,
    start,
    start_cold,
    without_traceback,
)

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
ROWS = 2000


@pytest.fixture
def codes(shop: Path, invoke: Run) -> bytes:
    """The codes of a few thousand clients, all of them active."""
    assert invoke("db", "seed", "--clients", ROWS, "-q").code == 0
    return invoke("client", "list", "-o", "codes").stdout.encode()


def wait_until_caught(process: subprocess.Popen[bytes]) -> bool:
    """Wait until the program has its handlers; before, Python itself is still starting."""
    bit, status = 1 << (signal.SIGHUP - 1), ""
    while process.poll() is None:
        with suppress(FileNotFoundError):
            status = Path(f"/proc/{process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("SigCgt:") and int(line.split()[1], 16) & bit:
                return True
        time.sleep(0.002)
    return False


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="tells from /proc when the handlers are there"
)


def interrupted(
    args: list[object], stdin: bytes, number: int, delay: float, shop: Path, before: Content
) -> bool:
    """Send one signal and look at everything; whether the change was committed."""
    process = start(*args, stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    if wait_until_caught(process):
        time.sleep(delay)
        process.send_signal(number)
    code, _out, err = finish(process)
    without_traceback(err)
    free(shop)
    after = content(str(shop))
    changed = after != before
    if code == 0:
        assert changed
    else:
        assert code == SIGNALS[signal.Signals(number)], err
        assert ("had been committed" in err, "nothing was changed" in err) == (changed, not changed)
    if changed:
        assert len(after["operation"]) == len(before["operation"]) + 1
    return changed


def free(shop: Path) -> None:
    """Fail where a lock was left, or half a transaction."""
    with closing(sqlite3.connect(shop, timeout=0, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ROLLBACK")
    assert not list(shop.parent.glob("*-journal"))


def campaign(shop: Path, codes: bytes, times: int) -> None:
    chance = random.Random(times)
    args = ["client", "deactivate", "-", "-y", "--max-affected", ROWS * 2, "--json"]
    clean, seconds, outcomes = shop.read_bytes(), 1.0, []
    for turn in range(times):
        shop.write_bytes(clean)
        before = content(str(shop))
        number = list(SIGNALS)[turn % 3]
        begun = time.monotonic()
        outcomes.append(interrupted(args, codes, number, chance.uniform(0, seconds), shop, before))
        if outcomes[-1]:  # the next ones aim within the time that it takes
            seconds = (time.monotonic() - begun) * 0.8
    sound(shop)


@needs_proc
def test_a_signal_finds_all_or_nothing(shop: Path, codes: bytes) -> None:
    campaign(shop, codes, 9)


@needs_proc
@pytest.mark.long
def test_a_signal_finds_all_or_nothing_three_hundred_times(shop: Path, codes: bytes) -> None:
    campaign(shop, codes, 300)


def test_a_signal_after_the_last_word_is_told_what_became(
    shop: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when all is done and before no signal matters any more: the first time only."""
    ignore, late = error_boundary.ignore_signals, [error_boundary.Signalled(signal.SIGTERM)]

    def struck() -> None:
        if late:
            raise late.pop()
        ignore()

    monkeypatch.setattr(error_boundary, "ignore_signals", struck)
    found = invoke("client", "edit", "ACME", "--terms", "net45")
    assert found.code == SIGNALS[signal.SIGTERM]
    assert "had been committed" in found.stderr


@needs_proc
@pytest.mark.parametrize("number", list(SIGNALS), ids=lambda number: number.name)
def test_a_signal_while_waiting_for_the_lock(number: signal.Signals, shop: Path) -> None:
    """SQLite waits in C: the signal is heard at the latest when the lock comes."""
    before = content(str(shop))
    with closing(sqlite3.connect(shop, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        process = start("client", "edit", "ACME", "--terms", "x", "--lock-timeout", "20")
        assert wait_until_caught(process)
        time.sleep(1)
        process.send_signal(number)
        holder.execute("ROLLBACK")
    code, out, err = finish(process)
    assert (code, out) == (SIGNALS[number], "")
    assert "nothing was changed" in err
    free(shop)
    assert content(str(shop)) == before


@needs_proc
@pytest.mark.parametrize("number", list(SIGNALS), ids=lambda number: number.name)
def test_a_signal_while_a_reader_keeps_us_waiting(
    number: signal.Signals, shop: Path, invoke: Run
) -> None:
    """Nobody reads our output: the change is committed, and the words say so."""
    assert invoke("db", "seed", "--clients", 1000, "-q").code == 0
    process = start("client", "list", "-o", "json")
    assert wait_until_caught(process)
    assert process.stdout
    assert process.stdout.read(10)
    process.send_signal(number)
    code, _out, err = finish(process)
    assert code == SIGNALS[number]
    assert "nothing was changed" in err
    without_traceback(err)


@needs_proc
def test_what_was_committed_is_said_to_be(shop: Path, tmp_path: Path) -> None:
    """The results go into a named pipe that nobody opens: the signal comes after the commit."""
    before = content(str(shop))
    os.mkfifo(tmp_path / "results")
    for lang, words in (("en", "had been committed"), ("fr", "avait été enregistr")):
        process = start(
            "client",
            "edit",
            "ACME",
            "--terms",
            lang,
            "--lang",
            lang,
            "--results",
            tmp_path / "results",
        )
        while content(str(shop)) == before:
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        code, out, err = finish(process)
        assert (code, out) == (143, "")
        assert words in err
        before = content(str(shop))


def test_what_was_ignored_stays_ignored(shop: Path) -> None:
    """``nohup interop …`` goes on after the terminal is gone."""
    ignored = (signal.SIGHUP, signal.SIGINT)
    with closing(sqlite3.connect(shop, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        process = start("client", "edit", "ACME", "--terms", "x", "-q", ignored=ignored)
        time.sleep(1)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        holder.execute("ROLLBACK")
    assert finish(process) == (0, "", "")


def test_ctrl_c_at_the_start_shows_no_traceback(shop: Path) -> None:
    """At random moments from the first one on: Python's own start is not ours to mend."""
    chance = random.Random(1)
    for _ in range(6):
        process = start_cold("client", "list", "--json")
        time.sleep(0.05 + chance.uniform(0, 0.3))
        process.send_signal(signal.SIGINT)
        code, _out, err = finish(process)
        assert code in (0, 1, 130)  # 1: Python was still finding its modules
        assert code != 1 or "KeyboardInterrupt" in err
        assert "interop_cli" not in err
