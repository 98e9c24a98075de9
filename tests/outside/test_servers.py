"""A PostgreSQL server does what its address says, and holds nobody up for longer than asked."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.cli import Run
from tests.support.outside import PROGRAM, content, error_of, finish, start
from tests.support.postgres import pg_ctl, programs, server_apart
from tests.support.proxy import through

NUMBERS = itertools.count(1)
PLACE = ("--line1", "1, rue A", "--city", "Québec", "--postal-code", "G1K 4A1")
READS = (
    ["client", "list", "--filter", "city = Québec"],
    ["client", "list", "--search", "acme"],
    ["client", "show", "ACME"],
    ["client", "export"],
    ["client", "history", "ACME"],
    ["client", "why-not", "ACME"],
    ["client", "duplicates"],
    ["contact", "list"],
    ["address", "list"],
    ["note", "list"],
    ["sales", "document", "list"],
    ["sales", "totals"],
    ["sales", "report"],
    ["sales", "chart", "ACME"],
    ["sync", "targets"],
    ["sync", "status"],
    ["config", "list"],
    ["journal", "list"],
    ["journal", "show", "1"],
    ["journal", "verify"],
    ["db", "info"],
    ["db", "user", "list"],
    ["db", "check"],
    ["db", "doctor"],
)


@pytest.fixture
def role(postgres_shop: str, invoke: Run) -> Iterator[Callable[[str], str]]:
    """A function that makes a login and gives it a role of ours (or none): its address."""
    import psycopg

    made = []
    assert invoke("db", "user", "set", "postgres", "admin", "-q").code == 0

    def make(ours: str) -> str:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"someone_{worker}_{next(NUMBERS)}"
        with psycopg.connect(postgres_shop, autocommit=True) as conn:
            conn.execute(f"CREATE ROLE {name} LOGIN")
        made.append(name)
        assert not ours or invoke("db", "grant", name, ours, "-q").code == 0
        return postgres_shop.replace("postgres@", f"{name}@")

    yield make
    with psycopg.connect(postgres_shop, autocommit=True) as conn:
        for name in made:
            conn.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


# What the address says


def test_two_companies_in_two_schemas(postgres_url: str, invoke: Run) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as conn:
        conn.execute("CREATE SCHEMA co_a; CREATE SCHEMA co_b")
    chosen = quote("-csearch_path=co_a")
    ways = {
        "A": {"INTEROP_DB": f"{postgres_url}&options={chosen}"},
        "B": {"INTEROP_DB": postgres_url, "PGOPTIONS": "-csearch_path=co_b"},
    }
    for code, env in ways.items():
        assert invoke("db", "init", "-q", env=env).code == 0
        assert invoke("client", "create", code, "--code", code, *PLACE, "-q", env=env).code == 0
    for code, env in ways.items():
        assert invoke("client", "list", "-o", "codes", env=env).stdout == f"{code}\n"
        assert invoke("sales", "refresh", "-q", env=env).code == 0
    with psycopg.connect(postgres_url) as conn:
        tables = conn.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'client'")
        assert sorted(tables.fetchall()) == [("co_a",), ("co_b",)]


def test_a_schema_that_is_not_there(postgres_url: str, invoke: Run) -> None:
    env = {"INTEROP_DB": postgres_url, "PGOPTIONS": "-csearch_path=nowhere"}
    for words in (["db", "init"], ["client", "list"], ["db", "migrate"], ["db", "check"]):
        result = invoke(*words, "--json", env=env)
        assert (result.code, result.error["code"]) == (78, "db.schema"), words


def test_a_schema_that_this_user_may_not_use(
    role: Callable[[str], str], postgres_shop: str, invoke: Run
) -> None:
    """It is there, and so is the database in it: nobody is told to make one."""
    import psycopg

    url = role("")
    with psycopg.connect(postgres_shop, autocommit=True) as conn:
        conn.execute("REVOKE USAGE ON SCHEMA public FROM public")
    for words in (["client", "list"], ["client", "edit", "ACME", "--terms", "y"], ["db", "info"]):
        result = invoke("--db", url, *words, "--json")
        assert (result.code, result.error["code"]) == (78, "db.schema"), words


def test_the_form_of_pairs_and_the_environment(postgres_shop: str, invoke: Run) -> None:
    import psycopg.conninfo

    found = psycopg.conninfo.conninfo_to_dict(postgres_shop)
    pairs = f"host={found['host']} dbname='{found['dbname']}' user=postgres password=geheim"
    assert "ACME\n" in invoke("--db", pairs, "client", "list", "-o", "codes").stdout
    info = invoke("--db", pairs, "db", "info", "--json").stdout
    assert "geheim" not in info
    env = {"PGHOST": str(found["host"]), "PGDATABASE": str(found["dbname"]), "PGUSER": "postgres"}
    assert "ACME\n" in invoke("--db", "postgresql://", "client", "list", "-o", "codes", env=env)[1]


def test_the_kind_of_session_that_is_asked_for(postgres_shop: str, invoke: Run) -> None:
    for wanted, code in (("standby", 69), ("read-only", 69), ("primary", 0), ("any", 0)):
        result = invoke(
            "--db", f"{postgres_shop}&target_session_attrs={wanted}", "client", "list", "--json"
        )
        assert result.code == code
        assert code == 0 or result.error["code"] == "db.session"
    result = invoke("client", "list", env={"PGTARGETSESSIONATTRS": "standby"})
    assert result.code == 69


def test_of_several_hosts_the_one_that_takes_writes(postgres_shop: str, invoke: Run) -> None:
    soon = ("--lock-timeout", "1")  # how long one is waited for that takes writes
    with through(postgres_shop) as gone, through(postgres_shop) as there:
        gone.gone.set()
        hosts = f"127.0.0.1:{gone.port},127.0.0.1:{there.port}"
        url = f"postgresql://postgres@{hosts}/{there.way.database}"
        assert invoke("--db", url, "client", "edit", "ACME", "--terms", "x", "-q").code == 0
        env = {"PGOPTIONS": "-cdefault_transaction_read_only=on"}
        result = invoke("--db", url, "client", "list", "--json", *soon, env=env)
        assert (result.code, result.error["code"]) == (69, "db.session")
        anyone = f"{url}?target_session_attrs=any"
        assert invoke("--db", anyone, "client", "list", "--json", env=env).code == 0


def test_settings_of_the_address_stand(postgres_shop: str, invoke: Run) -> None:
    """One that is shorter than ours shows: the long one would end this test."""
    import psycopg

    env = {"PGOPTIONS": "-clock_timeout=100 -cstatement_timeout=20000"}
    with psycopg.connect(postgres_shop) as holder:
        holder.execute("LOCK TABLE client")
        words = ("client", "list", "--json", "--lock-timeout", "600")
        result = invoke(*words, env=env)
        assert (result.code, result.error["code"]) == (75, "db.busy")
        result = invoke(*words, env={"PGOPTIONS": "-cstatement_timeout=100"})
        assert (result.code, result.error["code"]) == (75, "db.cancelled")


def test_another_encoding_of_the_client_changes_nothing(postgres_shop: str, invoke: Run) -> None:
    env = {"PGCLIENTENCODING": "SQL_ASCII"}
    result = invoke("client", "edit", "ACME", "--name", "Œuvre à l’encre", "-q", env=env)
    assert result.code == 0, result.stderr
    assert invoke("client", "show", "ACME", "--json", env=env).json["name"] == "Œuvre à l’encre"


def test_every_session_says_whose_it_is(
    postgres_shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one, the one after a loss, by a service, those that look, and that of pg_dump."""
    from psycopg.conninfo import conninfo_to_dict

    from interop_cli.store.engines import dumps, postgres_session
    from interop_cli.store.engines.postgres import connect

    def name_of(url: str, *, lost: bool = False) -> str:
        conn = connect(url, lock_timeout=5)
        if lost:
            conn.raw.close()
            assert conn.renew()
        (row,) = conn.query("SELECT current_setting('application_name') AS name")
        conn.close()
        return str(row["name"])

    there = conninfo_to_dict(postgres_shop)
    lines = [f"{name}={value}" for name, value in there.items()]
    (tmp_path / "services").write_text("\n".join(["[shop]", *lines]))
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert name_of(postgres_shop) == name_of(postgres_shop, lost=True) == "interop"
    assert name_of("postgresql:///?service=shop") == "interop"
    assert name_of(f"{postgres_shop}&application_name=payroll") == "payroll"

    asked = b"SELECT current_setting('application_name') = 'interop' OR 0 = "
    monkeypatch.setattr(postgres_session, "WORKING", asked)
    conn = connect(postgres_shop, lock_timeout=5)
    assert postgres_session._works(conn.raw, conn.raw.address, time.monotonic() + 20)
    conn.close()

    told = list[dict[str, str]]()
    done = subprocess.CompletedProcess[str]([], 0)
    monkeypatch.setattr(dumps, "_run", lambda _words, environ: told.append(environ) or done)
    dumps._dump("pg_dump", "pg_restore", postgres_shop, tmp_path / "dump")
    assert told[0]["PGAPPNAME"] == "interop"
    monkeypatch.setenv("PGAPPNAME", "payroll")
    dumps._dump("pg_dump", "pg_restore", postgres_shop, tmp_path / "dump")
    assert told[-1]["PGAPPNAME"] == name_of(postgres_shop) == "payroll"


