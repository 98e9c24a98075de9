"""Connections under a time limit on the whole call: ``requests`` has one for each wait alone.

Whoever answers a byte at a time would be waited for without end; so the sockets themselves are cut.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from interop_cli.connectors.hosts import refuse_link_local


class Watch:
    """A call that is over at ``ends`` (``time.monotonic``): then its sockets are cut."""

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.over = False
        """Whether the time was over before the call was."""
        self.connected = False
        """Whether anything can have been sent: false while the connection is not yet open."""

    def add(self, sock: socket.socket) -> None:
        """Watch a socket too."""
        with self._lock:
            self._sockets.append(sock)
            late = self.over
        if late:
            _shut(sock)

    def cut(self) -> None:
        """The time is over."""
        with self._lock:
            self.over = True
            sockets = list(self._sockets)
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Watchman:
    """Watches the calls of a session, in one thread for all of them."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes = 0.0

    @contextlib.contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Have an eye on a call."""
        with self._changed:
            self._watches.add(watch)
            if self._thread is None:
                self._wakes = watch.ends
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            elif watch.ends < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watches.discard(watch)

    def close(self) -> None:
        """Let the thread end."""
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        """Cut what is over, until nothing is watched any more."""
        with self._changed:
            while self._watches:
                now = time.monotonic()
                for watch in [one for one in self._watches if one.ends <= now]:
                    self._watches.discard(watch)
                    watch.cut()
                # Calls come and go meanwhile, and end later than this: nobody has to be woken.
                self._wakes = min((one.ends for one in self._watches), default=now)
                self._changed.wait(self._wakes - now)
            self._thread = None


class WatchedAdapter(HTTPAdapter):
    """An adapter whose connections, behind a proxy too, report to the watch of the call at hand."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        super().__init__(max_retries=0, pool_connections=2, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._watched(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        known = proxy in self.proxy_manager
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            self._watched(manager)
        return manager

    def _watched(self, manager: PoolManager) -> None:
        adapter = self

        class Plain(_Watched, HTTPConnection):
            owner = adapter

        class Secure(_Watched, HTTPSConnection):
            owner = adapter

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class _Watched:
    """Shows its socket to the watch, when it is opened and whenever it is used again."""

    owner: WatchedAdapter
    sock: Any

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        refuse_link_local(str(sock.getpeername()[0]))
        if self.owner.watch is not None:
            self.owner.watch.add(sock)
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._show()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self._show()
        super().request(*args, **kwargs)  # type: ignore[misc]

    def _show(self) -> None:
        if self.owner.watch is not None:
            self.owner.watch.connected = True
            self.owner.watch.add(self.sock)
