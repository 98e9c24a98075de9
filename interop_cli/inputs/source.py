"""Where input comes from: a regular file, or standard input kept so that it can be read again.

A unit of work may run twice, so a source gives any number of streams, each from the start and
each with its own place. A file is opened once: replacing it while we read changes nothing.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

from interop_cli.disk import temporary_file
from interop_cli.domain.errors import Detail, InvalidData, IoFailure, UsageError, why
from interop_cli.domain.messages import msg
from interop_cli.inputs import unreadable

STDIN = "-"
SPOOL_IN_MEMORY = 16 * 1024 * 1024  # bytes
BUFFER = 256 * 1024
_PIECE = 1024 * 1024


class _Base(Protocol):
    """The one open file under a source."""

    def seek(self, offset: int, /) -> int: ...
    def readinto(self, buffer: Any, /) -> int | None: ...


class Source:
    """Something to read, any number of times; made by ``open_source``."""

    def __init__(self, name: str, base: _Base, size: int, start: int = 0) -> None:
        self.name = name
        self.size = size
        self._base = base
        self._start = start
        self._last: _View | None = None

    def binary(self) -> io.BufferedReader:
        """A new stream of the bytes, from the start."""
        self._last = _View(self.name, self._base, self._start, self.size)
        return io.BufferedReader(self._last, BUFFER)

    def position(self) -> int:
        """How many bytes the newest stream has taken, out of ``size``."""
        return self._last.taken if self._last else 0


class _View(io.RawIOBase):
    """A stream with its own place in a file that others read too."""

    def __init__(self, name: str, base: _Base, start: int, size: int) -> None:
        self._name = name
        self._base = base
        self._start = start
        self._size = size
        self.taken = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.taken

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self.taken, os.SEEK_END: self._size}[whence]
        self.taken = max(begin + offset, 0)
        return self.taken

    def readinto(self, buffer: Any) -> int:
        try:
            self._base.seek(self._start + self.taken)
            count = self._base.readinto(buffer) or 0
        except OSError as error:
            raise _failure("input.read", self._name, error) from error
        self.taken += count
        return count


@contextmanager
def open_source(name: str, stdin: IO[Any] | None, *, follow: bool = True) -> Iterator[Source]:
    """The file ``name``, or ``stdin`` (text or binary) where the name is ``-``.

    Without ``follow``, a name that is a symbolic link is refused (``input.link``).

    Raises ``IoFailure`` for what is not there (``input.missing``), is no regular file
    (``input.not_a_file``) or may not be read (``input.unreadable``), and ``UsageError``
    (``input.terminal``) where a person would have to type the file.
    """
    opened = _open_stdin(stdin) if name == STDIN else _open_file(name, follow=follow)
    with opened as source:
        yield source


@contextmanager
def _open_file(name: str, *, follow: bool) -> Iterator[Source]:
    # A FIFO must not make us wait for its writer, nor a terminal become ours.
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
        flags |= getattr(os, flag, 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
        _refuse_link(name)
    try:
        handle = os.open(name, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise unreadable("input.missing", name, msg("there is no such file")) from None
    except ValueError:  # a NUL in the name
        raise unreadable("input.missing", name, msg("there is no such file")) from None
    except OSError as error:
        if not follow:  # what was no link may have become one
            _refuse_link(name)
        # Windows does not open folders, and nobody opens sockets.
        if error.errno in (errno.ENXIO, errno.ENODEV) or Path(name).is_dir():
            raise _not_a_file(name) from None
        raise _failure("input.unreadable", name, error) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise _not_a_file(name)
    with os.fdopen(handle, "rb", buffering=0) as file:
        yield Source(name, file, status.st_size)


def _refuse_link(name: str) -> None:
    with suppress(ValueError):
        if Path(name).is_symlink():
            reason = msg("it is a symbolic link, and those are not followed here")
            raise unreadable("input.link", name, reason)


def _not_a_file(name: str) -> IoFailure:
    return unreadable(
        "input.not_a_file",
        name,
        msg("it is not a regular file"),
        hint=msg("Pipes go to standard input: give - as the file."),
    )


@contextmanager
def _open_stdin(stdin: IO[Any] | None) -> Iterator[Source]:
    from tempfile import SpooledTemporaryFile

    name = "stdin"
    if stdin is None or stdin.closed:
        raise unreadable("input.read", name, msg("it is closed"))
    if stdin.isatty():
        raise UsageError(
            "input.terminal",
            msg("Nothing was piped into the command, and - reads what is piped."),
            hint=msg("interop … - < FILE"),
        )
    binary: Any = getattr(stdin, "buffer", stdin)
    if (start := _start_of_file(binary)) is not None:
        with os.fdopen(os.dup(binary.fileno()), "rb", buffering=0) as file:
            yield Source(name, file, os.fstat(file.fileno()).st_size - start, start)
        return
    with SpooledTemporaryFile(SPOOL_IN_MEMORY) as spool:
        size = _fill(spool, binary, name)
        yield Source(name, spool, size)


def _start_of_file(binary: IO[bytes]) -> int | None:
    """Where standard input begins, when it is a file on disk (``< FILE``); ``None`` for a pipe."""
    try:
        if stat.S_ISREG(os.fstat(binary.fileno()).st_mode):
            return binary.tell()
    except (OSError, ValueError):
        pass
    return None


def _fill(spool: IO[bytes], binary: Any, name: str) -> int:
    """Copy all of ``binary``; how many bytes. Devices other than the null one never end."""
    endless = _is_device(binary)
    while True:
        try:
            piece = binary.read(_PIECE)
        except OSError as error:
            raise _failure("input.read", name, error) from error
        if piece is None:  # somebody made the pipe non-blocking, and it is empty for now
            select.select([binary], [], [])
        elif not piece:
            return spool.tell()
        elif endless:
            raise _not_a_file(name)
        else:
            with temporary_file():
                spool.write(piece)


def _is_device(binary: IO[bytes]) -> bool:
    try:
        mode = os.fstat(binary.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _failure(code: str, name: str, error: OSError) -> IoFailure:
    return unreadable(code, name, why(error))


def read_whole(name: str, *, limit: int) -> bytes:
    """The content of the regular file ``name``, of ``limit`` bytes at most.

    Links are not followed and nothing is waited for. Raises what ``open_source`` does, and
    ``InvalidData`` (``input.too_large``).
    """
    with open_source(name, None, follow=False) as source:
        content = b""
        if source.size <= limit:
            with source.binary() as stream:
                content = stream.read(limit + 1)  # it may grow while it is read
        if max(source.size, len(content)) > limit:
            reason = msg("is larger than {limit} MB", limit=limit // 1_000_000)
            raise InvalidData(
                "input.too_large",
                msg("{file} is larger than {limit} MB.", file=name, limit=limit // 1_000_000),
                details=[Detail("file", "input.too_large", reason)],
            )
    return content
