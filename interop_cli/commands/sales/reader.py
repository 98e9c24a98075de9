"""The rows of a file of documents, under our names."""

from __future__ import annotations

from interop_cli.commands.client.importing import Reader
from interop_cli.domain.services.document_fields import AMOUNT_FIELDS, OWN_FIELDS
from interop_cli.domain.services.document_imports import PLACE_PARTS

FIELDS = (
    "kind", "client", "bill_to", *OWN_FIELDS, *AMOUNT_FIELDS, "lines",
    *(f"ship_to.{part}" for part in PLACE_PARTS),
)  # fmt: skip
# What ``sales document list`` shows and an import does not write.
READ_ONLY = frozenset({"id", "version", "created_at", "updated_at"})


class DocumentReader(Reader):
    """As for clients, with the fields of a document."""

    def _names(self, header: list[str]) -> dict[str, str | None]:
        targets = self.columns.apply(header, FIELDS, ignored=READ_ONLY, file=self.source.name)
        return dict(zip(header, targets, strict=True))
