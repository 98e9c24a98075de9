"""Files that are no database of ours, or no longer: refused as documented, and left as they are."""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.forks import MEGABYTE, Command, Ended, run_all
from tests.support.outside import content, error_of, fingerprint, sound, without_traceback

CPU = 5  # seconds
READS = (["client", "list"], ["client", "show", "ACME"], ["journal", "verify"], ["db", "check"])
WRITES = (
    ["client", "edit", "ACME", "--terms", "x"],
    ["db", "migrate"],
    ["db", "backup", "copy.db"],
)


def _foreign(path: Path) -> None:
    """A database that another program made, as a browser's."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA application_id = 7")
        conn.execute("CREATE TABLE client (id INTEGER PRIMARY KEY, url TEXT)")
        conn.executemany("INSERT INTO client (url) VALUES (?)", [("x" * 100,)] * 500)
        conn.commit()


def _plain(path: Path) -> None:
    """One that says nothing about who made it."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (x)")
        conn.commit()


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


Make = Callable[[Path], object]
STRANGE: dict[str, tuple[Make, int, str]] = {
    "missing": (lambda path: None, 3, "db.missing"),
    "missing folder": (lambda path: path.symlink_to("no/where.db"), 3, "db.missing"),
    "empty": (lambda path: path.touch(), 3, "db.missing"),
    "foreign": (_foreign, 70, "db.foreign"),
    "plain": (_plain, 70, "db.foreign"),
    "text": (lambda path: path.write_text("not a database\n" * 100), 70, "db.foreign"),
    "random": (lambda path: path.write_bytes(random.Random(1).randbytes(9000)), 70, "db.foreign"),
    "magic only": (lambda path: path.write_bytes(b"SQLite format 3\0"), 70, "db.foreign"),
    "zeros": (lambda path: path.write_bytes(bytes(8192)), 70, "db.foreign"),
    "huge hole": (lambda path: _sparse(path, 10 * 2**30), 70, "db.foreign"),
    "folder": (lambda path: path.mkdir(), 70, "db.not_a_file"),
    "fifo": (os.mkfifo, 70, "db.not_a_file"),
    "socket": (_socket, 70, "db.not_a_file"),
    "/dev/zero": (lambda path: path.symlink_to("/dev/zero"), 70, "db.not_a_file"),
    "/dev/null": (lambda path: path.symlink_to("/dev/null"), 70, "db.not_a_file"),
    "loop": (lambda path: path.symlink_to(path.name), 74, "io.database"),
}


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def attempts(path: Path, commands: tuple[list[str], ...] = READS + WRITES) -> list[Command]:
    return [
        Command(["--db", str(path), *args, "--json"], memory=200 * MEGABYTE, cpu=CPU)
        for args in commands
    ]


def refused(ended: Ended, code: int, *dotted: str) -> None:
    without_traceback(ended.stderr)
    assert (ended.code, ended.stdout) == (code, ""), ended
    error = error_of(ended.stderr)["error"]
    assert error["code"] in dotted
    assert error["applied"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="makes files as Linux has them")
def test_a_strange_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    commands, expected = [], []
    for number, (make, code, dotted) in enumerate(STRANGE.values()):
        path = tmp_path / f"strange-{number}.db"
        make(path)
        tried = attempts(path)
        if code != 3:
            tried += attempts(path, (["db", "init"],))
        commands += tried
        expected += [(5, "db.exists") if c.args[3] == "init" else (code, dotted) for c in tried]
    before = {path: _state(path) for path in tmp_path.iterdir()}
    for ended, (code, dotted) in zip(run_all(commands, tmp_path), expected, strict=True):
        refused(ended, code, dotted)
    for name in ("forked.out", "forked.err"):
        (tmp_path / name).unlink()
    assert {path: _state(path) for path in tmp_path.iterdir()} == before


def _state(path: Path) -> tuple[object, ...]:
    """What would show that a file was written or replaced."""
    status = os.lstat(path)
    small = stat.S_ISREG(status.st_mode) and status.st_size < MEGABYTE
    return status.st_ino, status.st_size, status.st_mtime_ns, path.read_bytes() if small else b""


