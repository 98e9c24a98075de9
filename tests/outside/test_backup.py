"""Backups under load, restores under load, and both killed at any moment."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.forks import Command, run_all
from tests.support.outside import (
    content,
    error_of,
    fingerprint,
    finish,
    sound,
    start,
    without_traceback,
)
from tests.support.warm_process import WarmProcess


@contextmanager
def writers(url: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Programs that write without pause until the block is over."""
    processes = [
        WarmProcess(
            ["mix", str(url), str(n), "100000"],
            program="tests.outside.workers",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for n in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            _code, _out, err = finish(process)
            assert err == ""


def operations(path: Path) -> int:
    return len(content(str(path))["operation"])


@pytest.mark.parametrize("times", [3, pytest.param(60, marks=pytest.mark.long)])
def test_every_backup_under_load_is_sound(times: int, shop: Path, tmp_path: Path) -> None:
    grown = []
    with writers(shop, 2) as processes:
        for turn in range(times):
            copy = tmp_path / f"copy-{turn}.db"
            code, out, err = finish(start("db", "backup", copy, "--json"))
            assert (code, err) == (0, "")
            answer = json.loads(out)
            assert (answer["checked"], answer["bytes"]) == (True, copy.stat().st_size)
            assert stat.S_IMODE(copy.stat().st_mode) == 0o600
            sound(copy)
            grown.append(operations(copy))
            copy.unlink()
        while times == 3 and operations(shop) == grown[0]:
            time.sleep(0.05)
        assert all(process.poll() is None for process in processes)
    assert grown == sorted(grown)
    assert operations(shop) > grown[0]  # they did write meanwhile
    assert not list(tmp_path.glob("copy-*"))  # nor is anything left


@pytest.mark.parametrize("times", [6, pytest.param(100, marks=pytest.mark.long)])
def test_a_backup_that_is_killed_has_no_name(times: int, shop: Path, invoke: Run) -> None:
    assert invoke("db", "seed", "--clients", 3000, "-q").code == 0
    before = content(str(shop))
    chance, seconds, left = random.Random(1), 0.6, []
    for turn in range(times):
        copy = shop.with_name(f"copy-{turn}.db")
        begun = time.monotonic()
        process = start("db", "backup", copy, "-q")
        time.sleep(chance.uniform(0.1, seconds))
        process.kill()
        if finish(process)[0] == 0:
            seconds = max(0.3, (time.monotonic() - begun) * 0.9)
            assert copy.exists()
        if copy.exists():
            sound(copy)
            assert content(str(copy)) == before
        left.append(copy.exists())
        for path in shop.parent.glob("copy-*"):
            path.unlink()
    assert content(str(shop)) == before


def test_a_backup_never_overwrites_unless_told(shop: Path, tmp_path: Path, invoke: Run) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"precious")
    result = invoke("db", "backup", copy, "--json")
    assert (result.code, result.error["code"]) == (5, "db.exists")
    assert copy.read_bytes() == b"precious"
    assert invoke("db", "backup", copy, "--overwrite", "--dry-run", "-q") == (0, "", "")
    assert copy.read_bytes() == b"precious"
    assert invoke("db", "backup", copy, "--overwrite", "-q") == (0, "", "")
    assert content(str(copy)) == content(str(shop))
    for place in (tmp_path, tmp_path / "nowhere" / "copy.db", "/dev/null", "/dev/full"):
        result = invoke("db", "backup", place, "--json")
        assert result.code in (5, 74)
        without_traceback(result.stderr)
        assert error_of(result.stderr)["error"]["applied"] is False
    assert Path("/dev/null").is_char_device()


# Restoring


@pytest.fixture
def monday(shop: Path, tmp_path: Path, invoke: Run) -> Path:
    """A backup; the shop has gone on since."""
    path = tmp_path / "monday.db"
    assert invoke("db", "backup", path, "-q").code == 0
    assert invoke("client", "deactivate", "ACME", "BETA", "-y", "-q").code == 0
    return path


RESTORE = ("db", "restore", "monday.db", "--confirm", "interop.db")


def test_what_was_saved_comes_back(shop: Path, monday: Path, invoke: Run) -> None:
    saved, later = content(str(monday)), content(str(shop))
    identity, hashes = shop.stat().st_ino, fingerprint(monday)
    assert invoke(*RESTORE, "--dry-run", "-q") == (0, "", "")
    assert content(str(shop)) == later
    result = invoke(*RESTORE, "--json")
    assert (result.code, result.stderr) == (0, "")
    assert content(str(shop)) == saved
    kept = Path(result.json["kept"])
    assert kept == shop.with_name("interop.db.before-restore")
    assert content(str(kept)) == later
    assert fingerprint(monday) == hashes
    # The same file: whoever has it open sees the new content.
    assert shop.stat().st_ino == identity
    sound(shop)
    # And what was kept can be restored in its turn.
    args = ("db", "restore", kept, "--confirm", "interop.db", "-q")
    assert invoke(*args) == (0, "", "")
    assert content(str(shop)) == later


def test_into_a_place_where_nothing_is(monday: Path, tmp_path: Path, invoke: Run) -> None:
    fresh = tmp_path / "fresh.db"
    args = ("--db", fresh, "db", "restore", monday, "--confirm", "fresh.db", "--json")
    result = invoke(*args)
    assert (result.code, result.json["kept"]) == (0, None)
    assert content(str(fresh)) == content(str(monday))
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("fresh*")) == ["fresh.db"]


