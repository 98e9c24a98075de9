"""Sending e-mail over SMTP: what a message is made of, and what the server's answers mean.

Certificates are verified. A message goes to everybody it is for or, where the server refuses who it
is mainly for, to nobody. Once its content is under way only an answer says whether it went: without
one the outcome is unknown. Nothing that a server says is shown: it may quote addresses.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from interop_cli.connectors.hosts import is_loopback
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.letter import domain_of, one_line
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind

PORTS = {"starttls": 587, "tls": 465, "none": 25}
_TAKEN = (250, 251, 252)
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: ``security`` is ``starttls``, ``tls`` or ``none``; ``port`` 0: the usual."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    timeout: float
    ca_bundle: str | None = None

    def check(self) -> None:
        """Raise ConfigError ``mail.plain`` where a password would go in the clear."""
        if self.security == "none" and self.user and not is_loopback(self.host):
            raise ConfigError(
                "mail.plain",
                msg("Without encryption no password is sent to another machine."),
                hint=msg("interop config set mail.security starttls"),
            )


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to be sent. ``name`` is who it is from, ``file`` what is attached, as PDF."""

    sender: str
    name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    language: str
    message_id: str
    at: datetime
    file_name: str = ""
    file: bytes = b""

    @property
    def needs_utf8(self) -> bool:
        """Whether an address has letters before its @ that not every server takes."""
        return not all(_ascii(address).isascii() for address in (self.sender, *self.to, *self.cc))

    def content(self) -> bytes:
        """The message as it is sent; no value in it can become a header of its own."""
        policy = SMTPUTF8 if self.needs_utf8 else SMTP
        message = EmailMessage(policy=policy)
        message["From"] = _address(self.sender, one_line(self.name))
        message["To"] = [_address(address) for address in self.to]
        if self.cc:
            message["Cc"] = [_address(address) for address in self.cc]
        message["Subject"] = one_line(self.subject)
        message["Date"] = format_datetime(self.at)
        message["Message-ID"] = self.message_id
        message["Content-Language"] = self.language
        message.set_content(self.text)
        if self.file:
            message.add_attachment(
                self.file, maintype="application", subtype="pdf", filename=self.file_name
            )
        return message.as_bytes(policy=policy)


def _ascii(address: str) -> str:
    """An address with its domain in ASCII."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain_of(address)}"


def _address(address: str, name: str = "") -> Address:
    local, _, domain = _ascii(address).rpartition("@")
    return Address(name, local, domain)


class Postman:
    """One conversation with a mail server, for as many messages as there are."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, encrypt, log in. Raises Trouble; nothing was sent then."""
        try:
            self._smtp = self._connected()
        except ssl.SSLError:
            raise Trouble(
                TroubleKind.FORBIDDEN,
                "remote.tls",
                msg("The server's certificate is not one to be trusted."),
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            kind = TroubleKind.AUTH if error.smtp_code >= 500 else TroubleKind.RETRY
            raise Trouble(kind, "mail.login", msg("The mail server does not let us in.")) from None
        except smtplib.SMTPNotSupportedError:
            raise Trouble(
                TroubleKind.FORBIDDEN,
                "mail.no_login",
                msg("The mail server offers no way to log in that is known here."),
            ) from None
        except (OSError, smtplib.SMTPException, UnicodeError):
            raise Trouble(
                TroubleKind.RETRY, "mail.unreachable", msg("The mail server cannot be reached.")
            ) from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        port = server.port or PORTS[server.security]
        context = ssl.create_default_context(cafile=server.ca_bundle)
        hello = domain_of(server.sender)
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host, port, hello, timeout=server.timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, port, hello, timeout=server.timeout)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                if not smtp.has_extn("starttls"):
                    raise Trouble(
                        TroubleKind.FORBIDDEN,
                        "mail.no_starttls",
                        msg("The mail server offers no encryption, and nothing goes without."),
                    )
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def deliver(self, mail: Mail) -> list[str]:
        """Send a message; the copies that the server refused.

        Raises Trouble: ``validation`` where the message was refused, ``retry`` where the server
        went before it had it, ``unknown`` where it went after.
        """
        smtp = self._smtp
        if smtp is None:
            raise Trouble(TroubleKind.RETRY, "mail.dropped", msg("The mail server broke off."))
        try:
            content = _quoted(mail.content())
        except (ValueError, UnicodeError):  # it would not be one header any more
            raise Trouble(TroubleKind.VALIDATION, "mail.address", msg("Refused.")) from None
        try:
            refused = self._begin(smtp, mail, len(content))
        except (OSError, smtplib.SMTPServerDisconnected):
            self._drop()
            raise Trouble(
                TroubleKind.RETRY, "mail.dropped", msg("The mail server broke off.")
            ) from None
        try:
            smtp.send(content)
            code, _text = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            code = -1
        if code == 250:
            return refused
        if code < 400:
            self._drop()
            raise Trouble(
                TroubleKind.UNKNOWN, "mail.sent_unknown", msg("The mail server broke off.")
            )
        raise self._refusal("mail.refused", code)

    def _begin(self, smtp: smtplib.SMTP, mail: Mail, size: int) -> list[str]:
        """Say from whom and for whom, up to where the content follows; the copies refused."""
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        if mail.needs_utf8:
            if not smtp.has_extn("smtputf8"):
                raise Trouble(TroubleKind.VALIDATION, "mail.utf8", msg("Refused."))
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        code, _text = smtp.mail(_ascii(mail.sender), options)
        if code != 250:
            raise self._refusal("mail.refused", code)
        refused = []
        for address in (*mail.to, *mail.cc):
            code, _text = smtp.rcpt(_ascii(address))
            if code in _TAKEN:
                continue
            if address in mail.to or code == _CLOSING:
                raise self._refusal("mail.recipients_refused", code)
            refused.append(address)
        code, _text = smtp.docmd("data")
        if code != 354:
            raise self._refusal("mail.refused", code)
        return refused

    def _refusal(self, code: str, answer: int) -> Trouble:
        """A message that did not go; the server is ready for the next one, unless it goes."""
        kind = TroubleKind.VALIDATION
        if answer in (_CLOSING, -1) or self._smtp is None:
            kind, code = TroubleKind.RETRY, "mail.dropped"
            self._drop()
        else:
            try:
                self._smtp.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()
        return Trouble(kind, code, msg("Refused."), status=answer)

    @property
    def is_open(self) -> bool:
        """Whether the server still listens, as far as we know."""
        return self._smtp is not None

    def close(self) -> None:
        """Take leave of the server."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _quoted(content: bytes) -> bytes:
    """A message as DATA takes it: a full stop that begins a line is doubled, one alone ends it."""
    lines = re.sub(rb"(?m)^\.", b"..", content)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"
