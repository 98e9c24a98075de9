"""Amounts: read from what people type, kept as integer cents, written the French or English way."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from interop_cli.domain.messages import N_
from interop_cli.domain.rules import fault
from interop_cli.domain.values.closed_lists import currencies
from interop_cli.domain.values.text import clean_value

NBSP = "\u00a0"
MAX_CENTS = 10**15
# Longer text is no amount; within it, Decimal's arithmetic is exact.
_MAX_LENGTH = 24

_SPACES = re.compile(r"\s+")
_MARK = r"(?:[A-Z]{1,3}|zł|Kč|[$€£¥₩₹₽₺₪₫₱฿₴])"
_AMOUNT = re.compile(
    rf"(?P<open>\()? ?(?P<sign>[-+−])? ?(?P<before>(?:{_MARK} ?)*)(?P<inner>[-−])?"
    rf"(?P<number>[\d.,]+(?: \d{{3}})*(?:[.,]\d*)?)(?P<after>(?: ?{_MARK})*) ?(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
_MARKS = re.compile(_MARK, re.ASCII | re.IGNORECASE)
# How the digits of one amount may stand, with what separates its thousands and its cents.
_SHAPES = (
    (re.compile(r"\d*(?:[.,]\d+)?|\d+[.,]", re.ASCII), ""),
    (re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d*)?", re.ASCII), " "),
    (re.compile(r"\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}", re.ASCII), ","),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,}", re.ASCII), "."),
)
_TWO_READINGS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)

# What a sign says; one that several currencies share says that it is one of them. The dollar alone
# says nothing: it is everybody's.
_SAID = {
    "CA": "CAD", "US": "USD", "€": "EUR", "£": "GBP EGP FKP GIP LBP SHP SSP SYP", "¥": "JPY CNY",
    "₩": "KRW", "₹": "INR", "₽": "RUB", "₺": "TRY", "₪": "ILS", "₫": "VND", "₱": "PHP", "฿": "THB",
    "₴": "UAH", "ZŁ": "PLN", "KČ": "CZK", "KR": "SEK NOK DKK ISK", "FR": "CHF", "RMB": "CNY",
}  # fmt: skip
# What stands beside a dollar.
_DOLLARS = {
    "C": "CAD", "CAN": "CAD", "CDN": "CAD", "A": "AUD", "AU": "AUD", "NZ": "NZD", "HK": "HKD",
    "MX": "MXN", "MEX": "MXN", "S": "SGD", "SG": "SGD", "R": "BRL", "NT": "TWD",
}  # fmt: skip

# The sign in French, after the amount, and in English, before it.
_SIGNS = {"CAD": ("$", "$"), "USD": ("$ US", "US$"), "EUR": ("€", "€"), "GBP": ("£", "£")}


def parse_cents(text: str, currency: str | None) -> int:
    """``text`` as integer cents of ``currency``, half a cent rounded away from zero.

    Takes a decimal comma or point; spaces, or the other mark, between thousands; a minus or
    accounting parentheses; a currency's sign or code at either end. Raises ``money.format``,
    ``money.ambiguous`` for ``1,234``, which is one amount in French and another in English, and
    ``money.currency`` for a sign of another currency. Where it is ``None`` nobody knows it, and any
    sign may stand; where it is ``""`` the text is a mere number, and none may (``money.number``).
    """
    return in_cents(parse_amount(text, currency))


def in_cents(amount: Decimal) -> int:
    """An amount as integer cents, half a cent rounded away from zero; ``money.range``."""
    cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if abs(cents) > MAX_CENTS:
        raise fault("money.range", N_("is too large an amount"))
    return cents


def parse_amount(text: str, currency: str | None) -> Decimal:
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
    _check_currency(f"{found['before']} {found['after']}", currency)
    return -amount if minus else amount


def _check_currency(marks: str, currency: str | None) -> None:
    """Refuse what is no sign of a currency, and that of another one than the amount counts in."""
    said = currencies_said(marks) if marks != " " else None
    if said is None or currency in said:
        return
    if not said:
        raise fault("money.format", N_("is not an amount, such as 1234.50"))
    if currency is None:
        return
    one = said[0]
    if not currency:
        raise fault("money.number", N_("is a number, and not an amount of {said}"), said=one)
    raise fault(
        "money.currency",
        N_(
            "is marked {said} and would count as {currency}; if it is {said}, say so in the column"
            " currency"
        ),
        said=one,
        currency=currency,
    )


def currencies_said(marks: str) -> tuple[str, ...] | None:
    """The currencies that signs and codes may mean together; ``None`` where they leave it open.

    Empty where one of them is no sign, or they contradict one another.
    """
    found: tuple[str, ...] | None = None
    marks = marks.upper()
    dollar = "$" in marks
    for mark in _MARKS.findall(marks):
        if mark == "$":
            continue
        said = _SAID.get(mark) or (_DOLLARS.get(mark) if dollar else None)
        if said is None:
            said = mark if mark in currencies() else ""
        meant = tuple(said.split())
        found = meant if found is None else tuple(one for one in found if one in meant)
    return found


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
    """A quantity or a rate for people, with the decimal mark of the language."""
    return text.replace(".", ",") if lang == "fr" else text


def format_price(text: str, lang: str) -> str:
    """A unit price for people, as ``format_cents`` without its sign: ``1 234,50``, ``0,085``."""
    whole, _point, rest = text.lstrip("-").partition(".")
    grouped = f"{text[: text.startswith('-')]}{int(whole):,}.{rest:0<2}"
    return grouped.replace(",", NBSP).replace(".", ",") if lang == "fr" else grouped
