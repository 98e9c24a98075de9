"""What writers side by side need: seals apart from operations, marks that wait for nobody."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection
from interop_cli.store.migrations.m0001_clients import APPEND_ONLY

# An operation was sealed as it was written: its id was its place in the chain, and it had its hash.
SCRIPT = """
CREATE TABLE seal (
  position {int} PRIMARY KEY CHECK (position > 0),
  operation_id {int} NOT NULL UNIQUE REFERENCES operation (id),
  hash {text} NOT NULL
) {strict};
INSERT INTO seal (position, operation_id, hash) SELECT id, id, hash FROM operation ORDER BY id;
ALTER TABLE operation DROP COLUMN hash;
CREATE TABLE unsealed (operation_id {int} PRIMARY KEY REFERENCES operation (id)) {strict};

CREATE TABLE sales_mark (
  client_id {int} NOT NULL,
  year {int} NOT NULL,
  basis {text} NOT NULL CHECK (basis IN ('sold-to', 'bill-to')),
  operation_id {int} NOT NULL,
  PRIMARY KEY (client_id, year, basis, operation_id)
) {clustered};
INSERT INTO sales_mark (client_id, year, basis, operation_id)
  SELECT client_id, year, basis, 0 FROM sales_stale;
DROP TABLE sales_stale;
ALTER TABLE sales_mark RENAME TO sales_stale;
"""
SQLITE = (
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'operation', COALESCE(MAX(id), 0)"
    " FROM operation",
    *(APPEND_ONLY.format(table="seal", verb=verb) for verb in ("UPDATE", "DELETE")),
)
# Rows of ``task`` are what those lock who take turns.
POSTGRES = (
    "CREATE SEQUENCE operation_id_seq",
    "SELECT setval('operation_id_seq', (SELECT COALESCE(MAX(id), 0) + 1 FROM operation), false)",
    "CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON seal"
    " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
    "INSERT INTO task (name) VALUES ('seal'), ('import'), ('admin'), ('code') ON CONFLICT"
    " DO NOTHING",
)


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables, and fill them with what there is."""
    run_ddl(SCRIPT)
    for statement in SQLITE if conn.engine == "sqlite" else POSTGRES:
        conn.execute(statement)
