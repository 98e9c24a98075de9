"""When a document was posted here, which decides whether it goes to the books."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# NULL for drafts and for what was recorded or imported. Those issued before this step count as
# posted when they were made.
SCRIPT = """
ALTER TABLE document ADD COLUMN posted_at {text};
UPDATE document SET posted_at = created_at WHERE issued = 1;
CREATE INDEX document_posted_here ON document (kind, posted_at) WHERE posted_at IS NOT NULL;
"""


def apply(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column; nothing in it differs between the engines."""
    run_ddl(SCRIPT)