@pytest.mark.parametrize("how", ["step", "user_version"])
def test_a_newer_schema_is_not_touched(how: str, shop: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(shop)) as conn:
        if how == "step":
            conn.execute("INSERT INTO migration VALUES ('9999_future', '2030-01-01T00:00:00Z')")
        else:
            conn.execute("PRAGMA user_version = 9999")
        conn.commit()
    before, touched = fingerprint(shop), shop.stat().st_mtime_ns
    # `db check` looks at what is wrong with a file whatever its schema.
    commands = tuple(args for args in READS + WRITES if args != ["db", "check"])
    for ended in run_all(attempts(shop, commands), tmp_path):
        refused(ended, 70, "db.newer")
    assert (fingerprint(shop), shop.stat().st_mtime_ns) == (before, touched)
    assert not (tmp_path / "copy.db").exists()


def test_a_newer_schema_on_a_server_is_not_touched(postgres_shop: str, invoke: Run) -> None:
    import psycopg

    with psycopg.connect(postgres_shop) as conn:
        conn.execute("INSERT INTO migration VALUES ('9999_future', '2030-01-01T00:00:00Z')")
    before = content(postgres_shop)
    for args in (*READS[:3], *WRITES[:2]):
        result = invoke(*args, "--json")
        assert (result.code, result.error["code"]) == (70, "db.newer")
    assert content(postgres_shop) == before


@pytest.mark.parametrize("keep", [0.99, 0.5, 0.1, 0.03])
def test_a_file_cut_short(keep: float, shop: Path, tmp_path: Path) -> None:
    size = int(shop.stat().st_size * keep)
    os.truncate(shop, size)
    before = fingerprint(shop)
    for ended in run_all(attempts(shop), tmp_path):
        without_traceback(ended.stderr)
        assert ended.code == 70, ended
        if ended.stdout == "":
            assert error_of(ended.stderr)["error"]["code"] == "db.corrupt"
    assert fingerprint(shop) == before
    assert not (tmp_path / "copy.db").exists()


def test_links(shop: Path, tmp_path: Path, invoke: Run) -> None:
    (tmp_path / "link.db").symlink_to(shop)
    assert invoke("--db", tmp_path / "link.db", "client", "edit", "ACME", "--terms", "x").code == 0
    assert (tmp_path / "link.db").is_symlink()
    sound(shop)
    os.link(shop, tmp_path / "hard.db")
    before = fingerprint(shop)
    for path in (shop, tmp_path / "hard.db", tmp_path / "link.db"):
        for args in (*READS[:2], *WRITES):
            result = invoke("--db", path, *args, "--json")
            assert (result.code, result.error["code"]) == (78, "db.hard_link")
    assert fingerprint(shop) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_file_we_may_only_read(shop: Path, invoke: Run) -> None:
    shop.chmod(0o400)
    assert invoke("client", "list").code == 0
    result = invoke("client", "edit", "ACME", "--terms", "x", "--json")
    assert (result.code, result.error["code"]) == (74, "io.read_only")
    shop.chmod(0)
    assert invoke("client", "list").code == 74


def test_names_that_a_url_would_take_apart(shop: Path, tmp_path: Path, invoke: Run) -> None:
    """A path is a path: nothing in it is an option, a query or an escape."""
    for name in ("a?mode=memory.db", "b#c.db", "d%20e.db", "é à.db", "'\";--.db", "$(id).db"):
        path = Path(shutil.copy(shop, tmp_path / name))
        assert invoke("--db", path, "client", "edit", "ACME", "--terms", name[:4]).code == 0
        assert invoke("--db", path, "client", "show", "ACME", "--json").json["terms"] == name[:4]
        sound(path)
    assert invoke("--db", f"file:{shop}", "client", "list").code == 3
    assert invoke("--db", ":memory:", "client", "list").code == 3
    assert invoke("--db", "", "client", "list").code == 2


def test_a_name_of_bytes_that_are_no_text(shop: Path, tmp_path: Path, invoke: Run) -> None:
    path = Path(shutil.copy(shop, tmp_path / os.fsdecode(b"\xff.db")))
    assert invoke("--db", path, "client", "list").code == 0
    assert invoke("--db", path, "client", "edit", "ACME", "--terms", "x").code == 0


