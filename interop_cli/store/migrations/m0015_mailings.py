"""What was sent by e-mail: which document, to whom, when, and whether it went."""

from __future__ import annotations

# ``recipients`` and ``copies`` are JSON, as is ``refused``: those of them that the server did not
# take. A row is ``unknown`` from before the server is spoken to until its answer is written down.
SCRIPT = """
CREATE TABLE mailing (
  id {id},
  document_id {int} NOT NULL REFERENCES document (id) ON DELETE RESTRICT,
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  attempt {int} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('sent', 'failed', 'unknown')),
  at {text} NOT NULL,
  recipients {text} NOT NULL,
  copies {text} NOT NULL,
  refused {text} NOT NULL,
  message_id {text} NOT NULL,
  error {text},
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX mailing_attempt ON mailing (client_id, document_id, attempt);
CREATE INDEX mailing_document ON mailing (document_id);
CREATE INDEX mailing_open ON mailing (document_id) WHERE state = 'unknown';
"""
