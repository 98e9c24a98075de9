"""What is told of the rows of a large file by themselves, worked out in a second process.

That process is a fork of this one. It gets rows, a batch at a time, and gives back who each of them
is about, and what is stored of it where it is a new client with nothing special about it. It asks
no database, reads no file and says nothing: a row that a rule refuses or warns of is left to the
import, which does with it what it does with the rows of a small file. So it decides nothing but the
time: where there is no such process, or where it dies, the import does all of it.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from typing import IO, Any, NamedTuple, NoReturn

from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields.nested import any_field
from interop_cli.domain.matching import Identity, identity
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card
from interop_cli.services.imports.rows import FileRow
from interop_cli.store.engines.connection import Row
from interop_cli.store.writing.repositories import addresses, clients

ALONE = 4000  # rows of a file that are not worth a process
AHEAD = 4  # batches that are read before they are written
_PIPE = 1024 * 1024  # bytes that wait in a pipe, where the system lets us have so many
_LENGTH = struct.Struct("=I")
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


class Ready(NamedTuple):
    """Who a row is about; the ``rows`` of a new client and its main address where it is plain."""

    who: Identity
    rows: tuple[Row, Row] | None


Batch = tuple[list[FileRow], Sequence[Ready | None]]
"""Rows, and what is ready of each; nothing where nothing is."""


def batches(
    records: Iterator[FileRow], size: int, context: Context, builds: Callable[[], bool]
) -> Generator[Batch, None, None]:
    """The rows in batches of ``size``; close it when done.

    ``builds`` tells, when a batch is sent, whether it is thought to hold new clients.
    """
    for _ in range(0, ALONE, size):
        if not (rows := list(islice(records, size))):
            return
        yield rows, ()
    helper = None
    if may_fork():
        worker = _Worker(context)
        with suppress(OSError):  # no process or no pipe is left to us
            helper = _Helper(worker.answer)
    if helper is None:
        while rows := list(islice(records, size)):
            yield rows, ()
        return
    with closing(helper):
        yield from _ahead(records, size, helper, builds)


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
    values = [None if row.error else row.values for row in rows]
    try:
        return marshal.dumps((build, values))
    except ValueError:  # a date of a sheet
        return marshal.dumps((False, []))


def _unpacked(answer: bytes) -> Sequence[Ready | None]:
    if not answer:
        return ()
    told = marshal.loads(answer)  # noqa: S302 - of our own fork
    return [Ready(Identity._make(one[0]), one[1]) if one else None for one in told]


class _Worker:
    """What the second process does with rows."""

    def __init__(self, context: Context) -> None:
        # Asked for here: the database is the other process's.
        known = context.policy.accounting_fields()
        policy = replace(context.policy, accounting_fields=lambda: known)
        self._context = replace(context, policy=policy, warnings=[])

    def answer(self, message: bytes) -> bytes:
        build, rows = marshal.loads(message)  # noqa: S302 - of the process we are a fork of
        return marshal.dumps([None if row is None else self._told(row, build) for row in rows])

    def _told(self, values: Mapping[str, Any], build: bool) -> tuple[Any, Any]:
        plain = build and not values.get("logo") and not any_field(tuple(values))
        return tuple(identity(values)), self._rows(values) if plain else None

    def _rows(self, values: Mapping[str, Any]) -> tuple[Row, Row] | None:
        self._context.warnings.clear()
        try:
            client, address = card.built(values, self._context)
        except InteropError:
            return None
        if self._context.warnings:
            return None
        if client.shipper_identity == "client":  # which needs a logo
            return None
        return clients.to_row(client), addresses.to_row(address)


class _Helper:
    """A fork of this process that answers messages, in their order."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._unsent = bytearray()
        self._received = bytearray()
        self._lost = False
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
        if self._lost:
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
        while not self._lost and not done():
            if self._unsent:
                poll.register(self._out, select.POLLOUT)
            for place, _event in poll.poll():
                if place == self._in:
                    data = os.read(place, _PIPE)
                    self._lost = self._lost or not data
                    self._received += data
                    continue
                try:
                    del self._unsent[: os.write(place, self._unsent)]
                except BlockingIOError:
                    continue
                except OSError:
                    self._lost = True
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
