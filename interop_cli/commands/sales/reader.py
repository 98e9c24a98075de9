"""What a file of documents may hold."""

from __future__ import annotations

from interop_cli.commands.intake import Fields
from interop_cli.domain.services.document_fields import AMOUNT_FIELDS, OWN_FIELDS
from interop_cli.domain.services.document_imports import PLACE_PARTS

FIELDS = Fields(
    known=(
        "kind", "client", "bill_to", *OWN_FIELDS, *AMOUNT_FIELDS, "lines",
        *(f"ship_to.{part}" for part in PLACE_PARTS),
    ),
    # What ``sales document list`` shows and an import does not write.
    ignored=frozenset({"id", "version", "created_at", "updated_at"}),
)  # fmt: skip
