"""Which remote system the links of a target belong to."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# NULL until a run asks for it. Found out, not configured: it is not journaled.
SCRIPT = """
ALTER TABLE sync_target ADD COLUMN remote {text};
ALTER TABLE sync_target ADD COLUMN remote_name {text};
"""


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the columns; nothing in them differs between the engines."""
    run_ddl(SCRIPT)
