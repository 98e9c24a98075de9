"""A process of the program as ``subprocess.Popen`` gives it, forked from the warm interpreter.

It has its own number, streams, folder, environment and exit status, and takes signals. What Python
does when it starts has been done already: where that is what a test is about, it starts cold.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.support.warm import interpreter


class WarmProcess(subprocess.Popen[bytes]):
    """``interop ARGS…``, the ``main`` of a module, or a script of several lines, as a process.

    ``closed`` are streams that it starts without, ``ignored`` signals that it does not get; on
    ``terminal``, its stderr is the terminal it belongs to. Else as ``Popen``.
    """

    def __init__(
        self,
        args: Sequence[str],
        *,
        program: str = "interop",
        closed: Sequence[int] = (),
        ignored: Sequence[int] = (),
        terminal: bool = False,
        **options: Any,
    ) -> None:
        different = [f"close:{number}" for number in closed]
        different += [f"ignore:{int(number)}" for number in ignored]
        different += ["terminal"] if terminal else []
        self._words = [program, " ".join(different), "", "", str(len(args)), *args]
        self._server = socket.socket(socket.AF_UNIX)
        super().__init__(args, **options)

    def _execute_child(self, *given: Any) -> None:
        cwd, env = given[5:7]
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = given[10:16]
        variables = os.environ if env is None else env
        words = [str(cwd or os.getcwd()), *self._words]  # noqa: PTH109
        words += [f"{name}={value}" for name, value in variables.items()]
        request = "\0".join(words).encode("utf-8", "surrogateescape")
        streams = [
            own if own != -1 else number for number, own in enumerate((p2cread, c2pwrite, errwrite))
        ]
        self._server.connect(str(interpreter()))
        sent = socket.send_fds(self._server, [request], streams)
        self._server.sendall(request[sent:])
        self._server.shutdown(socket.SHUT_WR)
        self.pid = int.from_bytes(self._server.recv(4), sys.byteorder)
        self._child_created = True
        self._close_pipe_fds(  # type: ignore[attr-defined]
            p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite
        )

    def _internal_poll(self, *_given: Any, **_options: Any) -> int | None:
        if self.returncode is None:
            self._server.settimeout(0)
            try:
                self._take_code()
            except BlockingIOError:
                return None
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            self._server.settimeout(timeout)
            try:
                self._take_code()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
        return self.returncode

    def _take_code(self) -> None:
        answer = self._server.recv(4)
        self._server.close()
        # No answer: the warm interpreter has ended, and with it whoever could know.
        code = int.from_bytes(answer, sys.byteorder, signed=True) if answer else -signal.SIGKILL
        self.returncode = code


def starts_cold(env: dict[str, str]) -> bool:
    """Whether the environment says what Python reads only when it starts."""
    plain = env.get("LC_ALL", "C.UTF-8") == "C.UTF-8"
    return not plain or any(name in env for name in ("PYTHONIOENCODING", "PYTHONUTF8"))
