"""kill -9 in the middle: the documents and totals of before or those of after, never a mix."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from interop_cli.store.store import Store
from tests.support.outside import start
from tests.support.stores import add_client, open_store

QUIET = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


def program(url: str, root: Path, *args: object, **env: str) -> subprocess.Popen[bytes]:
    """Start the program on a database; warm, so that nearly all of its time is the work."""
    return start("-q", "--db", url, *args, cwd=root, env={**os.environ, **env}, **QUIET)


def file_of(folder: Path, name: str, count: int, cents: int) -> Path:
    """A file of invoices of as many cents each."""
    path = folder / name
    rows = (f"{n},C{n % 20},{2022 + n % 5}-01-15,{cents}" for n in range(1, count + 1))
    path.write_text("\n".join(["number,client,date,subtotal_cents", *rows, ""]))
    return path


def state(store: Store) -> dict[str, Any]:
    """What a mix would show in: documents, totals, marks, and the journal."""
    query = store.conn.query
    return {
        "documents": query("SELECT COUNT(*) AS n, SUM(subtotal_cents) AS cents FROM document"),
        "totals": query("SELECT * FROM sales_total ORDER BY client_id, year"),
        "stale": query("SELECT DISTINCT client_id, year, basis FROM sales_stale ORDER BY 1, 2, 3"),
        "changes": query("SELECT COUNT(*) AS n FROM change"),
        "operations": query("SELECT COUNT(*) AS n FROM operation"),
        "years": query("SELECT * FROM sales_year ORDER BY year"),
    }


def campaign(tmp_path: Path, root: Path, ready_url: str, rows: int, times: int, what: str) -> None:
    """Compare what a killed command leaves with what stood before it and what it would leave."""
    store = open_store(ready_url)
    for n in range(20):
        add_client(store, name=f"C{n}", code=f"C{n}")
    first, second = (file_of(tmp_path, f"{n}.csv", rows, n) for n in (100, 250))
    env = {"INTEROP_TODAY": "2026-03-02"}
    commands = {
        "import": ("sales", "import", second, "--kind", "invoice"),
        "refresh": ("sales", "refresh", "--full"),
    }
    lengths = {}
    for name, words in (
        commands | {"import": ("sales", "import", first, "--kind", "invoice")}
    ).items():
        begun = time.perf_counter()
        assert program(ready_url, root, *words, **env).wait(300) == 0
        lengths[name] = time.perf_counter() - begun
    if what == "refresh":
        done = program(ready_url, root, *commands["import"], **env)
        assert done.wait(300) == 0
    dice = random.Random(what)
    length, ended = lengths[what], False
    for _ in range(times):
        before = state(store)
        begun = time.perf_counter()
        process = program(ready_url, root, *commands[what], **env)
        try:
            process.wait(dice.uniform(0, length))
            length, ended = time.perf_counter() - begun, True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        settle(store)
        after = state(store)
        if after != before:
            assert is_whole(after, what, rows)
            break
    if not ended:  # and then it works as ever
        assert program(ready_url, root, *commands[what], **env).wait(300) == 0
        assert is_whole(state(store), what, rows)
    store.close()


def settle(store: Store) -> None:
    """Wait until a server has noticed that its client is gone."""
    with store.conn.write():
        pass


def is_whole(found: dict[str, Any], what: str, rows: int) -> bool:
    """Whether this is the state after the command, all of it."""
    if found["documents"] != [{"n": rows, "cents": rows * 250}]:
        return False
    if what == "import":
        return len(found["stale"]) == 2 * len({(n % 20, n % 5) for n in range(1, rows + 1)})
    total = sum(row["sold_cents"] for row in found["totals"])
    return not found["stale"] and total == rows * 250


@pytest.mark.parametrize("what", ["import", "refresh"])
def test_killed(tmp_path: Path, root: Path, ready_url: str, what: str) -> None:
    campaign(tmp_path, root, ready_url, 3000, 3, what)


@pytest.mark.long
@pytest.mark.parametrize("what", ["import", "refresh"])
def test_killed_often(tmp_path: Path, root: Path, ready_url: str, what: str) -> None:
    campaign(tmp_path, root, ready_url, 50_000, 25, what)
