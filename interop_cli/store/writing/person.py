"""Where a person stands in the database: the contacts it is, and every text that has its traces.

SQL looks coarsely, and what it finds is looked at again with all spellings (``domain/erasure``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.erasure import MARK, USUAL, Traces, base, blank_contact
from interop_cli.domain.fields import CONTACT, ENTITIES, Personal
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.contacts import contact_not_found
from interop_cli.store.writing.tables import TABLES, Table

# Journaled tables in which nobody is written about.
UNLOOKED = frozenset({"setting", "user_role", "counter", "sync_target", "client_code"})
# Text columns of tables that are not journaled: what was sent about a person, and came back.
LOOSE = {"sync_link": ("remote_key", "form", "pushed", "seen", "attempt", "error_text")}
PAYLOADS = ("pushed", "seen", "attempt")
# What a payload about the person itself keeps: whom it is about, and for whom.
KEPT_IN_PAYLOAD = frozenset({"id", "client"})
# Columns that name things, not people.
NAMING = frozenset(
    column
    for fields in ENTITIES.values()
    for field in fields
    if field.personal is Personal.NEVER
    for column in (field.stands_in, field.key)
) | {"sha256", "message_id", "error"}
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
    ``{"what", "kind", "reference"}``; ``namesakes`` are contacts of other clients of that name, at
    ``others``. ``theirs`` are the rows of other clients, (table, id), that have or had an e-mail or
    a phone of the person: a name in there is theirs, too.
    """

    contact_id: int
    ids: tuple[int, ...]
    clients: frozenset[int]
    traces: Traces
    left: list[Row] = field(default_factory=list)
    namesakes: tuple[int, ...] = ()
    others: frozenset[int] = frozenset()
    theirs: frozenset[tuple[str, int]] = frozenset()
    everywhere: bool = False

    def at(self, client_id: int | None, entity: str = "", row_id: int = 0) -> Traces:
        """What is looked for in a row of a client (None: of no client)."""
        if client_id in self.clients or (entity, row_id) in self.theirs:
            return self.traces
        if self.everywhere and client_id is not None and client_id not in self.others:
            return self.traces
        return self.traces.nameless()

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
    person = Person(
        contact_id, tuple(ids), frozenset(clients), Traces(**found), everywhere=everywhere
    )
    namesakes = _namesakes(conn, person)
    person.namesakes = tuple(sorted(namesakes))
    person.others = frozenset(namesakes.values())
    if not everywhere:
        shared = _shared(conn, person)
        person.traces = person.traces.without(shared)
    person.theirs = frozenset(_theirs(conn, person))
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
    ids = listed(clients)
    rows = conn.query(
        f"SELECT id FROM client WHERE merged_into_id IN ({ids}) UNION"
        f" SELECT merged_into_id FROM client WHERE id IN ({ids}) AND merged_into_id IS NOT NULL"
    )
    return {row["id"] for row in rows}


def _namesakes(conn: Connection, person: Person) -> dict[int, int]:
    """The contacts of other clients that have the person's name, and their clients."""
    found: list[Row] = []
    for name in person.traces.names:
        found += conn.query(
            "SELECT id, client_id FROM contact WHERE name_key = :name"
            f" AND client_id NOT IN ({listed(person.clients)}) ORDER BY id",
            name=fold(name),
        )
    return {row["id"]: row["client_id"] for row in found if row["id"] not in person.ids}


def _theirs(conn: Connection, person: Person) -> Iterator[tuple[str, int]]:
    """The rows of other clients in which an e-mail or a phone of the person stands, or stood."""
    nameless = person.traces.nameless()
    if not nameless or not person.traces.names:
        return
    for table, row in _candidates(conn, person, nameless):
        if nameless.redacted_row(row, NAMING) != row:
            yield table.name, row["id"]
    for change in _changes(conn, person, nameless):
        if nameless.redacted_row(change["before"], NAMING) != change["before"]:
            yield change["entity"], change["entity_id"]


def _shared(conn: Connection, person: Person) -> Traces:
    """What of a person others have too; said in ``person.left``."""
    ours = listed(person.ids)
    shared: dict[str, set[str]] = {"names": set(), "emails": set(), "phones": set()}
    clients = listed(person.clients)

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
        for row in conn.query(f"SELECT id, code, name FROM client WHERE id IN ({clients})"):
            if Traces([name]).in_text(row["name"]):
                held("names", "name", name, f"{client} WHERE id = :id", id=row["id"])
    return Traces(**shared)


def rows(conn: Connection, person: Person) -> Iterator[tuple[str, Row, Row]]:
    """The rows in which a person stands: table, the row, and the row without the person."""
    for table, row in _candidates(conn, person, person.traces):
        if person.is_contact(table.name, row["id"]):
            after = blank_contact(row["id"], row)
        else:
            owner = row[table.client] if table.client else None
            after = person.at(owner, table.name, row["id"]).redacted_row(row, NAMING)
        if after != row:
            yield table.name, row, after


