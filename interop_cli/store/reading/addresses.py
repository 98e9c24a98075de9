"""Addresses of a client, and one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from interop_cli.domain.errors import NotFound
from interop_cli.domain.fields import ADDRESS
from interop_cli.domain.fields.field import Column
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row, places_in_chunks
from interop_cli.store.reading import lists, notes
from interop_cli.store.reading.fields import list_fields
from interop_cli.store.reading.lists import Key, ListView, row_named

FIELDS = list_fields(ADDRESS, "a", {"client": ("c.code", "c.code_key")})
NAMES = tuple(field.name for field in FIELDS)
SQL = {field.name: field.sql for field in FIELDS}
FROM = " FROM address a JOIN client c ON c.id = a.client_id"


def columns() -> list[Column]:
    """The columns of an address."""
    return [*(field.column for field in FIELDS), lists.column("notes", notes.NAMES)]


def nested(conn: Connection, client_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The addresses of clients as the objects on their cards: client id -> objects."""
    ids = list(client_ids)
    found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
    for places, params in places_in_chunks(ids):
        condition = f"a.client_id IN ({places}) ORDER BY a.main DESC, a.id"
        for owner, row in _objects(conn, condition, params):
            found[owner].append(row)
    return found


def one(conn: Connection, address_id: int) -> tuple[int, Row]:
    """The client's id and the address as an object; raises NotFound ``address.not_found``."""
    for owner, row in _objects(conn, "a.id = :id", {"id": address_id}):
        return owner, row
    raise address_not_found(address_id)


def address_not_found(address_id: int | str) -> NotFound:
    """The error for an id that no address has."""
    return NotFound(
        "address.not_found",
        msg("There is no address {id}.", id=address_id),
        hint=msg("List a client's addresses with: interop address list CODE"),
    )


def _objects(
    conn: Connection, condition: str, params: Mapping[str, object]
) -> Iterator[tuple[int, Row]]:
    names = ", ".join(f"{sql} AS {name}" for name, sql in SQL.items())
    for row in conn.query(
        f"SELECT a.client_id AS owner, {names}{FROM} WHERE {condition}", **params
    ):
        owner = row.pop("owner")
        yield owner, {**row, "main": bool(row["main"])}


def _named(conn: Connection, ref: str) -> int:
    return row_named(conn, "address", ref, address_not_found)


VIEW = ListView(
    source=FROM,
    table="address a",
    columns={**SQL, "client_id": "a.client_id"},
    fields=FIELDS,
    own=(Key("c.code_key"), Key("a.main", descending=True), Key("a.id")),
    searched=tuple(field.name for field in ADDRESS if field.searched),
    nested={"notes": notes.nested},
    named=_named,
)
"""By client, the main address first."""
