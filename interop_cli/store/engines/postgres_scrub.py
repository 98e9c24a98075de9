"""Rewriting the tables of a PostgreSQL server without what their rows held once."""

from __future__ import annotations

import time

from interop_cli.domain.errors import Busy
from interop_cli.store.engines.connection import Connection


def scrub(conn: Connection) -> str | None:
    """See ``Connection.scrub``; every table is locked, one after the other."""
    owned = conn.query(
        "SELECT tablename, pg_has_role(tableowner, 'USAGE') AS ours FROM pg_catalog.pg_tables"
        " WHERE schemaname = current_schema() ORDER BY tablename"
    )
    if not all(row["ours"] for row in owned):
        return "owner"
    old = _snapshots_before_now(conn)
    try:
        # With new statistics: they keep values of the rows.
        conn.execute("VACUUM (FULL, ANALYZE) " + ", ".join(row["tablename"] for row in owned))
    except Busy:
        return "readers"
    return "readers" if old else None


def _snapshots_before_now(conn: Connection) -> bool:
    """Whether anybody may still see rows of before, once the lock timeout is over."""
    (now,) = conn.query(
        "SELECT CAST(pg_current_xact_id() AS TEXT) AS id, CAST(setting AS INTEGER) AS patience"
        " FROM pg_settings WHERE name = 'lock_timeout'"
    )
    older = "age({}) > age(CAST(CAST(:id AS xid8) AS xid))".format
    deadline = time.monotonic() + now["patience"] / 1000
    while conn.query(
        "SELECT 1 AS x FROM pg_stat_activity WHERE pid <> pg_backend_pid()"  # noqa: S608
        f" AND datname = current_database() AND {older('backend_xmin')} UNION ALL"
        " SELECT 1 FROM pg_prepared_xacts WHERE database = current_database()"
        f" AND {older('transaction')} UNION ALL"
        f" SELECT 1 FROM pg_replication_slots WHERE {older('xmin')}",
        id=now["id"],
    ):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False
