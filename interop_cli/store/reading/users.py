"""The users that have a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop_cli.domain.rights import rights_of
from interop_cli.store.engines.connection import Connection

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = ("uid", "name", "role", "rights", "enforced")


def columns() -> list[Column]:
    """The columns of a user; ``enforced`` where the server itself holds them to the role."""
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {"rights": ValueKind.JSON, "enforced": ValueKind.BOOL}
    return [Column(name, kinds.get(name, ValueKind.TEXT)) for name in NAMES]


def rows(conn: Connection) -> list[tuple[Any, ...]]:
    """The users by name, as rows of ``NAMES``."""
    users = conn.query("SELECT uid, name, role FROM user_role ORDER BY name, uid")
    return [
        (
            row["uid"],
            row["name"],
            row["role"],
            list(rights_of(row["role"])),
            int(enforced(conn, row["uid"], row["role"])),
        )
        for row in users
    ]


def enforced(conn: Connection, uid: str, role: str) -> bool:
    """Whether the server holds a user to a role; nobody does it for a file."""
    if conn.engine != "postgres":
        return False
    from interop_cli.store.engines import grants

    return grants.holds(conn, uid, role)
