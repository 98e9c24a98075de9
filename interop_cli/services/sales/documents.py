"""Recording documents one at a time, and voiding them; whom and where they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.document import Document, DocumentLine, read_amounts
from interop_cli.domain.entity import merged, refused, several, wrong
from interop_cli.domain.errors import Conflict, Detail, InvalidData, NotFound
from interop_cli.domain.fields import AMOUNTS, DOCUMENT, Kind
from interop_cli.domain.fields.field import taken
from interop_cli.domain.messages import N_, Message, counted, first_of, msg
from interop_cli.domain.payer import check_gets_documents, check_pays_itself, doubt_currency
from interop_cli.domain.rules import Context, RuleWarning, missing
from interop_cli.domain.values.address_text import bare_line, one_line
from interop_cli.domain.values.closed_lists import SOLD, find_currency
from interop_cli.domain.values.text import fold
from interop_cli.services import Outcome, item, one

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


OWN_FIELDS = tuple(
    field.name
    for field in taken(DOCUMENT)
    if field.kind is not Kind.MONEY and field.name not in ("kind", "client", "bill_to")
)
AMOUNT_FIELDS = (*AMOUNTS, *(f"{name}_cents" for name in AMOUNTS))


def lines_of(given: object, context: Context) -> list[DocumentLine]:
    """The lines out of a list of objects; raises InvalidData with all that is wrong."""
    if not isinstance(given, list):
        raise wrong("lines", "field.list_type", msg("is not a list"))
    lines: list[DocumentLine] = []
    errors: list[InvalidData] = []
    for place, values in enumerate(given, 1):
        try:
            lines.append(_line(values, place, context))
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


def _line(values: Any, place: int, context: Context) -> DocumentLine:
    if isinstance(values, dict):
        values = {"position": place, **{k: v for k, v in values.items() if k != "position"}}
    return DocumentLine.build(values, context.under(f"lines.{place}."))


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
            "position": line.position,
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "amount_cents": line.amount_cents,
            "tax": line.tax,
        }
        for line in lines
    ]


def add(
    uow: UnitOfWork, ref: str, kind: str, values: Mapping[str, Any], context: Context
) -> Outcome:
    """Record a document of a client; a job ends a prospect.

    Quotes, jobs and packing slips get a number where none is given; an invoice recorded this way
    has its own (``sales invoice create`` makes new ones). Warns of a currency that is the client's
    and not the payer's. Raises Conflict for a client or a payer that is inactive, or a prospect
    that would be invoiced, and for a number that is taken.
    """
    client = uow.clients.row(ref)
    payer = payer_of(uow, client, values.get("bill_to"))
    for one_of in (client, payer):
        check_gets_documents(
            one_of["code"], kind, active=bool(one_of["active"]), prospect=bool(one_of["prospect"])
        )
    currency = find_currency(values.get("currency") or client["currency"])
    lines = lines_of(values.get("lines") or [], context.counted_in(currency))
    document = _built(uow, client, payer, kind, with_subtotal(values, lines), context)
    if document.number is None:
        if kind in SOLD:
            raise _number_required()
        document.number = uow.documents.next_number(kind)
    _check_free(uow, kind, document.number)
    if not values.get("currency"):
        doubt_currency(context, document.currency, payer["code"], payer["currency"])
    (document_id,) = uow.documents.add([document])
    uow.documents.set_lines(document_id, client["id"], lines)
    if kind == "job":
        say_ended(context, uow.documents.end_prospects(client["id"]))
    names = _names(document_id, document, client["code"])
    return one(item(names, action="created"), context.warnings)


def say_ended(context: Context, codes: Sequence[str]) -> None:
    """Say which clients are no prospects any more because of a job."""
    if codes:
        message = counted(
            "no longer a prospect, since it has a job: {codes}",
            "no longer prospects, since they have a job: {codes}",
            count=len(codes),
            codes=first_of(codes),
        )
        context.warnings.append(RuleWarning("client", "client.prospect.ended", message))


def void(uow: UnitOfWork, ref: str, kind: str | None = None) -> Outcome:
    """Make a document count no more; it stays readable.

    Raises Conflict ``document.credited`` for an invoice that credit notes correct.
    """
    row = uow.documents.row(ref, kind)
    document = uow.documents.entity(row)
    code = uow.clients.by_id(row["client_id"])["code"]
    if row["status"] == "void":
        return one(item(_names(row["id"], document, code), changed=False))
    credited = uow.documents.corrections(row["id"])
    if credited:
        raise Conflict(
            "document.credited",
            msg(
                "Credit notes correct this invoice: {numbers}.",
                numbers=", ".join(note["number"] or f"#{note['id']}" for note in credited),
            ),
            hint=msg("Void those first."),
        )
    uow.documents.void(row["id"])
    return one(item(_names(row["id"], document, code)))


def payer_of(uow: UnitOfWork, client: Row, ref: str | None) -> Row:
    """The client who pays: the one named, else the one on the card, else the client itself.

    Raises Conflict for one named who is itself billed to another client.
    """
    if ref:
        payer = uow.clients.row(ref, shared=True)
        if payer["id"] != client["id"]:
            check_pays_itself(payer["code"], payer["bill_to_id"])
        return payer
    if client["bill_to_id"] is not None:
        return uow.clients.by_id(client["bill_to_id"], shared=True)
    return client


def parties_of(uow: UnitOfWork, client: Row) -> Parties:
    """Whom and where a document of this client may be for."""
    parties = Parties(uow)
    parties.load([client["id"]])
    return parties


def main_text(uow: UnitOfWork, client_id: int) -> str:
    """A client's main address as text."""
    return bare_line(uow.addresses.main_of([client_id])[client_id])


