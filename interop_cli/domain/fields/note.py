"""The fields of a note, and of the files attached to it."""

from __future__ import annotations

from interop_cli.domain.fields.field import UID, Field, Fields, Kind, Personal
from interop_cli.domain.messages import N_

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
