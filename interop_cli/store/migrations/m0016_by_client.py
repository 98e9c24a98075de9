"""What grows with documents is laid out by client on a server, so that it can be spread over many.

A distributed engine keeps a client's rows on one node, and holds only those keys to be unique that
have the client in them. In a file nothing changes: it has all its rows in one place.
"""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# Of these a row had stayed with the client that its document or note was moved away from.
FAMILIES = (
    ("document_line", "document_id", "document"),
    ("mailing", "document_id", "document"),
    ("attachment", "note_id", "note"),
)
TOGETHER = """
UPDATE {table} SET client_id = (SELECT p.client_id FROM {parent} p WHERE p.id = {table}.{column})
  WHERE client_id <> (SELECT p.client_id FROM {parent} p WHERE p.id = {table}.{column})
"""
# A row goes from one client to another by being deleted and inserted, and what belongs to it after
# it or before it: whether all of it has arrived is asked at the end of the transaction. A document
# may be corrected by one of another client; that both are there is asked by ``db check``.
KEYS = """
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
PARENT = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{parent} FOREIGN KEY ({column}, client_id)
  REFERENCES {parent} (id, client_id) DEFERRABLE INITIALLY DEFERRED
"""
# The numbers and uids that are given: each has a row here, whichever client it belongs to. It is
# spread by that name, so it is unique without the client, and lies with the others of no client.
TAKEN = """
CREATE TABLE taken (name {text} CONSTRAINT number_or_uid_taken PRIMARY KEY);
"""

GIVEN = (
    "INSERT INTO taken (name) SELECT 'document ' || uid FROM document"
    " UNION ALL SELECT kind || ' ' || number_key FROM document WHERE number_key IS NOT NULL"
    " UNION ALL SELECT 'note ' || uid FROM note"
)


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Bring together what belongs together; on a server, change the keys."""
    for table, column, parent in FAMILIES:
        run_ddl(TOGETHER.format(table=table, column=column, parent=parent))
    if conn.engine == "sqlite":
        return
    run_ddl(KEYS)
    for table, column, parent in FAMILIES:
        run_ddl(PARENT.format(table=table, column=column, parent=parent))
    run_ddl(TAKEN)
    conn.execute(GIVEN)
