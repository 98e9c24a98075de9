"""Signals: how they end the program, where they wait, and when they no longer matter.

SIGINT, SIGTERM and SIGHUP unwind the program as an exception, so that the transaction rolls back
and somebody says what became of it. A second one ends it on the spot.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signalled(KeyboardInterrupt):
    """A signal arrived. A KeyboardInterrupt, so that libraries clean up after every one of them."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class _State:
    """Whether signals wait, and which one does."""

    held = 0
    waiting: int | None = None


def catch() -> None:
    """Make the signals raise ``Signalled``; those that were ignored (nohup) stay so."""
    _State.held, _State.waiting = 0, None
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            _handle(number, _arrived)


def ignore() -> None:
    """The work is done and delivered: nothing is left to interrupt."""
    for number in _numbers():
        _handle(number, signal.SIG_IGN)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until the end of the block, so that its parts are never told apart."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        if not _State.held and _State.waiting is not None:
            number, _State.waiting = _State.waiting, None
            raise Signalled(number)


def _arrived(number: int, _frame: FrameType | None) -> None:
    for other in _numbers():
        if signal.getsignal(other) is _arrived:
            _handle(other, signal.SIG_DFL)  # the next one ends the program at once
    if _State.held:
        _State.waiting = number
    else:
        raise Signalled(number)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _handle(number: int, handler: object) -> None:
    with contextlib.suppress(ValueError):  # not in the main thread: a test in process
        signal.signal(number, handler)  # type: ignore[arg-type]