def elsewhere(conn: Connection, person: Person) -> Iterator[tuple[str, int]]:
    """The rows, but for contacts, that have the person's name and are left: table, id.

    They are of other clients, and the name may be another's there.
    """
    for table, row in _candidates(conn, person, Traces(person.traces.names)):
        owner = row[table.client] if table.client else None
        found = person.at(owner, table.name, row["id"])
        if table.name == "contact" or found.names == person.traces.names:
            continue
        if found.redacted_row(row, NAMING) != person.traces.redacted_row(row, NAMING):
            yield table.name, row["id"]


def _candidates(conn: Connection, person: Person, traces: Traces) -> Iterator[tuple[Table, Row]]:
    """The rows that may have one of these traces, and those of the person."""
    for table in TABLES.values():
        if table.name in UNLOOKED:
            continue
        columns = [name for name in table.columns if name not in NAMING]
        condition, params = _coarse(conn, traces, columns)
        if table.name == "contact":
            condition = f"({condition} OR id IN ({listed(person.ids)}))"
        sql = f"SELECT * FROM {table.name} WHERE {condition} ORDER BY id"
        for row in conn.query(sql, **params):
            yield table, row


def loose(conn: Connection, person: Person) -> Iterator[tuple[str, Row, Row]]:
    """The same for what is not journaled."""
    for table, columns in LOOSE.items():
        condition, params = _coarse(conn, person.traces, [f"l.{name}" for name in columns])
        named = ", ".join(f"l.{name}" for name in ("id", "entity", "local_id", "state", *columns))
        sql = (
            f"SELECT {named}, CASE l.entity WHEN 'client' THEN l.local_id"
            " WHEN 'contact' THEN t.client_id ELSE d.client_id END AS client_id"
            f" FROM {table} l"
            " LEFT JOIN contact t ON l.entity = 'contact' AND t.id = l.local_id"
            " LEFT JOIN document d ON l.entity NOT IN ('client', 'contact') AND d.id = l.local_id"
            f" WHERE {condition}"
            f" OR (l.entity = 'contact' AND l.local_id IN ({listed(person.ids)})) ORDER BY l.id"
        )
        for row in conn.query(sql, **params):
            after = _without(person, row)
            if after != row:
                yield table, row, after


def _without(person: Person, row: Row) -> Row:
    """A link without the person."""
    entity = row["entity"]
    own = person.is_contact(entity, row["local_id"])
    table = entity if entity in ("client", "contact") else "document"
    traces = person.at(row["client_id"], table, row["local_id"])
    nameless = person.traces.nameless()
    if any(row[name] and nameless.in_text(row[name]) for name in PAYLOADS):
        traces = person.traces
    after = traces.redacted_row(row, NAMING)
    for name in PAYLOADS:
        if row[name]:
            after[name] = _blank(row[name]) if own else traces.redacted_payload(row[name])
    return after


def _blank(payload: str) -> str:
    """What was sent about the person itself, without what it said."""
    try:
        values = json.loads(payload)
    except ValueError:  # where a file was put
        return payload
    if not isinstance(values, dict):
        return payload
    blank = {
        name: value if name in KEPT_IN_PAYLOAD or not isinstance(value, str) or not value else MARK
        for name, value in values.items()
    }
    return payload if blank == values else json.dumps(blank, ensure_ascii=False, sort_keys=True)


def changes(conn: Connection, person: Person) -> Iterator[tuple[Row, dict[str, Any]]]:
    """The changes in which a person stands, oldest first, and their fields without the person."""
    for change in _changes(conn, person, person.traces):
        entity, row_id, before = change["entity"], change["entity_id"], change["before"]
        if person.is_contact(entity, row_id):
            after = blank_contact(row_id, before)
        else:
            after = person.at(change["client_id"], entity, row_id).redacted_row(before, NAMING)
        if after != before:
            yield change, after


def _changes(conn: Connection, person: Person, traces: Traces) -> Iterator[Row]:
    """The changes that may have one of these traces, and those of the person."""
    condition, params = _coarse(conn, traces, ["before"])
    for batch in conn.batches(
        "SELECT id, operation_id, entity, entity_id, client_id, action, before FROM change"
        f" WHERE before IS NOT NULL AND ({condition}"
        f" OR (entity = 'contact' AND entity_id IN ({listed(person.ids)}))) ORDER BY id",
        params,
    ):
        for values in batch:
            change = dict(zip(CHANGE, values, strict=True))
            yield {**change, "before": json.loads(change["before"])}


CHANGE = ("id", "operation_id", "entity", "entity_id", "client_id", "action", "before")


def _coarse(conn: Connection, traces: Traces, columns: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A condition that holds for every row in which one of the traces may stand, and its values.

    SQL finds them in plain text; any other is looked at here, where all spellings are known.
    """
    patterns = traces.patterns()
    if not patterns:
        return "FALSE", {}
    text = " || ' ' || ".join(f"COALESCE(CAST({name} AS TEXT), '')" for name in columns)
    found = [f"LOWER({text}) LIKE :part{n}" for n in range(len(patterns))]
    found.append(conn.beyond(text, "usual"))
    params: dict[str, Any] = {f"part{n}": part for n, part in enumerate(patterns)}
    return f"({' OR '.join(found)})", {**params, "usual": USUAL}


def listed(ids: Iterable[int]) -> str:
    """Ids, as between the parentheses of ``IN``."""
    return ", ".join(str(int(one)) for one in sorted(ids)) or "0"
