"""What the shell is offered: commands, options, and codes out of the database."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.shell.completion import source_of, words
from scripts.commandtree import commands
from tests.support.cli import Run
from tests.support.stores import add_client, open_store


@pytest.fixture(scope="module")
def _three(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three clients, to copy."""
    path = tmp_path_factory.mktemp("three") / "interop.db"
    store = open_store(str(shutil.copy(sqlite_template, path)))
    for code in ("ACME", "ACIER", "BOIS"):
        add_client(store, code, code=code, active=code != "ACIER")
    store.close()
    return path


@pytest.fixture
def db(_three: Path, tmp_path: Path) -> str:
    return str(shutil.copy(_three, tmp_path / "interop.db"))


def offered(run: Run, line: str, **env: str) -> list[str]:
    result = run(env={"_INTEROP_COMPLETE": "fish_complete", "COMP_LINE": line, **env})
    assert result.stderr == ""
    return [row.split("\t")[1] for row in result.stdout.splitlines() if row]


def test_commands_and_options(run: Run) -> None:
    assert offered(run, "interop cli") == ["client"]
    assert offered(run, "interop client dea") == ["deactivate"]
    assert "--if-version" in offered(run, "interop client edit --if")


def test_codes_of_active_clients(run: Run, db: str) -> None:
    assert offered(run, "interop client show a", INTEROP_DB=db) == ["ACME"]
    assert offered(run, f"interop --db {db} client deactivate ", INTEROP_DB="nowhere") == [
        "ACME",
        "BOIS",
    ]


def test_no_database_offers_nothing(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    assert offered(run, "interop client show A", INTEROP_DB=str(missing)) == []
    assert not missing.exists()


# What nobody but the user knows: new names and texts, numbers, places elsewhere.
FREE = {
    *(
        "AMOUNT",
        "C",
        "COLUMN",
        "EMAIL",
        "FIELD",
        "FILE",
        "FOLDER",
        "K",
        "M",
        "N",
        "NAME",
        "NEW_CODE",
        "PATH",
    ),
    *("REMOTE_ID", "S", "TEXT", "THEIRS", "URL", "VALUE", "Y"),
}


def test_every_value_of_every_command_is_completed_or_free() -> None:
    found = []
    for context in commands():
        for param in context.command.params:
            if source_of(context, param) or isinstance(param.type, click.Choice | click.Path):
                continue
            if param._custom_shell_complete is not None:
                continue
            if getattr(param, "is_flag", False) or getattr(param, "count", False):
                continue
            called = re.findall(r"[A-Z_]+", param.make_metavar(context))
            if not called or called[0] not in FREE:
                found.append((context.command_path, param.name, param.make_metavar(context)))
    assert [one for one in found if one[1] not in ("code", "confirmation", "take")] == []


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("interop client create X --province QU", []),
        ("interop client create X --province Q", ["QC"]),
        ("interop client create X --country C", ["CA"]),
        ("interop client create X --tag ", ["grand compte", "vip"]),
        ("interop client list --filter pro", ["province=", "prospect="]),
        ("interop client list --filter provi", ["province=", "province!="]),
        ("interop client list --filter created", ["created_at=", "created_at<="]),
        ("interop client list --filter 'city = Alma and prov", ["city = Alma and province="]),
        ("interop client list --filter 'prospect=", ["prospect=true", "prospect=false"]),
        ("interop client list --filter 'tag = g", ['tag = "grand compte"']),
        ("interop client list --filter 'province in (QC, O", ["province in (QC, ON"]),
        ("interop client list --filter sync.h", ["sync.hub="]),
        ("interop client list --filter sync.hub=in", ["sync.hub=in_sync"]),
        ("interop client list --filter sales.2", ["sales.2026=", "sales.2026>="]),
        ("interop sales document list --filter kind=in", ["kind=invoice"]),
        ("interop client list --fields code,na", ["code,name"]),
        ("interop sales totals --fields ba", ["basis"]),
        ("interop journal list --fields na", ["name"]),
        ("interop sales totals --fields lin", []),
        ("interop client edit --fields lin", []),
        ("interop client list --sort -cr", ["-created_at"]),
        ("interop client edit --bill-to B", ["BOIS"]),
        ("interop client activate ", ["ACIER"]),
        ("interop client edit @acm", ["@acme.txt"]),
        ("interop contact show ", ["1"]),
        ("interop contact show #", ["#1"]),
        ("interop address edit ", ["3", "2", "1"]),
        ("interop note create ACME --category g", ["général"]),
        ("interop sync push --target ", ["hub"]),
        ("interop sync fields ", ["hub"]),
        ("interop sync add x ", ["hubspot", "qbo"]),
        ("interop config set ", ["defaults.province"]),
        ("interop config set output nd", ["ndjson"]),
        ("interop help f", ["formatting", "filters"]),
        ("interop help client ed", ["edit"]),
        ("interop schema c", ["client", "commands"]),
        ("interop journal undo ", ["last"]),
        ("interop journal list --name client.c", ["client.create"]),
        ("interop sales totals --year 202", ["2026"]),
        ("interop client import x.csv --mapping quick", ["quickbooks"]),
        ("interop completion z", ["zsh"]),
        ("interop config set defaults.province Q", ["QC"]),
        ("interop sync link ", ["ACME", "BOIS"]),
        ("interop client edit ACME --code ", []),
    ],
)
def test_what_is_offered(
    line: str, some: list[str], db: str, run: Run, invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "acme.txt").write_text("ACME\n")
    for args in (
        ("client", "edit", "ACME", "--tag", "grand compte", "--tag", "vip"),
        ("contact", "create", "ACME", "--name", "Ève"),
        ("sync", "add", "hub", "hubspot"),
    ):
        assert invoke("--db", db, *args, "-q").code == 0
    found = offered(run, line, INTEROP_DB=db, INTEROP_TODAY="2026-03-02")
    assert [one for one in found if one in some] == some or {*some} <= {*found}
    if not some:
        assert not found


