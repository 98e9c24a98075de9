"""A primary that dies while people work, and its synchronous standby that is promoted."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.outside import content, finish, start
from tests.support.postgres import pg_ctl, serve, server_apart, standby_of

PLACE = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")


def die(data: Path, how: str) -> None:
    """End a server without a last word."""
    if how == "immediate":
        pg_ctl(data, "stop", "-m", "immediate")
        return
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def works(url: str, worker: int, ended: threading.Event, told: list[tuple[str, int, str]]) -> None:
    """Create clients until the end; what each command answered."""
    number = 0
    while not ended.is_set():
        number += 1
        code = f"W{worker}N{number}"
        words = ("client", "create", code, "--code", code, *PLACE, "--json")
        exit_code, _out, err = finish(start("--db", url, *words, "--lock-timeout", "60"))
        told.append((code, exit_code, err))


@pytest.mark.parametrize(
    ("how", "workers", "turns"),
    [
        pytest.param("kill", 4, 5, marks=pytest.mark.long),
        pytest.param("immediate", 4, 5, marks=pytest.mark.long),
    ],
)
def test_nothing_acknowledged_is_lost(how: str, workers: int, turns: int, invoke: Run) -> None:
    chance, outcomes = random.Random(5), Counter[int]()
    for _turn in range(turns):
        with server_apart() as data, standby_of(data) as standby:
            url = f"postgresql://postgres@/postgres?host={data},{standby}&port=5432,5432"
            assert invoke("--db", url, "db", "init", "-q").code == 0
            ended, told = threading.Event(), list[tuple[str, int, str]]()
            threads = [
                threading.Thread(target=works, args=(url, worker, ended, told))
                for worker in range(workers)
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(1, 4))
            die(data, how)
            time.sleep(chance.uniform(0, 1))
            pg_ctl(standby, "promote")
            before = len(told)
            while len(told) < before + workers * 2:
                time.sleep(0.1)
            ended.set()
            for thread in threads:
                thread.join()
            there = f"postgresql://postgres@/postgres?host={standby}"
            found = Counter(row[1] for row in content(there)["client"])
            for code, exit_code, err in told:
                outcomes[exit_code] += 1
                assert exit_code in (0, 74), (code, err)  # 74: nobody knows, and it is said
                assert found[code] == 1 if exit_code == 0 else found[code] <= 1, (code, err)
            for words in (["journal", "verify"], ["db", "check"]):
                assert invoke("--db", there, *words).code == 0
            serve(data)  # for the end of the block
    assert outcomes[0] > workers * turns
    assert outcomes[74] <= outcomes[0] / 20
