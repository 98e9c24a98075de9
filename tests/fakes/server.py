"""The base of every fake remote: a small HTTP server on loopback, and ways to misbehave.

A fake is a subclass with routes. It keeps real state (ids, versions, what is unique), checks who
calls, notes every call, and does to a call whatever the next ``Mishap`` says: so the program is
tested over real sockets, through its real command line.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Call:
    """A call as it came in. ``body`` is the JSON, or the raw text where it is none."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any
    at: float


class Reply(NamedTuple):
    """What a route answers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}


@dataclass
class Mishap:
    """What happens to a call instead of, or besides, the right answer.

    ``when`` is ``before`` the state is touched, or ``after``: then the answer alone is lost.
    ``match`` says which calls it is for (a regex on ``METHOD /path``); it strikes ``times`` times.
    """

    kind: str
    when: str = "before"
    match: str = ""
    times: int = 1
    reply: Reply = field(default_factory=lambda: Reply(500, {"message": "made to fail"}))
    seconds: float = 0.0
    act: Callable[[], None] | None = None


Route = Callable[[Any, Call, re.Match[str]], Reply]


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    """Mark a method of a fake as the answer to ``method`` on paths that match ``pattern``."""

    def marked(function: Route) -> Route:
        function.__route__ = (method, re.compile(pattern))  # type: ignore[attr-defined]
        return function

    return marked


class FakeServer:
    """A remote system on ``http://127.0.0.1:<port>``; use it as a context manager.

    ``now`` is its clock in seconds (a test's own, where it must not wait). ``calls`` are all calls
    in order, ``violations`` what was wrong with them according to the published contract.
    """

    token: ClassVar[str] = "fake-token-0123456789"

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self.now = now or __import__("time").time
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.mishaps: list[Mishap] = []
        self.answering_seconds = 0.0
        """How long the fake itself took over its calls, in all, without waiting for what is in
        them: benchmarks compare with it.
        """
        self.lock = threading.RLock()
        self._routes = [
            (*value.__route__, value)
            for name in dir(type(self))
            if hasattr(value := getattr(type(self), name), "__route__")
        ]

    # -- for tests ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._door = Door()
        self._door.owner = self
        return self

    def __exit__(self, *_exc: object) -> None:
        self._door.close()

    def behind(self, door: Door) -> Self:
        """Answer from now on where another fake has answered so far."""
        self._door = door
        door.owner = self
        return self

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._door.server_address[1]}"

    def fail(self, kind: str, **how: Any) -> Mishap:
        """Have something happen to a coming call; the kinds are those of ``_Handler``."""
        mishap = Mishap(kind, **how)
        self.mishaps.append(mishap)
        return mishap

    def writes(self) -> list[Call]:
        """The calls that were meant to change something."""
        return [call for call in self.calls if self.is_write(call)]

    def is_write(self, call: Call) -> bool:
        """Whether a call is meant to change something; a fake whose POSTs read says which."""
        return call.method != "GET"

    # -- for fakes ----------------------------------------------------------------------------

    def allowed(self, call: Call) -> Reply | None:
        """The answer to someone who may not come in; None where they may."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {"message": "unauthorized"})
        return None

    def limited(self, call: Call) -> Reply | None:
        """The answer to someone who comes too often; None where they do not."""
        return None

    def headers(self, call: Call) -> Mapping[str, str]:
        """Headers of every answer."""
        return {}

    def violation(self, text: str) -> None:
        """Note that a call breaks the published contract."""
        self.violations.append(text)

    def answer(self, call: Call) -> Reply:
        """The answer to a call, all state under one lock."""
        with self.lock:
            refused = self.allowed(call) or self.limited(call)
            if refused is not None:
                return refused
            for method, pattern, function in self._routes:
                found = pattern.fullmatch(call.path)
                if found and method == call.method:
                    return function(self, call, found)  # type: ignore[no-any-return]
            self.violation(f"no such call: {call.method} {call.path}")
            return Reply(404, {"message": "no such path"})

    def strike(self, call: Call, when: str) -> Mishap | None:
        """The mishap that this call meets now."""
        with self.lock:
            for mishap in self.mishaps:
                line = f"{call.method} {call.path}"
                if mishap.when == when and mishap.times > 0 and re.search(mishap.match, line):
                    mishap.times -= 1
                    return mishap
        return None


class Door(ThreadingHTTPServer):
    """A port on loopback; ``owner`` is the fake that answers those who come in now."""

    daemon_threads = True
    request_queue_size = 64
    owner: FakeServer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more."""
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    """Reads a call, lets the fake answer it, and misbehaves where it is told to.

    The kinds of mishap: ``drop`` (the connection is reset), ``close`` (closed without a word),
    ``reply`` (another answer), ``sleep`` (late), ``drip`` (a byte at a time, for ever), ``huge``
    (endless), ``garbage`` (no JSON), ``half`` (cut off), ``gzip`` (compressed unasked),
    ``redirect`` (to another host), ``echo`` (the secret comes back in the message), ``act`` (the
    fake's state is changed first).
    """

    server: Door
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer would wait 40 ms for an acknowledgement

    def setup(self) -> None:
        super().setup()
        self.owner = self.server.owner

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header ``Date``, by the fake's own clock."""
        return super().date_time_string(self.owner.now() if timestamp is None else timestamp)

    def parse_request(self) -> bool:
        self.started = time.monotonic()  # the first line is there
        return super().parse_request()

    def _serve(self) -> None:
        fake, call = self.owner, self._call()
        with fake.lock:
            fake.calls.append(call)
        before = fake.strike(call, "before")
        if before is not None and not self._goes_on(before, None):
            return
        reply = fake.answer(call)
        after = fake.strike(call, "after")
        if after is not None and not self._goes_on(after, reply):
            return
        self._send(reply, fake.headers(call))
        with fake.lock:
            fake.answering_seconds += time.monotonic() - self.started

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _call(self) -> Call:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        before = time.monotonic()
        raw = self.rfile.read(length).decode() if length else ""
        self.started += time.monotonic() - before  # whoever calls took that long
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        query = {
            name: values[-1]
            for name, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Call(self.command, unquote(parts.path), query, headers, body, self.owner.now())

    def _send(self, reply: Reply, more: Mapping[str, str]) -> None:
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**more, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _goes_on(self, mishap: Mishap, reply: Reply | None) -> bool:
        """Do what the mishap says; whether the right answer still follows."""
        if mishap.act is not None:
            with self.owner.lock:
                mishap.act()
        if mishap.kind in ("sleep", "act"):
            threading.Event().wait(mishap.seconds)
            return True
        getattr(self, f"_{mishap.kind}")(mishap, reply)
        self.close_connection = True
        return False

    def _drop(self, _mishap: Mishap, _reply: Reply | None) -> None:
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def _close(self, _mishap: Mishap, _reply: Reply | None) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def _reply(self, mishap: Mishap, _reply: Reply | None) -> None:
        self._send(mishap.reply, {"Connection": "close"})

    def _garbage(self, _mishap: Mishap, _reply: Reply | None) -> None:
        self._raw(b"<html>certainly no JSON</html>")

    def _echo(self, mishap: Mishap, _reply: Reply | None) -> None:
        seen = self.headers.get("Authorization", "")
        self._send(
            Reply(mishap.reply.status, {"message": f"refused: {seen}", "correlationId": seen}),
            {"Connection": "close", "X-Echo": seen, "X-HubSpot-Correlation-Id": seen},
        )

    def _redirect(self, mishap: Mishap, _reply: Reply | None) -> None:
        where = dict(mishap.reply.headers) or {"Location": "http://127.0.0.1:9/elsewhere"}
        self._send(Reply(mishap.reply.status or 302, None, where), {"Connection": "close"})

    def _half(self, _mishap: Mishap, _reply: Reply | None) -> None:
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"results": [')

    def _gzip(self, _mishap: Mishap, _reply: Reply | None) -> None:
        import gzip

        self._raw(gzip.compress(b"0" * 50_000_000), "Content-Encoding: gzip\r\n")

    def _huge(self, _mishap: Mishap, _reply: Reply | None) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        block = b"[" * 65536
        for _ in range(5_000_000_000 // len(block)):
            self.wfile.write(block)

    def _drip(self, _mishap: Mishap, _reply: Reply | None) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X")
            self.wfile.flush()
            threading.Event().wait(0.05)

    def _raw(self, body: bytes, header: str = "") -> None:
        head = f"HTTP/1.1 200 OK\r\n{header}Content-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)
