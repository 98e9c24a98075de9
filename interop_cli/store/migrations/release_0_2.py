"""The steps from the first tables to release 0.2."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.domain.values.code import derived_uid, strip_legal_suffix
from interop_cli.domain.values.text import caseless, fold
from interop_cli.store.engines.connection import Connection, Row, Values
from interop_cli.store.writing.journal import origin

# Targets of sync, the links to their records, and the log of calls.
# Of a target, what a person configures is journaled (see ``tables.py``); what a run finds out is
# not: whether it is paused, how often it failed, which process works on it. Links are derived data:
# they say what the remote holds, which no undo can change.
m0004_sync = """
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

# Which client a merged one went into, and the redactions of the journal.
# A redaction says that the operation ``operation_id`` took personal values out of the changes of
# the operation ``redacted_id``, and what the digest of those changes was before and is since. It
# is covered by the digest of ``operation_id``, and so by the chain; see ``writing/journal.py``.
_REDACTION = """
ALTER TABLE client ADD COLUMN merged_into_id {int} REFERENCES client (id) ON DELETE RESTRICT;
CREATE INDEX client_merged_into ON client (merged_into_id) WHERE merged_into_id IS NOT NULL;

CREATE TABLE redaction (
  id {id},
  operation_id {int} NOT NULL REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
  redacted_id {int} NOT NULL REFERENCES operation (id),
  before {text} NOT NULL,
  after {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX redaction_once ON redaction (operation_id, redacted_id);
CREATE INDEX redaction_redacted ON redaction (redacted_id);
"""

# An operation is written after its changes, so until then it is not sealed. What is sealed stays,
# but for the text of a change whose operation an unsealed one declares that it redacts.
_SEALED = "EXISTS (SELECT 1 FROM operation o WHERE o.id = OLD.operation_id)"
_DECLARED = (
    "EXISTS (SELECT 1 FROM redaction r WHERE r.redacted_id = OLD.operation_id"
    " AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.id = r.operation_id))"
)
_SAME = " AND ".join(
    f"NEW.{name} {{same}} OLD.{name}"
    for name in ("id", "operation_id", "entity", "entity_id", "client_id", "action", "version")
)
_REDACTED_SQLITE = (
    "DROP TRIGGER change_no_UPDATE",
    "CREATE TRIGGER change_no_UPDATE BEFORE UPDATE ON change"
    f" WHEN NOT ({_SAME.format(same='IS')} AND (NOT {_SEALED} OR {_DECLARED}))"
    " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER redaction_no_UPDATE BEFORE UPDATE ON redaction"
    f" WHEN {_SEALED} BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER redaction_no_DELETE BEFORE DELETE ON redaction"
    " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
)
_REDACTED_POSTGRES = (
    "CREATE FUNCTION change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN IF {_SAME.format(same='IS NOT DISTINCT FROM')} AND (NOT {_SEALED} OR {_DECLARED})"
    " THEN RETURN NEW; END IF;"
    " RAISE EXCEPTION 'the journal is append-only'; END $$",
    "CREATE FUNCTION redaction_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN IF NOT {_SEALED} THEN RETURN NEW; END IF;"
    " RAISE EXCEPTION 'the journal is append-only'; END $$",
    "DROP TRIGGER change_append_only ON change",
    "CREATE TRIGGER change_no_update BEFORE UPDATE ON change"
    " FOR EACH ROW EXECUTE FUNCTION change_is_append_only()",
    "CREATE TRIGGER change_no_delete BEFORE DELETE ON change"
    " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
    "CREATE TRIGGER redaction_no_update BEFORE UPDATE ON redaction"
    " FOR EACH ROW EXECUTE FUNCTION redaction_is_append_only()",
    "CREATE TRIGGER redaction_no_delete BEFORE DELETE ON redaction"
    " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
)


