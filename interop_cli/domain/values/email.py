"""E-mail and web addresses: their form is checked, nothing is asked of the network."""

from __future__ import annotations

import re

from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rules import Context, fault, too_long
from interop_cli.domain.values.text import clean_value

# Addresses that need no library, which is nearly all of them: it would only put their domain in
# lower case. A label with hyphens in its third and fourth place ("xn--") may be encoded, and is
# the library's.
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(
    rf"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:{_LABEL}\.)+{_LABEL}(?<=[A-Za-z]))"
)
# How the library's reserved domains end; so do a few others, which it then tells apart.
RESERVED = ("arpa", "invalid", "local", "localhost", "onion", "test")
_MAX_LOCAL = 64
_MAX_ADDRESS = 254


def check_email(text: str) -> str:
    """``text`` as an e-mail address, its domain in lower case; raises ``email.format``.

    The form is that of email-validator; neither the domain nor the mailbox need exist.
    """
    text = clean_value(text)
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(plain[1]) <= _MAX_LOCAL and len(text) <= _MAX_ADDRESS:
        domain = plain[2].lower()
        if not domain.endswith(RESERVED):
            return f"{plain[1]}@{domain}"
    return _checked(text)


def _checked(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=False).normalized
    except EmailNotValidError:
        # The library's own sentence may quote what was typed.
        raise fault("email.format", N_("is not an e-mail address")) from None


MAX_WEBSITE = 200

# A scheme or none, no user name, a host with a dot, and anything but spaces after it.
_WEBSITE = re.compile(
    r"(?:https?://)?(?:[\w](?:[\w-]*[\w])?\.)+[\w-]*[^\W\d][\w-]*\.?(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


def is_website(text: str) -> bool:
    """Whether ``text`` is an http(s) address or a bare domain."""
    return _WEBSITE.fullmatch(text) is not None


def read_website(path: str, text: str, context: Context) -> str:
    """The web address to store for the field ``path``.

    What is none blocks nobody: it is kept as typed, with the warning ``client.website.format``.
    """
    text = clean_value(text)
    if len(text) > MAX_WEBSITE:
        raise too_long(MAX_WEBSITE)
    if text and not is_website(text):
        context.warn(
            path,
            "client.website.format",
            msg("not a web address, such as www.example.com; kept as typed"),
        )
    return text
