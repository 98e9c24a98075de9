"""What erasing a person left, and whether the file was rewritten since: ``writing/erasures.py``."""

from __future__ import annotations

SCRIPT = """
CREATE TABLE erasure (
  contact_id {int} PRIMARY KEY,
  at {text} NOT NULL,
  remains {text} NOT NULL,
  rewritten {int} NOT NULL CHECK (rewritten IN (0, 1))
) {strict};
"""
