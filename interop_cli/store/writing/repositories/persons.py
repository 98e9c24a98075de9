"""Taking a person out of the database, inside a unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.erasure import Traces, base, blank_contact
from interop_cli.domain.fields import CONTACT, ENTITIES, Personal
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.contacts import contact_not_found
from interop_cli.store.sync.links import LIVE
from interop_cli.store.writing.repositories.notes import NoteRepository
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.writer import Writer

# Journaled tables in which nobody is written about.
UNLOOKED = frozenset({"setting", "user_role", "counter", "sync_target", "client_code"})
# Text columns of tables that are not journaled: what was sent about a person, and came back.
LOOSE = {"sync_link": ("remote_key", "form", "pushed", "seen", "attempt", "error_text")}
# Columns that name things, not people.
NAMING = frozenset(
    column
    for fields in ENTITIES.values()
    for field in fields
    if field.personal is Personal.NEVER
    for column in (field.stands_in, field.key)
) | {"sha256"}
# What a person is known by: column -> what it is among the traces.
VALUES = {
    field.stands_in: str(field.personal)
    for field in CONTACT
    if field.personal in (Personal.NAME, Personal.EMAIL, Personal.PHONE)
}


@dataclass
class Person:
    """A person: the contacts it is, the clients where it is one, and what it is known by.

    ``left`` says what is not taken away since others have it too:
    ``{"what", "kind", "reference"}``; ``namesakes`` are contacts of other clients of that name.
    """

    contact_id: int
    ids: tuple[int, ...]
    clients: frozenset[int]
    traces: Traces
    left: list[Row] = field(default_factory=list)
    namesakes: tuple[int, ...] = ()

    def at(self, client_id: int | None) -> Traces:
        """What is looked for at a client; anywhere else (None: of no client) but the name."""
        return self.traces if client_id in self.clients else self.traces.nameless()

    def is_contact(self, entity: str, row_id: int) -> bool:
        """Whether a row is the person."""
        return entity == "contact" and row_id in self.ids


def find(conn: Connection, contact_id: int, *, everywhere: bool = False) -> Person:
    """The person that a contact is, or was before it was deleted.

    ``everywhere``: what others have too is looked for as well. Raises NotFound.
    """
    rows = conn.query("SELECT * FROM contact WHERE id = :id", id=contact_id)
    ids = [contact_id, *(_same(conn, rows[0]) if rows else [])]
    found: dict[str, set[str]] = {"names": set(), "emails": set(), "phones": set()}
    clients: set[int] = set()
    for one in ids:
        _gather(conn, one, found, clients)
    if not clients:
        raise contact_not_found(contact_id)
    clients |= _merged(conn, clients)
    person = Person(contact_id, tuple(ids), frozenset(clients), Traces(**found))
    person.namesakes = _namesakes(conn, person)
    if not everywhere:
        shared = _shared(conn, person)
        person.traces = person.traces.without(shared)
    return person


def _same(conn: Connection, row: Row) -> list[int]:
    rows = conn.query(
        "SELECT id FROM contact WHERE email_key = :email AND name_key = :name AND id <> :id"
        " ORDER BY id",
        email=row["email_key"],
        name=row["name_key"],
        id=row["id"],
    )
    return [found["id"] for found in rows]


def _gather(
    conn: Connection, contact_id: int, found: dict[str, set[str]], clients: set[int]
) -> None:
    """What the contact is and was known by, and the clients it is and was of."""
    states = conn.query("SELECT * FROM contact WHERE id = :id", id=contact_id)
    for change in conn.query(
        "SELECT client_id, before FROM change WHERE entity = 'contact' AND entity_id = :id",
        id=contact_id,
    ):
        states.append({"client_id": change["client_id"], **json.loads(change["before"] or "{}")})
    for state in states:
        clients.add(state["client_id"])
        for column, kind in VALUES.items():
            value = state.get(column)
            if value and value != f"#{contact_id}":  # the name of one erased already
                found[kind].add(value)


def _merged(conn: Connection, clients: set[int]) -> set[int]:
    listed = _listed(clients)
    rows = conn.query(
        f"SELECT id FROM client WHERE merged_into_id IN ({listed}) UNION"  # noqa: S608
        f" SELECT merged_into_id FROM client WHERE id IN ({listed}) AND merged_into_id IS NOT NULL"
    )
    return {row["id"] for row in rows}


def _namesakes(conn: Connection, person: Person) -> tuple[int, ...]:
    found = []
    for name in person.traces.names:
        found += conn.query(
            "SELECT id FROM contact WHERE name_key = :name"  # noqa: S608
            f" AND client_id NOT IN ({_listed(person.clients)}) ORDER BY id",
            name=fold(name),
        )
    return tuple(sorted({row["id"] for row in found} - set(person.ids)))


def _shared(conn: Connection, person: Person) -> Traces:
    """What of a person others have too; said in ``person.left``."""
    ours = _listed(person.ids)
    shared: dict[str, set[str]] = {"names": set(), "emails": set(), "phones": set()}
    clients = _listed(person.clients)

    def held(kind: str, what: str, value: str, sql: str, **params: object) -> None:
        for row in conn.query(sql, **params):
            shared[kind].add(value)
            one = {"what": what, "kind": row["kind"], "reference": row["reference"]}
            if one not in person.left:
                person.left.append(one)

    contact = "SELECT 'contact' AS kind, '#' || CAST(id AS TEXT) AS reference FROM contact"
    client = "SELECT 'client' AS kind, code AS reference FROM client"
    for email in sorted(person.traces.emails):
        held(
            "emails",
            "email",
            email,
            f"{contact} WHERE email_key = :key AND id NOT IN ({ours})"
            f" UNION ALL {client} WHERE LOWER(email) = :key",
            key=fold(email),
        )
    for phone in sorted(person.traces.phones):
        like = "(phone = :number OR phone LIKE :number || ';%' OR {} LIKE :number || ';%')"
        held(
            "phones",
            "phone",
            phone,
            f"{contact} WHERE id NOT IN ({ours}) AND"
            f" ({like.format('mobile')} OR mobile = :number)"
            f" UNION ALL {client} WHERE {like.format('phone')}",
            number=base(phone),
        )
    for name in sorted(person.traces.names):
        held(
            "names",
            "name",
            name,
            f"{contact} WHERE name_key = :key AND id NOT IN ({ours}) AND client_id IN ({clients})",
            key=fold(name),
        )
        for row in conn.query(f"SELECT id, code, name FROM client WHERE id IN ({clients})"):  # noqa: S608
            if Traces([name]).in_text(row["name"]):
                held("names", "name", name, f"{client} WHERE id = :id", id=row["id"])
    return Traces(**shared)


def rows(conn: Connection, person: Person) -> Iterator[tuple[str, Row, Row]]:
    """The rows in which a person stands: table, the row, and the row without the person."""
    for table in TABLES.values():
        if table.name in UNLOOKED:
            continue
        columns = [name for name in table.columns if name not in NAMING]
        condition, params = _coarse(person, columns)
        if table.name == "contact":
            condition = f"({condition} OR id IN ({_listed(person.ids)}))"
        sql = f"SELECT * FROM {table.name} WHERE {condition} ORDER BY id"  # noqa: S608
        for row in conn.query(sql, **params):
            if person.is_contact(table.name, row["id"]):
                after = blank_contact(row["id"], row)
            else:
                owner = row[table.client] if table.client else None
                after = person.at(owner).redacted_row(row, NAMING)
            if after != row:
                yield table.name, row, after


def loose(conn: Connection, person: Person) -> Iterator[tuple[str, Row, Row]]:
    """The same for what is not journaled."""
    for table, columns in LOOSE.items():
        condition, params = _coarse(person, columns)
        named = ", ".join(("id", "entity", "local_id", *columns))
        sql = f"SELECT {named} FROM {table} WHERE {condition} ORDER BY id"  # noqa: S608
        for row in conn.query(sql, **params):
            ours = row["local_id"] in (person.ids if row["entity"] == "contact" else person.clients)
            traces = person.traces if ours else person.traces.nameless()
            after = traces.redacted_row(row, NAMING)
            if after != row:
                yield table, row, after


def changes(conn: Connection, person: Person) -> Iterator[tuple[Row, dict[str, Any]]]:
    """The changes in which a person stands, oldest first, and their fields without the person."""
    condition, params = _coarse(person, ["before"])
    for batch in conn.batches(
        "SELECT id, operation_id, entity, entity_id, client_id, action, before FROM change"  # noqa: S608
        f" WHERE before IS NOT NULL AND ({condition}"
        f" OR (entity = 'contact' AND entity_id IN ({_listed(person.ids)}))) ORDER BY id",
        params,
    ):
        for values in batch:
            change = dict(zip(CHANGE, values, strict=True))
            before = json.loads(change["before"])
            if person.is_contact(change["entity"], change["entity_id"]):
                after = blank_contact(change["entity_id"], before)
            else:
                after = person.at(change["client_id"]).redacted_row(before, NAMING)
            if after != before:
                yield {**change, "before": before}, after


CHANGE = ("id", "operation_id", "entity", "entity_id", "client_id", "action", "before")


def _coarse(person: Person, columns: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A condition that holds for every row in which the person may stand, and its values."""
    fragments = person.traces.fragments()
    if not fragments:
        return "FALSE", {}
    text = " || ' ' || ".join(f"COALESCE(CAST({name} AS TEXT), '')" for name in columns)
    found = " OR ".join(f"LOWER({text}) LIKE :part{n}" for n in range(len(fragments)))
    return f"({found})", {f"part{n}": f"%{part}%" for n, part in enumerate(fragments)}


def _listed(ids: Sequence[int] | set[int] | frozenset[int]) -> str:
    return ", ".join(str(int(one)) for one in sorted(ids)) or "0"


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
            columns = LOOSE[table]
            sets = ", ".join(f"{name} = :{name}" for name in columns)
            self.conn.execute(
                f"UPDATE {table} SET {sets} WHERE id = :id",  # noqa: S608
                id=row["id"],
                **{name: after[name] for name in columns},
            )
            written.append((table, row["id"]))
        return written

    def erase_journal(self, person: Person) -> int:
        """Take the person out of the journal, this operation's own changes too; how many."""
        texts: dict[int, dict[int, str]] = {}
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
