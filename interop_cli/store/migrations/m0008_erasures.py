"""What erasing a person left, and whether the file was rewritten since: ``writing/erasures.py``."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

SCRIPT = """
CREATE TABLE erasure (
  contact_id {int} PRIMARY KEY,
  at {text} NOT NULL,
  remains {text} NOT NULL,
  rewritten {int} NOT NULL CHECK (rewritten IN (0, 1))
) {strict};
"""


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the table; nothing in it differs between the engines."""
    run_ddl(SCRIPT)
