"""Outputs to look at: on pipes that are kept in memory, and on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from interop_cli.output import Output


class Kept:
    """An ``Output`` on two streams in memory, and what arrived there."""

    def __init__(self, format: str = "table", **options: Any) -> None:
        self._raw = io.BytesIO(), io.BytesIO()
        streams = [io.TextIOWrapper(raw, "latin-1", newline="\r\n") for raw in self._raw]
        options.setdefault("environ", {})
        self.output = Output(format, stdout=streams[0], stderr=streams[1], **options)

    @property
    def bytes(self) -> bytes:
        """What stdout got."""
        return self._raw[0].getvalue()

    @property
    def out(self) -> str:
        """What stdout got, as text."""
        return self._raw[0].getvalue().decode()

    @property
    def err(self) -> str:
        """What stderr got, as text."""
        return self._raw[1].getvalue().decode()


@contextmanager
def terminal(columns: int = 80) -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """A stream that is a terminal, and a function that closes it and gives what it was shown."""
    pty = __import__("pty")
    fcntl, struct, termios = (__import__(name) for name in ("fcntl", "struct", "termios"))
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST  # a line end stays one byte
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    stream = os.fdopen(slave, "w", encoding="utf-8")
    pieces: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65536):
                pieces.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def shown() -> str:
        if not stream.closed:
            stream.close()
        reader.join(10)
        assert not reader.is_alive()
        return b"".join(pieces).decode()

    try:
        yield stream, shown
    finally:
        shown()
        os.close(master)


def on_terminal(
    use: Callable[[Output], None],
    format: str = "table",
    *,
    columns: int = 80,
    environ: Mapping[str, str] | None = None,
    **options: Any,
) -> tuple[str, str]:
    """What a terminal as stdout and another as stderr were shown."""
    with terminal(columns) as (out, out_shown), terminal(columns) as (err, err_shown):
        environ = {"TERM": "xterm"} if environ is None else environ
        use(Output(format, stdout=out, stderr=err, environ=environ, **options))
        return out_shown(), err_shown()
