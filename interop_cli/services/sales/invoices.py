"""The steps of a new invoice. Posted it changes no more: a credit note takes back some or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from interop_cli.domain import taxes
from interop_cli.domain.contact import recipients
from interop_cli.domain.document import Document, DocumentLine
from interop_cli.domain.errors import Conflict, InvalidData, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_gets_documents, doubt_currency
from interop_cli.domain.rules import Context
from interop_cli.domain.values.address_text import bare_line
from interop_cli.domain.values.days import due_date
from interop_cli.services import Outcome, item, one
from interop_cli.services.people.contacts import inactive
from interop_cli.services.sales.documents import (
    given_lines,
    lines_of,
    main_text,
    parties_of,
    payer_of,
)

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def create(uow: UnitOfWork, ref: str, values: Mapping[str, Any], context: Context) -> Outcome:
    """Make an invoice for a client: who pays, where to, for what, which taxes, due when.

    ``values``: ``lines``, and where given ``bill_to``, ``contact``, ``ship_to`` (an address
    of the client), ``date``, ``terms``, ``draft``. A draft has no number and does not count.
    The outcome's ``invoice`` has everything, with its recipients and the client's notes.
    """
    client = uow.clients.row(ref)
    _check_client(client)
    payer = payer_of(uow, client, values.get("bill_to"))
    if payer["id"] != client["id"]:
        _check_client(payer)
    place = _place(uow, client, values.get("ship_to"))
    lines = lines_of(values.get("lines") or [], context.counted_in(client["currency"]))
    if not lines:
        raise InvalidData("invoice.lines", msg("An invoice has at least one line."))
    document = _built(uow, client, payer, place, values, context)
    _put_amounts(document, lines)
    doubt_currency(context, document.currency, payer["code"], payer["currency"])
    if min(document.subtotal_cents, document.total_cents) < 0:
        raise _negative()
    if not values.get("draft"):
        document.number = uow.documents.next_number("invoice")
        document.status, document.posted_at = "posted", uow.now
    (document_id,) = uow.documents.add([document])
    uow.documents.set_lines(document_id, client["id"], lines)
    return outcome_of(uow, document_id, document, client, payer, lines, context)


def post(uow: UnitOfWork, ref: str, context: Context) -> Outcome:
    """Give a draft invoice its number; from then on it counts, and changes no more."""
    row = uow.documents.row(ref, "invoice")
    client = uow.clients.by_id(row["client_id"])
    payer = uow.clients.by_id(row["bill_to_id"] or row["client_id"], shared=True)
    if row["status"] != "draft":
        raise Conflict("invoice.not_draft", msg("Only a draft can be posted."))
    _check_client(client)
    _check_client(payer)
    document = uow.documents.entity(row)
    doubt_currency(
        context.at(None, client["code"]), document.currency, payer["code"], payer["currency"]
    )
    document.number = row["number"] or uow.documents.next_number("invoice")
    document.status, document.issued, document.posted_at = "posted", True, uow.now
    uow.documents.save([(row, document)])
    return outcome_of(uow, row["id"], document, client, payer, stored_lines(uow, row), context)


# -- the parts ------------------------------------------------------------------------------


def _check_client(client: Row) -> None:
    check_gets_documents(
        client["code"], "invoice", active=bool(client["active"]), prospect=bool(client["prospect"])
    )


def _place(uow: UnitOfWork, client: Row, ref: str | None) -> Row:
    """Where it is shipped: the address that is meant, the main one where none is.

    Raises NotFound ``address.not_found``: taxes go by the place, which text would not tell.
    """
    if not ref:
        return uow.addresses.main_of([client["id"]])[client["id"]]
    parties = parties_of(uow, client)
    found = parties.address(client["id"], ref)
    if found.id is None:
        raise NotFound(
            "address.not_found",
            msg("{code} has no address of this label or text.", code=client["code"]),
            hint=msg("interop address list {code}", code=client["code"]),
        )
    return parties.of_id(found.id)


def _contact(uow: UnitOfWork, client: Row, ref: str | None) -> tuple[int | None, str | None]:
    """Who it is for: as asked, else the client's default contact.

    Raises Conflict for a contact that is inactive: it receives nothing.
    """
    people = uow.contacts.of_clients([client["id"]])[client["id"]]
    if ref:
        found = parties_of(uow, client).contact(client["id"], ref)
        for row in people:
            if row["id"] == found.id and not row["active"]:
                raise inactive(row["id"])
        return found
    for row in people:
        if row["is_default"] and row["active"]:
            return row["id"], row["name"]
    return None, None


def _built(
    uow: UnitOfWork,
    client: Row,
    payer: Row,
    place: Row,
    values: Mapping[str, Any],
    context: Context,
) -> Document:
    terms = values.get("terms") or payer["terms"]
    contact_id, contact = _contact(uow, client, values.get("contact"))
    document = Document.build(
        {
            "kind": "invoice",
            "status": "draft",
            "client_id": client["id"],
            "bill_to_id": None if payer["id"] == client["id"] else payer["id"],
            "date": values.get("date") or uow.today,
            "terms": terms,
            "memo": values.get("memo"),
            "currency": client["currency"],
            "contact_id": contact_id,
            "contact": contact,
            "ship_to_id": place["id"],
            "ship_to": bare_line(place),
            "sold_to_address": main_text(uow, client["id"]),
            "bill_to_address": main_text(uow, payer["id"]),
            "place_of_supply": "-".join(filter(None, [place["country"], place["province"]])),
            "issued": not values.get("draft"),
        },
        context.at(None, client["code"]),
    )
    due = due_date(date.fromisoformat(document.date), terms)
    if due is not None:
        document.due_date = due.isoformat()
    elif terms:
        context.warn("terms", "terms.unknown", msg("these terms say no day: there is no due date"))
    return document


def _put_amounts(document: Document, lines: list[DocumentLine]) -> None:
    """Subtotal, taxes and total of the lines, at the document's place and on its day."""
    country, _, province = (document.place_of_supply or "").partition("-")
    document.taxes = taxes.compute(lines, country, province or None, document.date)
    document.subtotal_cents = sum(line.amount_cents for line in lines)
    document.tax_cents = sum(tax["amount_cents"] for tax in document.taxes)
    document.total_cents = document.subtotal_cents + document.tax_cents


