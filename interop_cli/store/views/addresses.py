"""Addresses of a client, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.store.connection import Connection, Row

if TYPE_CHECKING:
    from interop_cli.domain.columns import Column

NAMES = (
    "id", "client", "label", "attention", "line1", "line2", "city", "province", "postal_code",
    "country", "main", "phone", "instructions", "version",
)  # fmt: skip
SQL = {name: f"a.{name}" for name in NAMES} | {"client": "c.code"}
FROM = " FROM address a JOIN client c ON c.id = a.client_id"
TABLE = frozenset({"id", "label", "line1", "city", "province", "postal_code", "country", "main"})


def columns() -> list[Column]:
    """The columns of an address."""
    from interop_cli.domain.columns import Column, Kind

    kinds = {"id": Kind.INT, "version": Kind.INT, "main": Kind.BOOL}
    return [Column(name, kinds.get(name, Kind.TEXT), table=name in TABLE) for name in NAMES]


def of_client(
    conn: Connection, client_id: int, names: Sequence[str] = NAMES
) -> list[tuple[Any, ...]]:
    """A client's addresses, the main one first, as rows of ``names``."""
    return [
        tuple(row[name] for name in names)
        for row in _rows(conn, "a.client_id = :id ORDER BY a.main DESC, a.id", client_id)
    ]


def nested(conn: Connection, client_id: int) -> list[Row]:
    """A client's addresses as the objects on its card."""
    rows = _rows(conn, "a.client_id = :id ORDER BY a.main DESC, a.id", client_id)
    return [{**row, "main": bool(row["main"])} for row in rows]


def one(conn: Connection, address_id: int) -> Row:
    """An address as an object; raises NotFound ``address.not_found``."""
    rows = _rows(conn, "a.id = :id", address_id)
    if not rows:
        raise address_not_found(address_id)
    return {**rows[0], "main": bool(rows[0]["main"])}


def address_not_found(address_id: int) -> NotFound:
    """The error for an id that no address has."""
    return NotFound(
        "address.not_found",
        msg("There is no address {id}.", id=address_id),
        hint=msg("List a client's addresses with: interop address list CODE"),
    )


def _rows(conn: Connection, condition: str, entity_id: int) -> list[Row]:
    names = ", ".join(f"{sql} AS {name}" for name, sql in SQL.items())
    return conn.query(f"SELECT {names}{FROM} WHERE {condition}", id=entity_id)
