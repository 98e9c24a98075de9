"""The tables of fields: a row a field of clients, contacts, addresses, notes and documents.

What a row says is in ``field``; all that lists fields is derived from these.
"""

from __future__ import annotations

from interop_cli.domain.fields.field import (
    UID,
    Card,
    Field,
    Fields,
    Kind,
    Merge,
    Personal,
    names,
    taken,
)
from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import ClosedList

CONTACT: Fields = (
    Field("id", N_("Id"), Kind.INT, table=1, taken=False, clear=False),
    UID,
    Field("client", N_("Client"), Kind.CODE, column="client_id", table=1, taken=False,
          clear=False),
    Field("name", N_("Name"), Kind.FOLDED, help=N_("Name of the person."), key="name_key",
          table=1, clear=False, merge=Merge.OWN, personal=Personal.NAME, searched=True),
    Field("title", N_("Job title"), help=N_("Job title."), table=7, personal=Personal.OTHER,
          searched=True),
    Field("email", N_("E-mail"), Kind.EMAIL,
          help=N_("E-mail, which no other contact of the client has."), key="email_key", table=2,
          merge=Merge.OWN, personal=Personal.EMAIL, searched=True),
    Field("phone", N_("Phone"), Kind.PHONE, help=N_("Phone, with its extension."), table=3,
          personal=Personal.PHONE, searched=True),
    Field("mobile", N_("Mobile"), Kind.PHONE, help=N_("Mobile phone."), personal=Personal.PHONE,
          searched=True),
    Field("language", N_("Language"), help=N_('Language; the client\'s where it is "".'),
          metavar="fr|en", personal=Personal.OTHER, choices=ClosedList.LANGUAGE),
    Field("active", N_("Active"), Kind.BOOL, table=4, clear=False, merge=Merge.OWN),
    # The other is a word of SQL.
    Field("default", N_("Default"), Kind.BOOL,
          help=N_("The client's default contact; the others no longer are."), column="is_default",
          table=5, clear=False, merge=Merge.OWN, synced=False),
    Field("billing", N_("Billing contact"), Kind.BOOL,
          help=N_("Responsible for billing; the others no longer are."), table=5, clear=False,
          merge=Merge.OWN),
    Field("billing_copy", N_("Billing copy"), Kind.BOOL, help=N_("Gets copies of invoices."),
          table=6, clear=False, merge=Merge.ANY, synced=False),
    Field("deactivated_with", kind=Kind.BOOL, taken=False, clear=False, internal=True,
          merge=Merge.OWN, synced=False),
    Field("hubspot_synced", N_("In HubSpot"), Kind.BOOL, stored=False, taken=False, clear=False,
          synced=False),
    Field("version", N_("Version"), Kind.INT, taken=False, clear=False, synced=False),
)  # fmt: skip
"""In the order of a list row (``CLI.md``)."""