def _negative() -> InvalidData:
    return InvalidData(
        "invoice.negative",
        msg("An invoice comes to nothing or more; a credit note takes back."),
        hint=msg("interop sales invoice credit NUMBER"),
    )


def stored_lines(uow: UnitOfWork, row: Row) -> list[DocumentLine]:
    """The lines of a stored document."""
    stored = uow.documents.lines_of([row["id"]]).get(row["id"], [])
    return [
        DocumentLine.stored({name: line[name] for name in DocumentLine.model_fields})
        for line in stored
    ]


def outcome_of(
    uow: UnitOfWork,
    document_id: int,
    document: Document,
    client: Row,
    payer: Row,
    lines: list[DocumentLine],
    context: Context,
) -> Outcome:
    """The result: a flat item, and ``invoice`` with all that a person wants to see."""
    said = {
        "id": document_id,
        "kind": document.kind,
        "number": document.number,
        "client": client["code"],
        "bill_to": payer["code"],
        "date": document.date,
        "due_date": document.due_date,
        "currency": document.currency,
        "subtotal_cents": document.subtotal_cents,
        "tax_cents": document.tax_cents,
        "total_cents": document.total_cents,
    }
    outcome = one(item(said), context.warnings)
    outcome.extra = {
        "invoice": {
            **said,
            "status": document.status,
            "terms": document.terms,
            "memo": document.memo,
            "contact": document.contact,
            "sold_to_address": document.sold_to_address,
            "bill_to_address": document.bill_to_address,
            "ship_to": document.ship_to,
            "place_of_supply": document.place_of_supply,
            "lines": given_lines(lines),
            "taxes": document.taxes,
            "recipients": _recipients(uow, payer["id"]),
            "notes": _notes(uow, client["id"]),
        }
    }
    if document.posted_at:
        outcome.extra["undoable"] = False  # see services/undoing.py
    return outcome


def _recipients(uow: UnitOfWork, payer_id: int) -> dict[str, Any]:
    """Who receives it: people at the client who pays."""
    people = uow.contacts.of_clients([payer_id])[payer_id]
    found = recipients(uow.contacts.entity(row) for row in people)
    return {
        "to": list(found.to),
        "cc": list(found.cc),
        "complete": found.complete,
        "rule": found.rule,
        "reason": found.reason,
        "message": found.message,
    }


def _notes(uow: UnitOfWork, client_id: int) -> list[dict[str, Any]]:
    """What the house should know of the client, the latest first."""
    names = ("id", "category", "text", "author", "created_at")
    rows = uow.notes.of_clients([client_id])[client_id]
    return [{name: row[name] for name in names} for row in reversed(rows)]


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
