"""Completion in real shells: what Tab makes of a line, and what they show to choose from."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.outside import PATIENCE
from tests.support.warm import cold_program, install

PLACE = ("--line1", "1 rue X", "--city", "Québec", "--postal-code", "G1K 7X2")
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "--interactive"],
}
# ``out`` says what words it was given.
OUT = "out() { printf '<%s>' \"$@\"; echo fin''ished; }; "
SETTINGS = {
    "bash": OUT + "bind 'set show-all-if-ambiguous on'; bind 'set bell-style none';"
    ' eval "$(interop completion bash)"',
    "zsh": OUT + "autoload -U compinit; compinit -u -D; bindkey -e; unsetopt beep;"
    ' eval "$(interop completion zsh)"',
    "fish": "function out; printf '<%s>' $argv; echo fin''ished; end;"
    " interop completion fish | source",
}
ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?>=<]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|.)"
)


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def read(self, until: str) -> re.Match[str]:
        """Wait until ``until``, a regular expression, is shown, but for what moves the cursor."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(until, ESCAPES.sub("", self.shown))):
            ready = select.select([self.terminal], [], [], max(deadline - time.monotonic(), 0))[0]
            assert ready, f"{until!r} never came: {self.shown[-1000:]!r}"
            data = os.read(self.terminal, 65536).decode("utf-8", "replace")
            if "\x1b[c" in data or "\x1b[0c" in data:
                self.type("\x1b[?62c")  # it asks what terminal this is
            self.shown += data
        self.shown = ""
        return found

    def completed(self, line: str) -> list[str]:
        """The words a line has when Tab was pressed at its end, as the shell reads them."""
        self.type(f"{line}\t\x01out \x05\n")
        return re.findall("<([^>]*)>", self.read("((?:<[^>]*>)+)finished")[1])


@contextmanager
def started(name: str, folder: Path) -> Iterator[Shell]:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    program = install(cold_program(), folder / "bin")
    env = {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        START[name],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        cwd=folder,
        preexec_fn=own_terminal,
    )
    os.close(slave)
    shell = Shell(master)
    try:
        shell.type(f"{SETTINGS[name]}; out begun\n")
        shell.read("<begun>finished")
        yield shell
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(
    request: pytest.FixtureRequest,
    sqlite_ready_url: str,
    invoke: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shell]:
    monkeypatch.setenv("INTEROP_DB", sqlite_ready_url)
    for code, name in (("ACME", "Acmé inc."), ("ACIER", "Aciers Nord"), ("BOIS", "Bois ltée")):
        made = invoke("client", "create", name, "--code", code, "--tag", "grand compte", *PLACE)
        assert made.code == 0
    with started(request.param, tmp_path) as found:
        yield found


LINES = (
    ("interop cli", "interop client"),
    ("interop client deac", "interop client deactivate"),
    ("interop client show BO", "interop client show BOIS"),
    ("interop client list --status ina", "interop client list --status inactive"),
    ("interop client list --status=ina", "interop client list --status=inactive"),
    ("interop client list --fields code,nam", "interop client list --fields code,name"),
    ("interop client list --sort -nam", "interop client list --sort -name"),
    ("interop client list --filter province=Q", "interop client list --filter province=QC"),
    ('interop client list --filter "province = Q', "interop client list --filter|province = QC"),
    ("interop config get defaults.prov", "interop config get defaults.province"),
    ("interop client create X --tag gra", "interop client create X --tag|grand compte"),
    ("interop help mapp", "interop help mapping"),
)


def test_tab_completes(shell: Shell) -> None:
    for line, meant in LINES:
        first, _bar, last = meant.partition("|")
        assert shell.completed(line) == [*first.split(), *([last] if last else [])], line


def test_what_there_is_to_choose_from_is_shown(
    shell: Shell, request: pytest.FixtureRequest
) -> None:
    shell.type("interop client show A\t\t")
    said = {"bash": ("ACIER(?s:.*)ACME",), "zsh": ("ACIER.*Aciers Nord(?s:.*)ACME.*Acmé inc",)}
    said["fish"] = said["zsh"]
    for one in said[request.node.callspec.params["shell"]]:
        shell.read(one)
