"""The fields of a document and of its lines."""

from __future__ import annotations

from interop_cli.domain.fields.field import UID, Card, Field, Fields, Kind, Personal, names, taken
from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import ClosedList

DOCUMENT: Fields = (
    Field("id", N_("Id"), Kind.INT, taken=False),
    UID,
    Field("kind", N_("Kind"), table=2, clear=False, choices=ClosedList.DOCUMENT_KIND),
    Field("number", N_("Number"), Kind.FOLDED,
          help=N_("Its number; quotes, jobs and slips get the next one if absent."),
          key="number_key", table=1, whole=True, personal=Personal.NEVER),
    Field("client", N_("Client"), Kind.CODE, column="client_id", table=1, clear=False,
          card=(Card.DOCUMENT, 1)),
    Field("bill_to", N_("Billed to"), Kind.CODE, help=N_("Another client who pays."),
          metavar="CODE", column="bill_to_id", table=6, card=(Card.DOCUMENT, 2)),
    Field("contact", N_("Contact"),
          help=N_("Who it is for: a contact by id, e-mail or name, or other text."),
          card=(Card.DOCUMENT, 3)),
    Field("date", N_("Date"), Kind.DATE, help=N_("Its date; today if absent."),
          metavar="YYYY-MM-DD", table=1, clear=False, card=(Card.DOCUMENT, 4)),
    Field("due_date", N_("Due date"), Kind.DATE, help=N_("When it is due."), metavar="YYYY-MM-DD",
          table=5, card=(Card.DOCUMENT, 5)),
    Field("status", N_("Status"), table=3, clear=False, card=(Card.DOCUMENT, 7),
          choices=ClosedList.DOCUMENT_STATUS),
    Field("currency", N_("Currency"), Kind.UPPER, help=N_("ISO currency; the client's if absent."),
          metavar="CODE", table=7, clear=False, choices=ClosedList.CURRENCY),
    Field("subtotal_cents", N_("Subtotal"), Kind.MONEY, help=N_("Amount before taxes."),
          metavar="AMOUNT"),
    Field("tax_cents", N_("Taxes"), Kind.MONEY, help=N_("Taxes."), metavar="AMOUNT"),
    Field("total_cents", N_("Total"), Kind.MONEY, help=N_("Amount with taxes."), metavar="AMOUNT",
          table=1),
    Field("ship_to", N_("Shipped to"),
          help=N_("Where it goes: an address by id, label or its text, or other text."),
          metavar="ID|TEXT", card=(Card.DOCUMENT, 11)),
    Field("external_id", N_("External id"), help=N_("Its id in another system."),
          card=(Card.DOCUMENT, 12), personal=Personal.NEVER),
    Field("terms", N_("Terms"), help=N_("Payment terms, such as net30."), listed=False,
          card=(Card.DOCUMENT, 6)),
    Field("sold_to_address", N_("Client's address"), listed=False, card=(Card.DOCUMENT, 9)),
    Field("bill_to_address", N_("Address of who pays"), listed=False, card=(Card.DOCUMENT, 10)),
    Field("memo", N_("Message"), help=N_("What it says to the customer."), listed=False,
          metavar="TEXT", card=(Card.DOCUMENT, 13), personal=Personal.OTHER),
    # What the tool works out.
    Field("taxes", N_("Taxes"), Kind.JSON, listed=False, taken=False),
    Field("place_of_supply", N_("Place of supply"), listed=False, taken=False),
    Field("corrects", N_("Corrects"), column="corrects_id", listed=False, taken=False,
          card=(Card.DOCUMENT, 8)),
    Field("year", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("contact_id", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("ship_to_id", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("issued", kind=Kind.BOOL, listed=False, taken=False, internal=True),
    Field("posted_at", kind=Kind.TIME, listed=False, taken=False, internal=True),
)  # fmt: skip
"""In the order of a list row (``CLI.md``)."""
AMOUNTS = tuple(field.name.removesuffix("_cents") for field in DOCUMENT if field.kind is Kind.MONEY)
"""The amounts of a document, as decimals."""

LINE: Fields = (
    Field("document", column="document_id", clear=False, listed=False, taken=False, internal=True),
    Field("client", column="client_id", clear=False, listed=False, taken=False, internal=True),
    Field("position", kind=Kind.INT, listed=False, taken=False, internal=True),
    Field("description", N_("Description"), clear=False),
    Field("quantity", N_("Quantity"), clear=False),
    Field("unit_price", N_("Unit price"), clear=False),
    Field("amount_cents", N_("Amount"), Kind.MONEY),
    Field("tax", N_("Tax"), clear=False),
)  # fmt: skip
LINE_FIELDS = (*names(taken(LINE)), "amount")
"""What a line may say in a file."""
PLACE_PARTS = ("name", "line1", "line2", "city", "province", "postal_code", "country")
"""What a file may say of a place that goods go to."""