def test_a_row_is_described_and_no_letter_of_it_moves_the_cursor(
    db: str, run: Run, invoke: Run
) -> None:
    name = "Acmé \x1b[2J\u202einc."
    path = Path(db)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE client SET name = ? WHERE code = 'ACME'", (name,))
    connection.commit()
    connection.close()
    result = run(
        env={
            "_INTEROP_COMPLETE": "zsh_complete",
            "COMP_LINE": "interop client show AC",
            "INTEROP_DB": db,
        }
    )
    assert result.stdout == "plain\tACME\tAcmé  [2J inc.\n"


def test_the_words_about_it_are_in_the_language_of_the_user(run: Run) -> None:
    line = {"_INTEROP_COMPLETE": "zsh_complete", "COMP_LINE": "interop client list --stat"}
    assert "Quels clients" in run(env={**line, "INTEROP_LANG": "fr"}).stdout


def test_rows_are_described_in_the_words_and_by_the_clock_of_the_user(
    db: str, run: Run, invoke: Run
) -> None:
    document = ("sales", "document", "add", "ACME", "--kind", "packing_slip", "--number", "B-1")
    invoke("--db", db, *document, "--date", "2026-02-01", "-q")
    env = {"_INTEROP_COMPLETE": "zsh_complete", "INTEROP_DB": db, "INTEROP_LANG": "fr"}

    def shown(line: str) -> list[str]:
        return run(env={**env, "COMP_LINE": line}).stdout.splitlines()

    assert shown("interop sales label ") == ["plain\tB-1\tbon d'expédition  2026-02-01  ACME"]
    assert "plain\tBC\tColombie-Britannique" in shown("interop client create X --province B")
    last = shown("interop journal undo ")[1]
    assert re.search(r"\t\d{4}-\d\d-\d\d \d\d:\d\d  interop ", last), last


def test_a_completion_loads_nothing_heavy(db: str) -> None:
    program = (
        "import sys; from interop_cli.cli import main; main([])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    for line in (
        "client show A",
        "client list --filter provi",
        "client list --filter tag=",
        "sales document show 1",
        "contact show 1",
        "sync push --target ",
    ):
        env = {**os.environ, "_INTEROP_COMPLETE": "fish_complete", "INTEROP_DB": db}
        env["COMP_LINE"] = f"interop {line}"
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
        )
        assert not {"pydantic", "requests", "sqlite_utils"} & {*done.stderr.split()}, line


@given(st.lists(st.text("ab '\"\\", max_size=4), max_size=3))
def test_a_line_is_read_as_the_shell_reads_it(several: list[str]) -> None:
    line = " ".join(map(shlex.quote, several))
    assert [word.text for word in words(line)] == (several or [""])