# Who


def test_the_login_is_named_and_the_system_s_user_beside_it(
    role: Callable[[str], str], invoke: Run
) -> None:
    url = role("editor")
    login = url.split("//")[1].split("@")[0]
    assert invoke("--db", url, "note", "create", "ACME", "--text", "x", "-q").code == 0
    (note,) = invoke("--db", url, "note", "list", "ACME", "--json").json
    entry = invoke("--db", url, "journal", "list", "--json").json[0]
    assert note["author"] == entry["actor"]
    assert entry["actor"].startswith(f"{login} (system: ")
    users = invoke("db", "user", "list", "--json").json
    assert (login, "editor") in {(user["name"], user["role"]) for user in users}


def test_a_viewer_stops_nobody(role: Callable[[str], str], postgres_shop: str, invoke: Run) -> None:
    """Every lock that a viewer can take, on all that is there, while others write."""
    import psycopg

    url = role("viewer")
    modes = ("ACCESS SHARE", "ROW SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE")
    with psycopg.connect(url) as viewer:
        tables = [
            name
            for (name,) in viewer.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        ]
        assert {"write_turn", "task"} <= set(tables)
        taken = set()
        for table, mode in itertools.product(tables, modes):
            try:
                with viewer.transaction():
                    viewer.execute(f"LOCK TABLE {table} IN {mode} MODE")  # type: ignore[call-overload]
                taken.add(mode)
            except psycopg.errors.InsufficientPrivilege:
                continue
        assert taken == {"ACCESS SHARE"}
        for table in tables:
            viewer.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")  # type: ignore[call-overload]
        for key in (0x494F434C, 0x494F):  # those of earlier versions
            viewer.execute("SELECT pg_advisory_lock(%s)", [key])
        for words in (["client", "edit", "ACME", "--terms", "x"], ["sales", "refresh"]):
            # Nobody is in its way: five seconds are for a machine that is busy.
            result = invoke(*words, "-q", "--lock-timeout", "5")
            assert result.code == 0, result.stderr
    assert invoke("--db", url, "client", "edit", "ACME", "--terms", "y").code == 4
    result = invoke("--db", url, "client", "edit", "ACME", "--terms", "y", "--json")
    assert (result.code, result.error["code"]) == (4, "rights.missing")


