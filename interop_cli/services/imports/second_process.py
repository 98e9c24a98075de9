"""What is told of the rows of a large file by themselves, worked out in a second process.

That process is a fork of this one. It gets rows, a batch at a time, and gives back what an import's
``Teller`` makes of each: who it is about, and what is stored of it where it is new and there is
nothing special about it. It asks no database, reads no file and says nothing: a row that a rule
refuses or warns of is left to the import, which does with it what it does with the rows of a small
file. So it decides nothing but the time: where there is no such process, or where it dies, which is
warned of, the import does all of it.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import struct
import sys
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any, NoReturn, Protocol

from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context, RuleWarning
from interop_cli.services.imports.rows import FileRow, RowImport

ALONE = 4000  # rows of a file that are not worth a process
AHEAD = 4  # batches that are read before they are written
_PIPE = 1024 * 1024  # bytes that wait in a pipe, where the system lets us have so many
_LENGTH = struct.Struct("=I")
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


class Teller(Protocol):
    """What the second process does with a row."""

    def told(self, values: dict[str, Any], *, build: bool) -> Any:
        """What there is to be told of a row, of plain Python values; ``None`` for nothing.

        ``build``: what would be stored of it, too, as it is thought to be new.
        """


@dataclass
class ToldImport(RowImport):
    """An import that is told ahead of the rows of a large file, in ``told``, a batch at a time."""

    told: Sequence[Any] = ()

    @abstractmethod
    def teller(self) -> Teller:
        """What tells of its rows."""

    def batches(self, records: Iterator[FileRow]) -> Generator[Sequence[FileRow], None, None]:
        """The rows in batches."""
        found = batches(
            records, self.size, self.teller, self.builds, self.context.warnings, large=self.large
        )
        with closing(found):
            for rows, self.told in found:
                yield rows


Batch = tuple[list[FileRow], Sequence[Any]]
"""Rows, and what was told of each; nothing where nothing was."""


def batches(
    records: Iterator[FileRow],
    size: int,
    teller: Callable[[], Teller],
    builds: Callable[[], bool],
    warnings: list[RuleWarning],
    *,
    large: bool = False,
) -> Generator[Batch, None, None]:
    """The rows in batches of ``size``; close it when done.

    Warns ``import.alone`` where the process has died.

    ``builds`` tells, when a batch is sent, whether its rows are thought to be new. Of a file known
    to be ``large`` nothing is read before the process is there, which else would keep all that
    has been read of it by then: of a workbook, the sheet.
    """
    for _ in range(0, 0 if large else ALONE, size):
        if not (rows := list(islice(records, size))):
            return
        yield rows, ()
    helper = None
    if may_fork():
        worker = _Worker(teller())
        with suppress(OSError):  # no process or no pipe is left to us
            helper = _Helper(worker.answer)
    if helper is None:
        while rows := list(islice(records, size)):
            yield rows, ()
        return
    with closing(helper):
        yield from _ahead(records, size, helper, builds)
        if helper.lost:
            reason = msg("The second process of the import died; this one did its work, slower.")
            warnings.append(RuleWarning("", "import.alone", reason))


def may_fork() -> bool:
    """Whether a second process is safe here, and of any use."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1  # or a lock might be held for ever in the fork
        and len(os.sched_getaffinity(0)) > 1
    )


def _ahead(
    records: Iterator[FileRow], size: int, helper: _Helper, builds: Callable[[], bool]
) -> Iterator[Batch]:
    waiting: deque[list[FileRow]] = deque()
    more, failure = True, None
    while True:
        while more and len(waiting) < AHEAD:
            try:
                rows = list(islice(records, size))
            except Exception as error:  # noqa: BLE001 - to be met after the rows before it
                rows, failure = [], error
            if more := bool(rows):
                waiting.append(rows)
                helper.send(_packed(rows, builds()))
        if not waiting:
            break
        yield waiting.popleft(), _unpacked(helper.receive())
    if failure is not None:
        raise failure