# Said in files only: what does not fit the rules was accepted once, and is taken as it is again.
MISMATCH = Field(
    "mismatch",
    N_("Accepted as it is"),
    Kind.BOOL,
    stored=False,
    listed=False,
    clear=False,
    merge=Merge.OWN,
    synced=False,
)
ADDRESS: Fields = (
    Field("id", N_("Id"), Kind.INT, table=1, taken=False, clear=False, synced=False),
    UID,
    Field("client", N_("Client"), Kind.CODE, column="client_id", taken=False, clear=False),
    Field("label", N_("Label"), help=N_("What you call this address."), table=3,
          personal=Personal.OTHER, searched=True),
    Field("attention", N_("Attention"), help=N_("Who receives it."), personal=Personal.NAME,
          searched=True),
    Field("line1", N_("Address line"), Kind.FOLDED, help=N_("Street and number."), key="line_key",
          table=1, clear=False, merge=Merge.OWN, searched=True),
    Field("line2", N_("Address line 2"), help=N_("Suite, floor, building."), merge=Merge.OWN,
          searched=True),
    Field("city", N_("City"), Kind.FOLDED, help=N_("City."), key="city_key", table=2,
          clear=False, merge=Merge.OWN, searched=True),
    Field("province", N_("Province"), Kind.UPPER, help=N_("Province, by code or name."), table=4,
          merge=Merge.OWN, choices=ClosedList.PROVINCE),
    Field("postal_code", N_("Postal code"), help=N_("Postal code."), table=3, whole=True,
          merge=Merge.OWN, searched=True),
    Field("country", N_("Country"), Kind.UPPER, help=N_("Country, by ISO code or name."),
          table=6, clear=False, merge=Merge.OWN, given=True, choices=ClosedList.COUNTRY),
    Field("main", N_("Main address"), Kind.BOOL, help=N_("Make it the client's main address."),
          table=3, clear=False, merge=Merge.OWN),
    Field("phone", N_("Phone"), Kind.PHONE, help=N_("Phone, with its extension."),
          personal=Personal.PHONE, searched=True),
    Field("instructions", N_("Instructions"), help=N_("Delivery instructions."),
          personal=Personal.OTHER),
    MISMATCH,
    Field("version", N_("Version"), Kind.INT, taken=False, clear=False, synced=False),
)  # fmt: skip
"""In the order of a list row (``CLI.md``)."""


NOTE: Fields = (
    Field("id", N_("Id"), Kind.INT, table=1, taken=False),
    UID,
    Field("client", N_("Client"), Kind.CODE, column="client_id", taken=False, clear=False),
    Field("category", N_("Category"), Kind.FOLDED, table=2, clear=False),
    Field("text", N_("Text"), help=N_("What it says; - reads stdin."), metavar="TEXT|-", table=1,
          clear=False, personal=Personal.OTHER),
    Field("author", N_("Author"), help=N_("Who says so; of a new note you, where nobody is named."),
          table=4, personal=Personal.NAME),
    Field("created_at", N_("Created"), Kind.TIME, column="noted_at", table=3, clear=False),
    Field("attachments", N_("Attachments"), Kind.JSON, stored=False, table=5),
)  # fmt: skip
"""In the order of a list row (``CLI.md``)."""


PLACE = ("line1", "line2", "city", "province", "postal_code", "country")
BILLING, COORDINATES = Card.BILLING, Card.COORDINATES
_SHOWN_PLACE = {"city": 2, "province": 6}  # of the place, what a list of clients shows

