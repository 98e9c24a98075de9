"""Notes with their attachments, whose files are kept once, as the services write them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from interop_cli.domain.note import Note
from interop_cli.store.engines.connection import Row, query_in_chunks
from interop_cli.store.writing.repositories.belonging import BelongingRepository
from interop_cli.store.writing.writer import Writer


def to_row(note: Note, now: str) -> Row:
    """The columns of a note, written ``now`` unless it says otherwise."""
    row = {name: getattr(note, name) for name in note.__class__.model_fields}
    return {**row, "noted_at": note.created_at or now}


def to_note(row: Row) -> Note:
    """The entity of a stored row."""
    values = {name: row[name] for name in Note.model_fields}
    return Note.stored({**values, "created_at": row["noted_at"]})


class NoteRepository(BelongingRepository):
    """Finds and writes notes inside a unit of work."""

    table = "note"

    def entity(self, row: Row) -> Note:
        """The note of a stored row."""
        return to_note(row)

    def add(self, notes: Sequence[Note]) -> list[int]:
        """Insert notes that passed their rules; their ids."""
        return self.writer.insert("note", [to_row(note, self.writer.now) for note in notes])

    def save(self, pairs: Sequence[tuple[Row, Note]]) -> int:
        """Write changed notes over the rows they were read from; how many differed."""
        return self.writer.save(
            "note", [(row, to_row(note, row["noted_at"])) for row, note in pairs]
        )

    # -- attachments ------------------------------------------------------------------------

    def attachments(self, note_id: int) -> list[Row]:
        """The attachments of a note, in the order they were made, without their content."""
        return self.conn.query(
            "SELECT * FROM attachment WHERE note_id = :id ORDER BY id", id=note_id
        )

    def files(self, note_ids: Iterable[int]) -> dict[int, set[tuple[str, str]]]:
        """The attachments of each note by name and blob: note id -> pairs."""
        found: dict[int, set[tuple[str, str]]] = {}
        sql = "SELECT note_id, name, sha256 FROM attachment WHERE note_id IN ({places})"
        for row in query_in_chunks(self.conn, sql, note_ids):
            found.setdefault(row["note_id"], set()).add((row["name"], row["sha256"]))
        return found

    def attachment(self, attachment_id: int) -> Row | None:
        """The row of an attachment, or None."""
        rows = self.conn.query("SELECT * FROM attachment WHERE id = :id", id=attachment_id)
        return rows[0] if rows else None

    def attach(self, note: Row, files: Sequence[tuple[str, int, str]]) -> list[int]:
        """Attach files (name, size, blob) to a note; their ids."""
        return self.writer.insert(
            "attachment",
            [
                {
                    "client_id": note["client_id"],
                    "note_id": note["id"],
                    "name": name,
                    "size": size,
                    "sha256": blob,
                }
                for name, size, blob in files
            ],
        )

    def detach(self, attachment_id: int) -> None:
        """Take an attachment off; its content stays in the database for undo."""
        self.writer.delete("attachment", "id = :id", id=attachment_id)


class BlobRepository:
    """Adds files. They are not journaled: what refers to them is, and they stay for undo."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def add(self, content: bytes) -> str:
        """Keep a file; its name, the SHA-256 of its content in hexadecimal."""
        name = hashlib.sha256(content).hexdigest()
        self.writer.conn.execute(
            "INSERT INTO blob (sha256, size, content, created_at)"
            " VALUES (:name, :size, :content, :now) ON CONFLICT (sha256) DO NOTHING",
            name=name,
            size=len(content),
            content=content,
            now=self.writer.now,
        )
        return name