def _built(
    uow: UnitOfWork, client: Row, payer: Row, kind: str, values: Mapping[str, Any], context: Context
) -> Document:
    parties = parties_of(uow, client)
    contact = parties.contact(client["id"], values.get("contact"))
    ship_to = parties.address(client["id"], values.get("ship_to"))
    own = {name: values[name] for name in OWN_FIELDS if values.get(name) not in (None, "")}
    own.setdefault("date", uow.today)
    own.setdefault("currency", client["currency"])
    own.setdefault("terms", client["terms"])
    own.update(
        kind=kind,
        contact_id=contact.id,
        contact=contact.text,
        client_id=client["id"],
        bill_to_id=None if payer["id"] == client["id"] else payer["id"],
        ship_to=ship_to.text,
        ship_to_id=ship_to.id,
        sold_to_address=main_text(uow, client["id"]),
        bill_to_address=main_text(uow, payer["id"]),
    )
    try:
        amounts = read_amounts(values, kind, find_currency(own["currency"]))
        if kind in SOLD and not amounts:
            raise refused(missing(), "subtotal")
        return Document.build({**own, **amounts}, context)
    except InvalidData as error:
        raise error.at(None, client["code"]) from None


def _check_free(uow: UnitOfWork, kind: str, number: str) -> None:
    if uow.documents.by_numbers(kind, [fold(number)]):
        raise Conflict(
            "document.number.duplicate",
            msg("{kind}: the number {number} is taken already.", kind=kind, number=number),
            details=[Detail("number", "unique", msg("is already taken"))],
        )


def _number_required() -> InvalidData:
    reason = msg("is required")
    return InvalidData(
        "field.missing",
        msg("{field}: {what}", field="number", what=reason),
        hint=msg("A new invoice with its number: interop sales invoice create"),
        details=[Detail("number", "field.missing", reason)],
    )


def _names(document_id: int, document: Document, code: str) -> dict[str, Any]:
    return {
        "id": document_id,
        "kind": document.kind,
        "number": document.number,
        "client": code,
        "date": document.date,
        "currency": document.currency,
        "total_cents": document.total_cents,
    }


# -- who it is for, and where it goes ----------------------------------------------------------


class Linked(NamedTuple):
    """The id of what is meant (None: only text), and the text that the document shows."""

    id: int | None
    text: str | None


NOTHING = Linked(None, None)
_UNKNOWN = {
    "contact": (N_("{code} has no contact {id}."), N_("interop contact list {code}")),
    "address": (N_("{code} has no address {id}."), N_("interop address list {code}")),
}


