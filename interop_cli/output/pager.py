"""A pager for what is longer than the screen, as git has one.

On a terminal only. ``PAGER`` names it, else it is ``less``, which gets ``LESS=FRX`` where nothing
is said; ``NO_PAGER``, an empty ``PAGER`` or ``cat`` mean none. A person who quits before the end
has read enough: that is no failure.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO

from interop_cli.output.sink import Write
from interop_cli.output.style import terminal_width, width

OPTIONS = "FRX"


class _Quit(Exception):
    """The person has left the pager."""


def pager_of(environ: Mapping[str, str]) -> list[str] | None:
    """The command of the pager, where one is wanted and there."""
    if environ.get("NO_PAGER") or environ.get("TERM", "dumb") == "dumb":
        return None
    try:
        words = shlex.split(environ.get("PAGER", "less"))
    except ValueError:
        return None
    if not words or words == ["cat"] or shutil.which(words[0]) is None:
        return None
    return words


@contextmanager
def paged(
    command: list[str], stream: IO[str], environ: Mapping[str, str], through: Write
) -> Iterator[Write]:
    """What is written goes ``through``, or into the pager once it is longer than the screen."""
    screen = _Screen(command, stream, environ, through)
    try:
        with suppress(_Quit):
            yield screen.write
        screen.end()
    except BaseException:
        screen.kill()
        raise


class _Screen:
    """What one screen holds, and then the pager."""

    def __init__(
        self, command: list[str], stream: IO[str], environ: Mapping[str, str], through: Write
    ) -> None:
        self._command, self._stream, self._environ = command, stream, environ
        self._through = through
        self._kept: list[bytes] = []
        self._columns = terminal_width(environ, stream)
        self._left = _height(stream)
        self._pager: subprocess.Popen[bytes] | None = None
        self._handler: object = None

    def write(self, data: bytes) -> None:
        """Keep what fits on the screen, pass on the rest."""
        if self._left is not None:
            self._kept.append(data)
            self._left -= sum(
                max(-(-width(line) // self._columns), 1) for line in data.decode().split("\n")[:-1]
            )
            if self._left > 0:
                return
            self._start()
            data = b"".join(self._kept)
            self._kept, self._left = [], None
        if self._pager is None or self._pager.stdin is None:
            self._through(data)
            return
        try:
            self._pager.stdin.write(data)
            self._pager.stdin.flush()
        except BrokenPipeError:
            raise _Quit from None

    def end(self) -> None:
        """Show what was kept, or wait until the person has left the pager."""
        if self._pager is None:
            if self._kept:
                self._through(b"".join(self._kept))
            return
        self._close()
        self._pager.wait()
        self._let_interrupt()

    def kill(self) -> None:
        """End the pager, which leaves the terminal as it was."""
        if self._pager is not None:
            self._close()
            self._pager.terminate()
            self._pager.wait()
            self._let_interrupt()

    def _start(self) -> None:
        environ = {"LESS": OPTIONS, **self._environ}
        with suppress(OSError):  # it cannot be started: the text is shown as it is
            self._pager = subprocess.Popen(  # noqa: S603 - the person's own pager
                self._command, stdin=subprocess.PIPE, stdout=self._stream.fileno(), env=environ
            )
            # Ctrl-C is for the pager, which goes on; it is not to lose what it reads from.
            with suppress(ValueError):  # not in the main thread
                self._handler = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _close(self) -> None:
        if self._pager is not None and self._pager.stdin is not None:
            with suppress(BrokenPipeError):
                self._pager.stdin.close()

    def _let_interrupt(self) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)  # type: ignore[arg-type]
            self._handler = None


def _height(stream: IO[str]) -> int | None:
    """Lines of the screen, one left for the prompt; None where nobody knows."""
    try:
        return os.get_terminal_size(stream.fileno()).lines - 1 or None
    except (OSError, ValueError):
        return None
