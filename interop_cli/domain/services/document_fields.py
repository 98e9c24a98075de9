"""What the making, the importing and the invoicing of documents share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from interop_cli.domain.document import AMOUNTS, SOLD
from interop_cli.domain.document_line import DocumentLine
from interop_cli.domain.errors import Conflict, Detail, InvalidData, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Rules
from interop_cli.domain.validation import invalid, merged, refused

OWN_FIELDS = (
    "number", "date", "due_date", "status", "currency", "terms", "contact", "ship_to",
    "sold_to_address", "bill_to_address", "external_id",
)  # fmt: skip
AMOUNT_FIELDS = (*AMOUNTS, *(f"{name}_cents" for name in AMOUNTS))
LINE_FIELDS = ("description", "quantity", "unit_price", "amount", "amount_cents", "tax")


def check_not_prospect(code: str, prospect: bool) -> None:
    """Refuse to invoice a prospect; raises Conflict ``document.client.prospect``."""
    if prospect:
        raise Conflict(
            "document.client.prospect",
            msg("{code} is a prospect and cannot be invoiced.", code=code),
            hint=msg("interop client promote {code}", code=code),
        )


def check_gets_documents(code: str, kind: str, *, active: bool, prospect: bool) -> None:
    """Whether a client may get a new document of this kind.

    Raises Conflict ``document.client.inactive`` or ``document.client.prospect``.
    """
    if not active:
        raise Conflict(
            "document.client.inactive",
            msg("{code} is inactive and gets no new documents.", code=code),
            hint=msg("interop client activate {code}", code=code),
        )
    if kind in SOLD:
        check_not_prospect(code, prospect)


def lines_of(given: object, rules: Rules) -> list[DocumentLine]:
    """The lines out of a list of objects; raises InvalidData with all that is wrong."""
    if not isinstance(given, list):
        reason = msg("is not a list")
        detail = Detail("lines", "field.list_type", reason, rules.line, rules.key)
        raise InvalidData("field.list_type", reason, details=[detail])
    lines: list[DocumentLine] = []
    errors: list[InvalidData] = []
    for place, values in enumerate(given, 1):
        try:
            lines.append(_line(values, place, rules))
        except InvalidData as error:
            errors.append(error)
    if errors:
        raise merged(*errors)
    return lines


def with_subtotal(values: Mapping[str, Any], lines: Sequence[DocumentLine]) -> Mapping[str, Any]:
    """``values`` with what the lines come to as subtotal, where they do not say it themselves."""
    said = any(values.get(name) not in (None, "") for name in ("subtotal", "subtotal_cents"))
    if said or not lines:
        return values
    return {**values, "subtotal_cents": sum(line.amount_cents for line in lines)}


def _line(values: Any, place: int, rules: Rules) -> DocumentLine:
    prefix = f"lines.{place}."
    if isinstance(values, dict):
        values = {"position": place, **{k: v for k, v in values.items() if k != "position"}}
    try:
        return DocumentLine.build(values, rules)
    except ValidationError as error:
        raise invalid(error, prefix=prefix, line=rules.line, key=rules.key) from None
    except PydanticCustomError as error:
        raise refused(error, f"{prefix}amount", line=rules.line, key=rules.key) from None


def no_such_client(path: str, line: int | None, key: str | None) -> NotFound:
    """A row names a client that does not exist."""
    reason = msg("There is no client of this code.")
    return NotFound(
        "client.not_found", reason, details=[Detail(path, "client.not_found", reason, line, key)]
    )


def already_issued() -> Conflict:
    """What was issued here would be changed."""
    return Conflict(
        "document.issued",
        msg("It was issued here and changes no more; correct it with a credit note."),
    )


def given_lines(lines: Sequence[DocumentLine]) -> list[dict[str, Any]]:
    """Lines as the objects of an answer."""
    return [
        {
            "position": line.position, "description": line.description,
            "quantity": line.quantity, "unit_price": line.unit_price,
            "amount_cents": line.amount_cents, "tax": line.tax,
        }
        for line in lines
    ]  # fmt: skip
