"""A backup restored to a server, and a server's backup to a file: whole, or nothing is changed."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from interop_cli.store import migrations
from interop_cli.store.engines.copies import copies
from interop_cli.store.engines.open import connect
from interop_cli.store.engines.transfer import layout
from tests.support.cli import Run
from tests.support.outside import content, finish, sound, start
from tests.support.postgres import programs

TOOLS = {"pg_dump": "pg_restore", "copy": "sqlite"}
BY_BOTH = pytest.mark.parametrize("tool", TOOLS)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """A function that has the programs of PostgreSQL there (``pg_dump``), or not."""

    def use(tool: str) -> None:
        monkeypatch.setenv("PATH", str(programs() if tool == "pg_dump" else tmp_path))

    return use


@pytest.fixture
def back_up(
    path: Callable[[str], None], tmp_path: Path, postgres_shop: str, invoke: Run
) -> Callable[[str], Path]:
    """A function that makes a backup of the shop on the server; the shop has gone on since."""

    def back_up(tool: str) -> Path:
        path(tool)
        file = tmp_path / "monday"
        assert invoke("sync", "add", "books", "file", "--set", "profile=csv", "-q").code == 0
        _meet(postgres_shop)
        assert invoke("config", "set", "mail.enabled", "true", "-q").code == 0
        note = "tabulation\there, \\N and \\t, line\nbreak, fin\\"
        assert invoke("note", "create", "ACME", "--text", note, "-q").code == 0
        assert invoke("client", "edit", "BETA", "--phone", "", "--terms", "net30", "-q").code == 0
        assert invoke("db", "backup", file, "--json").json["tool"] == tool
        assert invoke("client", "deactivate", "ACME", "BETA", "-y", "-q").code == 0
        assert invoke("client", "delete", "MAYBE", "--confirm", "MAYBE", "-q").code == 0
        return file

    return back_up


def _meet(url: str) -> None:
    import psycopg

    with psycopg.connect(url) as conn:
        conn.execute("UPDATE sync_target SET introduced = 1, pulled_at = '2026-11-24T12:00:00Z'")


def name_of(url: str) -> str:
    return url.split("/")[3].split("?")[0]


def held(url: str, *, but: tuple[str, ...] = ("sync_target", "user_role")) -> dict[str, Any]:
    """The rows that a restore brings back; of the targets of sync it leaves out two columns."""
    found = content(url)
    return {place.name: found[place.name] for place in layout() if place.name not in but}


def restoring(url: str, file: Path) -> tuple[object, ...]:
    return ("--db", url, "db", "restore", file, "--confirm", name_of(url), "--json")


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(url) as conn:
        return conn.execute(sql).fetchall()  # type: ignore[call-overload, no-any-return]


def healthy(url: str, invoke: Run) -> None:
    for words in (("journal", "verify"), ("db", "check"), ("sales", "verify")):
        result = invoke("--db", url, *words)
        assert (words, result.code) == (words, 0), result.stdout


@BY_BOTH
def test_what_a_server_held_comes_back(
    tool: str, back_up: Callable[[str], Path], postgres_url: str, postgres_shop: str, invoke: Run
) -> None:
    copied = ("--db", postgres_shop, "client", "export", "--json")
    file, later = back_up(tool), content(postgres_shop)
    result = invoke(*restoring(postgres_shop, file), "--dry-run")
    assert (result.code, result.json["tool"], result.json["broken"]) == (0, TOOLS[tool], 0)
    assert result.json["kept"] == "public_before_restore"
    assert content(postgres_shop) == later
    exported = invoke(*copied).stdout
    result = invoke(*restoring(postgres_shop, file))
    assert result.code == 0, result.stderr
    told = result.json
    assert (told["kept"], told["targets"]) == ("public_before_restore", ["books"])
    assert (told["tool"], told["migrated"], told["dropped"]) == (TOOLS[tool], [], [])
    assert told["operations"] == len(content(postgres_shop)["operation"])
    assert invoke("client", "list", "-o", "codes").stdout.split()[:2] == ["ACME", "BETA"]
    assert "line\nbreak, fin\\" in invoke("note", "list", "ACME", "--json").json[0]["text"]
    assert query(postgres_shop, "SELECT introduced, pulled_at FROM sync_target") == [(0, None)]
    assert told["mail_off"]
    assert ("false",) in query(postgres_shop, "SELECT value FROM setting")
    saved = held(postgres_shop)
    healthy(postgres_shop, invoke)
    # Ids go on where they were, and the search finds what is there.
    assert invoke("client", "list", "--search", "peut", "-o", "codes").stdout == "MAYBE\n"
    assert invoke("client", "edit", "MAYBE", "--terms", "x", "-q").code == 0
    # What was there is a database of its own.
    aside = f"{postgres_shop}&options=-csearch_path%3Dpublic_before_restore"
    assert invoke("--db", aside, "client", "export", "--json").stdout == exported
    # The same rows come back elsewhere, on a server and in a file.
    fresh = str(file.with_name("fresh.db"))
    words = ("--db", fresh, "db", "restore", file, "--confirm", "fresh.db", "--json")
    for url, args in ((postgres_url, restoring(postgres_url, file)), (fresh, words)):
        result = invoke(*args)
        assert (result.code, result.json["kept"]) == (0, None), result.stderr
        assert held(url) == saved
        assert invoke("--db", url, "client", "edit", "ACME", "--terms", "x", "-q").code == 0
    sound(fresh)
    # And what was kept can be restored in its turn.
    if tool == "copy":
        before = file.with_name("before.db")
        assert invoke("db", "copy", aside, before, "-q").code == 0
        assert invoke(*restoring(postgres_shop, before)).json["kept"] == "public_before_restore_2"
        last = held(postgres_shop, but=("sync_target", "user_role", "setting"))
        assert last == {name: later[name] for name in last}


RIGHTS = (
    "SELECT relname, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
)


def test_rights_roles_and_what_others_made_stay(
    back_up: Callable[[str], Path], postgres_shop: str, invoke: Run
) -> None:
    import psycopg

    login = "restored_editor"
    with psycopg.connect(postgres_shop, autocommit=True) as conn:
        conn.execute(f"DROP ROLE IF EXISTS {login}")
        conn.execute(f"CREATE ROLE {login} LOGIN")
        conn.execute("CREATE VIEW theirs AS SELECT code FROM client")
    try:
        assert invoke("db", "user", "set", "postgres", "admin", "-q").code == 0
        file = back_up("pg_dump")
        assert invoke("db", "grant", login, "editor", "-q").code == 0
        granted = query(postgres_shop, RIGHTS)
        findings = invoke("db", "doctor", "--json").stdout
        assert invoke(*restoring(postgres_shop, file)).code == 0
        found = query(postgres_shop, RIGHTS)
        assert found == granted
        users = {
            (user["uid"], user["role"]) for user in invoke("db", "user", "list", "--json").json
        }
        assert users == {("postgres", "admin"), (login, "editor")}
        after = json.loads(invoke("db", "doctor", "--json").stdout)
        assert [row for row in after if row["code"] != "backup.kept"] == json.loads(findings)
        theirs = postgres_shop.replace("postgres@", f"{login}@")
        assert invoke("--db", theirs, "client", "edit", "ACME", "--terms", "x", "-q").code == 0
        assert "MAYBE" in str(query(postgres_shop, "SELECT * FROM theirs"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(theirs, "SELECT * FROM public_before_restore.client")
        for words in (restoring(theirs, file), (*restoring(theirs, file), "--dry-run")):
            refused = invoke(*words)
            assert (refused.code, refused.error["code"]) == (4, "db.denied")
        with psycopg.connect(postgres_shop) as conn, pytest.raises(psycopg.errors.RaiseException):
            conn.execute("DELETE FROM operation")  # the journal only grows, as before
    finally:
        with psycopg.connect(postgres_shop, autocommit=True) as conn:
            conn.execute(f"DROP OWNED BY {login}; DROP ROLE {login}")


def test_of_what_was_kept_the_newest_stay(
    shop_url: str, engine: str, tmp_path: Path, invoke: Run
) -> None:
    name = name_of(shop_url) if engine == "postgres" else "interop.db"
    if engine == "postgres":
        stem, between, there = "public_before_restore", "_", lambda: schemas_of(shop_url)
    else:
        stem, between, there = f"{shop_url}.before-restore", "-", lambda: files_of(shop_url)
    file = tmp_path / "monday"
    assert invoke("db", "backup", file, "-q").code == 0
    words = ("db", "restore", file, "--confirm", name, "--json")
    kept = [stem, *(f"{stem}{between}{number}" for number in (2, 3, 4))]
    for found in kept[:2]:
        assert invoke(*words).json["kept"] == found
    told = invoke(*words, "--keep", "1", "--dry-run").json
    assert (told["kept"], told["dropped"]) == (kept[2], kept[:2])
    assert there() == kept[:2]
    told = invoke(*words, "--keep", "1").json
    assert (told["kept"], told["dropped"]) == (kept[2], kept[:2])
    assert there() == kept[2:3]
    assert invoke(*words, "--keep", "0").code == 2
    if engine == "sqlite":  # what was restored is left
        words = ("db", "restore", kept[2], "--confirm", name, "--keep", "1", "--json")
        assert invoke(*words).json["dropped"] == []
        assert there() == kept[2:]
    else:
        codes = [row["code"] for row in invoke("db", "doctor", "--json").json]
        assert "backup.kept" in codes
        with closing(connect(shop_url, lock_timeout=5)) as conn:
            assert copies(conn) == kept[2:3]  # which erasing a person tells of


def schemas_of(url: str) -> list[str]:
    sql = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%before%' ORDER BY 1"
    return [name for (name,) in query(url, sql)]


def files_of(path: str) -> list[str]:
    return sorted(map(str, Path(path).parent.glob("*before*")))


@pytest.fixture
def holder(postgres_shop: str) -> Iterator[Any]:
    """A session with a transaction open."""
    import psycopg

    with psycopg.connect(postgres_shop) as conn:
        yield conn
        conn.rollback()


def test_it_waits_for_writers_and_for_no_reader(
    back_up: Callable[[str], Path], holder: Any, postgres_shop: str, invoke: Run
) -> None:
    file = back_up("copy")
    before = content(postgres_shop)
    holder.execute("LOCK TABLE write_turn IN ROW EXCLUSIVE MODE")
    refused = invoke(*restoring(postgres_shop, file), "--lock-timeout", "0.3")
    assert (refused.code, refused.error["code"], refused.error["applied"]) == (75, "db.busy", False)
    assert content(postgres_shop) == before
    holder.rollback()
    # Who reads goes on with what was there when it began.
    holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    seen = holder.execute("SELECT code, active FROM client ORDER BY id").fetchall()
    assert invoke(*restoring(postgres_shop, file)).code == 0
    assert holder.execute("SELECT code, active FROM client ORDER BY id").fetchall() == seen
    holder.rollback()
    assert holder.execute("SELECT code, active FROM client ORDER BY id").fetchall() != seen


@BY_BOTH
def test_an_older_backup_is_brought_to_the_present_schema(
    tool: str,
    path: Callable[[str], None],
    postgres_url: str,
    postgres_shop: str,
    tmp_path: Path,
    invoke: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path(tool)
    steps = [step.name for step in migrations.MIGRATIONS]
    file, name = tmp_path / "old", steps.index("0016_by_client")
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:name])
        assert invoke("--db", postgres_url, "db", "init", "-q").code == 0
        assert invoke("--db", postgres_url, "db", "backup", file, "-q").code == 0
        older = held(postgres_url, but=("operation", "user_role", "migration", "setting"))
    for url in (postgres_shop, postgres_url):  # onto the present schema, and onto an older one
        result = invoke(*restoring(url, file))
        assert (result.code, result.json["migrated"]) == (0, steps[name:]), result.stderr
        assert result.json["kept"] == "public_before_restore"
        assert invoke("--db", url, "client", "list", "--json").json == []
        healthy(url, invoke)
    assert older["client"] == []


@pytest.mark.parametrize("damage", ["cut", "text", "newer", "foreign", "no program"])
def test_only_a_sound_dump_is_restored(
    damage: str,
    path: Callable[[str], None],
    postgres_shop: str,
    postgres_url: str,
    tmp_path: Path,
    invoke: Run,
) -> None:
    import psycopg

    file = tmp_path / "monday"
    if damage == "newer":
        assert invoke("--db", postgres_url, "db", "init", "-q").code == 0
        with psycopg.connect(postgres_url) as conn:
            conn.execute("INSERT INTO migration VALUES ('9999_future', '2030-01-01T00:00:00Z')")
    url = postgres_url if damage in ("newer", "foreign") else postgres_shop
    dump = [programs() / "pg_dump", "--format=custom", f"--file={file}", url]
    subprocess.run(dump, check=True)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-5000])
    elif damage == "text":
        file.write_bytes(file.read_bytes()[:40] + b"oops\n" * 1000)
    path("copy" if damage == "no program" else "pg_dump")
    before = content(postgres_shop)
    for more in ((), ("--dry-run",)):
        result = invoke(*restoring(postgres_shop, file), *more)
        assert (result.code, result.error["applied"]) == (FAULTS[damage][0], False), result.stderr
        assert result.error["code"] == FAULTS[damage][1]
    assert content(postgres_shop) == before
    assert schemas_of(postgres_shop) == []


FAULTS = {
    "cut": (70, "db.corrupt"),
    "text": (70, "db.foreign"),
    "newer": (70, "db.newer"),
    "foreign": (70, "db.foreign"),
    "no program": (78, "db.pg_restore"),
}


@pytest.mark.long
def test_a_restore_that_is_killed(
    back_up: Callable[[str], Path], postgres_shop: str, invoke: Run
) -> None:
    assert invoke("db", "seed", "--clients", 2000, "-q").code == 0
    words = ("db", "restore", back_up("pg_dump"), "--keep", "1", "-q", "--confirm")
    assert invoke(*words, name_of(postgres_shop)).code == 0
    new, chance, codes = held(postgres_shop), random.Random(3), set()
    for _turn in range(30):
        assert invoke("client", "edit", "ACME", "--terms", "later", "-q").code == 0
        old = held(postgres_shop)
        process = start(*words, name_of(postgres_shop))
        time.sleep(chance.uniform(0.2, 4))
        process.kill()
        codes.add(finish(process)[0])
        assert held(postgres_shop) in (old, new)
        assert len(schemas_of(postgres_shop)) == 1
    assert 137 in codes
