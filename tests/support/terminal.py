"""The program on a terminal of its own, as a person would use it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from tests.support.outside import PATIENCE, PROGRAM, environment, shell_code


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
        assert ready, f"nothing more comes: {self.shown!r}"
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
    program: Sequence[str] = PROGRAM,
) -> Iterator[Session]:
    """Run ``interop ARGS…`` on a terminal; ``stdin`` and ``stdout`` may be something else."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST  # a line end stays one byte
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal

    process = subprocess.Popen(
        [*program, *map(str, args)],
        stdin=slave if stdin is None else stdin,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        env=environment(TERM="xterm") | dict(env or {}),
        preexec_fn=own_terminal,
    )
    os.close(slave)
    try:
        yield Session(process, master)
    finally:
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        os.close(master)
