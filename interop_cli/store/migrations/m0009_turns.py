"""What writers and tasks on a server lock: tables that whoever only reads cannot lock."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# ``write_turn`` holds nothing: a writer locks it whole. ``task`` has a row a task, to be locked.
SCRIPT = """
CREATE TABLE write_turn (id {int} PRIMARY KEY);
CREATE TABLE task (name {text} PRIMARY KEY);
"""


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables; a file has locks of its own."""
    if conn.engine == "postgres":
        run_ddl(SCRIPT)
