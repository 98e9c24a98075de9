"""Where a database was moved: whoever would write to it is told, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

SCRIPT = """
CREATE TABLE moved (
  id {int} PRIMARY KEY CHECK (id = 1),
  place {text} NOT NULL,
  at {text} NOT NULL
) {strict};
"""


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the table; nothing in it differs between the engines."""
    run_ddl(SCRIPT)