def m0005_merge_and_erase(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column and the table; let the triggers of the journal know of redactions."""
    run_ddl(_REDACTION)
    for statement in _REDACTED_SQLITE if conn.engine == "sqlite" else _REDACTED_POSTGRES:
        conn.execute(statement)


# When a document was posted here, which decides whether it goes to the books.
# NULL for drafts and for what was recorded or imported. Those issued before this step count as
# posted when they were made.
m0006_posted_here = """
ALTER TABLE document ADD COLUMN posted_at {text};
UPDATE document SET posted_at = created_at WHERE issued = 1;
CREATE INDEX document_posted_here ON document (kind, posted_at) WHERE posted_at IS NOT NULL;
"""

# Which remote system the links of a target belong to.
# NULL until a run asks for it. Found out, not configured: it is not journaled.
m0007_remote_identity = """
ALTER TABLE sync_target ADD COLUMN remote {text};
ALTER TABLE sync_target ADD COLUMN remote_name {text};
"""

# What erasing a person left, and whether the file was rewritten since: ``writing/erasures.py``.
m0008_erasures = """
CREATE TABLE erasure (
  contact_id {int} PRIMARY KEY,
  at {text} NOT NULL,
  remains {text} NOT NULL,
  rewritten {int} NOT NULL CHECK (rewritten IN (0, 1))
) {strict};
"""

# What writers and tasks on a server lock: tables that whoever only reads cannot lock.
# ``write_turn`` holds nothing: a writer locks it whole. ``task`` has a row a task, to be locked.
_TURNS = """
CREATE TABLE write_turn (id {int} PRIMARY KEY);
CREATE TABLE task (name {text} PRIMARY KEY);
"""


def m0009_turns(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables; a file has locks of its own."""
    if conn.engine == "postgres":
        run_ddl(_TURNS)


# A name for ever for every client, contact, address, note and document: its ``uid``.
_WITH_UID = ("client", "contact", "address", "note", "document")
CHUNK = 20_000
_UID_COLUMN = "ALTER TABLE {table} ADD COLUMN uid {{text}} NOT NULL DEFAULT ''"
_UID_INDEX = "CREATE UNIQUE INDEX {table}_uid ON {table} (uid)"


def m0010_uids(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column and fill it, without a change of version: nothing is sent anywhere again."""
    first = origin(conn)
    for table in _WITH_UID:
        run_ddl(_UID_COLUMN.format(table=table))
        _fill_uids(conn, table, first)
        run_ddl(_UID_INDEX.format(table=table))
        if conn.engine == "postgres":  # SQLite cannot: there the index keeps a second one out
            conn.execute(f"ALTER TABLE {table} ALTER COLUMN uid DROP DEFAULT")


def _fill_uids(conn: Connection, table: str, first: str) -> None:
    """The work is done here and not by the engines: PostgreSQL has no SHA-1 of its own."""
    last = 0
    while ids := _next_ids(conn, table, last):
        conn.temp_table("naming", "id BIGINT PRIMARY KEY, uid TEXT")
        rows = ((row_id, derived_uid(first, table, row_id)) for row_id in ids)
        conn.insert_many("naming", ("id", "uid"), rows)
        conn.filled("naming")
        conn.execute(
            f"UPDATE {table} SET uid = (SELECT uid FROM naming WHERE naming.id = {table}.id)"
            " WHERE id BETWEEN :first AND :last",
            first=ids[0],
            last=ids[-1],
        )
        last = ids[-1]


def _next_ids(conn: Connection, table: str, last: int) -> list[int]:
    rows = conn.query(
        f"SELECT id FROM {table} WHERE id > :last ORDER BY id LIMIT {CHUNK}", last=last
    )
    return [row["id"] for row in rows]


# The folded forms by which a row of a file finds its client, and which codes came of a merge.
# ``core_key`` is the name without its legal form. Neither key is unique: two records that were let
# in are told apart by what else they say.
_KEY_COLUMNS = """
ALTER TABLE client ADD COLUMN core_key {text} NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN email_key {text};
ALTER TABLE client ADD COLUMN external_id_key {text};
ALTER TABLE client_code ADD COLUMN merged {int} NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));
"""
# Codes that a merge gave to the client, or took along, say so in the journal.
_KEY_INDEXES = """
UPDATE client_code SET merged = 1 WHERE id IN (SELECT c.entity_id FROM change c
  JOIN operation o ON o.id = c.operation_id
  WHERE o.name = 'client.merge' AND c.entity = 'client_code' AND c.action <> 'delete'
  AND NOT EXISTS (SELECT 1 FROM operation u WHERE u.undoes = o.id));
DROP INDEX client_email;
CREATE INDEX client_core_key ON client (core_key);
CREATE INDEX client_email_key ON client (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX client_external_id_key ON client (external_id_key) WHERE external_id_key IS NOT NULL;
"""


_BATCH = 5000


def m0011_who_is_who(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the columns, fill them, and index them; no version goes up."""
    run_ddl(_KEY_COLUMNS)
    last = 0
    conn.temp_table("keyed", "id BIGINT PRIMARY KEY, core TEXT, email TEXT, external TEXT")
    while rows := conn.query(
        "SELECT id, name, email, external_id FROM client WHERE id > :last ORDER BY id LIMIT :n",
        last=last,
        n=_BATCH,
    ):
        conn.insert_many("keyed", ("id", "core", "email", "external"), map(_keys, rows))
        last = rows[-1]["id"]
    conn.filled("keyed")
    conn.execute(
        "UPDATE client SET core_key = (SELECT core FROM keyed k WHERE k.id = client.id),"
        " email_key = (SELECT email FROM keyed k WHERE k.id = client.id),"
        " external_id_key = (SELECT external FROM keyed k WHERE k.id = client.id)"
    )
    run_ddl(_KEY_INDEXES)


def _keys(row: Row) -> Values:
    email, external_id = row["email"], row["external_id"]
    return (
        row["id"],
        strip_legal_suffix(row["name"]),
        fold(email) if email else None,
        caseless(external_id) if external_id else None,
    )


# Which records are to go in a target, and those there that carry a key of ours nobody knows.
# ``leaves``: ``erase``, or ``merge`` with the record of ``heir`` (a row of the same table as
# ``local_id``) while ours is gone. Orphans are found out by a pull: neither is journaled.
m0012_departures = """
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

# What a document says to the customer.
m0013_memo = "ALTER TABLE document ADD COLUMN memo {text}"

# Where a database was moved: whoever would write to it is told, and writes nothing.
m0014_moved = """
CREATE TABLE moved (
  id {int} PRIMARY KEY CHECK (id = 1),
  place {text} NOT NULL,
  at {text} NOT NULL
) {strict};
"""

# What was sent by e-mail: which document, to whom, when, and whether it went.
# ``recipients`` and ``copies`` are JSON, as is ``refused``: those of them that the server did not
# take. A row is ``unknown`` from before the server is spoken to until its answer is written down.
m0015_mailings = """
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