def test_a_user_without_any_role(role: Callable[[str], str], invoke: Run) -> None:
    for words in (["client", "list"], ["client", "edit", "ACME", "--terms", "y"]):
        result = invoke("--db", role(""), *words, "--json")
        assert (result.code, result.error["code"]) == (4, "db.denied")


# Reading only


def reads_and_does_not_write(url: str, invoke: Run) -> None:
    for words in READS:
        result = invoke("--db", url, *words, "--json")
        assert result.code in (0, 10), (words, result)
    before = content(url)
    for words in (["client", "edit", "ACME", "--terms", "x"], ["sales", "refresh"]):
        result = invoke("--db", url, *words, "--json")
        assert (result.code, result.error["code"]) == (74, "io.read_only"), result
        assert result.error["applied"] is False
    assert content(url) == before


def test_a_user_who_only_reads(role: Callable[[str], str], postgres_shop: str, invoke: Run) -> None:
    import psycopg

    url = role("manager")
    login = url.split("//")[1].split("@")[0]
    with psycopg.connect(postgres_shop, autocommit=True) as conn:
        conn.execute(f"ALTER ROLE {login} SET default_transaction_read_only = on")
    reads_and_does_not_write(url, invoke)


def test_a_standby(invoke: Run) -> None:
    with server_apart() as data:
        url = f"postgresql://postgres@/postgres?host={data}"
        assert invoke("--db", url, "db", "init", "-q").code == 0
        words = ("client", "create", "Acmé", "--code", "ACME", *PLACE, "-q")
        assert invoke("--db", url, *words).code == 0
        pg_ctl(data, "stop", "-m", "fast")
        (data / "standby.signal").touch()
        shutil.chown(data / "standby.signal", data.owner(), data.group())
        pg_ctl(data, "start", "-o", f'-h "" -k {data}', "-l", str(data / "log"))
        reads_and_does_not_write(url, invoke)
        assert invoke("--db", url, "db", "backup", "copy.db", "-q").code == 0
        result = invoke("--db", f"{url}&target_session_attrs=primary", "client", "list", "--json")
        assert (result.code, result.error["code"]) == (69, "db.session")


