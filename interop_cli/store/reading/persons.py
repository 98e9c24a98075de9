"""Everything held about a person, as the law lets them have it."""

from __future__ import annotations

from typing import Any

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading import contacts, notes
from interop_cli.store.writing import person as persons


def export(conn: Connection, contact_id: int) -> Row:
    """All that is held about a contact's person: the object of ``contact export-personal``.

    ``contacts`` are the person itself, the asked one first; then every other row that mentions
    them, with its fields, by kind; the journal; what was sent to other systems. ``left`` says which
    of their values others have too. Raises NotFound.
    """
    person = persons.find(conn, contact_id)
    mentions: dict[str, list[Row]] = {}
    for table, row, _after in persons.rows(conn, person):
        if not person.is_contact(table, row["id"]):
            mentions.setdefault(table, []).append(row)
    return {
        "contact": contact_id,
        "clients": _codes(conn, person),
        "contacts": [_contact(conn, one) for one in person.ids if _exists(conn, one)],
        "notes": [notes.one(conn, row["id"])[1] for row in mentions.pop("note", [])],
        "addresses": mentions.pop("address", []),
        "documents": mentions.pop("document", []) + _documents(conn, person),
        "others": [{"kind": kind, **row} for kind, rows in mentions.items() for row in rows],
        "journal": _journal(conn, person),
        "sync": _sync(conn, person),
        "left": person.left,
        "namesakes": list(person.namesakes),
    }


def _exists(conn: Connection, contact_id: int) -> bool:
    return bool(conn.query("SELECT 1 AS x FROM contact WHERE id = :id", id=contact_id))


def _contact(conn: Connection, contact_id: int) -> Row:
    times = conn.query("SELECT created_at, updated_at FROM contact WHERE id = :id", id=contact_id)
    return {**contacts.one(conn, contact_id)[1], **times[0]}


def _codes(conn: Connection, person: persons.Person) -> list[str]:
    listed = ", ".join(map(str, sorted(person.clients)))
    rows = conn.query(f"SELECT code FROM client WHERE id IN ({listed}) ORDER BY code_key")
    return [row["code"] for row in rows]


def _documents(conn: Connection, person: persons.Person) -> list[Row]:
    """The documents made for the person that do not name them."""
    listed = ", ".join(map(str, person.ids))
    named = {row["id"] for table, row, _ in persons.rows(conn, person) if table == "document"}
    rows = conn.query(f"SELECT * FROM document WHERE contact_id IN ({listed}) ORDER BY id")
    return [row for row in rows if row["id"] not in named]


def _journal(conn: Connection, person: persons.Person) -> list[Row]:
    """The changes of the person, and those in which they stand, with the fields before."""
    found: dict[int, Row] = {change["id"]: change for change, _ in persons.changes(conn, person)}
    listed = ", ".join(map(str, person.ids))
    rows = conn.query(
        "SELECT change.id, operation_id, at, actor, name AS operation, entity, entity_id, action"
        " FROM change JOIN operation ON operation.id = operation_id"
        f" WHERE (entity = 'contact' AND entity_id IN ({listed}))"
        f" OR change.id IN ({', '.join(map(str, found)) or '0'}) ORDER BY change.id"
    )
    journal = []
    for row in rows:
        change: dict[str, Any] = found.get(row.pop("id"), {})
        journal.append({**row, "before": change.get("before")})
    return journal


def _sync(conn: Connection, person: persons.Person) -> list[Row]:
    """What other systems hold of the person, as far as we know."""
    listed = ", ".join(map(str, person.ids))
    return conn.query(
        "SELECT s.name AS target, l.entity, l.local_id, l.state, l.remote_id, l.pushed, l.seen"
        " FROM sync_link l JOIN sync_target s ON s.id = l.target_id"
        f" WHERE l.entity = 'contact' AND l.local_id IN ({listed}) ORDER BY s.name, l.id"
    )
