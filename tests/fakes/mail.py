"""A real mail server on loopback, which can be told to refuse, and to go away."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "shop", "open sesame"


@dataclass
class MailBox:
    """What the server got, and how it behaves.

    ``refused`` are addresses it takes no mail for; ``answers`` what it says to the next messages,
    after their content; ``goes`` when it breaks off: at ``rcpt``, or after the content (``data``).
    """

    refused: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)
    goes: str = ""
    got: list[Envelope] = field(default_factory=list)
    port: int = 0
    sessions: int = 0

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages it took."""
        return [
            message_from_bytes(one.content or b"", _class=EmailMessage, policy=default)  # type: ignore[arg-type]
            for one in self.got
        ]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return answers

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _s: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.goes == "rcpt":
            server.transport.abort()
        if address in self.refused:
            return "550 no such mailbox <secret words of the server>"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _s: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.got.append(envelope)
        if self.goes == "data":
            server.transport.abort()
        return answer


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=good)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, **how: Any
) -> Iterator[MailBox]:
    """A server that is up; with ``login`` it wants ``USER`` and ``PASSWORD``."""
    box = MailBox(port=free_port())
    if how.pop("login", False):
        how |= {"authenticator": _login, "auth_required": True, "auth_require_tls": False}
    how.setdefault("enable_SMTPUTF8", False)
    controller = Controller(
        box, hostname="127.0.0.1", port=box.port, tls_context=starttls, ssl_context=tls, **how
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Authority:
    """Who certifies servers; ``path`` is what a client that trusts it is given."""

    ca: trustme.CA
    path: str

    def context(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """That of a server of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host).configure_cert(context)
        return context
