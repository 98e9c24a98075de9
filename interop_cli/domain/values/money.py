"""Amounts: read from what people type, kept as integer cents, written the French or English way."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from interop_cli.domain.messages import N_
from interop_cli.domain.rule_faults import fault
from interop_cli.domain.values.text import clean_value

NBSP = "\u00a0"
MAX_CENTS = 10**15
# Longer text is no amount; within it, Decimal's arithmetic is exact.
_MAX_LENGTH = 24

_SPACES = re.compile(r"\s+")
_MARK = r"(?:CAD|USD|EUR|GBP|CA|US|[$€£])"
_AMOUNT = re.compile(
    rf"(?P<open>\()? ?(?P<sign>[-+−])? ?(?:{_MARK} ?)*(?P<inner>[-−])?"
    rf"(?P<number>[\d.,]+(?: \d{{3}})*(?:[.,]\d*)?)(?: ?{_MARK})* ?(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
# How the digits of one amount may stand, with what separates its thousands and its cents.
_SHAPES = (
    (re.compile(r"\d*(?:[.,]\d+)?|\d+[.,]", re.ASCII), ""),
    (re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d*)?", re.ASCII), " "),
    (re.compile(r"\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}", re.ASCII), ","),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,}", re.ASCII), "."),
)
_TWO_READINGS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)

# The sign in French, after the amount, and in English, before it.
_SIGNS = {"CAD": ("$", "$"), "USD": ("$ US", "US$"), "EUR": ("€", "€"), "GBP": ("£", "£")}


def parse_cents(text: str) -> int:
    """``text`` as integer cents, half a cent rounded away from zero.

    Takes a decimal comma or point; spaces, or the other mark, between thousands; a minus or
    accounting parentheses; a currency sign at either end. Raises ``money.format``, and
    ``money.ambiguous`` for ``1,234``, which is one amount in French and another in English.
    """
    return in_cents(parse_amount(text))


def in_cents(amount: Decimal) -> int:
    """An amount as integer cents, half a cent rounded away from zero; ``money.range``."""
    cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if abs(cents) > MAX_CENTS:
        raise fault("money.range", N_("is too large an amount"))
    return cents


def parse_amount(text: str) -> Decimal:
    """``text`` as it is, with all its decimals; takes and raises what ``parse_cents`` does."""
    text = _SPACES.sub(" ", clean_value(text))
    found = _AMOUNT.fullmatch(text) if len(text) <= 2 * _MAX_LENGTH else None
    if (
        found is None
        or len(found["number"]) > _MAX_LENGTH
        or bool(found["open"]) != bool(found["close"])
    ):
        raise fault("money.format", N_("is not an amount, such as 1234.50"))
    amount = _amount(found["number"])
    minus = [bool(found["open"]), found["sign"] in ("-", "−"), bool(found["inner"])].count(True)
    if minus > 1:
        raise fault("money.format", N_("is not an amount, such as 1234.50"))
    return -amount if minus else amount


def _amount(number: str) -> Decimal:
    if _TWO_READINGS.fullmatch(number):
        raise fault(
            "money.ambiguous", N_("can be read in two ways: write 1234.00, or 1.234 with a point")
        )
    for shape, thousands in _SHAPES:
        if number.strip(".,") and shape.fullmatch(number):
            plain = number.replace(thousands, "") if thousands else number
            amount = Decimal(plain.replace(",", "."))
            if amount > MAX_CENTS:
                raise fault("money.range", N_("is too large an amount"))
            return amount
    raise fault("money.format", N_("is not an amount, such as 1234.50"))


def format_cents(cents: int, currency: str, lang: str) -> str:
    """An amount for people: ``1 234,50 $`` in French, ``$1,234.50`` in English.

    The spaces are no-break ones. A currency without a sign here has its code instead:
    ``1 234,50 CHF``, ``CHF 1,234.50``.
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    french, english = _SIGNS.get(currency, (currency, f"{currency}{NBSP}"))
    if lang == "fr":
        digits = f"{whole:,}".replace(",", NBSP)
        return f"{sign}{digits},{rest:02}{NBSP}{french.replace(' ', NBSP)}"
    return f"{sign}{english}{whole:,}.{rest:02}"


def format_decimal(text: str, lang: str) -> str:
    """A quantity, a unit price or a rate for people, with the decimal mark of the language."""
    return text.replace(".", ",") if lang == "fr" else text
