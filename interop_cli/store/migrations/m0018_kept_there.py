"""What a record that was brought in says otherwise there, and keeps until it is edited here."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Add the column."""
    run_ddl("ALTER TABLE sync_link ADD COLUMN kept {text}")
