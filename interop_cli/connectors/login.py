"""A login in a browser: where a person goes to agree, and what comes back.

The browser comes back to this machine, where a listener on loopback waits for it, or to a page of
the person's own, whose address they paste. Either way the answer has to bear the ``state`` of this
very login, so that nobody else can hand us an account of theirs. Its code is good once and for
minutes, and for this app alone; with PKCE also for this login alone.

A library for OAuth would ask for tokens with a session of its own, which knows none of the rules of
``http.py``, and bring an untyped megabyte and a library of cryptography: what it would save is an
address with parameters and a hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from interop_cli.connectors.hosts import checked_url, is_loopback
from interop_cli.connectors.protocol import OAuthApp
from interop_cli.disk import WINDOWS
from interop_cli.domain.errors import ConfigError, Denied, InteropError, InvalidData, why
from interop_cli.domain.messages import msg

USUAL = "http://localhost:8765/interop"
"""Where a browser comes back to, unless the target has a ``redirect_uri``."""
LONGEST = 16 * 1024
POLL = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a login brought: its code, and the tenant that the person chose, where it says."""

    code: str = field(repr=False)
    tenant: str | None = None


@dataclass(frozen=True)
class Login:
    """One login of an app; made anew for each. Raises ConfigError for a wrong ``redirect_uri``."""

    app: OAuthApp
    authorize_url: str
    client_id: str
    redirect_uri: str = USUAL
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    secret_verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    def __post_init__(self) -> None:
        checked_url(self.redirect_uri)

    @property
    def verifier(self) -> str | None:
        """The proof that whoever brings the code began the login; None where there is no PKCE."""
        return self.secret_verifier if self.app.pkce else None

    @property
    def url(self) -> str:
        """Where the person goes."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.app.scopes),
            "state": self.state,
        }
        if self.verifier is not None:
            digest = hashlib.sha256(self.verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{checked_url(self.authorize_url)}?{urlencode(asked)}"

    @property
    def comes_here(self) -> bool:
        """Whether the browser comes back to this machine."""
        parts = urlsplit(self.redirect_uri)
        return parts.scheme == "http" and is_loopback(parts.hostname or "")

    def read(self, address: str) -> Answer:
        """The answer in the address that the browser came back to.

        Raises Denied ``sync.login.state`` where it answers another login, ``sync.login.refused``
        where the person did not agree; InvalidData ``sync.login.address`` where it is no answer.
        """
        found = parse_qs(urlsplit(address.strip()[:LONGEST]).query, keep_blank_values=True)
        if any(len(values) > 1 for values in found.values()):
            raise _no_answer()
        one = {name: values[0] for name, values in found.items()}
        if "code" not in one and "error" not in one:
            raise _no_answer()
        if not hmac.compare_digest(one.get("state", "").encode(), self.state.encode()):
            raise Denied(
                "sync.login.state",
                msg("The answer belongs to another login; nothing was kept."),
                hint=msg("Begin again, and use the browser window that opens."),
            )
        if "error" in one:
            error = one["error"] if re.fullmatch(r"[a-z_]{1,40}", one["error"]) else "error"
            raise Denied(
                "sync.login.refused", msg("The login was refused there ({error}).", error=error)
            )
        tenant = one.get(self.app.tenant_answer) if self.app.tenant_answer else None
        return Answer(one["code"], tenant or None)


def _no_answer() -> InteropError:
    return InvalidData(
        "sync.login.address",
        msg("This is not the address that the browser came back to."),
        hint=msg("It begins as the redirect URI does, and has code= and state= in it."),
    )


@contextmanager
def listening(redirect_uri: str, page: str) -> Iterator[Callable[[float], str]]:
    """Wait on loopback for the browser: gives a function that waits so many seconds for the
    address it comes back to.

    ``page`` is the HTML it is shown then. Raises ConfigError ``sync.login.port`` where the port is
    not free, and the function Denied ``sync.login.late`` where nobody came in time.
    """
    parts = urlsplit(redirect_uri)
    answers: queue.Queue[str] = queue.Queue()

    class Handler(_Handler):
        wanted, shown, found = parts.path or "/", page.encode(), answers

    class Server(_Server):
        address_family = socket.AF_INET6 if ":" in (parts.hostname or "") else socket.AF_INET

    host = "127.0.0.1" if parts.hostname == "localhost" else str(parts.hostname)
    try:
        server = Server((host, parts.port or 80), Handler)
    except OSError as error:
        raise ConfigError(
            "sync.login.port",
            msg("Port {port} cannot be listened on: {why}.", port=parts.port or 80, why=why(error)),
            hint=msg("Use another one with --set redirect_uri=…, in the app there as well."),
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(POLL / 4,), daemon=True)
    thread.start()

    def wait(seconds: float) -> str:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            try:  # in short turns, so that Ctrl-C is heard everywhere
                return answers.get(timeout=min(POLL, left))
            except queue.Empty:
                continue
        raise Denied(
            "sync.login.late",
            msg("Nobody logged in within {seconds} seconds.", seconds=round(seconds)),
            hint=msg("Begin again, or wait longer: interop config set sync.login SECONDS"),
        )

    try:
        yield wait
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = not WINDOWS  # there it would let two programs have one port

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    """Takes the one answer that is waited for; a browser asks for other things as well."""

    wanted: str
    shown: bytes
    found: queue.Queue[str]
    timeout = 10.0  # a line that is opened ahead and says nothing

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        if parts.path != self.wanted or not is_loopback(asked):
            self._say(404, b"")
        elif not re.search(r"(^|&)(code|error)=", parts.query):
            self._say(400, b"")
        else:
            self._say(200, self.shown)
            self.found.put(self.path)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the line has the code."""