def _packed(rows: Sequence[FileRow], build: bool) -> bytes:
    """What the second process is asked: the names once, where all rows have the same."""
    columns = {tuple(row.values) for row in rows}
    names = columns.pop() if len(columns) == 1 else ()
    said = [None if row.error else [*row.values.values()] if names else row.values for row in rows]
    try:
        return marshal.dumps((build, names, said))
    except ValueError:  # a date of a sheet
        return marshal.dumps((False, (), []))


def _unpacked(answer: bytes) -> Sequence[Any]:
    return marshal.loads(answer) if answer else ()  # noqa: S302 - of our own fork


def apart(context: Context) -> Context:
    """This context where there is no database, with warnings of its own."""
    known = context.policy.accounting_fields()  # asked here: the database is this process's
    policy = replace(context.policy, accounting_fields=lambda: known)
    return replace(context, policy=policy, warnings=[])


class _Worker:
    """What the second process does with messages."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def answer(self, message: bytes) -> bytes:
        build, names, rows = marshal.loads(message)  # noqa: S302 - of the process we are a fork of
        if names:
            rows = (None if row is None else dict(zip(names, row, strict=True)) for row in rows)
        told = self._teller.told
        return marshal.dumps([None if row is None else told(row, build=build) for row in rows])


class _Helper:
    """A fork of this process that answers messages, in their order."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._unsent = bytearray()
        self._received = bytearray()
        self.lost = False
        """Whether it has ended by itself, which nobody asked it to."""
        request, self._out = _pipe()
        try:
            self._in, reply = _pipe()
        except OSError:
            _close(request, self._out)
            raise
        # A signal that came between the fork and its first statement would unwind it as if it
        # were this process.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, _ending())
        try:
            self._pid = os.fork()
            if self._pid == 0:
                _serve(request, reply, (self._out, self._in), answer)
        except OSError:
            _close(self._out, self._in)
            raise
        finally:
            _close(request, reply)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        os.set_blocking(self._out, False)

    def send(self, message: bytes) -> None:
        """Hand over a message."""
        self._unsent += _LENGTH.pack(len(message)) + message
        self._move(lambda: not self._unsent)

    def receive(self) -> bytes:
        """The next answer; nothing where there will be none."""
        self._move(lambda: len(self._received) >= self._awaited())
        if self.lost:
            return b""
        end = self._awaited()
        answer = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        return answer

    def _awaited(self) -> int:
        if len(self._received) < _LENGTH.size:
            return _LENGTH.size
        length: int = _LENGTH.unpack_from(self._received)[0]
        return _LENGTH.size + length

    def _move(self, done: Callable[[], bool]) -> None:
        """Write and read what is there to be, until ``done``: neither may wait for the other."""
        poll = select.poll()
        poll.register(self._in, select.POLLIN)
        while not self.lost and not done():
            if self._unsent:
                poll.register(self._out, select.POLLOUT)
            for place, _event in poll.poll():
                if place == self._in:
                    data = os.read(place, _PIPE)
                    self.lost = self.lost or not data
                    self._received += data
                    continue
                try:
                    del self._unsent[: os.write(place, self._unsent)]
                except BlockingIOError:
                    continue
                except OSError:
                    self.lost = True
                if not self._unsent:
                    poll.unregister(place)

    def close(self) -> None:
        """End that process."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        _close(self._out, self._in)


def _close(*places: int) -> None:
    for place in places:
        os.close(place)


def _ending() -> list[signal.Signals]:
    return [signal.Signals[name] for name in _ENDING]


def _pipe() -> tuple[int, int]:
    import fcntl

    ends = os.pipe()
    with suppress(OSError, AttributeError):
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, _PIPE)
    return ends


def _serve(
    request: int, reply: int, others: Sequence[int], answer: Callable[[bytes], bytes]
) -> NoReturn:
    """Answer until there is no more to be answered, and end without a trace."""
    try:
        _close(*others)  # or it would not be told when the other process dies
        # The one that is interrupted says so, and ends this one.
        for number in _ending():
            signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ending())
        with open(request, "rb") as asked, open(reply, "wb") as given:
            while message := _message(asked):
                text = answer(message)
                given.write(_LENGTH.pack(len(text)) + text)
                given.flush()
    finally:
        os._exit(0)


def _message(stream: IO[bytes]) -> bytes:
    head = stream.read(_LENGTH.size)
    return stream.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
