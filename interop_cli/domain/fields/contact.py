"""The fields of a contact."""

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
