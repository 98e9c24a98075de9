"""What is sent by e-mail, as it is written down: before the server is spoken to, and after."""

from __future__ import annotations

import json
from collections.abc import Sequence

from interop_cli.store.engines.connection import Connection
from interop_cli.store.writing.writer import Writer

ENABLED, SINCE = "mail.enabled", "mail.since"
"""The setting that lets mail go, and the one that says since when: nobody types that."""


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


def switch_off(conn: Connection) -> bool:
    """Let no mail go from a database that is a copy of another; whether it did until now.

    Written into the copy itself, as what else is its own and not the other's.
    """
    changed = conn.execute(
        "UPDATE setting SET value = 'false', version = version + 1"
        " WHERE name = :name AND value = 'true'",
        name=ENABLED,
    )
    return changed > 0


def is_on(conn: Connection) -> bool:
    """Whether mail goes from this database."""
    return bool(
        conn.query("SELECT 1 AS x FROM setting WHERE name = :n AND value = 'true'", n=ENABLED)
    )
