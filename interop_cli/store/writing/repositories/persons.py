"""Taking a person out of the database, inside a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from interop_cli.domain.erasure import MARK, Traces
from interop_cli.store.engines.connection import Row
from interop_cli.store.sync.links import CLEARED, LIVE
from interop_cli.store.writing import erasures
from interop_cli.store.writing.person import (
    LOOSE,
    Person,
    changes,
    elsewhere,
    find,
    listed,
    loose,
    rows,
)
from interop_cli.store.writing.repositories.notes import NoteRepository
from interop_cli.store.writing.writer import Writer

USES_OF_A_FILE = (
    "SELECT id FROM attachment WHERE sha256 = :name LIMIT 1",
    "SELECT id FROM client WHERE logo = :name LIMIT 1",
    "SELECT id FROM setting WHERE value = :name LIMIT 1",
)


class PersonRepository:
    """Finds a person, and writes what is left without them."""

    def __init__(self, writer: Writer, notes: NoteRepository) -> None:
        self.writer = writer
        self._notes = notes
        self.conn = writer.conn

    def find(self, contact_id: int, *, everywhere: bool) -> Person:
        """Where a person stands; raises NotFound ``contact.not_found``."""
        return find(self.conn, contact_id, everywhere=everywhere)

    def notes(self, person: Person) -> list[int]:
        """The notes that mention the person."""
        return [row["id"] for table, row, _ in rows(self.conn, person) if table == "note"]

    def elsewhere(self, person: Person) -> list[Row]:
        """What of other clients has the person's name: ``{"kind", "reference"}``."""
        return [
            {"kind": kind, "reference": f"#{one}"} for kind, one in elsewhere(self.conn, person)
        ]

    def remember(self, contact_id: int, remains: erasures.Remains) -> erasures.Remains:
        """Keep what an erasure leaves, beside what those before it left; all of it that exists."""
        found = erasures.remember(self.conn, contact_id, remains, self.writer.now)
        self.writer.derived = True
        return found

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
        for table, before, after in rows(self.conn, person):
            tables.setdefault(table, []).append((before, after))
        for table, pairs in tables.items():
            self.writer.save(table, pairs)
        written = [(table, row["id"]) for table, pairs in tables.items() for row, _ in pairs]
        for table, row, after in list(loose(self.conn, person)):
            self._rewrite(table, row, after)
            written.append((table, row["id"]))
        return written

    def _rewrite(self, table: str, row: Row, after: Row) -> None:
        """Write what is left of a link; it is not journaled."""
        values = {name: after[name] for name in LOOSE[table] if after[name] != row[name]}
        if "attempt" in values:
            values["attempt_hash"] = None
        if "pushed" in values:
            values["kept"] = None
        if "seen" in values:  # nobody can take over what is not known any more: it is read again
            values |= {"seen": None, "seen_at": None, "drift": 0}
            if row["state"] == "conflict":
                values |= {**CLEARED, "state": "pending"}
        if row["state"] == "claimed":
            # It is being sent: whoever has it may not write down what was said. As after a lost
            # answer, the other side is read before anything more is sent.
            values |= {"state": "unknown", "owner": None, "lease_until": None}
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self.conn.execute(f"UPDATE {table} SET {sets} WHERE id = :id", id=row["id"], **values)

    def erase_journal(self, person: Person) -> int:
        """Take the person out of the journal, this operation's own changes too; how many."""
        texts: dict[int, dict[int, str]] = {}
        self.writer.flush()
        for change, after in changes(self.conn, person):
            of_operation = texts.setdefault(change["operation_id"], {})
            of_operation[change["id"]] = json.dumps(after, ensure_ascii=False)
        return self.writer.redact(texts)

    # -- attachments ------------------------------------------------------------------------

    def attachments(self, note_ids: Sequence[int]) -> list[Row]:
        """The attachments of these notes."""
        rows = []
        for note_id in note_ids:
            rows += self._notes.attachments(note_id)
        return rows

    def erase_attachments(self, attachments: Sequence[Row]) -> None:
        """Delete attachments, and their content where nothing else has the same."""
        for row in attachments:
            self._notes.detach(row["id"])
        self._erase_blobs({row["sha256"] for row in attachments})

    def erase_detached(self, note_ids: Sequence[int]) -> None:
        """Delete the content of what was taken off these notes before, and is kept for undo."""
        names = set()
        self.writer.flush()
        for change in self.conn.query(
            "SELECT before FROM change WHERE entity = 'attachment' AND action = 'delete'"
        ):
            before = json.loads(change["before"])
            if before["note_id"] in note_ids:
                names.add(before["sha256"])
        self._erase_blobs(names)

    def _erase_blobs(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            if not any(self.conn.query(sql, name=name) for sql in USES_OF_A_FILE):
                self.conn.execute("DELETE FROM blob WHERE sha256 = :name", name=name)

    def targets(self, person: Person) -> list[str]:
        """The targets of sync that still hold the person, before or after it was erased here."""
        clients = listed(person.clients)
        rows = self.conn.query(
            "SELECT DISTINCT s.name AS name FROM sync_link l"
            " JOIN sync_target s ON s.id = l.target_id"
            " LEFT JOIN document d ON l.entity NOT IN ('client', 'contact') AND d.id = l.local_id"
            f" WHERE ((l.entity = 'contact' AND l.local_id IN ({listed(person.ids)}))"
            f" OR (((l.entity = 'client' AND l.local_id IN ({clients}))"
            f" OR d.client_id IN ({clients})) AND COALESCE(l.pushed, l.attempt) LIKE :mark))"
            f" AND {LIVE} ORDER BY s.name",
            mark=f"%{MARK}%",
        )
        return [row["name"] for row in rows]
