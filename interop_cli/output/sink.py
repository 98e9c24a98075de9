"""Where the data goes: standard output, a pager, or a file that appears whole or not at all.

What is written is UTF-8 with ``\\n`` whatever the locale says; a lone surrogate is written as
``\\udc80``, which is also how JSON escapes it. A closed pipe stays ``BrokenPipeError``; any other
failure to write is an ``IoFailure`` with the code ``output.write``.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO

from interop_cli import disk
from interop_cli.disk import sync_folder
from interop_cli.domain.errors import Conflict, IoFailure, why_not_written
from interop_cli.domain.messages import msg
from interop_cli.output.columns import ColumnChoice, Row

Write = Callable[[bytes], object]
# Names of it; where it goes to a file, that one is written on, not replaced.
STDOUT = frozenset({"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
SPOOL_IN_MEMORY = 16 * 1024 * 1024
PIECE = 1024 * 1024
# What a new file may be read by, less what the umask takes; one that exists keeps its mode.
PUBLIC = 0o666
DATA = 0o660  # out of the database: nothing for others
PERSONAL = 0o600  # about persons


def write_all(chunks: Iterable[str | bytes], write: Write) -> None:
    """Write text as UTF-8; bytes are that already."""
    for chunk in chunks:
        if chunk:
            write(chunk.encode("utf-8", "backslashreplace") if isinstance(chunk, str) else chunk)


@contextmanager
def standard(stream: IO[str] | None) -> Iterator[Write]:
    """Standard output, flushed at the end."""
    if stream is None or stream.closed:
        raise failure(OSError(errno.EBADF, ""))
    with failures():
        stream.flush()
    binary = getattr(stream, "buffer", None)

    def write(data: bytes) -> None:
        with failures():
            if binary is None:
                stream.write(data.decode())
            else:
                write_whole(binary, data)

    yield write
    flush(stream)


def flush(stream: IO[str] | None) -> None:
    """Flush ``stream``, so that a failure is known now."""
    if stream is None or stream.closed:
        return
    with failures():
        try:
            stream.flush()
        except BlockingIOError:
            _wait(stream)
            flush(stream)


@contextmanager
def whole_file(path: Path, mode: int = PUBLIC) -> Iterator[Write]:
    """``path``, which is replaced when all is written and on disk, and untouched otherwise.

    A link is followed; a device or a pipe is written to directly. A new file gets ``mode``, one
    that is replaced keeps its own.
    """
    if path.exists() and not path.is_file() and not path.is_dir():  # also a pipe by /dev/fd/N
        with failures(path):
            device = path.open("wb", buffering=0)
        with device:
            yield _writer(device, path)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with _created(temporary, path, mode) as file:
            yield _writer(file, path)
            with failures(path):
                file.flush()
                os.fsync(file.fileno())
        with failures(path):
            temporary.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def check_places(*places: Path | str | None) -> None:
    """Raise the ``IoFailure`` that writing one of ``places`` will end with, where that is plain.

    Asked before a write, which could be committed and not told of. ``-`` is stdout.
    """
    for place in places:
        if place is None or str(place) == "-":
            continue
        path = Path(os.path.realpath(place))
        if path.is_dir():
            raise failure(OSError(errno.EISDIR, ""), path)
        if not path.parent.is_dir():
            raise failure(OSError(errno.ENOENT, ""), path)


@contextmanager
def spooled(write: Write) -> Iterator[Write]:
    """Keep everything (in memory, then in a temporary file) and pass it on at the end."""
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(SPOOL_IN_MEMORY) as spool:

        def keep(data: bytes) -> None:
            with disk.temporary_file():
                spool.write(data)

        yield keep
        with disk.temporary_file():
            spool.seek(0)
        while piece := spool.read(PIECE):
            write(piece)


def is_regular(stream: IO[str] | None) -> bool:
    """Whether ``stream`` is a file on disk, which takes data as fast as it is made."""
    try:
        return stream is not None and stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


@contextmanager
def failures(path: Path | None = None) -> Iterator[None]:
    """Turn a failure to write into ``IoFailure``, a closed pipe excepted."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if disk.WINDOWS and path is None and error.errno == errno.EINVAL:
            raise BrokenPipeError(errno.EPIPE, "") from error  # what Windows says instead
        raise failure(error, path) from error


def failure(error: OSError, path: Path | None = None) -> IoFailure:
    """The error of interop for an ``OSError`` of writing the output."""
    reason = why_not_written(error)
    if path is None:
        return IoFailure(
            "output.write", msg("The output cannot be written: {reason}.", reason=reason)
        )
    return IoFailure(
        "output.write", msg("{path} cannot be written: {reason}.", path=str(path), reason=reason)
    )


