"""Many command lines, each in a process of its own, forked from an interpreter that is warm.

Starting Python and our libraries costs a hundred times what most commands do. What is forked is
the real thing otherwise: own streams, own limits, own exit status.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.support.outside import shell_code

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
    """How a command ended; ``rss`` is the most memory it held, in bytes."""

    code: int
    stdout: str
    stderr: str
    rss: int


def run_all(commands: Iterable[Command], folder: Path) -> list[Ended]:
    """Run the commands one after the other in ``folder``."""
    wanted = list(commands)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.forks"],
        input=json.dumps([asdict(command) for command in wanted]),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    return [Ended(*json.loads(line)) for line in done.stdout.splitlines()]


def _serve() -> None:
    """The warm interpreter: reads the commands, says how each one ended."""
    from interop_cli.commands import client, db, journal  # noqa: F401
    from interop_cli.commands.client import files  # noqa: F401
    from interop_cli.domain import address  # noqa: F401
    from interop_cli.domain.values import phone  # noqa: F401
    from interop_cli.inputs import delimited, mapping, ndjson, reading, rejects  # noqa: F401
    from interop_cli.output import json_rows, table  # noqa: F401
    from interop_cli.services.clients import card  # noqa: F401
    from interop_cli.services.imports import clients as imports  # noqa: F401
    from interop_cli.shell import error_boundary, signals  # noqa: F401
    from interop_cli.store import store  # noqa: F401
    from interop_cli.store.engines import sqlite  # noqa: F401

    for values in json.load(sys.stdin):
        sys.stdout.write(json.dumps(_one(Command(**values))) + "\n")
        sys.stdout.flush()


def _one(command: Command) -> Ended:
    names = ("forked.out", "forked.err")
    pid = os.fork()
    if pid == 0:
        _become(command, names)
    _pid, status, usage = os.wait4(pid, 0)
    out, err = (Path(name).read_bytes().decode() for name in names)
    code = shell_code(os.waitstatus_to_exitcode(status))
    return Ended(code, out, err, usage.ru_maxrss * 1024)


def _become(command: Command, names: tuple[str, str]) -> None:
    import resource

    from interop_cli.cli import main

    os.environ.update(command.env)
    os.dup2(os.open(command.stdin, os.O_RDONLY | os.O_NONBLOCK), 0)
    os.set_blocking(0, True)
    for number, name in enumerate(names, 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if command.memory is not None:
        size = _mapped() + command.memory
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    if command.cpu is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (command.cpu, command.cpu))
    code = main(command.args)
    sys.stdout.flush()
    os._exit(code)


def _mapped() -> int:
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    _serve()
