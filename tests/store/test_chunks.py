"""Tables of ids: what they hold, and that the planner knows how little it is; on both engines."""

from __future__ import annotations

from interop_cli.store.engines.connection import fill_id_table
from interop_cli.store.store import Store


def test_a_table_of_ids_holds_those_of_the_last_time(store: Store) -> None:
    conn = store.conn
    with conn.write():
        fill_id_table(conn, "chosen", range(5))
        fill_id_table(conn, "chosen", (3, 1))
        assert conn.query("SELECT id FROM chosen ORDER BY id") == [{"id": 1}, {"id": 3}]
        if conn.engine == "postgres":
            known = "SELECT reltuples FROM pg_class WHERE oid = CAST('pg_temp.chosen' AS regclass)"
            assert conn.query(known) == [{"reltuples": 2.0}]
