"""Web addresses: a light check, and the user's own spelling."""

from __future__ import annotations

import re

from interop_cli.domain.messages import N_
from interop_cli.domain.rule_faults import fault, too_long
from interop_cli.domain.values.text import clean

MAX_WEBSITE = 200

# A scheme or none, no user name, a host with a dot, and anything but spaces after it.
_WEBSITE = re.compile(
    r"(?:https?://)?(?:[\w](?:[\w-]*[\w])?\.)+[\w-]*[^\W\d][\w-]*\.?(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


def check_website(text: str) -> str:
    """``text`` if it is an http(s) address or a bare domain; raises ``client.website.format``."""
    text = clean(text)
    if len(text) > MAX_WEBSITE:
        raise too_long(MAX_WEBSITE)
    if not _WEBSITE.fullmatch(text):
        raise fault("client.website.format", N_("is not a web address, such as www.example.com"))
    return text
