"""Records there that carry a key of ours which nobody here has: the remote is ahead of this
database, or another one works on it. They are listed, and never taken over.

No names are kept of them: who they are is asked over there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.sync.records import RemoteRecord
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks

if TYPE_CHECKING:
    from interop_cli.store.writing.writer import Writer

KEYED = ("client", "contact")
"""Those of ours whose key is a uid."""
STILL = (
    "o.target_id = :target AND NOT EXISTS (SELECT 1 FROM sync_link l"
    " WHERE l.target_id = o.target_id AND l.entity = o.entity AND l.remote_id = o.remote_id)"
    " AND NOT EXISTS (SELECT 1 FROM client c WHERE o.entity = 'client' AND c.uid = o.remote_key)"
    " AND NOT EXISTS (SELECT 1 FROM contact t WHERE o.entity = 'contact' AND t.uid = o.remote_key)"
)


def known(conn: Connection, target_id: int) -> list[Row]:
    """The orphans of a target, as they were last found: ``entity``, ``remote_id``."""
    return conn.query(
        f"SELECT o.entity, o.remote_id FROM sync_orphan o WHERE {STILL} ORDER BY o.entity, o.id",
        target=target_id,
    )


def count(conn: Connection, target_id: int) -> int:
    """How many orphans a target has."""
    sql = f"SELECT COUNT(*) AS n FROM sync_orphan o WHERE {STILL}"
    return int(conn.query(sql, target=target_id)[0]["n"])


def among(
    conn: Connection, target_id: int, entity: str, found: Iterable[RemoteRecord]
) -> list[RemoteRecord]:
    """Those of these records that carry a key of ours and are nobody's here."""
    keyed = {one.remote_id: one for one in found if one.key and not one.gone}
    if entity not in KEYED or not keyed:
        return []
    linked = query_in_chunks(
        conn,
        "SELECT remote_id FROM sync_link WHERE target_id = :target AND entity = :entity"
        " AND remote_id IN ({places})",
        keyed,
        target=target_id,
        entity=entity,
    )
    taken = {row["remote_id"] for row in linked}
    sql = f"SELECT uid FROM {entity} WHERE uid IN ({{places}})"
    ours = {row["uid"] for row in query_in_chunks(conn, sql, [one.key for one in keyed.values()])}
    return [one for key, one in keyed.items() if key not in taken and one.key not in ours]


class OrphanRepository:
    """Writes down which records are orphans, inside a unit of work; it is not journaled."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def note(
        self, target_id: int, entity: str, found: Sequence[RemoteRecord], *, whole: bool
    ) -> None:
        """Keep which records are orphans; ``whole``: there are no others of this entity."""
        self.writer.derived = True
        same = {"target": target_id, "entity": entity}
        if whole:
            self.conn.execute(
                "DELETE FROM sync_orphan WHERE target_id = :target AND entity = :entity", **same
            )
        self.conn.execute_many(
            "DELETE FROM sync_orphan WHERE target_id = :target AND entity = :entity"
            " AND remote_id = :remote_id",
            [{**same, "remote_id": one.remote_id} for one in found],
        )
        self.conn.insert_many(
            "sync_orphan",
            ("target_id", "entity", "remote_id", "remote_key", "seen_at"),
            ((target_id, entity, one.remote_id, one.key, self.writer.now) for one in found),
        )