def _created(temporary: Path, path: Path, mode: int) -> IO[bytes]:
    """``temporary``, new, with the mode of ``path`` where that exists."""
    with failures(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        there = path.exists()
        file = os.fdopen(os.open(temporary, flags, PERSONAL if there else mode), "wb")
        keep_mode(path, temporary)
        return file


def _writer(file: IO[bytes], path: Path) -> Write:
    def write(data: bytes) -> None:
        with failures(path):
            write_whole(file, data)

    return write


def write_whole(binary: IO[bytes], data: bytes) -> None:
    """Write all of ``data``: to a pipe that another program made non-blocking, and unbuffered.

    An unbuffered stream (``PYTHONUNBUFFERED``) may take less than it is given, and says how much.
    """
    rest = memoryview(data)
    while rest:
        try:
            written: int | None = binary.write(rest)
        except BlockingIOError as error:
            written = None
            rest = rest[error.characters_written :]
        if written is None:
            _wait(binary)
        else:
            rest = rest[written:]


def _wait(stream: IO[bytes] | IO[str]) -> None:
    import select

    select.select([], [stream.fileno()], [])


def discard(stream: IO[str] | None) -> None:
    """Point ``stream`` at nothing, so that the flush at exit cannot fail."""
    with suppress(OSError, ValueError):
        if stream is not None:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)


def keep_mode(path: Path, temporary: Path) -> None:
    """Give the file that will replace ``path`` its mode, where there is one to replace."""
    with suppress(OSError):
        temporary.chmod(stat.S_IMODE(path.stat().st_mode))


def save_file(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write ``content`` to ``path``, whole or not at all, and nowhere else.

    Raises Conflict ``output.exists`` where something is there and ``overwrite`` is not given, and
    IoFailure ``output.not_a_file`` for what is no regular file: a link is never written through.
    A new file is its owner's alone, one that is replaced keeps its mode.
    """
    if os.path.lexists(path):
        if not overwrite:
            raise _exists(path)
        if path.is_symlink() or not path.is_file():
            raise IoFailure(
                "output.not_a_file",
                msg("{path} is not a regular file, and is left alone.", path=str(path)),
            )
    temporary = path.with_name(f".interop-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    with failures(path):
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            keep_mode(path, temporary)
            _put(temporary, path, overwrite=overwrite)
        finally:
            with suppress(OSError):
                temporary.unlink()


def _put(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Give the finished file its name; a new one that appeared meanwhile is not replaced."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without hard links
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(descriptor)
        temporary.replace(path)


def _exists(path: Path) -> Conflict:
    return Conflict(
        "output.exists",
        msg("{path} exists already, and was left as it is.", path=str(path)),
        hint=msg("Replace it with: --overwrite"),
    )


class Destination:
    """The file ``out``, or ``stdout``; ``pager``: what is longer than its screen is read in one.

    ``before`` is called before anything is written.
    """

    def __init__(
        self,
        out: Path | None,
        stdout: IO[str],
        environ: Mapping[str, str],
        *,
        pager: bool,
        before: Callable[[], None],
    ) -> None:
        self.out = out
        self._stdout = stdout
        self._environ = environ
        self._pager = pager
        self._before = before

    def write(
        self,
        chunks: Iterable[str | bytes],
        spool: bool = False,
        mode: int = DATA,
        *,
        paged: bool = True,
    ) -> None:
        """Write text; the options are those of ``opened``."""
        self._before()
        with self.opened(spool, mode, paged=paged) as write:
            write_all(chunks, write)

    @contextmanager
    def opened(self, spool: bool, mode: int = DATA, *, paged: bool = False) -> Iterator[Write]:
        """A function that writes there.

        ``spool``: take all of it before a slow reader gets any. ``mode`` is that of a new file.
        """
        if self.out:
            with whole_file(self.out, mode) as write:
                yield write
            return
        with standard(self._stdout) as write:
            through = spool and not is_regular(self._stdout)
            with (
                self._paged(write) if paged and self._pager else nullcontext(write) as read,
                spooled(read) if through else nullcontext(read) as first,
            ):
                yield first

    def workbook(
        self,
        sheet: str,
        choices: Sequence[ColumnChoice],
        batches: Iterable[Sequence[Row]],
        mode: int = DATA,
        *,
        words: bool = False,
    ) -> None:
        """Write rows as a workbook, which is made whole before any of it is written."""
        from interop_cli.disk import nameless_file
        from interop_cli.output.workbook import write_rows

        with nameless_file() as file:
            write_rows(file, sheet, choices, batches, words=words)
            with self.opened(spool=False, mode=mode) as write:
                while piece := file.read(PIECE):
                    write(piece)

    def _paged(self, write: Write) -> AbstractContextManager[Write]:
        from interop_cli.output.pager import paged, pager_of

        command = pager_of(self._environ)
        return paged(command, self._stdout, self._environ, write) if command else nullcontext(write)
