"""A thread of its own for the calls of a run: while one is under way, the run goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class CallAnswer(Generic[T]):
    """What a call will give: its result, or what it raised."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    def fill(self, call: Callable[[], T]) -> None:
        """Make the call."""
        try:
            self._result = call()
        except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
            self._error = error
        self._done.set()

    def get(self) -> T:
        """Wait for it."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]


class CallThread:
    """Makes calls in a thread, in the order they are given; ``inline``: at once, in this one."""

    def __init__(self, *, inline: bool = False) -> None:
        self._inline = inline
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, call: Callable[[], T]) -> CallAnswer[T]:
        """Begin a call."""
        answer: CallAnswer[T] = CallAnswer()
        if self._inline:
            answer.fill(call)
            return answer
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._calls.put(lambda: answer.fill(call))
        return answer

    def close(self) -> None:
        """Let the thread end when it has nothing more to do."""
        if self._thread is not None:
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
