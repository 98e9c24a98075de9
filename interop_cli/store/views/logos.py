"""The logo of a client."""

from __future__ import annotations

from collections.abc import Iterable

from interop_cli.store.chunks import query_in
from interop_cli.store.connection import Connection, Row

HEAD = 8  # bytes, which tell the formats apart


def of_client(conn: Connection, client_id: int) -> Row | None:
    """What is known of a client's logo (``type``, ``size``, ``sha256``); None where it has none."""
    rows = conn.query(
        f"SELECT sha256, size, SUBSTR(content, 1, {HEAD}) AS head"  # noqa: S608
        " FROM client JOIN blob ON blob.sha256 = client.logo WHERE client.id = :id",
        id=client_id,
    )
    if not rows:
        return None
    from interop_cli.domain.logo import media_type

    row = rows[0]
    kind = media_type(bytes(row["head"]))
    return {"type": kind, "size": row["size"], "sha256": row["sha256"]}


def contents(conn: Connection, client_ids: Iterable[int]) -> dict[int, bytes]:
    """The logos of clients: client id -> content."""
    sql = (
        "SELECT client.id AS id, content FROM client JOIN blob ON blob.sha256 = client.logo"
        " WHERE client.id IN ({places})"
    )
    return {row["id"]: bytes(row["content"]) for row in query_in(conn, sql, client_ids)}
