"""What killed runs leave beside a database, and what others put there: cleared, kept, or told."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from interop_cli.store.engines import sqlite
from tests.support.cli import Run
from tests.support.outside import content, environment

RESTORE = ("db", "restore", "monday.db", "--confirm", "interop.db")


@pytest.fixture
def monday(shop: Path, invoke: Run) -> Path:
    """A backup; the shop has gone on since."""
    assert invoke("db", "backup", "monday.db", "-q").code == 0
    assert invoke("client", "deactivate", "BETA", "-y", "-q").code == 0
    return shop.with_name("monday.db")


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*part*"))


@contextmanager
def at_work(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has printed a line and goes on; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env=environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_copy_of_a_killed_run_is_cleared_away_and_one_at_work_stays(
    shop: Path, invoke: Run
) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom interop_cli.store.engines import beside\n"
        f"with beside.made(Path({str(shop.parent)!r}), 'other.db') as path:\n"
        "    path.write_bytes(b'half'); Path(f'{path}-journal').write_bytes(b'x')\n"
        "    print(flush=True); time.sleep(600)\n"
    )
    mine = shop.with_name("notes.interop-part")
    mine.write_text("no name of ours")
    with at_work(code):
        there = parts(shop.parent)
        assert len(there) == 3
        assert invoke("db", "backup", "copy.db", "-q").code == 0
        assert parts(shop.parent) == there
    assert invoke("db", "backup", "copy.db", "--overwrite", "-q").code == 0
    assert parts(shop.parent) == [mine.name]


@pytest.mark.parametrize("command", [("db", "backup", "new.db"), RESTORE])
def test_a_run_that_is_killed_leaves_nothing_for_ever(
    command: tuple[str, ...], monday: Path, shop: Path, invoke: Run
) -> None:
    """Killed while it checks its copy."""
    code = (
        "import time\nfrom interop_cli.store.engines import copies\n"
        "def wait(path, **_options):\n"
        "    if 'part' not in str(path): return []\n"
        "    print(flush=True); time.sleep(600)\n"
        "copies.problems_of = wait\n"
        f"from interop_cli.cli import main\nmain(['--db', {str(shop)!r}, *{command!r}])\n"
    )
    before = content(str(shop))
    with at_work(f"import os; os.chdir({str(shop.parent)!r})\n{code}"):
        assert len(parts(shop.parent)) == 1
    assert content(str(shop)) == before
    assert not shop.with_name("new.db").exists()
    assert invoke(*command, "-q").code == 0
    assert parts(shop.parent) == []


def test_what_a_restore_kept_is_not_replaced_by_the_next(
    shop: Path, monday: Path, invoke: Run
) -> None:
    later = content(str(shop))
    first = invoke(*RESTORE, "--json").json["kept"]
    second = invoke(*RESTORE, "--json").json["kept"]
    assert (Path(first).name, Path(second).name) == (
        "interop.db.before-restore",
        "interop.db.before-restore-2",
    )
    assert content(first) == later
    assert content(second) == content(str(monday))


def test_an_init_that_was_killed_is_begun_anew(tmp_path: Path, invoke: Run) -> None:
    """While pages of it stood in the file already."""
    path = tmp_path / "new.db"
    code = (
        "import sqlite3, time\n"
        f"c = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE TABLE t (x)')\n"
        "c.executemany('INSERT INTO t VALUES (?)', [('x' * 3000,)] * 200)\n"
        "print(flush=True); time.sleep(600)\n"
    )
    with at_work(code):
        assert path.stat().st_size
    assert path.stat().st_size
    done = invoke("--db", path, "db", "init", "--json")
    assert (done.code, done.stderr) == (0, "The database new.db is ready.\n") or done.code == 0
    assert invoke("--db", path, "db", "check").code == 0


def test_a_database_whose_writer_was_killed_is_no_empty_one(shop: Path, invoke: Run) -> None:
    code = (
        "import sqlite3, time\n"
        f"c = sqlite3.connect({str(shop)!r}, isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE TABLE t (x)')\n"
        "c.executemany('INSERT INTO t VALUES (?)', [('x' * 3000,)] * 200)\n"
        "print(flush=True); time.sleep(600)\n"
    )
    before = content(str(shop))
    with at_work(code):
        pass
    done = invoke("db", "init", "--json")
    assert (done.code, done.error["code"]) == (5, "db.exists")
    assert content(str(shop)) == before


@pytest.mark.parametrize("kind", ["symlink", "hard link", "folder", "pipe"])
def test_a_lock_is_not_taken_in_a_file_of_another(kind: str, shop: Path, invoke: Run) -> None:
    precious = shop.with_name("precious.txt")
    precious.write_text("precious")
    lock = Path(f"{shop}.sales-refresh.lock")
    if kind == "symlink":
        lock.symlink_to(precious)
    elif kind == "hard link":
        lock.hardlink_to(precious)
    elif kind == "folder":
        lock.mkdir()
    else:
        os.mkfifo(lock)
    done = invoke("sales", "refresh", "--json")
    assert (done.code, done.error["code"]) == (74, "io.lock")
    assert precious.read_text() == "precious"
    if kind == "folder":
        lock.rmdir()
    else:
        lock.unlink()
    assert invoke("sales", "refresh", "-q").code == 0


# What others made


TRIGGER = "CREATE TRIGGER mine AFTER UPDATE ON client BEGIN DELETE FROM note; END"


def planted(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_triggers_and_views_of_others_are_seen_and_left_behind(
    shop: Path, monday: Path, invoke: Run
) -> None:
    planted(monday, TRIGGER, "CREATE VIEW v AS SELECT 1", "CREATE TABLE theirs (x)")
    tried = invoke(*RESTORE, "--dry-run", "--json")
    done = invoke(*RESTORE, "--json")
    for result in (tried, done):
        assert result.code == 0
        assert result.json["left_out"] == ["trigger mine", "view v"]
    with closing(sqlite3.connect(shop)) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert not names & {"mine", "v"}
    assert "theirs" in names
    assert invoke("db", "check").code == 0
    planted(shop, "CREATE VIEW v AS SELECT 1")
    found = invoke("db", "check", "--json")
    assert (found.code, [row["code"] for row in found.json]) == (10, ["schema.strange"])
    planted(shop, TRIGGER)
    assert invoke("db", "check").code == 70


def test_a_journal_without_its_guard_is_not_restored(shop: Path, monday: Path, invoke: Run) -> None:
    planted(monday, "DROP TRIGGER change_no_UPDATE")
    done = invoke(*RESTORE, "--json")
    assert (done.code, done.error["code"]) == (70, "db.corrupt")
    planted(shop, "DROP TRIGGER change_no_UPDATE")
    found = invoke("db", "check", "--json")
    assert (found.code, found.json[0]["code"]) == (70, "schema.lacking")


def test_triggers_of_others_on_a_server(postgres_shop: str, invoke: Run) -> None:
    import psycopg

    with psycopg.connect(postgres_shop, autocommit=True) as raw:
        raw.execute(
            "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM note; RETURN NEW; END $$"
        )
        assert invoke("db", "check").code == 0
        raw.execute("CREATE TRIGGER mine AFTER UPDATE ON client EXECUTE FUNCTION mine()")
    found = invoke("db", "check", "--json")
    assert (found.code, [row["code"] for row in found.json]) == (70, ["schema.strange"])


def test_a_backup_that_cannot_be_read_now_is_not_called_damaged(
    shop: Path, monday: Path, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def opened(uri: str, lock_timeout: float) -> object:
        waited.append(lock_timeout)
        return begin(uri, lock_timeout)

    begin = sqlite._open
    monkeypatch.setattr(sqlite, "_open", opened)
    with closing(sqlite3.connect(monday, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        done = invoke(*RESTORE, "--lock-timeout", "0.2", "--json")
        assert (done.code, done.error["code"]) == (75, "db.busy")
        assert waited == [0.2]  # once, and as long as was asked for
        holder.execute("ROLLBACK")


def test_only_a_sound_copy_of_this_database_is_a_backup(shop: Path, invoke: Run) -> None:
    def warned() -> bool:
        return "backup.age" in {row["code"] for row in invoke("db", "doctor", "--json").json}

    shop.with_name("interop.txt").write_text("no backup")
    assert invoke("--db", "interop-2.db", "db", "init").code == 0
    assert warned()
    assert invoke("db", "backup", "monday.db", "-q").code == 0
    assert not warned()
    copy = shop.with_name("monday.db")
    data = copy.read_bytes()
    copy.write_bytes(data[:4096] + b"\x7f" * 4096 + data[8192:])
    assert warned()
    copy.write_bytes(data)
    os.utime(copy, (1, 1))
    assert warned()


@pytest.mark.parametrize("name", ["postal_code", "client_search_fts", "operation", "migration"])
def test_a_wrong_letter_in_the_schema_is_damage(name: str, shop: Path, invoke: Run) -> None:
    with closing(sqlite3.connect(shop)) as db, db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = replace(sql, :name, :other),"
            " name = replace(name, :name, :other), tbl_name = replace(tbl_name, :name, :other)",
            {"name": name, "other": name[:-1] + "x"},
        )
    codes = set()
    for command in (
        ("client", "list"),
        ("client", "show", "ACME"),
        ("client", "edit", "ACME", "--city", "X"),
    ):
        done = invoke(*command, "--json")
        if done.code:
            codes.add((done.code, done.error["code"]))
    assert codes == {(70, "db.corrupt")}
