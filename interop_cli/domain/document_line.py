"""A line of a document: what, how many, at which price, and how it is taxed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from interop_cli.domain.entity import Entity, required_line
from interop_cli.domain.messages import N_
from interop_cli.domain.rule_faults import Faults, fault, missing
from interop_cli.domain.values.choices import read_choice
from interop_cli.domain.values.money import in_cents, parse_amount, parse_cents

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


def _decimal(value: object) -> str:
    """A number as decimal text, without needless zeros."""
    if value is None or str(value).strip() == "":
        raise missing()
    number = parse_amount(str(value))
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        raise fault("line.decimals", N_("has more than {max} decimals"), max=MAX_DECIMALS)
    return f"{number.normalize():f}"


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
    quantity: Annotated[str, BeforeValidator(_decimal)] = "1"
    unit_price: Annotated[str, BeforeValidator(_decimal)]
    amount_cents: int = 0
    tax: Annotated[Literal["standard", "federal", "exempt"], BeforeValidator(_group)] = "standard"

    @model_validator(mode="before")
    @classmethod
    def _given_amount(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        rest = {n: v for n, v in values.items() if n not in _AMOUNTS or v not in (None, "")}
        if "amount" not in rest:
            return rest
        text = str(rest.pop("amount"))
        return {**rest, "amount_cents": _amount(lambda: parse_cents(text))}

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
