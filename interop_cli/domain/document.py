"""A document of a client (quote, job, packing slip, invoice, credit note) and its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from interop_cli.domain.entity import (
    Entity,
    Lasting,
    Line,
    Lines,
    Off,
    Value,
    optional_value,
    refused,
    required_line,
)
from interop_cli.domain.fields import AMOUNTS
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rules import Faults, context_of, fault, missing, too_long
from interop_cli.domain.values.closed_lists import KINDS, STATUSES, check_currency, read_choice
from interop_cli.domain.values.days import day_in, zoned_time
from interop_cli.domain.values.money import MAX_CENTS, in_cents, parse_amount, parse_cents
from interop_cli.domain.values.text import clean, clean_value

MAX_NUMBER = 40
MAX_PLACE = 500
YEARS = range(1900, 2200)
USUAL_YEARS = range(-50, 2)  # from the present one
DAY = len("2026-11-24")
_AMOUNT_PAIRS = tuple((name, f"{name}_cents") for name in AMOUNTS)

_DATE = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[ T].*)?", re.ASCII)
_PLAIN_AMOUNT = re.compile(r"-?\d{1,12}\.\d\d", re.ASCII)


def _kind(value: object) -> Any:
    return value if value in KINDS.values() else read_choice(value, KINDS, "document.kind.unknown")


def _status(value: object) -> Any:
    if not value:
        return "posted"
    return read_choice(value, STATUSES, "document.status.unknown")


def read_date(value: object, info: ValidationInfo[Any]) -> str:
    """A date as ISO text; raises ``document.date.format``.

    A time of day behind it is left away; one that says its zone is of the day that it is in the
    company's: 4:30 on January 1, UTC, is December 31 in Montréal.
    """
    text = clean_value(str(value or ""))
    if not text:
        raise missing()
    match = _DATE.fullmatch(text)
    try:
        found = date(*map(int, match.groups())) if match else None
        if len(text) > DAY and (moment := zoned_time(text)):
            found = day_in(moment, context_of(info).policy.zone)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise fault("document.date.format", N_("is not a date in the form YYYY-MM-DD"))
    if found.year not in YEARS:
        raise fault("document.date.range", N_("is too far from today"))
    return found.isoformat()


def _own_date(value: object, info: ValidationInfo[Any]) -> str:
    """Its date; warns ``document.date.far`` of a year that was hardly meant."""
    found = read_date(value, info)
    context = context_of(info)
    year = context.policy.year
    if year is not None and int(found[:4]) - year not in USUAL_YEARS and "date" not in context.kept:
        context.warn("date", "document.date.far", msg("{date} is far from today", date=found))
    return found


def _due_date(value: object, info: ValidationInfo[Any]) -> str | None:
    """When it is due; warns ``document.due_date.before`` of a day before its own date."""
    if not value:
        return None
    found, context = read_date(value, info), context_of(info)
    if found < info.data.get("date", "") and "due_date" not in context.kept:
        context.warn("due_date", "document.due_date.before", msg("is before the document's date"))
    return found


def _currency(value: object, info: ValidationInfo[Any]) -> str:
    return check_currency(value) if value else context_of(info).policy.currency


def _on_one_line(value: str) -> str | None:
    """A place that may be written on several lines, on one."""
    text = clean(", ".join(filter(None, map(str.strip, value.splitlines()))))
    if len(text) > MAX_PLACE:
        raise too_long(MAX_PLACE)
    return text or None


Place = Annotated[str, AfterValidator(_on_one_line)] | None


class Document(Lasting):
    """A document. Amounts are cents of ``currency``; ``total_cents`` is the sum of the others.

    ``bill_to_id`` is the client who pays, ``None`` where it is the client itself. ``contact``,
    ``ship_to`` and the two addresses are text, as it was when the document was made;
    ``contact_id`` and ``ship_to_id`` say where it was taken from. ``taxes`` are dicts with
    ``tax``, ``rate``, ``base_cents`` and ``amount_cents``. ``issued``: made and numbered here,
    ``posted_at`` when (UTC).
    ``memo`` is what it says to the customer.
    ``place_of_supply`` (``CA-QC``, ``FR``) decided the taxes.
    ``corrects_id`` is the invoice that a credit note is about.
    """

    client_id: int | None = None
    bill_to_id: int | None = None
    kind: Annotated[
        Literal["quote", "job", "packing_slip", "invoice", "credit_note"], BeforeValidator(_kind)
    ]
    number: Annotated[str, optional_value(MAX_NUMBER)] | None = None
    status: Annotated[Literal["draft", "posted", "void"], BeforeValidator(_status)] = "posted"
    date: Annotated[str, BeforeValidator(_own_date)]
    due_date: Annotated[str | None, BeforeValidator(_due_date)] = None
    currency: Annotated[str, BeforeValidator(_currency)] = Field(
        default=None, validate_default=True
    )
    subtotal_cents: int = 0
    tax_cents: int = 0
    total_cents: int = 0
    taxes: list[dict[str, Any]] = Field(default_factory=list)
    terms: Line = None
    memo: Lines = None
    contact_id: int | None = None
    contact: Line = None
    ship_to_id: int | None = None
    ship_to: Place = None
    sold_to_address: Place = None
    bill_to_address: Place = None
    place_of_supply: Line = None
    corrects_id: int | None = None
    issued: Off = False
    posted_at: Line = None
    external_id: Value = None


def read_amounts(values: Mapping[str, Any], kind: str, currency: str | None) -> dict[str, int]:
    """The three amounts in cents of ``currency``, out of ``subtotal`` ``tax`` ``total``.

    Or out of their ``…_cents``.

    What is not given follows from the others: taxes are 0, and the total is the sum. Empty where
    none is given. A credit note's amounts are positive, however they were written. Raises
    InvalidData, about the one field.
    """
    subtotal, tax, total = (_cents_of(values, *names, currency) for names in _AMOUNT_PAIRS)
    if subtotal is None:
        if total is None and tax is None:
            return {}
        if total is None or tax is None:
            raise refused(missing(), "subtotal")
        subtotal = total - tax
    if tax is None:
        tax = 0 if total is None else total - subtotal
    if total is not None and total != subtotal + tax:
        raise refused(
            fault("document.total.sum", N_("is not the sum of the subtotal and the taxes")), "total"
        )
    if kind == "credit_note" and subtotal + tax < 0:
        subtotal, tax = -subtotal, -tax
    return {"subtotal_cents": subtotal, "tax_cents": tax, "total_cents": subtotal + tax}


def _cents_of(
    values: Mapping[str, Any], name: str, cents_name: str, currency: str | None
) -> int | None:
    text, cents = values.get(name), values.get(cents_name)
    if cents is not None and cents != "":
        return _whole(cents_name, cents)
    if text is None or text == "":
        return None
    if isinstance(text, str) and _PLAIN_AMOUNT.fullmatch(text):
        return int(text.replace(".", ""))
    try:
        return parse_cents(str(text), currency)
    except PydanticCustomError as error:
        raise refused(error, name) from None


def _whole(path: str, value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,16}", text, re.ASCII):
        raise refused(fault("money.cents", N_("is not a whole number of cents")), path)
    if abs(int(text)) > MAX_CENTS:
        raise refused(fault("money.range", N_("is too large an amount")), path)
    return int(text)


MAX_DESCRIPTION = 500
MAX_DECIMALS = 6
_AMOUNTS = frozenset({"amount", "amount_cents"})
# ``federal``: the 5 % alone, as on printed books; ``exempt``: no tax at all.
TAX_GROUPS = {
    "standard": "standard",
    "federal": "federal",
    "federale": "federal",
    "livre": "federal",
    "book": "federal",
    "exempt": "exempt",
    "exonere": "exempt",
    "zero": "exempt",
}


def _decimal(value: object, currency: str | None) -> str:
    """A number, or an amount of a currency, as decimal text without needless zeros."""
    if value is None or str(value).strip() == "":
        raise missing()
    number = parse_amount(str(value), currency)
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        raise fault("line.decimals", N_("has more than {max} decimals"), max=MAX_DECIMALS)
    return f"{number.normalize():f}"


def _price(value: object, info: ValidationInfo[Any]) -> str:
    return _decimal(value, context_of(info).currency)


def _quantity(value: object) -> str:
    return _decimal(value, "")


def _group(value: object) -> Any:
    return read_choice(value, TAX_GROUPS, "line.tax.unknown") if value else "standard"


class DocumentLine(Entity):
    """A line. Quantity and unit price are decimal text; ``amount_cents`` is their product.

    The product is rounded half up to the cent. ``amount`` (or ``amount_cents``) may be given
    instead, for a line with a discount.
    """

    document_id: int | None = None
    client_id: int | None = None
    position: int = 1
    description: Annotated[str, required_line(MAX_DESCRIPTION)]
    quantity: Annotated[str, BeforeValidator(_quantity)] = "1"
    unit_price: Annotated[str, BeforeValidator(_price)]
    amount_cents: int = 0
    tax: Annotated[Literal["standard", "federal", "exempt"], BeforeValidator(_group)] = "standard"

    @model_validator(mode="before")
    @classmethod
    def _given_amount(cls, values: Any, info: ValidationInfo[Any]) -> Any:
        if not isinstance(values, dict):
            return values
        rest = {n: v for n, v in values.items() if n not in _AMOUNTS or v not in (None, "")}
        if "amount" not in rest:
            return rest
        text = str(rest.pop("amount"))
        currency = context_of(info).currency
        return {**rest, "amount_cents": _amount(lambda: parse_cents(text, currency))}

    @model_validator(mode="after")
    def _own_amount(self) -> DocumentLine:
        given = "amount_cents" in self.model_fields_set
        amount = (
            Decimal(self.amount_cents) / 100
            if given
            else Decimal(self.quantity) * Decimal(self.unit_price)
        )
        self.amount_cents = _amount(lambda: in_cents(amount))
        return self


def _amount(read: Callable[[], int]) -> int:
    """What ``read`` gives; what it raises is said of the field ``amount``."""
    try:
        return read()
    except PydanticCustomError as error:
        faults = Faults("DocumentLine")
        faults.add("amount", error)
        raise faults.error() from None
