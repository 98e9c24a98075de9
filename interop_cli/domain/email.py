"""E-mail addresses: their form is checked, nothing is asked of the network."""

from __future__ import annotations

import re
from functools import lru_cache

from interop_cli.domain.faults import fault
from interop_cli.domain.messages import N_
from interop_cli.domain.text import clean

# Local parts that need no library: for these it changes nothing and refuses nothing.
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)", re.ASCII)
_MAX_LOCAL = 64
_MAX_ADDRESS = 254


def check_email(text: str) -> str:
    """``text`` as an e-mail address, its domain in lower case; raises ``email.format``.

    The form is that of email-validator; neither the domain nor the mailbox need exist.
    """
    text = clean(text)
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(plain[1]) <= _MAX_LOCAL and len(text) <= _MAX_ADDRESS:
        domain = _checked_domain(plain[2])
        # A domain that changes more than its case (punycode) may change the length too.
        if domain == plain[2].lower():
            return f"{plain[1]}@{domain}"
    return _checked(text)


@lru_cache(maxsize=8192)
def _checked_domain(domain: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(f"x@{domain}", check_deliverability=False).domain
    except EmailNotValidError:
        return None


def _checked(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=False).normalized
    except EmailNotValidError:
        # The library's own sentence may quote what was typed.
        raise fault("email.format", N_("is not an e-mail address")) from None
