"""What the shell is offered: commands, options, and codes out of the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Run


@pytest.fixture
def db(sqlite_ready_url: str, invoke: Run) -> str:
    place = ("--line1", "1 rue X", "--city", "Québec", "--postal-code", "G1K 7X2")
    for code in ("ACME", "ACIER", "BOIS"):
        invoke("--db", sqlite_ready_url, "client", "create", code, "--code", code, *place)
    invoke("--db", sqlite_ready_url, "client", "deactivate", "ACIER")
    return sqlite_ready_url


def offered(run: Run, line: str, **env: str) -> list[str]:
    words = line.split(" ")
    result = run(
        env={
            "_INTEROP_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            **env,
        }
    )
    assert result.stderr == ""
    return [row.partition(",")[2] for row in result.stdout.splitlines() if row]


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
