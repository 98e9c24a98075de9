"""The fields of a client: its own, and those of its main address that it shows as its own."""

from __future__ import annotations

from interop_cli.domain.fields.belonging import ADDRESS, MISMATCH
from interop_cli.domain.fields.field import UID, Card, Field, Fields, Kind, Merge, Personal
from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import ClosedList

PLACE = ("line1", "line2", "city", "province", "postal_code", "country")
BILLING, COORDINATES = Card.BILLING, Card.COORDINATES
_SHOWN = {"city": 2, "province": 6}  # of the place, what a list of clients shows

_PLACE: Fields = tuple(
    field._replace(place=True, table=_SHOWN.get(field.name, 0), merge=Merge.OWN)
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
