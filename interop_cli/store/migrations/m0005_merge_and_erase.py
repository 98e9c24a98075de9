"""Which client a merged one went into, and the redactions of the journal."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# A redaction says that the operation ``operation_id`` took personal values out of the changes of
# the operation ``redacted_id``, and what the digest of those changes was before and is since. It
# is covered by the digest of ``operation_id``, and so by the chain; see ``writing/journal.py``.
SCRIPT = """
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
SEALED = "EXISTS (SELECT 1 FROM operation o WHERE o.id = OLD.operation_id)"
DECLARED = (
    "EXISTS (SELECT 1 FROM redaction r WHERE r.redacted_id = OLD.operation_id"
    " AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.id = r.operation_id))"
)
SAME = " AND ".join(
    f"NEW.{name} {{same}} OLD.{name}"
    for name in ("id", "operation_id", "entity", "entity_id", "client_id", "action", "version")
)
SQLITE = (
    "DROP TRIGGER change_no_UPDATE",
    "CREATE TRIGGER change_no_UPDATE BEFORE UPDATE ON change"
    f" WHEN NOT ({SAME.format(same='IS')} AND (NOT {SEALED} OR {DECLARED}))"
    " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER redaction_no_UPDATE BEFORE UPDATE ON redaction"
    f" WHEN {SEALED} BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER redaction_no_DELETE BEFORE DELETE ON redaction"
    " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
)
POSTGRES = (
    "CREATE FUNCTION change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN IF {SAME.format(same='IS NOT DISTINCT FROM')} AND (NOT {SEALED} OR {DECLARED})"
    " THEN RETURN NEW; END IF;"
    " RAISE EXCEPTION 'the journal is append-only'; END $$",
    "CREATE FUNCTION redaction_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN IF NOT {SEALED} THEN RETURN NEW; END IF;"
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


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the column and the table; let the triggers of the journal know of redactions."""
    run_ddl(SCRIPT)
    for statement in SQLITE if conn.engine == "sqlite" else POSTGRES:
        conn.execute(statement)
