"""Credit notes: what takes back a posted invoice, or some of it, and never more than it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from interop_cli.domain import taxes
from interop_cli.domain.document import Document, DocumentLine
from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_gets_documents
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.sales.documents import lines_of
from interop_cli.services.sales.invoices import outcome_of, stored_lines

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def credit(uow: UnitOfWork, ref: str, values: Mapping[str, Any], context: Context) -> Outcome:
    """Make a credit note on a posted invoice: on all of it, or on the ``lines`` given.

    Its taxes are those of the invoice's day and place; what takes back the last of a tax has all
    that is left of it, whatever was rounded before. Of an invoice whose taxes are one amount (it
    was imported), they are in proportion. Raises Conflict ``invoice.credited`` where more would
    be taken back than was invoiced, ``invoice.credited.tax`` where that is so of a tax.
    """
    row = uow.documents.row(ref, "invoice")
    client = uow.clients.by_id(row["client_id"])
    if row["status"] != "posted":
        raise Conflict("invoice.not_posted", msg("Only a posted invoice can be credited."))
    check_gets_documents(
        client["code"], "credit_note", active=bool(client["active"]), prospect=False
    )
    invoice = uow.documents.entity(row)
    before = uow.documents.corrections(row["id"])
    note = _credit_note(uow, row, values, context)
    given = lines_of(values.get("lines") or [], context.counted_in(invoice.currency))
    if given:
        note.subtotal_cents = sum(line.amount_cents for line in given)
    _check_left(invoice, note, before)
    if given:
        note.taxes, note.tax_cents = _taxes(invoice, given, before)
        note.total_cents = note.subtotal_cents + note.tax_cents
    lines = given or stored_lines(uow, row)
    note.number = uow.documents.next_number("credit_note")
    (document_id,) = uow.documents.add([note])
    uow.documents.set_lines(document_id, client["id"], lines)
    payer = uow.clients.by_id(row["bill_to_id"] or row["client_id"], shared=True)
    return outcome_of(uow, document_id, note, client, payer, lines, context)


def _credit_note(
    uow: UnitOfWork, invoice: Row, values: Mapping[str, Any], context: Context
) -> Document:
    """A credit note on the whole invoice; its parts are as they were then."""
    document = uow.documents.entity(invoice)
    document.uid = None  # it is another document
    changes = {
        "id": None,
        "kind": "credit_note",
        "number": None,
        "due_date": None,
        "external_id": None,
        "corrects_id": invoice["id"],
        "issued": True,
        "posted_at": uow.now,
        "date": values.get("date") or uow.today,
    }
    return document.revise(changes, context.at(None, invoice["number"]))


def _check_left(invoice: Document, note: Document, before: Sequence[Row]) -> None:
    taken = sum(row["subtotal_cents"] for row in before)
    if note.subtotal_cents <= 0 or taken + note.subtotal_cents > invoice.subtotal_cents:
        raise Conflict(
            "invoice.credited",
            msg("A credit note takes back something, and all of them no more than the invoice."),
            hint=msg("See: interop sales invoice show {number}", number=invoice.number),
        )


# -- taxes ----------------------------------------------------------------------------------


def _taxes(
    invoice: Document, lines: Sequence[DocumentLine], before: Sequence[Row]
) -> tuple[list[dict[str, Any]], int]:
    """What these lines take back of the invoice's taxes: each tax, and their sum."""
    if not invoice.taxes and invoice.tax_cents:
        return [], _in_proportion(invoice, lines, before)
    country, _, province = (invoice.place_of_supply or "").partition("-")
    found = taxes.compute(lines, country, province or None, invoice.date)
    for tax in found:
        base, amount = _left_of(tax, invoice, before)
        if tax["base_cents"] > base:
            raise Conflict(
                "invoice.credited.tax",
                msg("A credit note takes back no more of a tax than the invoice has of it."),
                hint=msg("Say of each line how it was taxed: standard, federal or exempt."),
            )
        last = tax["base_cents"] == base
        tax["amount_cents"] = amount if last else min(tax["amount_cents"], amount)
    return found, sum(tax["amount_cents"] for tax in found)


def _left_of(tax: Mapping[str, Any], invoice: Document, before: Sequence[Row]) -> tuple[int, int]:
    """The base and the amount of a tax that no credit note has taken back yet."""

    def of(entries: Sequence[Mapping[str, Any]], name: str) -> int:
        key = (tax["tax"], tax["rate"])
        return sum(entry[name] for entry in entries if (entry["tax"], entry["rate"]) == key)

    base, amount = (
        of(invoice.taxes, name) - sum(of(row["taxes"], name) for row in before)
        for name in ("base_cents", "amount_cents")
    )
    return base, amount


def _in_proportion(invoice: Document, lines: Sequence[DocumentLine], before: Sequence[Row]) -> int:
    """The share of these lines, without the exempt ones, in taxes that are one amount."""
    subtotal = sum(line.amount_cents for line in lines)
    left = invoice.tax_cents - sum(int(row["tax_cents"]) for row in before)
    if subtotal + sum(row["subtotal_cents"] for row in before) == invoice.subtotal_cents:
        return left
    taxed = sum(line.amount_cents for line in lines if line.tax != "exempt")
    share = Decimal(invoice.tax_cents) * taxed / invoice.subtotal_cents
    return min(int(share.quantize(Decimal(1), ROUND_HALF_UP)), left)
