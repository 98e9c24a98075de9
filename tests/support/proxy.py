"""A proxy between the program and the real PostgreSQL server: it cuts, stalls, and speaks TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

COMMIT = b"COMMIT\x00"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
READY = b"Z\x00\x00\x00\x05"


class Way(NamedTuple):
    """Where a proxy leads to: the socket of the server, and the name of the database there."""

    path: str
    database: str


def way_to(url: str) -> Way:
    """The way that an address of the tests' server names."""
    parts = urlsplit(url)
    return Way(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432", parts.path.lstrip("/"))


class Proxy:
    """Forwards bytes, and troubles them as its attributes say; each may be set at any time.

    ``cut``: what becomes of the next COMMIT: ``before`` the server has it, ``after`` it was
    executed, or ``during`` (the server has it, and nobody waits for it); the connection is closed
    then, and ``afterwards`` is called first. ``stalled``: nothing is forwarded any more, which
    begins by itself at the bytes ``stall_at``. ``gone``: new connections are closed at once.
    """

    def __init__(self, way: Way, tls: ssl.SSLContext | None = None) -> None:
        self.way, self.tls = way, tls
        self.cut = ""
        self.cuts = 0
        self.stall_at = b""
        self.afterwards: Callable[[], None] = lambda: None
        self.stalled = threading.Event()
        self.gone = threading.Event()
        self._swallow = threading.Event()
        self._swallowing: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def url(self, user: str = "postgres", options: str = "") -> str:
        """The address of the database through this proxy."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{self.way.database}?{options}"

    def close(self) -> None:
        """Close everything."""
        for each in (self._listener, *self._open):
            _close(each)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                if self.gone.is_set():
                    _close(client)
                    continue
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.append(client)
        server = socket.socket(socket.AF_UNIX)
        self._open.append(server)
        with contextlib.suppress(OSError):
            if self.tls is not None:
                assert client.recv(8, socket.MSG_WAITALL) == SSL_REQUEST
                client.sendall(b"S")
                client = self.tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            server.connect(self.way.path)
            threading.Thread(target=self._pass_back, args=[server, client], daemon=True).start()
            self._pass_on(client, server)
        for each in (client, server):
            _close(each)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while data := client.recv(1 << 16):
            if self.stall_at and self.stall_at in data:
                self.stalled.set()
            if self.stalled.is_set():
                continue
            if COMMIT in data and self.cut:
                self._cut_off(data, server)
                return
            server.sendall(data)

    def _cut_off(self, data: bytes, server: socket.socket) -> None:
        how, self.cut = self.cut, ""
        self.cuts += 1
        if how != "before":
            self._swallow.clear()
            self._swallowing = server
            server.sendall(data)
        if how == "after":
            self._swallow.wait(30)
        self.afterwards()

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if server is self._swallowing:
                    if READY in data:
                        self._swallow.set()
                elif not self.stalled.is_set():
                    client.sendall(data)
        _close(client)


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextlib.contextmanager
def through(url: str, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A proxy to the server of ``url``."""
    proxy = Proxy(way_to(url), tls)
    try:
        yield proxy
    finally:
        proxy.close()