# A server that hangs. What would wait for ever is ended by the test's own patience, a minute.


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (b"", ["client", "list"]),  # from the start
        (b"pg_postmaster_start_time", ["client", "list"]),
        (b"FROM client", ["client", "list"]),
        (b"INSERT INTO operation", ["client", "edit", "ACME", "--terms", "x"]),
        (b"write_turn", ["client", "edit", "ACME", "--terms", "x"]),
    ],
)
def test_a_server_that_hangs_is_given_up(
    at: bytes, words: list[str], postgres_shop: str, run: Run
) -> None:
    before = content(postgres_shop)
    with through(postgres_shop) as proxy:
        proxy.stall_at = at
        if not at:
            proxy.stalled.set()
        result = run("--db", proxy.url(), *words, "--json", "--lock-timeout", "2")
        assert proxy.stalled.is_set()
    error = error_of(result.stderr)["error"]
    assert (result.code, error["code"]) == (69, "db.silent"), error
    assert (error["applied"], error["retryable"]) == (False, True)
    assert content(postgres_shop) == before


def test_one_that_hangs_while_committing_leaves_it_unknown(postgres_shop: str, run: Run) -> None:
    with through(postgres_shop) as proxy:
        proxy.stall_at = b"COMMIT\x00"
        words = ("client", "edit", "ACME", "--terms", "x", "--json", "--lock-timeout", "2")
        result = run("--db", proxy.url(), *words)
    error = error_of(result.stderr)["error"]
    assert (result.code, error["code"]) == (74, "io.commit_unknown")
    assert (error["applied"], error["retryable"]) == (None, False)


def test_one_that_is_at_work_is_waited_for(postgres_shop: str, run: Run) -> None:
    """A statement that takes longer than anybody waits for a lock."""
    import psycopg

    with psycopg.connect(postgres_shop) as conn:
        conn.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$"
        )
        conn.execute(
            "CREATE TRIGGER slow BEFORE INSERT ON operation FOR EACH ROW EXECUTE FUNCTION slow()"
        )
    result = run("client", "edit", "ACME", "--terms", "x", "-q", "--lock-timeout", "2")
    assert result.code == 0, result.stderr


# What the page docs/server.md tells whoever runs it for others


def test_a_dump_is_restored_whole(postgres_shop: str, postgres_url: str, invoke: Run) -> None:
    dumped = subprocess.run(
        [programs() / "pg_dump", "--format=custom", postgres_shop], capture_output=True, check=True
    )
    subprocess.run(
        [programs() / "pg_restore", "--exit-on-error", f"--dbname={postgres_url}"],
        input=dumped.stdout,
        check=True,
    )
    assert content(postgres_url) == content(postgres_shop)
    for words in (["db", "check"], ["journal", "verify"]):
        assert invoke("--db", postgres_url, *words, "--json").json == []
    assert invoke("--db", postgres_url, "client", "edit", "ACME", "--terms", "x", "-q").code == 0


