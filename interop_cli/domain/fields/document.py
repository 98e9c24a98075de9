"""The fields of a document and of its lines."""

from __future__ import annotations

from interop_cli.domain.fields.field import Card, Field, Fields, Kind, Personal
from interop_cli.domain.messages import N_

DOCUMENT: Fields = (
    Field("id", N_("Id"), Kind.INT, taken=False),
    Field("kind", N_("Kind"), table=True, clear=False),
    Field(
        "number", N_("Number"), Kind.FOLDED, key="number_key", table=True, personal=Personal.NEVER
    ),
    Field(
        "client",
        N_("Client"),
        Kind.CODE,
        column="client_id",
        table=True,
        clear=False,
        card=(Card.DOCUMENT, 1),
    ),
    Field(
        "bill_to",
        N_("Billed to"),
        Kind.CODE,
        column="bill_to_id",
        table=True,
        card=(Card.DOCUMENT, 2),
    ),
    Field("contact", N_("Contact"), card=(Card.DOCUMENT, 3)),
    Field("date", N_("Date"), Kind.DATE, table=True, clear=False, card=(Card.DOCUMENT, 4)),
    Field("due_date", N_("Due date"), Kind.DATE, table=True, card=(Card.DOCUMENT, 5)),
    Field("status", N_("Status"), table=True, clear=False, card=(Card.DOCUMENT, 7)),
    Field("currency", N_("Currency"), Kind.UPPER, table=True, clear=False),
    Field("subtotal_cents", N_("Subtotal"), Kind.MONEY),
    Field("tax_cents", N_("Taxes"), Kind.MONEY),
    Field("total_cents", N_("Total"), Kind.MONEY, table=True),
    Field("ship_to", N_("Shipped to"), card=(Card.DOCUMENT, 11)),
    Field("external_id", N_("External id"), card=(Card.DOCUMENT, 12), personal=Personal.NEVER),
    Field("terms", N_("Terms"), listed=False, card=(Card.DOCUMENT, 6)),
    Field("sold_to_address", N_("Client's address"), listed=False, card=(Card.DOCUMENT, 9)),
    Field("bill_to_address", N_("Address of who pays"), listed=False, card=(Card.DOCUMENT, 10)),
    # What the tool works out.
    Field("taxes", N_("Taxes"), Kind.JSON, listed=False, taken=False),
    Field("place_of_supply", N_("Place of supply"), listed=False, taken=False),
    Field(
        "corrects",
        N_("Corrects"),
        column="corrects_id",
        listed=False,
        taken=False,
        card=(Card.DOCUMENT, 8),
    ),
    Field("year", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("contact_id", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("ship_to_id", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("issued", kind=Kind.BOOL, listed=False, taken=False, internal=True),
    Field("posted_at", kind=Kind.TIME, listed=False, taken=False, internal=True),
)
"""In the order of a list row (``CLI.md``)."""

LINE: Fields = (
    Field("document", column="document_id", clear=False, listed=False, taken=False, internal=True),
    Field("client", column="client_id", clear=False, listed=False, taken=False, internal=True),
    Field("position", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("description", N_("Description"), clear=False),
    Field("quantity", N_("Quantity"), clear=False),
    Field("unit_price", N_("Unit price"), clear=False),
    Field("amount_cents", N_("Amount"), Kind.MONEY),
    Field("tax", N_("Tax"), clear=False),
)
