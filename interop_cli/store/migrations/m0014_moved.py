"""Where a database was moved: whoever would write to it is told, and writes nothing."""

from __future__ import annotations

SCRIPT = """
CREATE TABLE moved (
  id {int} PRIMARY KEY CHECK (id = 1),
  place {text} NOT NULL,
  at {text} NOT NULL
) {strict};
"""
