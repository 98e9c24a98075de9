"""The fields of an address."""

from __future__ import annotations

from interop_cli.domain.fields.field import UID, Field, Fields, Kind, Merge, Personal
from interop_cli.domain.messages import N_
from interop_cli.domain.values.closed_lists import ClosedList

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