class Parties:
    """The contacts and addresses of some clients, as documents name them.

    By id, a contact also by its e-mail or its name, an address by its label or its text. What fits
    none of them stays the text that it is; what fits several, and an id that is none of the
    client's, is refused.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._contacts: dict[int, list[Row]] = {}
        self._addresses: dict[int, list[Row]] = {}
        self._texts: dict[int, dict[str, list[Row]]] = {}

    def load(self, client_ids: Iterable[int]) -> None:
        """Read those of these clients, in place of those read before."""
        ids = list(client_ids)
        self._contacts = self.uow.contacts.named(ids)
        self._addresses = self.uow.addresses.of_clients(ids)
        self._texts.clear()

    def contact(
        self, client_id: int, typed: object, *, ids: bool = True, stands: int | None = None
    ) -> Linked:
        """The contact that is meant.

        Raises NotFound ``contact.not_found`` for an id, InvalidData ``import.ambiguous``.
        ``ids``: a number is one, and not only text. Of several, the one that ``stands`` is meant.
        """
        text = str(typed or "").strip()
        if not text:
            return NOTHING
        people = self._contacts[client_id]
        if ids and (found := self._of_its_id("contact", client_id, people, text)):
            return Linked(found["id"], found["name"])
        key = fold(text)
        for row in people:
            if row["email_key"] == key:
                return Linked(row["id"], row["name"])
        named = (row for row in people if row["name_key"] == key)
        return Linked(_only("contact", named, stands), text)

    def address(
        self, client_id: int, typed: object, *, ids: bool = True, stands: int | None = None
    ) -> Linked:
        """The address that is meant.

        Raises NotFound ``address.not_found`` for an id, InvalidData ``import.ambiguous``.
        ``ids``: a number is one, and not only text. Of several, the one that ``stands`` is meant.
        """
        text = str(typed or "").strip()
        if not text:
            return NOTHING
        rows = self._addresses[client_id]
        if ids and (row := self._of_its_id("ship_to", client_id, rows, text)):
            return Linked(row["id"], bare_line(row))
        key = fold(text)
        labelled = [row for row in rows if row["label"] and fold(row["label"]) == key]
        if (found := _only("ship_to", labelled, stands)) is not None:
            return Linked(found, bare_line(self.of_id(found)))
        return Linked(_only("ship_to", self._of_text(client_id).get(key, ()), stands), text)

    def _of_its_id(self, path: str, client_id: int, rows: list[Row], text: str) -> Row | None:
        """The row whose id ``text`` is; None where it is no id. Raises NotFound for another's."""
        if (wanted := _id_in(text)) is None:
            return None
        for row in rows:
            if row["id"] == wanted:
                return row
        entity = "address" if path == "ship_to" else path
        params = {"code": self.uow.clients.by_id(client_id)["code"], "id": wanted}
        message, hint = (Message(sentence, params) for sentence in _UNKNOWN[entity])
        code = f"{entity}.not_found"
        raise NotFound(code, message, hint=hint, details=[Detail(path, code, message)])

    def _of_text(self, client_id: int) -> dict[str, list[Row]]:
        """The addresses of a client by their folded text, with and without whom it is for."""
        known = self._texts.get(client_id)
        if known is None:
            known = self._texts[client_id] = {}
            for row in self._addresses[client_id]:
                bare = {**row, "label": None, "attention": None}
                forms = (one_line(row), bare_line(row), one_line(bare))
                for text in {fold(form) for form in forms}:
                    known.setdefault(text, []).append(row)
        return known

    def place(
        self, client_id: int, parts: Mapping[str, Any], stands: int | None = None
    ) -> int | None:
        """The address at the place of these parts (``line1``, ``city`` …).

        Raises InvalidData ``import.ambiguous`` where there are several.
        """
        wanted = _place(parts)
        there = (row for row in self._addresses[client_id] if _place(row) == wanted)
        return _only("ship_to", there, stands)

    def of_id(self, address_id: int) -> Row:
        """The row of an address that was found."""
        rows = (row for rows in self._addresses.values() for row in rows)
        return next(row for row in rows if row["id"] == address_id)


def _only(path: str, rows: Iterable[Row], stands: int | None) -> int | None:
    """The id of the one row there is; of several, the one that stands, else they are refused."""
    ids = [row["id"] for row in rows]
    if stands in ids:
        return stands
    if len(ids) > 1:
        raise several(path, ids)
    return ids[0] if ids else None


def _place(parts: Mapping[str, Any]) -> tuple[str, str, str]:
    street = fold(f"{parts.get('line1') or ''} {parts.get('line2') or ''}")
    postal_code = "".join(char for char in str(parts.get("postal_code") or "") if char.isalnum())
    return street, fold(str(parts.get("city") or "")), postal_code.upper()


def _id_in(text: str) -> int | None:
    """The id in ``17`` or ``#17``; None for other text."""
    digits = text.removeprefix("#")
    return int(digits) if digits.isdecimal() and len(digits) < 19 else None
