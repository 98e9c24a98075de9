"""What a database holds, in numbers."""

from __future__ import annotations

from interop_cli.store.connection import Connection, Row


def info(conn: Connection) -> Row:
    """Engine, schema, journal mode, and counts by kind."""
    counts = conn.query(
        "SELECT (SELECT COUNT(*) FROM client WHERE active = 1) AS active_clients,"
        " (SELECT COUNT(*) FROM client WHERE active = 0) AS inactive_clients,"
        " (SELECT COUNT(*) FROM client WHERE prospect = 1) AS prospects,"
        " (SELECT COUNT(*) FROM address) AS addresses,"
        " (SELECT COUNT(*) FROM operation) AS operations,"
        " (SELECT MAX(name) FROM migration) AS schema_step"
    )[0]
    return {"engine": conn.engine, "journal_mode": getattr(conn, "journal_mode", None), **counts}
