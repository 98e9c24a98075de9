"""Hosts of the remote systems, and where a connector may call.

https, or http on this very machine; never link-local places. Each host is overridable.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import Message, msg


def checked_url(url: str) -> str:
    """``url`` without its final slash. Raises ConfigError ``sync.url``.

    Refused: what is not https (loopback excepted), what carries a user, a query or a fragment, and
    link-local addresses, where the secrets of cloud machines are served.
    """
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _refused(msg("it cannot be read")) from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise _refused(msg("it must be a scheme, a host and a path, and nothing else"))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise _refused(msg("it must begin with https://"))
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url.strip()):
        raise _refused(msg("it cannot be read"))
    address = _address(host)
    if address is not None and (address.is_link_local or address.is_multicast):
        raise _refused(msg("it is a link-local address"))
    return url.strip().rstrip("/")


def host_of(url: str) -> str:
    """The host and port of a URL: what a token was given to."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower()


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine."""
    if host.lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def refuse_link_local(peer: str) -> None:
    """Raise OSError where a name led to a link-local address after all."""
    address = _address(peer.partition("%")[0])
    if address is not None and address.is_link_local:
        raise OSError("link-local address refused")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # 0x7f.1, 2130706433: the forms that the system's resolver takes for an address too.
        return ipaddress.ip_address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _refused(why: Message) -> ConfigError:
    return ConfigError(
        "sync.url",
        msg("The address of the server is refused: {why}.", why=why),
        hint=msg("https:// only; http:// for 127.0.0.1 and localhost."),
    )


HUBSPOT = "https://api.hubapi.com"
QBO = "https://quickbooks.api.intuit.com"
QBO_SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
QBO_TOKEN = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
QBO_AUTHORIZE = "https://appcenter.intuit.com/connect/oauth2"
