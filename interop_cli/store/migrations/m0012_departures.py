"""Which records are to go in a target, and those there that carry a key of ours nobody knows."""

from __future__ import annotations

# ``leaves``: ``erase``, or ``merge`` with the record of ``heir`` (a row of the same table as
# ``local_id``) while ours is gone. Orphans are found out by a pull: neither is journaled.
SCRIPT = """
ALTER TABLE sync_link ADD COLUMN leaves {text} CHECK (leaves IN ('merge', 'erase'));
ALTER TABLE sync_link ADD COLUMN heir {int};
CREATE INDEX sync_link_leaving ON sync_link (target_id, entity) WHERE leaves IS NOT NULL;

CREATE TABLE sync_orphan (
  id {id},
  target_id {int} NOT NULL REFERENCES sync_target (id) ON DELETE RESTRICT,
  entity {text} NOT NULL,
  remote_id {text} NOT NULL,
  remote_key {text} NOT NULL,
  seen_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX sync_orphan_remote ON sync_orphan (target_id, entity, remote_id);
"""
