"""Eight processes at once: no update lost, no error within the lock time, one winner of a race."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Run
from tests.support.outside import (
    content,
    environment,
    error_of,
    finish,
    sound,
    start,
    without_traceback,
)
from tests.support.warm_process import WarmProcess

PROCESSES = 8
Answers = list[tuple[int, Any]]


def together(kind: str, url: str, times: int) -> list[Answers]:
    """What each of the eight got."""
    processes = [
        WarmProcess(
            [kind, url, str(number), str(times)],
            program="tests.outside.workers",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    found = []
    for process in processes:
        code, out, err = finish(process)
        assert (code, err) == (0, ""), err
        found.append([tuple(answer) for answer in json.loads(out)])
    return found


def consistent(url: str, answers: list[Answers], invoke: Run) -> None:
    """The journal has every operation that was acknowledged, and the database is sound."""
    assert invoke("journal", "verify", "--json")[:2] == (0, "[]\n")
    assert invoke("db", "check", "--json")[:2] == (0, "[]\n")
    if not url.startswith("postgresql"):
        sound(url)
    told = [
        answer["operation_id"]
        for each in answers
        for code, answer in each
        if code == 0 and isinstance(answer, dict) and answer.get("operation_id")
    ]
    assert len(told) == len(set(told))
    assert set(told) <= {row[0] for row in content(url)["operation"]}


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.long)])
def test_no_update_is_lost(times: int, shop_url: str, invoke: Run) -> None:
    answers = together("count", shop_url, times)
    for each in answers:
        assert sum(code == 0 for code, _answer in each) == times
        assert {code for code, _answer in each} <= {0, 5}
        refused = [answer["error"]["code"] for code, answer in each if code == 5]
        assert set(refused) <= {"conflict.version"}
    card = invoke("client", "show", "ACME", "--json").json
    assert int(card["terms"]) == PROCESSES * times
    consistent(shop_url, answers, invoke)


@pytest.mark.parametrize("times", [5, pytest.param(100, marks=pytest.mark.long)])
def test_no_two_clients_get_the_same_code(times: int, shop_url: str, invoke: Run) -> None:
    answers = together("create", shop_url, times)
    codes = [answer["items"][0]["code"] for each in answers for _code, answer in each]
    assert {code for each in answers for code, _answer in each} == {0}
    assert len(codes) == PROCESSES * times
    stem = codes[0].rpartition("-")[0]
    assert sorted(codes) == sorted(f"{stem}-{n + 1}" for n in range(PROCESSES * times))
    consistent(shop_url, answers, invoke)


@pytest.mark.parametrize("times", [8, pytest.param(150, marks=pytest.mark.long)])
def test_anything_at_once_leaves_a_sound_database(times: int, shop_url: str, invoke: Run) -> None:
    before = len(content(shop_url)["operation"])
    answers = together("mix", shop_url, times)
    assert {code for each in answers for code, _answer in each} <= {0, 3, 5}, [
        answer for each in answers for code, answer in each if code not in (0, 3, 5)
    ]
    consistent(shop_url, answers, invoke)
    written = sum(
        code == 0 and isinstance(answer, dict) and bool(answer.get("operation_id"))
        for each in answers
        for code, answer in each
    )
    assert len(content(shop_url)["operation"]) == before + written


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the writers' lock, as a program that takes its time does."""
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url) as holder:
            holder.execute("LOCK TABLE write_turn IN EXCLUSIVE MODE")
            yield
        return
    with closing(sqlite3.connect(url, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("timeout", ["0", "1"])
def test_the_lock_is_not_waited_for_longer_than_asked(
    timeout: str, shop_url: str, invoke: Run
) -> None:
    before = content(shop_url)
    with locked(shop_url):
        for args in (("client", "edit", "ACME", "--terms", "x"), ("client", "import", "-")):
            begun = time.monotonic()
            result = invoke(
                *args,
                "--lock-timeout",
                timeout,
                "--json",
                stdin="code,name,line1,city,postal_code\nZ,Z,1 rue A,Québec,G1K 4A1\n",
            )
            waited = time.monotonic() - begun
            error = error_of(result.stderr)["error"]
            assert (result.code, error["code"]) == (75, "db.busy")
            assert (error["retryable"], error["applied"]) == (True, False)
            assert float(timeout) <= waited < 25  # and not the 30 seconds of the default
        assert invoke("client", "list", "-q").code == 0  # readers are not in the way
    assert content(shop_url) == before
    assert invoke("client", "edit", "ACME", "--terms", "x", "--lock-timeout", timeout).code == 0


def test_the_lock_is_waited_for(shop_url: str) -> None:
    with locked(shop_url):
        process = start("client", "edit", "ACME", "--terms", "x", "-q")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
    assert finish(process) == (0, "", "")


def test_a_reader_waits_for_no_longer_either(shop: Path, invoke: Run) -> None:
    with closing(sqlite3.connect(shop, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        result = invoke("client", "list", "--json", "--lock-timeout", "0.5")
        assert (result.code, result.stdout) == (75, "")
        assert error_of(result.stderr)["error"]["retryable"] is True
    assert invoke("client", "list", "--json").code == 0


def test_a_slow_reader_of_a_list_does_not_hold_up_writers(shop_url: str, invoke: Run) -> None:
    assert invoke("db", "seed", "--clients", 1500, "-q").code == 0
    reader = start("client", "list", "-o", "json")
    assert reader.stdout
    assert reader.stdout.read(1000)  # it has begun, and now has to wait for us
    result = invoke("client", "edit", "ACME", "--terms", "x", "--lock-timeout", "10")
    assert result.code == 0
    assert reader.poll() is None
    code, _out, err = finish(reader)
    assert (code, err) == (0, "")


def test_readers_never_see_half_a_batch(shop_url: str, invoke: Run) -> None:
    assert invoke("db", "seed", "--clients", 800, "-q").code == 0
    codes = invoke("client", "list", "-o", "codes").stdout
    everybody = len(codes.split())
    writers = [
        start("client", verb, "-", "-y", "-q", "--max-affected", 5000)
        for verb in ("deactivate", "activate", "deactivate")
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(codes.encode())
        writer.stdin.close()
        writer.stdin = None
    seen = set()
    while any(writer.poll() is None for writer in writers):
        listed = invoke("client", "list", "-o", "codes")
        assert listed.code == 0
        seen.add(len(listed.stdout.split()))
    assert [finish(writer)[0] for writer in writers] == [0, 0, 0]
    assert seen <= {0, everybody}


# One winner


def race(*args: object, **env: str) -> list[tuple[int, str, str]]:
    processes = [start(*args, env=environment(**env)) for _ in range(PROCESSES)]
    ended = [finish(process) for process in processes]
    for _code, _out, err in ended:
        without_traceback(err)
    return ended


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.long)])
def test_one_of_eight_makes_the_database(rounds: int, tmp_path: Path, invoke: Run) -> None:
    for turn in range(rounds):
        path = tmp_path / f"{turn}" / "new.db"
        ended = race("--db", path, "db", "init")
        assert sorted(code for code, _out, _err in ended) == [0] + [5] * (PROCESSES - 1)
        assert invoke("--db", path, "client", "list", "--json")[:2] == (0, "[]\n")
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(path.parent.iterdir()) == [path]
        sound(path)


def test_one_of_eight_makes_the_database_on_a_server(postgres_url: str, invoke: Run) -> None:
    ended = race("--db", postgres_url, "db", "init")
    assert sorted(code for code, _out, _err in ended) == [0] + [5] * (PROCESSES - 1)
    assert invoke("--db", postgres_url, "client", "list", "--json")[:2] == (0, "[]\n")


TOMORROW = """
import sys, types
from interop_cli.cli import main
from interop_cli.store import migrations
module = types.ModuleType(f"{migrations.__name__}.m9999_test")
module.m9999_test = lambda conn, ddl: ddl("CREATE TABLE later (id {int} PRIMARY KEY) {strict}")
sys.modules[module.__name__] = module
migrations.MIGRATIONS = (*migrations.MIGRATIONS, migrations.Migration("9999_test", "m9999_test"))
sys.exit(main(sys.argv[1:]))
"""


def newer_program(*args: object) -> subprocess.Popen[bytes]:
    """A program of tomorrow, which knows one step more."""
    return WarmProcess(
        [str(arg) for arg in args],
        program=TOMORROW,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.long)])
