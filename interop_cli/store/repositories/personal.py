"""Taking a person out of the database, inside a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.personal import Traces
from interop_cli.store import personal, redaction
from interop_cli.store.connection import Row
from interop_cli.store.personal import Person
from interop_cli.store.sync.links import LIVE

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork


class PersonRepository:
    """Finds a person, and writes what is left without them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.conn = uow.conn

    def find(self, contact_id: int, *, everywhere: bool) -> Person:
        """See ``store/personal.py``; raises NotFound ``contact.not_found``."""
        return personal.find(self.conn, contact_id, everywhere=everywhere)

    def notes(self, person: Person) -> list[int]:
        """The notes that mention the person."""
        return [row["id"] for table, row, _ in personal.rows(self.conn, person) if table == "note"]

    def near_misses(self, person: Person, but: Iterable[int]) -> list[int]:
        """Notes at the person's clients, ``but`` these, that have one of the family names."""
        last = {name.split()[-1] for name in person.traces.names if len(name.split()) > 1}
        part = Traces(word for word in last if len(word) > 2)
        seen, found = set(but), []
        for client_id in sorted(person.clients):
            rows = self.conn.query(
                "SELECT id, text FROM note WHERE client_id = :id ORDER BY id", id=client_id
            )
            found += [r["id"] for r in rows if r["id"] not in seen and part.in_text(r["text"])]
        return found

    def erase_rows(self, person: Person) -> list[tuple[str, int]]:
        """Take the person out of all rows; which (table, id)."""
        tables: dict[str, list[tuple[Row, Row]]] = {}
        for table, before, after in personal.rows(self.conn, person):
            tables.setdefault(table, []).append((before, after))
        for table, pairs in tables.items():
            self.uow.save(table, pairs)
        written = [(table, row["id"]) for table, pairs in tables.items() for row, _ in pairs]
        for table, row, after in list(personal.loose(self.conn, person)):
            columns = personal.LOOSE[table]
            sets = ", ".join(f"{name} = :{name}" for name in columns)
            self.conn.execute(
                f"UPDATE {table} SET {sets} WHERE id = :id",  # noqa: S608
                id=row["id"], **{name: after[name] for name in columns},
            )  # fmt: skip
            written.append((table, row["id"]))
        return written

    def erase_journal(self, person: Person) -> int:
        """Take the person out of the journal, this operation's own changes too; how many."""
        texts: dict[int, dict[int, str]] = {}
        for change, after in personal.changes(self.conn, person):
            of_operation = texts.setdefault(change["operation_id"], {})
            of_operation[change["id"]] = json.dumps(after, ensure_ascii=False)
        return redaction.redact(self.uow, texts)

    # -- attachments ------------------------------------------------------------------------

    def attachments(self, note_ids: Sequence[int]) -> list[Row]:
        """The attachments of these notes."""
        rows = []
        for note_id in note_ids:
            rows += self.uow.notes.attachments(note_id)
        return rows

    def erase_attachments(self, attachments: Sequence[Row]) -> None:
        """Delete attachments, and their content where nothing else has the same."""
        for row in attachments:
            self.uow.notes.detach(row["id"])
        self._erase_blobs({row["sha256"] for row in attachments})

    def erase_detached(self, note_ids: Sequence[int]) -> None:
        """Delete the content of what was taken off these notes before, and is kept for undo."""
        names = set()
        for change in self.conn.query(
            "SELECT before FROM change WHERE entity = 'attachment' AND action = 'delete'"
        ):
            before = json.loads(change["before"])
            if before["note_id"] in note_ids:
                names.add(before["sha256"])
        self._erase_blobs(names)

    def _erase_blobs(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            self.conn.execute(
                "DELETE FROM blob WHERE sha256 = :name"
                " AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = :name)"
                " AND NOT EXISTS (SELECT 1 FROM client c WHERE c.logo = :name)",
                name=name,
            )

    def targets(self, person: Person) -> list[str]:
        """The targets of sync that still hold the person."""
        listed = ", ".join(map(str, person.ids))
        rows = self.conn.query(
            "SELECT DISTINCT s.name AS name FROM sync_link l"  # noqa: S608
            " JOIN sync_target s ON s.id = l.target_id"
            f" WHERE l.entity = 'contact' AND l.local_id IN ({listed}) AND {LIVE} ORDER BY s.name"
        )
        return [row["name"] for row in rows]
