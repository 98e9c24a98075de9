"""Every system call of a small batch that fails or is the last one: strace makes them do so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.forks import Command, run_all
from tests.support.outside import content, environment, finish, sound, start, without_traceback

CALLS = ("pwrite64", "fdatasync", "fsync", "unlink")
FATES = ("signal=SIGKILL", "error=ENOSPC", "error=EIO")
BATCH = ["client", "edit", "--all", "--terms", "net77", "-y", "--json"]
CLOCK = {"INTEROP_TODAY": "2026-03-02"}
MOST = 500  # calls; a batch of seven clients has far fewer
# It waits to be traced; PR_SET_PTRACER allows that where only a parent may trace.
WAITING = """
import ctypes
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))
print(flush=True)
input()
from interop_cli.__main__ import main
main()
"""


class Ending(NamedTuple):
    """How a run with a fault ended, on which copy of the database."""

    path: Path
    code: int
    out: str
    err: str


def can_trace() -> str | None:
    """Why strace cannot be used here, if it cannot."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    try:
        traced(Path(os.devnull), [], "--version")
    except OSError as error:
        return f"strace does not work here: {error}"
    return None


def traced(trace: Path, options: list[str], *args: object, **how: Any) -> tuple[int, str, str]:
    """Run ``interop ARGS…`` under strace, which writes to ``trace``: code, stdout, stderr.

    What is traced is forked: tracing the start of Python would take most of the time. Raises
    OSError where strace may not.
    """
    process = start(*args, program=WAITING, **how)
    assert process.stdout
    assert process.stdout.readline() == b"\n"
    words = ["strace", "-f", "-o", str(trace), *options, "-p", str(process.pid)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr
        said = strace.stderr.readline()
        ended = finish(process, b"\n")
    if "attached" not in said:
        raise OSError(said)
    return ended


@pytest.fixture(scope="module")
def tracer() -> None:
    """Skip where calls cannot be made to fail."""
    if reason := can_trace():
        pytest.skip(reason)


class Injection:
    """Runs the batch on copies of the shop, with one fault in each run."""

    def __init__(self, shop: Path, folder: Path) -> None:
        self.shop, self.folder = shop, folder
        self.before = content(str(shop))
        whole = self.run("none", None)
        assert whole.code == 0, whole.err
        self.after = content(str(whole.path))
        assert self.after != self.before
        lines = (folder / "trace").read_text().splitlines()
        self.calls = {call: sum(f" {call}(" in line for line in lines) for call in CALLS}
        """How many times the batch makes each call."""

    def run(self, name: str, inject: str | None) -> Ending:
        path = Path(shutil.copy(self.shop, self.folder / f"{name}.db"))
        options = ["-e", "trace=" + ",".join(CALLS)]
        if inject:
            options += ["-e", f"inject={inject}"]
        words = ("--db", path, *BATCH)
        trace = self.folder / "trace"
        return Ending(path, *traced(trace, options, *words, env=environment(**CLOCK)))

    def judge(self, endings: list[Ending], *, readable: bool = True) -> None:
        """Whatever it was: all or nothing, the code tells which, and the next program works.

        Where the database was not ``readable`` afterwards it may say that it does not know.
        """
        checks = [Command(["--db", str(e.path), "db", "check", "--json"]) for e in endings]
        for ending, check in zip(endings, run_all(checks, self.folder), strict=True):
            assert (check.code, check.stdout) == (0, "[]\n"), (ending, check)
            found = content(str(ending.path))
            committed = found == self.after
            assert committed or found == self.before, ending
            sound(ending.path)
            without_traceback(ending.err)
            if ending.code == 0:
                assert committed, ending
                assert json.loads(ending.out)["changed"] == 7
            elif ending.code == 74:
                error = json.loads(ending.err.splitlines()[-1])["error"]
                known = readable or error["applied"] is not None
                assert error["applied"] is (committed if known else None), ending
            else:
                assert ending.code == 137, ending
            ending.path.unlink()


@pytest.mark.parametrize("fate", FATES)
def test_a_few_faults(fate: str, tracer: None, shop: Path, tmp_path: Path) -> None:
    injection = Injection(shop, tmp_path)
    endings = []
    for call in CALLS:
        count = injection.calls[call]
        # The last fdatasync is that of the folder: the change is committed, and not yet safe.
        for when in sorted({count // 2, count} - {0}):
            endings.append(injection.run(f"{call}-{when}", f"{call}:{fate}:when={when}"))
    assert any(ending.code != 0 for ending in endings)
    injection.judge(endings)


def test_a_fault_after_the_commit_is_told_in_words_too(
    tracer: None, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is synced last: what is committed is there, and not yet safe."""
    injection = Injection(shop, tmp_path)
    last = f"fdatasync:error=EIO:when={injection.calls['fdatasync']}"
    told = {}
    for form in ("json", "text"):
        monkeypatch.setenv("INTEROP_ERROR_FORMAT", form)
        told[form] = injection.run(form, last)
        assert told[form].code == 74
        assert content(str(told[form].path)) == injection.after
    error = json.loads(told["json"].err)["error"]
    assert error["applied"] is True
    assert error["hint"].startswith("The change had been committed.")
    assert told["text"].err == f"Error: {error['message']}\nHint: {error['hint']}\n"


@pytest.mark.long
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("call", CALLS)
def test_every_fault(fate: str, call: str, tracer: None, shop: Path, tmp_path: Path) -> None:
    """One run a call, until a run has fewer calls than the number of the one that should fail."""
    injection = Injection(shop, tmp_path)
    for when in range(1, MOST):
        ending = injection.run(f"{call}-{when}", f"{call}:{fate}:when={when}")
        reached = "(INJECTED)" in (tmp_path / "trace").read_text() or ending.code == 137
        injection.judge([ending])
        if not reached:
            assert ending.code == 0
            return
    pytest.fail("it never came to an end")


@pytest.mark.long
@pytest.mark.parametrize("fate", FATES[1:])
def test_a_fault_that_stays(fate: str, tracer: None, shop: Path, tmp_path: Path) -> None:
    """The disk stays full, or broken, from one moment on: also for what is rolled back."""
    injection = Injection(shop, tmp_path)
    count = injection.calls["pwrite64"]
    injection.judge(
        [
            injection.run(f"from-{when}", f"pwrite64:{fate}:when={when}+")
            for when in range(1, count + 1)
        ],
        readable=False,
    )


def test_it_is_on_disk_before_it_is_said(tracer: None, shop: Path, tmp_path: Path) -> None:
    """The last call on the database before the answer makes the commit outlive a power cut."""
    path = Path(shutil.copy(shop, tmp_path / "synced.db"))
    trace = tmp_path / "order"
    options = ["-y", "-s", "200", "-e", "write,pwrite64,fsync,fdatasync,unlink"]
    code, _out, err = traced(trace, options, "--db", path, *BATCH)
    assert code == 0, err
    lines = trace.read_text().splitlines()
    said = next(n for n, line in enumerate(lines) if " write(1<" in line and "client.edit" in line)
    stored = [n for n, line in enumerate(lines[:said]) if str(tmp_path) in line]
    last = lines[stored[-1]]
    # A rollback journal is deleted, and then the folder is synced; a log is synced itself.
    assert "sync(" in last
    assert f"<{tmp_path}>" in last or "-wal>" in last


@pytest.mark.parametrize("when", [1, 3, 10])
@pytest.mark.parametrize("args", [("client", "list"), ("db", "check"), ("db", "backup", "copy.db")])
def test_a_disk_that_does_not_give_is_no_damage(
    args: tuple[str, ...], when: int, tracer: None, shop: Path, tmp_path: Path
) -> None:
    """SQLite takes it for damage; but the file may be whole, and nothing is to be restored."""
    trace = tmp_path / "trace"
    options = [
        "-P",
        str(shop),
        "-e",
        "trace=pread64",
        "-e",
        f"inject=pread64:error=EIO:when={when}+",
    ]
    code, _out, err = traced(trace, options, *args, "--json", cwd=tmp_path)
    assert "(INJECTED)" in trace.read_text()
    error = json.loads(err.splitlines()[-1])["error"]
    assert (code, error["code"]) == (74, "io.database")
