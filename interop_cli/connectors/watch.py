"""A time limit on a whole call: ``requests`` has one for each wait on the socket alone.

Whoever answers a byte at a time would be waited for without end; so the sockets themselves are cut.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from interop_cli.connectors.hosts import refuse_link_local


class Watch:
    """A time limit, as a context manager; sockets that are added to it are cut when it is over."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.over = False
        """Whether the time was over before the call was."""
        self.connected = False
        """Whether anything can have been sent: false while the connection is not yet open."""

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()

    def add(self, sock: socket.socket) -> None:
        """Watch a socket too."""
        with self._lock:
            self._sockets.append(sock)
            late = self.over
        if late:
            _shut(sock)

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            sockets = list(self._sockets)
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class CappedAdapter(HTTPAdapter):
    """An adapter whose connections report to the watch of the call at hand."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        super().__init__(max_retries=0, pool_connections=2, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        adapter = self

        class Plain(_Watched, HTTPConnection):
            owner = adapter

        class Secure(_Watched, HTTPSConnection):
            owner = adapter

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class _Watched:
    """Shows its socket to the watch, when it is opened and whenever it is used again."""

    owner: CappedAdapter
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
