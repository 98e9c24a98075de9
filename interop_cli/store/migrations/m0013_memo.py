"""What a document says to the customer."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

SCRIPT = "ALTER TABLE document ADD COLUMN memo {text}"


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column; nothing in it differs between the engines."""
    run_ddl(SCRIPT)
