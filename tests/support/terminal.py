"""The program on a terminal of its own, as a person would use it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.support.outside import PATIENCE, PROGRAM, environment, shell_code
from tests.support.warm_process import WarmProcess, starts_cold

# ``on 80 COMMAND…``: run it on a terminal of that many columns, and pass on what that was shown.
ON = f"""#!{sys.executable} -IS
import fcntl, os, pty, struct, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
attributes = termios.tcgetattr(slave)
attributes[1] &= ~termios.OPOST
termios.tcsetattr(slave, termios.TCSANOW, attributes)
child = os.fork()
if not child:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 1)
    os.dup2(slave, 2)
    os.environ.pop("COLUMNS", None)
    os.environ.update(TERM="xterm", NO_COLOR="1")
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(slave)
try:
    while shown := os.read(master, 65536):
        os.write(1, shown)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


class Session:
    """A process whose streams are a terminal, and what the terminal was shown so far."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self.terminal = terminal
        self.shown = ""

    def expect(self, text: str) -> None:
        """Wait until the terminal shows ``text``."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert self._read(deadline), f"{text!r} never came: {self.shown!r}"

    def type(self, text: str) -> None:
        """Press these keys; ``\\x03`` is Ctrl-C, ``\\x04`` the end of the input."""
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Wait for the end; the exit code as a shell says it."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return shell_code(self.process.wait(PATIENCE))

    def _read(self, deadline: float) -> bool:
        """Take what the terminal was shown; False at the end."""
        ready, _, _ = select.select([self.terminal], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"nothing more comes: {self.shown[-300:]!r}"
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # Linux, when the last one lets go of the terminal
            return False
        self.shown += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def on_terminal(
    *args: object,
    env: Mapping[str, str] | None = None,
    columns: int = 100,
    stdin: IO[bytes] | int | None = None,
    stdout: IO[bytes] | int | None = None,
    cwd: Path | None = None,
    script: str = "interop",
) -> Iterator[Session]:
    """Run ``interop ARGS…`` on a terminal; ``stdin`` and ``stdout`` may be something else.

    ``script`` are the lines of a program that is run instead.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST  # a line end stays one byte
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal

    words = [str(arg) for arg in args]
    options: dict[str, Any] = {
        "stdin": slave if stdin is None else stdin,
        "stdout": slave if stdout is None else stdout,
        "stderr": slave,
        "cwd": cwd,
        "env": environment(TERM="xterm") | dict(env or {}),
    }
    process = (
        subprocess.Popen([*PROGRAM, *words], preexec_fn=own_terminal, **options)
        if starts_cold(options["env"])
        else WarmProcess(words, program=script, terminal=True, **options)
    )
    os.close(slave)
    try:
        yield Session(process, master)
    finally:
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        os.close(master)
