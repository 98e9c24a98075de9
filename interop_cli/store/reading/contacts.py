"""Contacts of a client, of all clients, and one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from interop_cli.domain.errors import NotFound
from interop_cli.domain.fields import CONTACT, Kind
from interop_cli.domain.fields.field import Column, names, taken
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row, places_in_chunks, query_in_chunks
from interop_cli.store.reading import lists, notes
from interop_cli.store.reading.fields import list_fields
from interop_cli.store.reading.lists import Condition, Key, ListView, row_named
from interop_cli.store.sync.sources import HUBSPOT_SYNCED

FIELDS = list_fields(
    CONTACT, "t", {"client": ("c.code", "c.code_key"), "hubspot_synced": (HUBSPOT_SYNCED, "")}
)
NAMES = tuple(field.name for field in FIELDS)
FLAGS = tuple(field.name for field in FIELDS if field.kind is Kind.BOOL)
SQL = {field.name: field.sql for field in FIELDS}
EXPORTED = frozenset({"client", *names(taken(CONTACT))})
"""What a file of contacts holds that an import takes."""
COMPANY = Column("client_name")
"""The name of a contact's client, for its vCard."""
FROM = " FROM contact t JOIN client c ON c.id = t.client_id"
STATUSES = {"active": "t.active = 1", "inactive": "t.active = 0", "all": "TRUE"}
SORT = " ORDER BY t.active DESC, t.is_default DESC, t.name_key, t.id"


def columns() -> list[Column]:
    """The columns of a contact."""
    return [*(field.column for field in FIELDS), lists.column("notes", notes.NAMES)]


def of_status(status: str) -> Condition:
    """That a contact ``t`` is ``active`` or ``inactive``; ``all`` are."""
    return Condition(STATUSES[status], {})


def nested(conn: Connection, client_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The contacts of clients as the objects on their cards: client id -> objects."""
    ids = list(client_ids)
    found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
    for places, params in places_in_chunks(ids):
        for owner, contact in _objects(conn, f"t.client_id IN ({places}){SORT}", params):
            found[owner].append(contact)
    return found


def asleep(conn: Connection, client_ids: Iterable[int]) -> set[int]:
    """The ids of the contacts that these clients took along when they were deactivated."""
    sql = "SELECT id FROM contact WHERE deactivated_with = 1 AND client_id IN ({places})"
    return {row["id"] for row in query_in_chunks(conn, sql, client_ids)}


def one(conn: Connection, contact_id: int) -> tuple[int, Row]:
    """The client's id and the contact as an object; raises NotFound ``contact.not_found``."""
    for owner, contact in _objects(conn, "t.id = :id", {"id": contact_id}):
        return owner, contact
    raise contact_not_found(contact_id)


def contact_not_found(contact_id: int | str) -> NotFound:
    """The error for an id that no contact has."""
    return NotFound(
        "contact.not_found",
        msg("There is no contact {id}.", id=contact_id),
        hint=msg("List a client's contacts with: interop contact list CODE"),
    )


def _objects(
    conn: Connection, condition: str, params: dict[str, object]
) -> Iterator[tuple[int, Row]]:
    selected = ", ".join(f'{sql} AS "{name}"' for name, sql in SQL.items())
    sql = f"SELECT t.client_id AS owner, {selected}{FROM} WHERE {condition}"
    for row in conn.query(sql, **params):
        owner = row.pop("owner")
        yield owner, {**row, **{flag: bool(row[flag]) for flag in FLAGS}}


def _named(conn: Connection, ref: str) -> int:
    return row_named(conn, "contact", ref, contact_not_found)


VIEW = ListView(
    source=FROM,
    table="contact t",
    columns={**SQL, "client_id": "t.client_id", COMPANY.name: "c.name"},
    fields=FIELDS,
    own=(
        Key("c.code_key"),
        Key("t.active", descending=True),
        Key("t.is_default", descending=True),
        Key("t.name_key"),
        Key("t.id"),
    ),
    searched=tuple(field.name for field in CONTACT if field.searched),
    nested={"notes": notes.nested},
    named=_named,
)
"""By client; active contacts first, the default one before all."""
