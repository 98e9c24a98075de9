"""Targets of sync, the links to their records, and the log of calls."""

from __future__ import annotations

# Of a target, what a person configures is journaled (see ``tables.py``); what a run finds out is
# not: whether it is paused, how often it failed, which process works on it. Links are derived data:
# they say what the remote holds, which no undo can change.
SCRIPT = """
CREATE TABLE sync_target (
  id {id},
  name {text} NOT NULL UNIQUE CHECK (name <> ''),
  kind {text} NOT NULL,
  uid {text} NOT NULL,
  settings {text} NOT NULL DEFAULT '{}',
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL,
  introduced {int} NOT NULL DEFAULT 0 CHECK (introduced IN (0, 1)),
  paused_until {text},
  paused_by {text},
  failures {int} NOT NULL DEFAULT 0,
  worker {text},
  worker_until {text},
  pulled_at {text}
) {strict};

CREATE TABLE sync_link (
  id {id},
  target_id {int} NOT NULL REFERENCES sync_target (id) ON DELETE RESTRICT,
  entity {text} NOT NULL,
  local_id {int} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('pending', 'claimed', 'unknown', 'in_sync', 'failed',
    'conflict', 'detached', 'excluded', 'awaiting')),
  remote_id {text},
  remote_key {text},
  remote_version {text},
  stamp {text},
  target_version {int} NOT NULL DEFAULT 0,
  form {text},
  pushed {text},
  pushed_at {text},
  seen {text},
  seen_at {text},
  drift {int} NOT NULL DEFAULT 0 CHECK (drift IN (0, 1)),
  attempt {text},
  attempt_key {text},
  attempt_hash {text},
  attempts {int} NOT NULL DEFAULT 0,
  owner {text},
  lease_until {text},
  next_at {text},
  batch {text},
  error_class {text},
  error_code {text},
  error_field {text},
  error_text {text},
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX sync_link_local ON sync_link (target_id, entity, local_id);
CREATE UNIQUE INDEX sync_link_remote ON sync_link (target_id, entity, remote_id)
  WHERE remote_id IS NOT NULL;
CREATE INDEX sync_link_of ON sync_link (entity, local_id);
CREATE INDEX sync_link_key ON sync_link (target_id, entity, remote_key)
  WHERE remote_key IS NOT NULL;

CREATE TABLE sync_event (
  id {id},
  target_id {int} NOT NULL REFERENCES sync_target (id) ON DELETE RESTRICT,
  run {text} NOT NULL,
  at {text} NOT NULL,
  entity {text},
  local_id {int},
  action {text} NOT NULL,
  outcome {text} NOT NULL,
  code {text},
  status {int},
  request_id {text},
  duration_ms {int}
) {strict};
CREATE INDEX sync_event_target ON sync_event (target_id, id);
CREATE INDEX sync_event_of ON sync_event (entity, local_id);
"""
