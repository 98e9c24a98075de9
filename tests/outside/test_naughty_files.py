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
from tests.support.outside import PROGRAM, content, error_of, fingerprint, without_traceback

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")

MEMORY = 160 * MEGABYTE  # more than the interpreter with its libraries has already
CPU = 10  # seconds
FILES = [case for case in CASES if isinstance(case.content, bytes)]


def judge(case: Case, ended: Ended) -> None:
    without_traceback(ended.stderr)
    assert ended.code == case.exit_code, (case.name, ended.stderr[:1000])
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
    before, files = content(str(shop)), fingerprint(shop)
    answers = run_all((_importing(case, folder, way) for case in cases), tmp_path)
    for case, ended in zip(cases, answers, strict=True):
        judge(case, ended)
    assert fingerprint(shop) == files
    assert content(str(shop)) == before


def _importing(case: Case, folder: Path, way: str) -> Command:
    """What is right is only tried; what is wrong must be refused without that."""
    path = str(case.write(folder))
    form = ["--format", case.format] if case.format in ("csv", "ndjson") else []
    args = ["client", "import", path if way == "name" else "-", *form, *case.options, "--json"]
    return Command(
        args if case.exit_code else [*args, "--dry-run"],
        stdin=path if way == "stdin" else os.devnull,
        memory=MEMORY,
        cpu=CPU,
    )


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
            Command(
                ["client", "import", str(case.write(folder)), *case.options, *more, "--json"],
                memory=MEMORY,
                cpu=CPU,
            )
            for case in cases
        ),
        tmp_path,
    )
    for case, ended in zip(cases, answers, strict=True):
        without_traceback(ended.stderr)
        assert ended.code == case.exit_code, (case.name, ended.stderr[:500])
    assert content(str(shop)) == before
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize(
    "producer",
    [
        "head -c 60000000 /dev/zero",
        "yes '\"' | tr -d '\\n' | head -c 20000000",
        "tr '\\0' x </dev/zero | head -c 20000000",
        "printf ''",
        "head -c 10000000 /dev/urandom",
        pytest.param("yes 'code,name' | head -c 40000000", marks=pytest.mark.long),
        pytest.param("head -c 1000000000 /dev/zero", marks=pytest.mark.long),
    ],
)
def test_a_flood_is_refused(producer: str, shop: Path, tmp_path: Path) -> None:
    """More than anybody meant to send: refused in the memory that any import needs."""
    _flood(producer, [], 420_000, shop, tmp_path)


def test_a_fault_a_row_is_told_in_little_memory(shop: Path, tmp_path: Path) -> None:
    """Kept all, the faults would not fit."""
    rows = 60_000
    (tmp_path / "input.csv").write_text("code,name\n" * rows)
    before, command = fingerprint(shop), ["client", "import", "-", "--json"]
    small = Command(command, stdin="input.csv", memory=24 * MEGABYTE)
    (ended,) = run_all([small], tmp_path)
    assert ended.code == 65, ended.stderr[:500]
    without_traceback(ended.stderr)
    assert error_of(ended.stderr)["error"]["rows"] == rows - 1
    assert fingerprint(shop) == before


@pytest.mark.long
def test_a_line_without_end_is_refused(shop: Path, tmp_path: Path) -> None:
    """A client with its attachments is one line of NDJSON: long, but not that long."""
    producer = "(printf '{\"a\":\"'; tr '\\0' x </dev/zero | head -c 300000000)"
    error = _flood(producer, ["--format", "ndjson"], 1_200_000, shop, tmp_path)
    assert "input.line_too_long" in error


def _flood(producer: str, options: list[str], memory: int, shop: Path, tmp_path: Path) -> str:
    """Pipe it into an import that may use ``memory`` kilobytes of address space."""
    before = fingerprint(shop)
    command = " ".join([*PROGRAM, "client", "import", "-", "--json", *options])
    done = subprocess.run(
        ["bash", "-c", f"{producer} | (ulimit -v {memory}; {command})"],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 65, done.stderr[:500]
    words = done.stderr.decode()
    without_traceback(words)
    assert error_of(words)["error"]["exit_code"] == 65
    assert fingerprint(shop) == before
    return words
