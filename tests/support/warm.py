"""``interop`` as a program on the PATH: a cold one, and one that asks a warm interpreter.

Starting Python and our libraries takes most of the time of a short command. Here one interpreter
loads them once and forks for each command. What is forked is a process of its own like any other:
with the streams, the folder and the environment of its caller, and an exit status.
"""

from __future__ import annotations

import atexit
import functools
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CLIENT = Path(__file__).with_name("warm_client.py")
COLD = f'exec {shlex.quote(sys.executable)} -m interop_cli "$@"\n'


def cold_program() -> str:
    """The text of an ``interop`` that starts a new interpreter each time, as the real one."""
    return f"#!/bin/sh\n{COLD}"


def warm_program() -> str:
    """The text of an ``interop`` that asks the warm interpreter of this process.

    What Python reads of its environment only when it starts needs an interpreter that starts.
    """
    client = shlex.join(warm_command())
    plain = '[ "${LC_ALL:-C.UTF-8}$PYTHONIOENCODING$PYTHONUTF8" = C.UTF-8 ]'
    return f'#!/bin/sh\nif {plain}; then\n    exec {client} "$@"\nfi\n{COLD}'


def warm_command(package: Path | None = None) -> list[str]:
    """The words before the arguments of a command that the warm interpreter runs.

    ``package`` is a folder to import another ``interop_cli`` from, by an interpreter of its own.
    """
    return [sys.executable, "-I", "-S", str(CLIENT), str(interpreter(package))]


def install(program: str, folder: Path, name: str = "interop") -> Path:
    """Make ``program`` the command ``name`` of a folder that stands on a PATH; its path."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(program)
    path.chmod(0o755)
    return path


@functools.cache
def interpreter(package: Path | None = None) -> Path:
    """The address of the warm interpreter of this process, which ends with it."""
    # Not pytest's temporary folder: the name of a socket may have a hundred characters only.
    folder = tempfile.mkdtemp(prefix="interop-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = Path(folder) / "socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.warm_server", str(address)],
        stdin=subprocess.PIPE,  # closed when this process ends, however it does
        stdout=subprocess.PIPE,
        cwd=package,  # where ``-m`` looks first
        env={
            **os.environ,
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
    )
    atexit.register(server.__exit__, None, None, None)
    assert server.stdout
    assert server.stdout.readline() == b"ready\n"
    return address