def test_eight_migrate_and_one_step_is_taken(
    rounds: int, shop: Path, tmp_path: Path, invoke: Run
) -> None:
    old = shop.read_bytes()
    before = content(str(shop))
    for _ in range(rounds):
        shop.write_bytes(old)
        assert finish(newer_program("client", "list"))[0] == 70  # an older schema, and a hint
        ended = [finish(p) for p in [newer_program("db", "migrate", "--json") for _ in range(8)]]
        assert [code for code, _out, _err in ended] == [0] * 8, ended
        took = [json.loads(out)["applied"] for _code, out, _err in ended]
        assert sorted(took) == [[]] * 7 + [["9999_test"]]
        after = content(str(shop))
        assert after.pop("later") == []
        assert [row[0] for row in after.pop("migration")][-1] == "9999_test"
        assert after == {name: rows for name, rows in before.items() if name != "migration"}
        # The copy is of what there was before, whoever made it.
        assert content(f"{shop}.before-9999_test") == before
        assert finish(newer_program("client", "list", "-q"))[0] == 0
        assert invoke("client", "list").code == 70


@pytest.mark.parametrize("times", [3, pytest.param(40, marks=pytest.mark.long)])
def test_a_migration_that_is_killed_was_not_begun(times: int, shop: Path) -> None:
    old = shop.read_bytes()
    before = content(str(shop))
    for turn in range(times):
        shop.write_bytes(old)
        process = newer_program("db", "migrate", "--no-backup", "-q")
        time.sleep(0.1 + 0.5 * turn / times)
        process.kill()
        finish(process)
        found = content(str(shop))
        assert found == before or "later" in found
        assert ("later" in found) == (found["migration"][-1][0] == "9999_test")
