"""A whole database copied between files and servers: the same there, or nothing there."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from interop_cli.store import migrations
from interop_cli.store.engines.address import without_password
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.open import connect, open_database
from interop_cli.store.engines.transfer import layout
from tests.support.cli import Run
from tests.support.engines import MadeOnce
from tests.support.outside import content, finish, start

New = Callable[[str], str]
BOTH = pytest.mark.parametrize("there", ["sqlite", "postgres"])
TRACES = ("client_code", "redaction", "erasure", "blob", "document_line", "counter", "sales_total")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> New:
    """A place on an engine where nothing is yet, a new one each time."""

    def place(engine: str) -> str:
        from tests.support.postgres import FOLDER, url_of

        if engine == "sqlite":
            numbers = len(list(tmp_path.glob("place-*")))
            folder = tmp_path / f"place-{numbers}"
            folder.mkdir()
            return str(folder / "copy.db")
        name = request.getfixturevalue("postgres_server")("template0")
        return url_of(request.config.stash[FOLDER], name)

    return place


@pytest.fixture
def worn(made_once: MadeOnce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Run) -> str:
    """A shop that has been through what leaves traces."""
    monkeypatch.setenv("INTEROP_TODAY", "2026-11-24")
    url = made_once("worn", lambda url: wear(url, tmp_path, invoke))
    monkeypatch.setenv("INTEROP_DB", url)
    return url


def wear(url: str, tmp_path: Path, invoke: Run) -> None:
    """Have all commands done that leave traces: each of them must have worked."""

    def done(*args: object) -> Any:
        result = invoke("--db", url, *args, "--json")
        assert result.code in (0, 10), result.stderr
        return result.json if result.stdout else None

    (tmp_path / "logo.svg").write_text(LOGO)
    done("db", "seed", "--profile", "shop", "--clients", 12, "--years", 1)
    for code in ("KEEP", "LOSE", "OLD", "GONE"):
        place = ("--line1", "1 rue A", "--city", "Québec", "--postal-code", "G1K 7X2")
        done("client", "create", f"Maison {code}", "--code", code, *place)
    done("client", "logo", "KEEP", tmp_path / "logo.svg")
    person = ("--name", "Zoé Tremblay", "--email", "zoe@example.com")
    contact = done("contact", "create", "LOSE", *person)["items"][0]["id"]
    done("contact", "edit", contact, "--email", "zoe.tremblay@example.com")
    note = done("note", "create", "LOSE", "--category", "ventes", "--text", "Été")
    done("note", "attach", note["items"][0]["id"], tmp_path / "logo.svg")
    done("client", "recode", "OLD", "NEW", "--confirm", "OLD")
    done("client", "merge", "KEEP", "LOSE", "--confirm", "KEEP")
    done("contact", "erase", contact, "--confirm", contact)
    line = ("--line", "Cartes;500;0.08")
    done("sales", "invoice", "create", "KEEP", *line)
    done("sales", "refresh")
    done("client", "delete", "GONE", "--confirm", "GONE")
    done("config", "set", "defaults.province", "QC")
    undone = done("client", "deactivate", "NEW")["operation_id"]
    done("journal", "undo", undone, "-y")
    done("sync", "add", "books", "file", "--set", "profile=csv")
    with_conn(url, _meet)


def _meet(conn: Connection) -> None:
    with conn.write():
        conn.execute("UPDATE sync_target SET introduced = 1, pulled_at = '2026-11-24T12:00:00Z'")


def with_conn(url: str, work: Callable[[Connection], Any]) -> Any:
    conn = connect(url, lock_timeout=30)
    try:
        return work(conn)
    finally:
        conn.close()


def held_in(url: str) -> dict[str, Any]:
    """All that a copy has: rows, and which ids were given already."""
    found = content(url)
    last = with_conn(url, lambda conn: conn.last_ids())
    rows = {place.name: found[place.name] for place in layout()}
    return {**rows, "ids": {name: last[name] for name in rows if last.get(name)}}


def healthy(url: str, invoke: Run) -> None:
    for words in (("journal", "verify"), ("db", "check"), ("sales", "verify")):
        result = invoke("--db", url, *words)
        assert (words, result.code, result.stderr) == (words, 0, result.stderr), result.stdout


def unmet(found: dict[str, Any]) -> dict[str, Any]:
    """As a clone has it; and without the list of users, who are known by other names there."""
    kept = {name: rows for name, rows in found.items() if name not in ("sync_target", "user_role")}
    kept["ids"] = {name: last for name, last in found["ids"].items() if name != "user_role"}
    return kept


@BOTH
def test_a_copy_and_its_copy_are_the_same(worn: str, there: str, place: New, invoke: Run) -> None:
    before = held_in(worn)
    assert [name for name in TRACES if not before[name]] == []
    once, again = place(there), place("sqlite" if worn.startswith("postgresql") else "postgres")
    result = invoke("db", "copy", worn, once, "--json")
    assert result.code == 0, result.stderr
    assert result.json["targets"] == ["books"]
    assert result.json["rows"] == sum(len(rows) for name, rows in before.items() if name != "ids")
    assert invoke("db", "copy", once, again, "-q").code == 0
    assert unmet(held_in(once)) == unmet(held_in(again)) == unmet(before)
    assert held_in(worn) == before
    for url in (once, again):
        (target,) = with_conn(url, lambda conn: conn.query("SELECT * FROM sync_target"))
        assert (target["introduced"], target["pulled_at"]) == (0, None)
        healthy(url, invoke)
        # A former code, and a word of a name, find the client there; what is new gets a new id.
        ours = ("--db", url, "client")
        assert invoke(*ours, "show", "LOSE", "--json").json["code"] == "KEEP"
        assert invoke(*ours, "list", "--search", "mais", "-o", "codes").stdout == "KEEP\nNEW\n"
        made = invoke("--db", url, "client", "promote", "NEW", "--json")
        assert made.code == 0, made.stderr


@BOTH
def test_a_move_takes_its_place(worn: str, there: str, place: New, invoke: Run) -> None:
    target, before = place(there), held_in(worn)
    result = invoke("db", "copy", worn, target, "--move", "--json")
    assert result.code == 0, result.stderr
    assert (result.json["targets"], result.json["moved"]) == ([], True)
    found = held_in(target)
    assert unmet(found) == unmet(before)
    assert found["sync_target"] == before["sync_target"]
    # The source is read, and written by nobody.
    for words in (
        ("client", "edit", "KEEP", "--name", "X"),
        ("config", "set", "defaults.province", "ON"),
        ("sales", "refresh"),
        ("journal", "undo", "1", "-y"),
        ("db", "seed"),
        ("db", "copy", worn, place("sqlite"), "--move"),
    ):
        refused = invoke(*words, "-o", "json")
        assert (words, refused.code, refused.error["code"]) == (words, 70, "db.moved")
    assert held_in(worn) == before
    assert invoke("client", "show", "KEEP").code == 0
    assert invoke("db", "info", "--json").json["moved_to"] == without_password(target)
    assert "db.moved" in invoke("db", "doctor", "--json").stdout
    assert invoke("db", "migrate", "-q").code == 0
    # The way back: a copy of it can be written to.
    third = place("sqlite")
    assert invoke("db", "copy", worn, third, "-q").code == 0
    assert invoke("--db", third, "client", "edit", "KEEP", "--name", "X", "-q").code == 0
    assert invoke("--db", target, "client", "edit", "KEEP", "--name", "X", "-q").code == 0


@BOTH
def test_a_copy_that_is_not_what_was_read_is_not_kept(
    worn: str, there: str, place: New, invoke: Run
) -> None:
    target = place(there)
    assert invoke("--db", target, "db", "init", "-q").code == 0
    before = content(target)
    with_conn(target, lambda conn: [conn.execute(sql) for sql in MEDDLING[there]])
    result = invoke("db", "copy", worn, target, "--move", "--json")
    assert (result.code, result.error["code"]) == (70, "db.copy")
    assert result.error["applied"] is False
    assert "setting" in result.error["message"]
    assert content(target) == before
    assert invoke("client", "edit", "KEEP", "--name", "X", "-q").code == 0  # not moved, then


MEDDLING = {
    "sqlite": [
        "CREATE TRIGGER meddling AFTER INSERT ON setting BEGIN"
        " UPDATE setting SET value = 'ON' WHERE name = 'defaults.province'; END"
    ],
    "postgres": [
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.name = 'defaults.province' THEN NEW.value = 'ON'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER meddling BEFORE INSERT ON setting FOR EACH ROW EXECUTE FUNCTION meddle()",
    ],
}  # fmt: skip


@BOTH
def test_what_holds_something_is_left_alone(
    ready_url: str, there: str, place: New, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, older, fresh = place(there), place(there), place(there)
    assert invoke("--db", taken, "db", "init", "-q").code == 0
    assert invoke("db", "copy", ready_url, taken, "--dry-run", "-q").code == 0
    assert invoke("--db", taken, "config", "set", "defaults.province", "ON", "-q").code == 0
    before = content(taken)
    for flags in ((), ("--dry-run",), ("--move",)):
        result = invoke("db", "copy", ready_url, taken, *flags, "--json")
        assert (result.code, result.error["code"]) == (5, "db.exists")
    assert invoke("db", "copy", taken, taken, "--json").error["code"] == "db.exists"
    assert content(taken) == before
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:-1])
        assert invoke("--db", older, "db", "init", "-q").code == 0
    for pair in ((older, fresh), (ready_url, older)):
        result = invoke("db", "copy", *pair, "--json")
        assert (result.code, result.error["code"]) == (70, "db.older")
        assert f"--db {without_password(older)} db migrate" in result.error["hint"]
    assert invoke("db", "copy", ready_url, fresh, "--dry-run", "-q").code == 0
    assert invoke("db", "copy", ready_url, fresh, "--move", "--dry-run", "-q").code == 0
    assert is_nothing(fresh)
    assert invoke("db", "copy", ready_url, fresh, "-q").code == 0


def test_the_tables_of_others_are_left_alone(
    ready_url: str, place: New, tmp_path: Path, invoke: Run
) -> None:
    server, file = place("postgres"), tmp_path / "theirs.db"
    with_conn(server, lambda conn: conn.execute("CREATE TABLE theirs (id INTEGER)"))
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("CREATE TABLE theirs (id INTEGER)")
    assert invoke("db", "copy", ready_url, server, "--json").error["code"] == "db.exists"
    assert invoke("db", "copy", ready_url, file, "--json").error["code"] == "db.foreign"


def is_nothing(url: str) -> bool:
    if url.startswith("postgresql"):
        return not content(url)
    return not Path(url).exists() or not content(url)


@BOTH
@pytest.mark.parametrize("times", [4, pytest.param(60, marks=pytest.mark.long)])
def test_a_copy_that_is_killed_leaves_nothing(
    ready_url: str, there: str, times: int, place: New, invoke: Run
) -> None:
    assert invoke("--db", ready_url, "db", "seed", "--clients", 2000, "-q").code == 0
    before, chance, seconds, whole = held_in(ready_url), random.Random(1), 1.0, None
    for _turn in range(times):
        target = place(there)
        begun = time.monotonic()
        process = start("db", "copy", ready_url, target, "--move", "-q")
        time.sleep(chance.uniform(0.1, seconds))
        process.kill()
        if finish(process)[0] == 0:
            seconds = max(0.3, (time.monotonic() - begun) * 0.9)
            whole = target
            break
        if is_nothing(target):
            assert with_conn(ready_url, lambda conn: conn.query("SELECT * FROM moved")) == []
            whole = target
        else:  # killed after the commit: as a clone it sends nothing, and is whole
            assert unmet(held_in(target)) == unmet(before)
            break
    else:
        assert whole is not None
        assert invoke("db", "copy", ready_url, whole, "-q").code == 0  # into the same place
        assert unmet(held_in(whole)) == unmet(before)


def test_whoever_copies_to_a_server_is_admin_there(
    sqlite_ready_url: str, place: New, invoke: Run
) -> None:
    assert invoke("--db", sqlite_ready_url, "db", "user", "set", "1234", "admin", "-q").code == 0
    server, back = place("postgres"), place("sqlite")
    result = invoke("db", "copy", sqlite_ready_url, server, "--json")
    assert (result.code, result.json["admin"]) == (0, "postgres")
    assert "postgres" in result.stderr
    assert invoke("--db", server, "config", "set", "defaults.province", "ON", "-q").code == 0
    assert invoke("db", "copy", server, back, "--json").json["admin"] is not None


def test_a_role_that_may_not_set_may_not_move(
    sqlite_ready_url: str, place: New, invoke: Run
) -> None:
    assert invoke("--db", sqlite_ready_url, "db", "user", "set", "1234", "admin", "-q").code == 0
    target = place("sqlite")
    refused = invoke("db", "copy", sqlite_ready_url, target, "--move", "--json")
    assert (refused.code, refused.error["code"]) == (4, "rights.missing")
    assert is_nothing(target)
    assert invoke("db", "copy", sqlite_ready_url, target, "-q").code == 0
    conn = open_database(target)
    conn.close()
