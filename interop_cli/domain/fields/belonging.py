"""The fields of what belongs to a client: contacts, addresses, and notes with their files."""

from __future__ import annotations

from interop_cli.domain.fields.field import UID, Field, Fields, Kind, Merge, Personal
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
