"""Standard streams that are closed, full, or read by nobody."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.outside.cases import CREATE
from tests.support.cli import Run
from tests.support.outside import (
    PROGRAM,
    content,
    environment,
    error_of,
    fingerprint,
    finish,
    sound,
    start,
    without_traceback,
)
from tests.support.warm import warm_command

WRITE = ("client", "edit", "ACME", "--terms", "net45")
FULL = Path("/dev/full")
SEEDED = 1500  # clients whose list is longer than a pipe holds


def test_a_file_that_stdout_goes_to_is_written_on(shop: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    for name in ("-", "/dev/stdout"):
        with log.open("a") as stream:
            subprocess.run(
                [*PROGRAM, "client", "list", "-o", "codes", "--out", name],
                stdout=stream,
                check=True,
                env=environment(),
            )
    first, *codes = log.read_text().splitlines()
    assert first == "before"
    assert codes == sorted(set(codes)) * 2


@pytest.mark.parametrize(
    "closed", [c for n in range(4) for c in itertools.combinations((0, 1, 2), n)], ids=str
)
@pytest.mark.parametrize("args", [("client", "list", "--json"), WRITE], ids=" ".join)
def test_closed_streams_cost_no_data(
    closed: tuple[int, ...], args: tuple[str, ...], shop: Path
) -> None:
    """And nothing that belongs on a stream ends up inside the database."""
    before = content(str(shop))
    process = start(*args, closed=closed)
    code, out, err = finish(process)
    assert code == (74 if 1 in closed else 0)
    assert out == "" if 1 in closed else out
    if 2 not in closed:
        without_traceback(err)
        assert bool(err) is (args == WRITE or 1 in closed)
    sound(shop)
    after = content(str(shop))
    if args == WRITE:
        assert after != before
        assert len(after["operation"]) == len(before["operation"]) + 1
    else:
        assert after == before


def test_an_error_without_streams_still_has_its_code(shop: Path) -> None:
    for args, expected in ((("client", "show", "NOPE"), 3), (("nope",), 2), (CREATE[:2], 2)):
        files = fingerprint(shop)
        code, out, err = finish(start(*args, closed=(0, 1, 2)))
        assert (code, out, err) == (expected, "", "")
        assert fingerprint(shop) == files


def test_help_and_version_need_a_stdout(shop: Path) -> None:
    for args in (("--version",), ("--help",), ("client", "list", "--help"), ("schema",)):
        assert finish(start(*args, closed=(1,)))[0] == 74
        with FULL.open("wb") as full:
            code, _out, err = finish(start(*args, stdout=full))
        assert code == 74
        without_traceback(err)


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv", "codes"])
def test_a_full_disk_is_said(form: str, shop: Path) -> None:
    before = content(str(shop))
    with FULL.open("wb") as full:
        code, _out, err = finish(
            start("client", "list", "-o", form, "--error-format", "json", stdout=full)
        )
        error = error_of(err)["error"]
        assert (code, error["code"], error["applied"]) == (74, "output.write", False)
        assert content(str(shop)) == before
        code, _out, err = finish(
            start(*WRITE, "--terms", form, "-o", form, "--error-format", "json", stdout=full)
        )
        error = error_of(err.splitlines()[-1])["error"]
        # Committed first: `applied` tells the script not to try again.
        assert (code, error["code"], error["applied"]) == (74, "output.write", True)
        code, _out, err = finish(
            start(*WRITE, "--terms", f"{form}2", "-o", form, "--error-format", "text", stdout=full)
        )
        assert (code, "The change had been committed" in err) == (74, True)
    assert content(str(shop))["client"] != before["client"]
    sound(shop)


def test_words_that_cannot_be_said_change_nothing(shop: Path) -> None:
    with FULL.open("wb") as full:
        assert finish(start(*WRITE, stderr=full))[0] == 0
        assert finish(start("client", "show", "NOPE", stderr=full))[0] == 3


@pytest.fixture
def full_shop(shop: Path, invoke: Run) -> Path:
    """A shop with a long list of clients."""
    assert invoke("db", "seed", "--clients", SEEDED, "-q").code == 0
    return shop


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_head_ends_a_read_silently(form: str, unbuffered: str, full_shop: Path) -> None:
    _head(["client", "list", "-o", form], environment(PYTHONUNBUFFERED=unbuffered))


@pytest.mark.long
@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv"])
def test_head_ends_a_read_silently_every_time(form: str, full_shop: Path) -> None:
    for turn in range(20):
        unbuffered = "1" if turn % 2 else ""
        _head(["client", "list", "-o", form], environment(PYTHONUNBUFFERED=unbuffered))


def _head(args: list[str], env: dict[str, str]) -> None:
    process = start(*args, env=env)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
    process.stderr.close()
    assert process.stdin
    process.stdin.close()


def test_the_shell_sees_141(full_shop: Path) -> None:
    command = shlex.join(warm_command())
    done = subprocess.run(
        ["bash", "-c", f"{command} client list | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        check=True,
    )
    head, code = done.stdout.decode().splitlines()
    assert (head.split()[0], code) == ("Code", "141")
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (WRITE, 0),
        (("client", "edit", "ACME", "--terms", ""), 0),  # changes nothing, and did what it should
        (("client", "deactivate", "BETA", "NOPE", "-y", "--continue-on-error"), 68),
        (("client", "edit", "ACME", "--terms", "x", "--dry-run"), 0),
        (("client", "edit", "NOPE", "--terms", "x"), 3),
        (("db", "backup", "copy.db"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_nobody_reads_what_a_write_answers(
    args: tuple[str, ...], code: int, shop: Path, tmp_path: Path
) -> None:
    """The pipe is closed before the program starts: it commits, and then has nobody to tell."""
    reader, writer = os.pipe()
    os.close(reader)
    process = start(*args, "--json", stdout=writer, cwd=tmp_path)
    os.close(writer)
    ended, _out, err = finish(process)
    assert ended == code
    without_traceback(err)
    before = content(str(shop))
    again = finish(start(*args, "--json", cwd=tmp_path))
    if code == 0 and args[0] == "client" and "--dry-run" not in args:
        assert '"changed": 0' in again[1]  # it was committed
    assert len(content(str(shop))["operation"]) == len(before["operation"])


def test_a_read_into_a_closed_pipe_is_141(shop: Path) -> None:
    for args in (
        ("client", "list"),
        ("client", "show", "ACME"),
        ("journal", "verify", "--json"),
        ("client", "export"),
        ("db", "info"),
        ("help", "filters"),
    ):
        reader, writer = os.pipe()
        os.close(reader)
        process = start(*args, stdout=writer)
        os.close(writer)
        assert finish(process) == (141, "", ""), args