_PLACE: Fields = tuple(
    field._replace(place=True, table=_SHOWN_PLACE.get(field.name, 0), merge=Merge.OWN)
    for field in ADDRESS
    if field.name in PLACE
)
CLIENT: Fields = (
    Field("id", N_("Id"), Kind.INT, taken=False, clear=False),
    UID,
    Field("code", N_("Code"), Kind.CODE,
          help=N_("The client's code; made from the name if absent."), metavar="CODE",
          key="code_key", table=1, clear=False, merge=Merge.OWN, searched=True, given=True,
          personal=Personal.NEVER),
    Field("name", N_("Name"), Kind.FOLDED, help=N_("Name."), key="name_key", table=1,
          clear=False, merge=Merge.KEEP, searched=True),
    Field("active", N_("Active"), Kind.BOOL, table=3, clear=False, merge=Merge.OWN),
    Field("prospect", N_("Prospect"), Kind.BOOL, help=N_("Can be quoted, not invoiced."),
          table=4, clear=False, merge=Merge.OWN),
    Field("language", N_("Language"), help=N_("Language the client is served in."), metavar="fr|en",
          clear=False, merge=Merge.KEEP, card=(COORDINATES, 5), given=True,
          choices=ClosedList.LANGUAGE, alone=True),
    Field("core_key", internal=True, taken=False, clear=False, merge=Merge.OWN, synced=False),
    Field("email", N_("E-mail"), Kind.EMAIL, help=N_("E-mail."), key="email_key", table=5,
          searched=True, card=(COORDINATES, 3), alone=True),
    Field("phone", N_("Phone"), Kind.PHONE, help=N_("Phone, with its extension."), table=3,
          searched=True, card=(COORDINATES, 2)),
    Field("website", N_("Website"), help=N_("Website."), metavar="URL", searched=True,
          card=(COORDINATES, 4), alone=True),
    *_PLACE,
    Field("currency", N_("Currency"), Kind.UPPER, help=N_("ISO currency."), metavar="CODE",
          clear=False, merge=Merge.KEEP, card=(BILLING, 2), given=True,
          choices=ClosedList.CURRENCY, alone=True),
    Field("terms", N_("Terms"), help=N_("Payment terms, such as net30."), card=(BILLING, 3),
          alone=True),
    Field("bill_to", N_("Billed to"), Kind.CODE, help=N_('Another client who pays; "" for nobody.'),
          metavar="CODE", column="bill_to_id", merge=Merge.OWN, card=(BILLING, 1)),
    Field("shipper_identity", N_("Shipper identity"),
          help=N_("Who packing slips and labels name as the sender."),
          metavar="standard|client|none", clear=False, merge=Merge.KEEP, card=(BILLING, 4),
          given=True, pulled=False, choices=ClosedList.SHIPPER_IDENTITY),
    Field("gst", N_("GST/HST"), help=N_("GST/HST number."), card=(BILLING, 5)),
    Field("qst", N_("QST"), help=N_("QST number."), card=(BILLING, 6)),
    Field("neq", N_("NEQ"), help=N_("Quebec enterprise number."), card=(BILLING, 7)),
    Field("tags", N_("Tags"), Kind.TAGS, help=N_('A tag; several times for several; "" for none.'),
          key="tags_key", merge=Merge.UNION, searched=True, card=(COORDINATES, 6), alone=True),
    Field("external_id", N_("External id"), help=N_("The client's id in another system."),
          key="external_id_key", searched=True, card=(BILLING, 8), pulled=False,
          personal=Personal.NEVER),
    Field("accounting", N_("Accounting"), Kind.NAMED, help=N_("A field of the accounting system."),
          metavar="K=V", listed=False, merge=Merge.UNION),
    Field("logo", N_("Logo"), listed=False, synced=False, pulled=False, personal=Personal.NEVER),
    # These go out to a file and come back from one, and are changed by commands of their own.
    Field("merged_into", N_("Merged into"), Kind.CODE, column="merged_into_id", listed=False,
          merge=Merge.OWN, synced=False),
    Field("former_codes", N_("Former codes"), Kind.TAGS, stored=False, listed=False,
          merge=Merge.OWN, synced=False),
    Field("merged_codes", N_("Codes of merged clients"), Kind.TAGS, stored=False, listed=False,
          merge=Merge.OWN, synced=False),
    MISMATCH,
    Field("version", N_("Version"), Kind.INT, taken=False, clear=False, synced=False),
    Field("created_at", N_("Created"), Kind.TIME, taken=False, clear=False, synced=False),
    Field("updated_at", N_("Updated"), Kind.TIME, taken=False, clear=False, synced=False),
)  # fmt: skip
"""In the order of a list row (``CLI.md``)."""


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


ENTITIES: dict[str, Fields] = {
    "client": CLIENT,
    "contact": CONTACT,
    "address": ADDRESS,
    "note": NOTE,
    "document": DOCUMENT,
    "line": LINE,
}

NEEDED = {
    "client": ("name", "line1", "city"),
    "contact": ("name", "client"),
    "address": ("line1", "city", "client"),
    "note": ("text", "client"),
    "document": ("number", "client", "kind"),
}
"""What a record cannot be without, ``client`` standing for whatever names one."""

__all__ = [
    "ADDRESS",
    "AMOUNTS",
    "CLIENT",
    "CONTACT",
    "DOCUMENT",
    "ENTITIES",
    "LINE",
    "LINE_FIELDS",
    "MISMATCH",
    "NEEDED",
    "NOTE",
    "PLACE",
    "PLACE_PARTS",
    "UID",
    "Card",
    "Field",
    "Fields",
    "Kind",
    "Merge",
    "Personal",
]
