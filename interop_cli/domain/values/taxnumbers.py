"""The numbers of a Quebec business: GST/HST, QST, and the registry's NEQ."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from operator import mul

from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rules import Context, fault
from interop_cli.domain.values.text import clean_value

_QST_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2)
# Of the bytes, as an export asks it of every client: a digit is its byte less that of 0.
_ZERO = ord("0")
_ZEROS = _ZERO * sum(_QST_WEIGHTS)
_QST = re.compile(r"(\d{10})TQ(?!0000)(\d{4})", re.ASCII)
_NEQ = re.compile(r"\d{10}", re.ASCII)
_GST = re.compile(r"\d{9}RT(?!0000)\d{4}", re.ASCII)
_SEPARATORS = re.compile(r"[\s.\-]+")

_QST_CHECK = N_("has a wrong check digit for a QST number")


def compact(text: str) -> str:
    """``text`` as these numbers are stored: without spaces, dots and hyphens, in capitals."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return _SEPARATORS.sub("", clean_value(text)).upper()


@cache
def _luhn() -> Callable[[str], bool]:
    from stdnum import luhn  # all of stdnum.ca.bn that is left once the form is right

    check: Callable[[str], bool] = luhn.is_valid
    return check


def check_gst(text: str) -> str:
    """A GST/HST number as ``123456789RT0001``; raises ``client.gst.format``.

    It is a business number (nine digits with a check digit) and an RT account.
    """
    number = compact(text)
    if not _GST.fullmatch(number) or not _luhn()(number[:9]):
        raise fault("client.gst.format", N_("is not a GST number, such as 123456782RT0001"))
    return number


def check_qst(text: str, context: Context) -> str:
    """A QST number as ``1234567890TQ0001``; raises ``client.qst.format`` or ``client.qst.check``.

    The check digit's rule is known from practice, not from a published text: with
    ``allow_mismatch`` a number that breaks it is kept, with a warning.
    """
    number = compact(text)
    if not _QST.fullmatch(number):
        raise fault("client.qst.format", N_("is not a QST number, such as 1234567890TQ0001"))
    if not qst_check_digit_fits(number):
        if not context.policy.allow_mismatch:
            raise fault("client.qst.check", _QST_CHECK)
        context.warn("qst", "client.qst.check", msg(_QST_CHECK))
    return number


def qst_check_digit_fits(number: str) -> bool:
    """Whether the tenth digit follows from the nine before it (weighted sum, modulo 11)."""
    digits = number[:10].encode()
    total: int = sum(map(mul, _QST_WEIGHTS, digits)) - _ZEROS
    return (11 - total % 11) % 10 == digits[9] - _ZERO


def check_neq(text: str) -> str:
    """An enterprise number (NEQ), ten digits; raises ``client.neq.format``."""
    number = compact(text)
    if not _NEQ.fullmatch(number):
        raise fault("client.neq.format", N_("is not an NEQ: ten digits"))
    return number