def test_only_the_owner_may_read_what_we_make(tmp_path: Path, invoke: Run) -> None:
    for mask in (0o000, 0o022, 0o077):
        before = os.umask(mask)
        taken_up = tmp_path / f"empty-{mask}.db"
        try:
            path = tmp_path / f"mask-{mask}" / "folder" / "new.db"
            assert invoke("--db", path, "db", "init", "-q").code == 0
            taken_up.touch()
            assert invoke("--db", taken_up, "db", "init", "-q").code == 0
            assert invoke("--db", path, "db", "backup", path.with_name("copy.db"), "-q").code == 0
        finally:
            os.umask(before)
        for made in (path, path.with_name("copy.db"), taken_up):
            assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# Damage


def flipped(shop: Path, folder: Path, count: int, seed: int) -> list[Path]:
    """Copies of the shop with one byte changed in each."""
    chance, data = random.Random(seed), shop.read_bytes()
    paths = []
    for number in range(count):
        place = chance.randrange(len(data))
        damaged = bytearray(data)
        damaged[place] ^= 1 << chance.randrange(8)
        path = folder / f"flip-{number}-{place}.db"
        path.write_bytes(damaged)
        paths.append(path)
    return paths


ALLOWED = {
    "list": {0, 70, 74, 78},
    "show": {0, 3, 70, 74, 78},
    "edit": {0, 3, 5, 65, 70, 74, 78},
    "verify": {0, 10, 70, 74, 78},
    "check": {0, 70, 74, 78},
    "undo": {0, 3, 5, 70, 74, 78},
    "export": {0, 70, 74, 78},
    "history": {0, 3, 70, 74, 78},
}
ON_DAMAGE = (
    ["client", "list"],
    ["client", "list", "--search", "quebec"],
    ["client", "show", "ACME"],
    ["client", "history", "ACME"],
    ["client", "export"],
    ["journal", "verify"],
    ["db", "check"],
    ["client", "edit", "ACME", "--terms", "x", "--dry-run"],
    ["journal", "undo", "2", "--dry-run"],
)


def survive(shop: Path, tmp_path: Path, count: int, seed: int) -> int:
    """Run everything on damaged copies; how many of them ``db check`` finds."""
    paths = flipped(shop, tmp_path, count, seed)
    commands = [command for path in paths for command in attempts(path, ON_DAMAGE)]
    hashes = [fingerprint(path) for path in paths]
    found = 0
    for command, ended in zip(commands, run_all(commands, tmp_path), strict=True):
        without_traceback(ended.stderr)
        assert ended.code in ALLOWED[command.args[3]], (command.args, ended)
        found += command.args[3] == "check" and ended.code != 0
    assert [fingerprint(path) for path in paths] == hashes
    return found


def test_one_wrong_bit_is_no_crash(shop: Path, tmp_path: Path) -> None:
    survive(shop, tmp_path, 10, seed=1)


def test_text_that_is_no_text_is_told_as_damage(shop: Path, invoke: Run) -> None:
    """SQLite keeps any bytes as text; Python is who cannot read them, and has no code for it."""
    with closing(sqlite3.connect(shop)) as db, db:
        db.execute("UPDATE client SET name = CAST(X'41FF' AS TEXT)")
    result = invoke("--db", shop, "client", "list", "--json")
    assert (result.code, result.error["code"]) == (70, "db.corrupt")


@pytest.mark.long
def test_five_hundred_wrong_bits(shop: Path, tmp_path: Path) -> None:
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        survive(shop, folder, 25, seed)


def test_damage_in_every_page_header_is_found(shop: Path, tmp_path: Path) -> None:
    """Where a page begins, its type stands: no page of another kind passes for it."""
    data = shop.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    commands = []
    for page in range(1, len(data) // size):
        damaged = bytearray(data)
        damaged[page * size : page * size + 12] = b"\x7f" * 12
        path = tmp_path / f"page-{page}.db"
        path.write_bytes(damaged)
        commands += attempts(path, (["db", "check"],))
    ended = run_all(commands, tmp_path)
    assert {one.code for one in ended} == {70}
