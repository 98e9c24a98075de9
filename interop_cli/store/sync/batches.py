"""Batches of files: the records handed over in each, and those that wait for an answer."""

from __future__ import annotations

from interop_cli.store.engines.connection import Connection, Row


def target_of(conn: Connection, batch: str) -> tuple[int, bool] | None:
    """The id of the target a batch was made for, and whether it still waits; None: of none."""
    waiting = conn.query(
        "SELECT target_id FROM sync_link WHERE batch = :batch AND state = 'awaiting' LIMIT 1",
        batch=batch,
    )
    known = waiting or conn.query(
        "SELECT target_id FROM sync_event WHERE request_id = :batch LIMIT 1", batch=batch
    )
    return (known[0]["target_id"], bool(waiting)) if known else None


def waiting(conn: Connection) -> list[str]:
    """The batches that wait for an answer, by name."""
    rows = conn.query(
        "SELECT DISTINCT batch FROM sync_link WHERE state = 'awaiting' ORDER BY batch"
    )
    return [row["batch"] for row in rows]


def waiting_in(conn: Connection, target_id: int, entity: str, batch: str) -> list[int]:
    """Our records in a batch that wait for an answer."""
    rows = conn.query(
        "SELECT local_id FROM sync_link WHERE target_id = :target AND entity = :entity"
        " AND batch = :batch AND state = 'awaiting' ORDER BY local_id",
        target=target_id,
        entity=entity,
        batch=batch,
    )
    return [row["local_id"] for row in rows]


def names_used(conn: Connection, target_id: int) -> set[str]:
    """The names that batches of a target have had."""
    rows = conn.query(
        "SELECT request_id AS name FROM sync_event WHERE target_id = :target"
        " AND request_id IS NOT NULL UNION SELECT batch AS name FROM sync_link"
        " WHERE target_id = :target AND batch IS NOT NULL",
        target=target_id,
    )
    return {row["name"] for row in rows}


def cut_short(conn: Connection, target_id: int, entity: str) -> list[Row]:
    """What runs that ended early had claimed: ``local_id``, ``batch``, ``seen``, ``attempt``."""
    return conn.query(
        "SELECT local_id, batch, seen, attempt FROM sync_link WHERE target_id = :target"
        " AND entity = :entity AND state = 'unknown'",
        target=target_id,
        entity=entity,
    )