@pytest.mark.parametrize("tool", ["pg_dump", "copy"])
def test_a_server_is_backed_up_by_what_there_is(
    tool: str,
    postgres_shop: str,
    postgres_url: str,
    invoke: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(programs() if tool == "pg_dump" else tmp_path))
    folder = tmp_path / "kept"
    folder.mkdir()
    file = folder / "monday"
    backup = ("--db", postgres_shop, "db", "backup", str(file), "--json")
    assert invoke(*backup, "--dry-run").json["tool"] == tool
    assert list(folder.iterdir()) == []
    result = invoke(*backup)
    assert result.json["tool"] == tool
    assert result.json["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert invoke(*backup).error["code"] == "db.exists"
    assert invoke(*backup, "--overwrite").code == 0
    assert list(folder.iterdir()) == [file]
    if tool == "pg_dump":
        restore = [programs() / "pg_restore", "--exit-on-error", f"--dbname={postgres_url}", file]
        subprocess.run(restore, check=True)
    else:
        assert invoke("db", "copy", str(file), postgres_url, "-q").code == 0
    clients = ("client", "export", "--json")
    assert invoke("--db", postgres_url, *clients).stdout == invoke(*clients).stdout
    assert invoke("--db", postgres_url, "journal", "verify", "--json").json == []


def test_people_go_on_while_a_server_is_backed_up(
    postgres_shop: str, invoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the backup is of one moment."""
    from interop_cli.store.engines import transfer

    copied, edits = transfer._copied, list[str]()

    def beside(*words: Any) -> Any:
        edits.append(f"n{len(edits)}")
        # Nobody is in its way: five seconds are for a machine that is busy.
        edit = ("client", "edit", "ACME", "--terms", edits[-1], "-q", "--lock-timeout", "5")
        assert invoke(*edit).code == 0
        return copied(*words)

    assert invoke("client", "edit", "ACME", "--terms", "before", "-q").code == 0
    monkeypatch.setattr(transfer, "_copied", beside)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert invoke("db", "backup", str(tmp_path / "monday"), "-q").code == 0
    assert len(edits) > 5
    show = ("client", "show", "ACME", "--json")
    assert invoke("--db", str(tmp_path / "monday"), *show).json["terms"] == "before"
    assert invoke(*show).json["terms"] == edits[-1]


def test_a_job_needs_nothing_of_its_machine(postgres_shop: str, tmp_path: Path) -> None:
    """As under cron, or a unit with ProtectHome and ProtectSystem: no home, nothing to write to."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    env = {
        "INTEROP_DB": postgres_shop,
        "INTEROP_CONFIG": str(locked / "config.toml"),
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for words in (["sales", "refresh", "--wait"], ["client", "edit", "ACME", "--terms", "x"]):
        done = subprocess.run(
            [*PROGRAM, "-q", *words], env=env, cwd=locked, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(locked.iterdir()) == []


# The schema


def test_nobody_waits_behind_a_migration_that_waits(
    postgres_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader takes its time; others read and write on, and it is said who is waited for."""
    import psycopg

    from interop_cli.store import migrations

    with monkeypatch.context() as earlier:
        steps = [step for step in migrations.MIGRATIONS if step.name < "0017"]
        earlier.setattr(migrations, "MIGRATIONS", tuple(steps))
        assert invoke("--db", postgres_url, "db", "init", "-q").code == 0
    words = ("--db", postgres_url, "db", "migrate", "--json", "--lock-timeout")
    with psycopg.connect(postgres_url, application_name="report") as slow:
        slow.execute("SELECT COUNT(*) FROM operation")
        result = invoke(*words, "0.1")
        assert (result.code, json.loads(result.stderr.splitlines()[-1])["error"]["code"]) == (
            75,
            "db.busy",
        )
        process = start(*words, "60")
        with psycopg.connect(postgres_url, options="-clock_timeout=3000") as other:
            for _turn in range(40):
                other.execute("LOCK TABLE write_turn IN ROW EXCLUSIVE MODE")
                other.execute("SELECT COUNT(*) FROM operation")
                other.commit()
                time.sleep(0.05)
        assert process.poll() is None
        slow.rollback()
    code, out, err = finish(process)
    assert (code, json.loads(out)["applied"][0]) == (0, "0017_side_by_side")
    assert "postgres (report)" in err


def test_who_wants_to_be_alone_lets_others_write_meanwhile(
    postgres_shop: str, tmp_path: Path, invoke: Run
) -> None:
    import psycopg

    with psycopg.connect(postgres_shop) as long_import:
        long_import.execute("LOCK TABLE write_turn IN ROW EXCLUSIVE MODE")
        process = start("db", "copy", postgres_shop, tmp_path / "copy.db", "--move", "-q")
        for turn in range(4):
            edit = ("client", "edit", "ACME", "--terms", f"t{turn}", "-q", "--lock-timeout", "3")
            assert invoke(*edit).code == 0
        assert process.poll() is None
    assert finish(process)[0] == 0


def test_no_copy_is_promised_where_none_is_made(postgres_shop: str, invoke: Run) -> None:
    import psycopg

    def older() -> None:
        with psycopg.connect(postgres_shop) as conn:
            conn.execute("DROP TABLE write_turn, task")
            conn.execute("DELETE FROM migration WHERE name LIKE '%_turns'")

    older()
    result = invoke("client", "list", "--json")
    assert (result.code, result.error["code"]) == (70, "db.older")
    result = invoke("db", "migrate")
    assert result.code == 0
    assert "pg_dump" in result.stderr
    assert "pg_dump" not in invoke("db", "migrate").stderr  # there was nothing to do
    older()
    result = invoke("db", "migrate", "--json")
    assert [name[5:] for name in result.json["applied"]] == ["turns"]
    assert result.json["backup"] is None
    assert invoke("client", "edit", "ACME", "--terms", "x", "-q").code == 0
