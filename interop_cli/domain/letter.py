"""What an invoice says when it goes by e-mail, and the name that its message has for ever."""

from __future__ import annotations

import re
from collections.abc import Mapping

from interop_cli.domain.messages import N_, Message, msg

PLACES = ("number", "name", "total", "due", "company")
"""The words in braces that a subject or a text may have."""
SUBJECT = N_("Invoice {number} from {company}")
TEXT = N_(
    "Hello,\n\nAttached is invoice {number}, for {total}, due on {due}.\n\nThank you!\n\n{company}"
)
TEXT_WITHOUT_DUE = N_(
    "Hello,\n\nAttached is invoice {number}, for {total}.\n\nThank you!\n\n{company}"
)
TEST_SUBJECT = N_("[TEST] {subject}")
TEST_MARK = N_("Test")
_BRACES = re.compile(r"\{([^{}]*)\}")
_MAX = 10_000

REASONS: dict[str, Message] = {
    "mail.no_billing_contact": msg("nobody is responsible for billing"),
    "mail.billing_contact_inactive": msg("the billing contact is inactive"),
    "mail.billing_contact_without_email": msg("the billing contact has no e-mail address"),
    "mail.not_posted": msg("only a posted invoice is sent"),
    "mail.unknown": msg("nobody knows whether it went; --again sends it once more"),
    "mail.refused": msg("the mail server refused it"),
    "mail.recipients_refused": msg("the mail server refused who it is for"),
    "mail.utf8": msg("the mail server cannot take an address with letters other than ASCII"),
    "mail.address": msg("an address cannot be written in a message"),
    "mail.dropped": msg("the connection was lost before it was sent"),
    "mail.sent_unknown": msg(
        "the connection was lost while it was sent: nobody knows whether it went"
    ),
    "mail.not_tried": msg("it was not tried: the mail server had gone"),
    "mail.changed": msg("it was changed or sent by somebody else meanwhile"),
}
"""By code, why an invoice did not go."""


def check_template(text: str) -> bool:
    """Whether a subject or a text has no other words in braces than ``PLACES``."""
    rest = _BRACES.sub("", text)
    known = all(name in PLACES for name in _BRACES.findall(text))
    return known and not set("{}") & set(rest) and len(text) <= _MAX


def filled(text: str, values: Mapping[str, str]) -> str:
    """A template with its values; braces in a value stay what they are."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), text)


def one_line(text: str) -> str:
    """A text for a header: without line breaks, and what else a terminal or a mail acts on."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def message_id(uid: str, attempt: int, sender: str) -> str:
    """The Message-ID of an attempt to send a document: the same whenever it is asked for."""
    return f"<{uid}.{attempt}@{domain_of(sender)}>"


def domain_of(address: str) -> str:
    """The domain of an e-mail address, in ASCII."""
    domain = address.rpartition("@")[2]
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return "localhost"
