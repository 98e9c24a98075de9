"""The steps since release 0.2."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection
from interop_cli.store.migrations.founding import APPEND_ONLY

# What grows with documents is laid out by client on a server, so that it can be spread over many.
# A distributed engine keeps a client's rows on one node, and holds only those keys to be unique
# that have the client in them. In a file nothing changes: it has all its rows in one place.
# Of these a row had stayed with the client that its document or note was moved away from.
_FAMILIES = (
    ("document_line", "document_id", "document"),
    ("mailing", "document_id", "document"),
    ("attachment", "note_id", "note"),
)
_TOGETHER = """
UPDATE {table} SET client_id = (SELECT p.client_id FROM {parent} p WHERE p.id = {table}.{column})
  WHERE client_id <> (SELECT p.client_id FROM {parent} p WHERE p.id = {table}.{column})
"""
# A row goes from one client to another by being deleted and inserted, and what belongs to it after
# it or before it: whether all of it has arrived is asked at the end of the transaction. A document
# may be corrected by one of another client; that both are there is asked by ``db check``.
_KEYS = """
ALTER TABLE document_line DROP CONSTRAINT document_line_document_id_fkey;
ALTER TABLE mailing DROP CONSTRAINT mailing_document_id_fkey;
ALTER TABLE attachment DROP CONSTRAINT attachment_note_id_fkey;
ALTER TABLE document DROP CONSTRAINT document_corrects_id_fkey;
ALTER TABLE document DROP CONSTRAINT document_pkey, ADD PRIMARY KEY (id, client_id);
ALTER TABLE document_line DROP CONSTRAINT document_line_pkey, ADD PRIMARY KEY (id, client_id);
ALTER TABLE note DROP CONSTRAINT note_pkey, ADD PRIMARY KEY (id, client_id);
ALTER TABLE attachment DROP CONSTRAINT attachment_pkey, ADD PRIMARY KEY (id, client_id);
ALTER TABLE mailing DROP CONSTRAINT mailing_pkey, ADD PRIMARY KEY (id, client_id);
DROP INDEX document_number;
CREATE UNIQUE INDEX document_number ON document (number_key, kind, client_id);
DROP INDEX document_uid;
CREATE UNIQUE INDEX document_uid ON document (uid, client_id);
DROP INDEX note_uid;
CREATE UNIQUE INDEX note_uid ON note (uid, client_id);
DROP INDEX document_line_position;
CREATE UNIQUE INDEX document_line_position ON document_line (document_id, position, client_id);
DROP INDEX mailing_attempt;
CREATE UNIQUE INDEX mailing_attempt ON mailing (document_id, attempt, client_id);
"""
_PARENT = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{parent} FOREIGN KEY ({column}, client_id)
  REFERENCES {parent} (id, client_id) DEFERRABLE INITIALLY DEFERRED
"""
# The numbers and uids that are given: each has a row here, whichever client it belongs to. It is
# spread by that name, so it is unique without the client, and lies with the others of no client.
_TAKEN = """
CREATE TABLE taken (name {text} CONSTRAINT number_or_uid_taken PRIMARY KEY);
"""

GIVEN = (
    "INSERT INTO taken (name) SELECT 'document ' || uid FROM document"
    " UNION ALL SELECT kind || ' ' || number_key FROM document WHERE number_key IS NOT NULL"
    " UNION ALL SELECT 'note ' || uid FROM note"
)


def m0016_by_client(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Bring together what belongs together; on a server, change the keys."""
    for table, column, parent in _FAMILIES:
        run_ddl(_TOGETHER.format(table=table, column=column, parent=parent))
    if conn.engine == "sqlite":
        return
    run_ddl(_KEYS)
    for table, column, parent in _FAMILIES:
        run_ddl(_PARENT.format(table=table, column=column, parent=parent))
    run_ddl(_TAKEN)
    conn.execute(GIVEN)


# What writers side by side need: seals apart from operations, marks that wait for nobody.
# An operation was sealed as it was written: its id was its place in the chain, and it had its hash.
_SEALS = """
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
_SEALS_SQLITE = (
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'operation', COALESCE(MAX(id), 0)"
    " FROM operation",
    *(APPEND_ONLY.format(table="seal", verb=verb) for verb in ("UPDATE", "DELETE")),
)
# Rows of ``task`` are what those lock who take turns.
_SEALS_POSTGRES = (
    "CREATE SEQUENCE operation_id_seq",
    "SELECT setval('operation_id_seq', (SELECT COALESCE(MAX(id), 0) + 1 FROM operation), false)",
    "CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON seal"
    " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
    "INSERT INTO task (name) VALUES ('seal'), ('import'), ('admin'), ('code') ON CONFLICT"
    " DO NOTHING",
)


def m0017_side_by_side(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables, and fill them with what there is."""
    run_ddl(_SEALS)
    for statement in _SEALS_SQLITE if conn.engine == "sqlite" else _SEALS_POSTGRES:
        conn.execute(statement)


# What a record that was brought in says otherwise there, and keeps until it is edited here.
def m0018_kept_there(_conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Add the column."""
    run_ddl("ALTER TABLE sync_link ADD COLUMN kept {text}")


# An index for what came after a change, and for all that was ever said of a row.
def m0019_later(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make it; in a file the id, by which a table lies, is in every index."""
    columns = "entity_id" if conn.engine == "sqlite" else "entity_id, id"
    run_ddl(f"CREATE INDEX change_row ON change ({columns})")


# An index for the e-mails of a client, which are asked for whenever a client is deleted.
# In a file the key of an attempt begins with the client; on a server it has not since rows lie
# there by client.
def m0020_mailing_client(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the index."""
    if conn.engine == "postgres":
        run_ddl("CREATE INDEX mailing_client ON mailing (client_id)")


# An index for the latest documents of all clients: their list begins without sorting them.
m0021_latest_first = "CREATE INDEX document_date ON document (date, id)"


# A word for the beginning of its code, for every client, so that the first who have a frequent
# word are found without gathering them all. The letter of that word is where no text has any.
# The full-text index keeps no lengths, and takes the words as they are: they are folded already.
_LETTER = {
    "sqlite": "CHAR(MIN(57344 + UNICODE(code_key), 63743))",
    "postgres": "CHR(LEAST(57344 + ASCII(code_key), 63743))",
}
_INDEX = (
    "DROP TABLE client_search_fts",
    "CREATE VIRTUAL TABLE client_search_fts USING fts5 (words, content = 'client_search',"
    " content_rowid = 'client_id', columnsize = 0, tokenize = 'ascii')",
    "INSERT INTO client_search_fts (client_search_fts) VALUES ('rebuild')",
)


def m0022_search_parts(conn: Connection, _run_ddl: Callable[[str], None]) -> None:
    """Add the words; in a file, make the index anew."""
    # By way of a table of its own: over several nodes clients are everywhere, their words are not.
    conn.temp_table("letter", "client_id BIGINT PRIMARY KEY, word TEXT")
    conn.execute(f"INSERT INTO letter SELECT id, {_LETTER[conn.engine]} FROM client")
    conn.filled("letter")
    conn.execute(
        "UPDATE client_search SET words = LTRIM(words || ' ' || (SELECT word FROM letter"
        " WHERE letter.client_id = client_search.client_id))"
        " WHERE client_id IN (SELECT client_id FROM letter)"
    )
    if conn.engine == "sqlite":
        for statement in _INDEX:
            conn.execute(statement)
