"""How a client is named on the command line: a code, present or former, or ``#id``."""

from __future__ import annotations

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection


def id_named(ref: str) -> int | None:
    """The id in a reference of the form ``#17``."""
    return int(ref[1:]) if ref[:1] == "#" and ref[1:].isdecimal() and len(ref) < 19 else None


def client_not_found(ref: str) -> NotFound:
    """The error for a reference that names no client."""
    return NotFound(
        "client.not_found",
        msg("There is no client {code}.", code=ref if len(ref) <= 40 else ref[:40] + "…"),
        hint=msg("Look for it with: interop client list --status all --search TEXT"),
    )


def resolve(conn: Connection, ref: str) -> tuple[int, str, bool]:
    """Id, present code, and whether ``ref`` was a former code. Raises NotFound."""
    wanted = id_named(ref)
    if wanted is not None:
        rows = conn.query("SELECT id, code, 0 AS former FROM client WHERE id = :id", id=wanted)
    else:
        rows = conn.query(
            "SELECT id, code, 0 AS former FROM client WHERE code_key = :key UNION ALL"
            " SELECT c.id, c.code, 1 AS former FROM client_code f"
            " JOIN client c ON c.id = f.client_id WHERE f.code_key = :key",
            key=fold(ref),
        )
    if not rows:
        raise client_not_found(ref)
    return rows[0]["id"], rows[0]["code"], bool(rows[0]["former"])


def code_of(conn: Connection, client_id: int) -> str:
    """The code of a client by its id; its id where it is gone."""
    rows = conn.query("SELECT code FROM client WHERE id = :id", id=client_id)
    return str(rows[0]["code"]) if rows else f"#{client_id}"


def codes_beginning(conn: Connection, start: str, limit: int) -> list[str]:
    """The first ``limit`` codes of active clients that begin so."""
    rows = conn.query(
        "SELECT code FROM client WHERE active = 1 AND code_key >= :low AND code_key < :high"
        " ORDER BY code_key LIMIT :limit",
        low=fold(start),
        high=fold(start) + "\U0010ffff",
        limit=limit,
    )
    return [row["code"] for row in rows]
