"""Many command lines, each in a process of its own, forked from the warm interpreter.

Starting Python and our libraries costs a hundred times what most commands do. What is forked is
the real thing otherwise: own streams, own limits, own exit status.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.support.outside import shell_code
from tests.support.warm import interpreter

MEGABYTE = 2**20


@dataclass
class Command:
    """One command line. ``memory`` and ``cpu`` are what it may have: bytes more, and seconds."""

    args: list[str]
    stdin: str = os.devnull
    env: dict[str, str] = field(default_factory=dict)
    memory: int | None = None
    cpu: int | None = None


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run_all(commands: Iterable[Command], folder: Path) -> list[Ended]:
    """Run the commands one after the other in ``folder``."""
    return [_run(command, folder) for command in commands]


def _run(command: Command, folder: Path) -> Ended:
    out, err = folder / "forked.out", folder / "forked.err"
    env = {**os.environ, **command.env}
    words = [
        str(folder),
        "interop",
        "",
        str(command.memory or ""),
        str(command.cpu or ""),
        str(len(command.args)),
        *command.args,
        *(f"{name}={env[name]}" for name in env),
    ]
    # Not to wait for the other end, where the input is a named pipe.
    stdin = os.open(folder / command.stdin, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(stdin, True)
    with (
        os.fdopen(stdin, "rb") as given,
        out.open("wb") as stdout,
        err.open("wb") as stderr,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.connect(str(interpreter()))
        streams = [given.fileno(), stdout.fileno(), stderr.fileno()]
        request = "\0".join(words).encode("utf-8", "surrogateescape")
        sent = socket.send_fds(server, [request], streams)
        server.sendall(request[sent:])
        server.shutdown(socket.SHUT_WR)
        server.recv(4)  # the number of the process
        code = int.from_bytes(server.recv(4), sys.byteorder, signed=True)
    return Ended(shell_code(code), out.read_bytes().decode(), err.read_bytes().decode())
