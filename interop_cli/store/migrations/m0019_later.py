"""An index for what came after a change, and for all that was ever said of a row."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make it; in a file the id, by which a table lies, is in every index."""
    columns = "entity_id" if conn.engine == "sqlite" else "entity_id, id"
    run_ddl(f"CREATE INDEX change_row ON change ({columns})")
