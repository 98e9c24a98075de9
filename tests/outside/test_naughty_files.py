"""The corpus of ``tests/corpus.py`` through the import: refused or read, never half written.

Every file is given in three ways (by name, as standard input, through a pipe of its bytes), to a
process that may use little memory and little time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus import CANARY, CASES, Case
from tests.support.forks import MEGABYTE, Command, Ended, run_all
from tests.support.outside import PROGRAM, content, error_of, fingerprint, sound, without_traceback

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")

MEMORY = 160 * MEGABYTE  # more than the interpreter with its libraries has already
CPU = 10  # seconds
FILES = [case for case in CASES if isinstance(case.content, bytes)]
# The readers are content; the rules of a client are not.
REFUSED_BY_RULES = {"guarded-cells"}


def expected(case: Case) -> int:
    return case.exit_code if case.exit_code else 0


def judge(case: Case, ended: Ended, *, by_name: bool = True) -> None:
    without_traceback(ended.stderr)
    assert ended.code == expected(case), (case.name, ended.stderr[:1000])
    assert CANARY not in ended.stderr
    if ended.code == 0:
        assert f'"matched": {case.rows}' in ended.stdout
        return
    assert ended.stdout == ""
    error = error_of(ended.stderr)["error"]
    found = {error["code"], *(detail["code"] for detail in error["details"])}
    assert case.code in found, (case.name, ended.stderr[:1000])
    assert error["applied"] is False
    if case.line is not None:
        assert case.line in [detail["line"] for detail in error["details"]]


@pytest.mark.parametrize("way", ["name", "stdin"])
def test_every_file_of_the_corpus(way: str, shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    cases = [c for c in (CASES if way == "name" else FILES) if not _unmakeable(c)]
    commands = []
    for case in cases:
        path = case.write(folder)
        form = ["--format", case.format] if case.format in ("csv", "ndjson") else []
        file = str(path) if way == "name" else "-"
        commands.append(
            Command(
                ["client", "import", file, *form, *case.options, "--json", "--dry-run"],
                stdin=str(path) if way == "stdin" else os.devnull,
                memory=MEMORY,
                cpu=CPU,
            )
        )
    before, files = content(str(shop)), fingerprint(shop)
    answers = run_all(commands, tmp_path)
    assert fingerprint(shop) == files
    for case, ended in zip(cases, answers, strict=True):
        judge(case, ended)
    # Without --dry-run what is refused is refused just as well, and what is read is written.
    for command in commands:
        command.args.remove("--dry-run")
    answers = run_all(commands, tmp_path)
    for case, ended in zip(cases, answers, strict=True):
        judge(case, ended)
    after = content(str(shop))
    written = sum(ended.code == 0 for ended in answers)
    assert 0 < len(after["operation"]) - len(before["operation"]) <= written
    assert {row[1] for row in after["client"]} - {row[1] for row in before["client"]} == {
        row[1] for row in after["client"] if CANARY in row[3]
    } - {row[1] for row in before["client"]}
    sound(shop)


def _unmakeable(case: Case) -> bool:
    return case.name == "unreadable" and os.geteuid() == 0


@pytest.mark.parametrize("option", ["--continue-on-error", "--rejects"])
def test_what_cannot_be_read_is_not_read_in_part(option: str, shop: Path, tmp_path: Path) -> None:
    """Going on after a bad row is no leave to go on in a file that is not what it says."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    more = [option] if option == "--continue-on-error" else [option, "rejects.csv"]
    rows_apart = {"input.ragged", "input.csv"}
    cases = [case for case in FILES if case.exit_code and case.code not in rows_apart]
    before = content(str(shop))
    answers = run_all(
        (
            Command(["client", "import", str(case.write(folder)), *case.options, *more, "--json"],
                    memory=MEMORY, cpu=CPU)
            for case in cases
        ),
        tmp_path,
    )  # fmt: skip
    for case, ended in zip(cases, answers, strict=True):
        without_traceback(ended.stderr)
        assert ended.code == case.exit_code, (case.name, ended.stderr[:500])
    assert content(str(shop)) == before
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize(
    ("producer", "code"),
    [
        ("head -c 300000000 /dev/zero", 65),
        ("yes 'code,name'", 65),
        ("yes '\"' | tr -d '\\n' | head -c 50000000", 65),
        ("tr '\\0' x </dev/zero | head -c 50000000", 65),
        ("printf ''", 65),
        ("cat /dev/urandom | head -c 10000000", 65),
    ],
)
def test_a_flood_is_refused(producer: str, code: int, shop: Path, tmp_path: Path) -> None:
    """A pipe without end or reason: refused with little memory, on disk where it must be kept."""
    if producer.startswith("yes 'code"):
        producer += " | head -c 20000000"
    before = fingerprint(shop)
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{producer} | (ulimit -v 700000; {' '.join(PROGRAM)} client import - --json)",
        ],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == code, done.stderr[:500]
    without_traceback(done.stderr.decode())
    assert error_of(done.stderr.decode())["error"]["exit_code"] == code
    assert fingerprint(shop) == before
