"""A thread of its own for the calls of a run: while one is under way, the run goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class CallThread:
    """Makes calls in a thread, in the order they are given; ``inline``: at once, in this one.

    No executor: Python waits for the threads of one before it ends, also for a call that hangs.
    """

    def __init__(self, *, inline: bool) -> None:
        self._inline = inline
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, call: Callable[[], T]) -> Future[T]:
        """Begin a call; what it gives or raises is the result of the answer."""
        answer: Future[T] = Future()

        def made() -> None:
            try:
                answer.set_result(call())
            except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
                answer.set_exception(error)

        if self._inline:
            made()
            return answer
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._calls.put(made)
        return answer

    def close(self) -> None:
        """Let the thread end after the call that it is at; those that wait are not made."""
        self._closed = True
        if self._thread is not None:
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None and not self._closed:
            call()
