"""When a document was posted here, which decides whether it goes to the books."""

from __future__ import annotations

# NULL for drafts and for what was recorded or imported. Those issued before this step count as
# posted when they were made.
SCRIPT = """
ALTER TABLE document ADD COLUMN posted_at {text};
UPDATE document SET posted_at = created_at WHERE issued = 1;
CREATE INDEX document_posted_here ON document (kind, posted_at) WHERE posted_at IS NOT NULL;
"""
