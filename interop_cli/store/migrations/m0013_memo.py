"""What a document says to the customer."""

from __future__ import annotations

SCRIPT = "ALTER TABLE document ADD COLUMN memo {text}"
