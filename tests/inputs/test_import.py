"""``interop client import`` of every file of the corpus: its exit, its words, no row written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.corpus import CANARY, CASES, Case
from tests.inputs.test_corpus import made
from tests.support.cli import Run


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for all of them: each must leave it as it was."""
    path = tmp_path_factory.mktemp("import") / "interop.db"
    command = [sys.executable, "-m", "interop_cli", "--db", str(path), "db", "init", "-q"]
    subprocess.run(command, check=True)
    return path


def clients(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM client").fetchone()
    return int(count)


@pytest.mark.parametrize("case", [case for case in CASES if case.exit_code], ids=lambda c: c.name)
def test_a_bad_file_writes_nothing(case: Case, tmp_path: Path, invoke: Run, database: Path) -> None:
    path = made(case, tmp_path)
    done = invoke("--db", database, "client", "import", path, *case.options, "--json")
    assert (done.code, done.stdout) == (case.exit_code, "")
    assert done.error["exit_code"] == case.exit_code
    if case.line is not None:
        assert case.line in [detail["line"] for detail in done.error["details"]]
    assert CANARY not in done.stderr
    assert clients(database) == 0


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.exit_code], ids=lambda c: c.name
)
def test_an_odd_file_is_taken(case: Case, tmp_path: Path, invoke: Run, database: Path) -> None:
    path = made(case, tmp_path)
    done = invoke("--db", database, "client", "import", path, *case.options, "--json", "--dry-run")
    assert (done.code, done.stderr) == (0, "")
    assert done.json["matched"] == case.rows
    assert clients(database) == 0
