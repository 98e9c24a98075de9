"""What is sent by e-mail, as it is written down: before the server is spoken to, and after."""

from __future__ import annotations

import json
from collections.abc import Sequence

from interop_cli.store.engines.twins import MAIL as ENABLED
from interop_cli.store.writing.writer import Writer

__all__ = ("ENABLED", "SINCE", "MailingRepository")
SINCE = "mail.since"
"""The setting that says since when ``ENABLED`` lets mail go: nobody types it."""


class MailingRepository:
    """Notes what is about to be sent, and what became of it."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def attempts(self, document_id: int) -> int:
        """How often a document was tried to be sent."""
        rows = self.conn.query(
            "SELECT COALESCE(MAX(attempt), 0) AS n FROM mailing WHERE document_id = :id",
            id=document_id,
        )
        return int(rows[0]["n"])

    def begin(
        self,
        document: tuple[int, int],
        attempt: int,
        message_id: str,
        to: Sequence[str],
        cc: Sequence[str],
    ) -> int:
        """Note that a document (its id, its client's) is about to be sent; the id of the note.

        Its outcome is unknown until ``settle`` says another.
        """
        document_id, client_id = document
        row = {
            "document_id": document_id,
            "client_id": client_id,
            "attempt": attempt,
            "state": "unknown",
            "at": self.writer.now,
            "recipients": json.dumps(list(to), ensure_ascii=False),
            "copies": json.dumps(list(cc), ensure_ascii=False),
            "refused": "[]",
            "message_id": message_id,
            "error": None,
        }
        return self.writer.insert("mailing", [row])[0]

    def settle(
        self, mailing_id: int, state: str, refused: Sequence[str] = (), error: str | None = None
    ) -> None:
        """Note what became of it."""
        values = {
            "state": state,
            "refused": json.dumps(list(refused), ensure_ascii=False),
            "error": error,
        }
        self.writer.update("mailing", values, "id = :id", id=mailing_id)
