"""Where a person stands in the database: rows, the journal, and what was sent elsewhere.

One person may be several contacts (same name and same e-mail, at several clients). A name is looked
for at these clients only: elsewhere it may be somebody else's. An e-mail or a phone that others
have too (the switchboard) is theirs, and left, unless everything is to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.personal import Traces, base, blank_contact
from interop_cli.domain.text import fold
from interop_cli.store.connection import Connection, Row
from interop_cli.store.tables import TABLES
from interop_cli.store.views.contacts import contact_not_found

# Journaled tables in which nobody is written about.
UNLOOKED = frozenset({"setting", "user_role", "counter", "sync_target", "client_code"})
# Text columns of tables that are not journaled: what was sent about a person, and came back.
LOOSE = {"sync_link": ("remote_key", "form", "pushed", "seen", "attempt", "error_text")}
# Columns that name things, not people.
NAMING = frozenset({"code", "code_key", "sha256", "logo", "number", "number_key", "external_id"})
VALUES = {"name": "names", "email": "emails", "phone": "phones", "mobile": "phones"}


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
        email=row["email_key"], name=row["name_key"], id=row["id"],
    )  # fmt: skip
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
        held("emails", "email", email,
             f"{contact} WHERE email_key = :key AND id NOT IN ({ours})"
             f" UNION ALL {client} WHERE LOWER(email) = :key", key=fold(email))  # fmt: skip
    for phone in sorted(person.traces.phones):
        like = "(phone = :number OR phone LIKE :number || ';%' OR {} LIKE :number || ';%')"
        held("phones", "phone", phone,
             f"{contact} WHERE id NOT IN ({ours}) AND"
             f" ({like.format('mobile')} OR mobile = :number)"
             f" UNION ALL {client} WHERE {like.format('phone')}", number=base(phone))  # fmt: skip
    for name in sorted(person.traces.names):
        held("names", "name", name,
             f"{contact} WHERE name_key = :key AND id NOT IN ({ours})"
             f" AND client_id IN ({clients})", key=fold(name))  # fmt: skip
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