@pytest.mark.parametrize("damage", ["zeros", "text", "empty", "cut", "page"])
def test_over_what_no_longer_works(damage: str, shop: Path, monday: Path, invoke: Run) -> None:
    data = shop.read_bytes()
    broken = {
        "zeros": bytes(len(data)),
        "text": b"oops\n" * 1000,
        "empty": b"",
        "cut": data[: len(data) // 2],
        "page": data[:4096] + b"\x7f" * 4096 + data[8192:],
    }[damage]
    shop.write_bytes(broken)
    assert invoke("db", "check").code in (3, 70)
    result = invoke(*RESTORE, "--json")
    assert (result.code, result.stderr) == (0, "")
    assert content(str(shop)) == content(str(monday))
    assert Path(result.json["kept"]).read_bytes() == broken
    assert invoke("client", "edit", "ACME", "--terms", "x").code == 0


@pytest.mark.parametrize("source", ["text", "foreign", "cut", "page", "newer", "missing", "empty"])
def test_only_a_sound_backup_is_restored(
    source: str, shop: Path, monday: Path, invoke: Run, tmp_path: Path
) -> None:
    data = monday.read_bytes()
    if source == "foreign":
        monday.write_bytes(data[:68] + b"\0\0\0\7" + data[72:])
    elif source == "newer":
        with closing(sqlite3.connect(monday)) as conn, conn:
            conn.execute("INSERT INTO migration VALUES ('9999_future', '2030-01-01T00:00:00Z')")
    elif source == "missing":
        monday.unlink()
    else:
        monday.write_bytes(
            {
                "text": b"oops\n" * 1000,
                "cut": data[: len(data) // 2],
                "empty": b"",
                "page": data[:4096] + b"\x7f" * 4096 + data[8192:],
            }[source]
        )
    before = fingerprint(shop)
    for more in ((), ("--dry-run",)):
        result = invoke(*RESTORE, *more, "--json")
        assert result.code == (3 if source in ("missing", "empty") else 70)
        assert result.error["applied"] is False
    assert fingerprint(shop) == before
    assert not shop.with_name("interop.db.before-restore").exists()


def test_a_journal_that_was_changed_is_said(shop: Path, monday: Path, invoke: Run) -> None:
    with closing(sqlite3.connect(monday)) as conn, conn:
        rules = conn.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'operation'")
        rules = [(name, sql) for name, sql in rules.fetchall() if sql.startswith("CREATE TRIGGER")]
        for name, _sql in rules:
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("UPDATE operation SET actor = 'nobody' WHERE id = 2")
        for _name, sql in rules:
            conn.execute(sql)
    for more in (("--dry-run",), ()):
        result = invoke(*RESTORE, *more, "--json")
        assert (result.code, result.json["tool"], result.json["broken"]) == (0, "sqlite", 1)
        assert "journal verify" in result.stderr


def test_a_restore_waits_for_its_turn(shop: Path, monday: Path, invoke: Run) -> None:
    before = content(str(shop))
    with closing(sqlite3.connect(shop, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        result = invoke(*RESTORE, "--lock-timeout", "0.5", "--json")
        assert (result.code, result.error["code"]) == (75, "db.busy")
        holder.execute("ROLLBACK")
    assert content(str(shop)) == before
    assert invoke(*RESTORE, "-q").code == 0


@pytest.mark.parametrize("times", [2, pytest.param(40, marks=pytest.mark.long)])
def test_a_restore_under_load(times: int, shop: Path, monday: Path, tmp_path: Path) -> None:
    """Writers find the old or the new database, never a mix, and none of them breaks it."""
    with writers(shop, 3) as processes:
        for _turn in range(times):
            time.sleep(0.3)
            code, _out, err = finish(start(*RESTORE, "-q", cwd=tmp_path))
            assert (code, err) == (0, "")
            sound(shop.with_name("interop.db.before-restore"))
        time.sleep(0.3)
        assert all(process.poll() is None for process in processes)
    sound(shop)
    (answer,) = run_all([Command(["journal", "verify", "--json"])], tmp_path)
    assert (answer.code, answer.stdout) == (0, "[]\n")


@pytest.mark.parametrize("times", [5, pytest.param(100, marks=pytest.mark.long)])
def test_a_restore_that_is_killed(times: int, shop: Path, tmp_path: Path, invoke: Run) -> None:
    assert invoke("db", "seed", "--clients", 3000, "-q").code == 0
    monday = tmp_path / "monday.db"
    shutil.copy(shop, monday)
    assert invoke("client", "edit", "ACME", "--terms", "later", "-q").code == 0
    later = tmp_path / "later"
    shutil.copy(shop, later)
    old, new = content(str(shop)), content(str(monday))
    chance = random.Random(2)
    for _turn in range(times):
        shutil.copy(later, shop)
        process = start(*RESTORE, "-q", cwd=tmp_path)
        time.sleep(chance.uniform(0.1, 0.8))
        process.kill()
        code = finish(process)[0]
        (answer,) = run_all([Command(["db", "check", "--json"])], tmp_path)
        assert (answer.code, answer.stdout) == (0, "[]\n")
        found = content(str(shop))
        assert found in (old, new)
        assert code != 0 or found == new
        kept = shop.with_name("interop.db.before-restore")
        if kept.exists():
            assert content(str(kept)) == old
            kept.unlink()
