"""Clients, their former codes and addresses; search; settings; the journal."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

SCRIPT = """
CREATE TABLE migration (name {text} PRIMARY KEY, applied_at {text} NOT NULL) {strict};

CREATE TABLE client (
  id {id},
  code {text} NOT NULL CHECK (code <> ''),
  code_key {text} NOT NULL,
  name {text} NOT NULL CHECK (name <> ''),
  name_key {text} NOT NULL,
  active {int} NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  prospect {int} NOT NULL DEFAULT 0 CHECK (prospect IN (0, 1)),
  language {text} NOT NULL DEFAULT 'fr' CHECK (language IN ('fr', 'en')),
  email {text},
  phone {text},
  website {text},
  currency {text} NOT NULL DEFAULT 'CAD',
  terms {text},
  bill_to_id {int} REFERENCES client (id) ON DELETE RESTRICT CHECK (bill_to_id <> id),
  shipper_identity {text} NOT NULL DEFAULT 'standard'
    CHECK (shipper_identity IN ('standard', 'client', 'none')),
  gst {text},
  qst {text},
  neq {text},
  tags {text} NOT NULL DEFAULT '[]',
  tags_key {text} NOT NULL DEFAULT '|',
  external_id {text},
  accounting {text} NOT NULL DEFAULT '{}',
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX client_code_key ON client (code_key);
CREATE UNIQUE INDEX client_external_id ON client (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX client_name_key ON client (name_key, id);
CREATE INDEX client_email ON client (email) WHERE email IS NOT NULL;
CREATE INDEX client_bill_to ON client (bill_to_id) WHERE bill_to_id IS NOT NULL;

CREATE TABLE client_code (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  code {text} NOT NULL,
  code_key {text} NOT NULL UNIQUE,
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE INDEX client_code_client ON client_code (client_id);

CREATE TABLE address (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  label {text},
  attention {text},
  line1 {text} NOT NULL CHECK (line1 <> ''),
  line2 {text},
  line_key {text} NOT NULL,
  city {text} NOT NULL CHECK (city <> ''),
  city_key {text} NOT NULL,
  province {text},
  postal_code {text},
  country {text} NOT NULL,
  main {int} NOT NULL DEFAULT 0 CHECK (main IN (0, 1)),
  phone {text},
  instructions {text},
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX address_one_main ON address (client_id) WHERE main = 1;
CREATE INDEX address_client ON address (client_id);

CREATE TABLE client_search (
  client_id {int} PRIMARY KEY,
  words {text} NOT NULL
) {strict};

CREATE TABLE setting (
  id {id},
  name {text} NOT NULL UNIQUE,
  value {text} NOT NULL,
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};

CREATE TABLE operation (
  id {int} PRIMARY KEY,
  name {text} NOT NULL,
  at {text} NOT NULL,
  actor {text} NOT NULL,
  command {text} NOT NULL,
  undoes {int} REFERENCES operation (id),
  changes {int} NOT NULL,
  digest {text} NOT NULL,
  hash {text} NOT NULL
) {strict};
CREATE INDEX operation_undoes ON operation (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE change (
  id {id},
  operation_id {int} NOT NULL REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
  entity {text} NOT NULL,
  entity_id {int} NOT NULL,
  client_id {int},
  action {text} NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
  before {text},
  version {int} NOT NULL
) {strict};
CREATE INDEX change_operation ON change (operation_id);
CREATE INDEX change_client ON change (client_id);
"""

APPEND_ONLY = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
"""


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables; then what the two engines say differently."""
    run_ddl(SCRIPT)
    if conn.engine == "sqlite":
        # No triggers: with trusted_schema off, older SQLite refuses FTS5 inside them.
        from interop_cli.store.engines.sqlite_errors import translating

        with translating():
            conn.db["client_search"].enable_fts(  # type: ignore[attr-defined]
                ["words"], tokenize="unicode61 remove_diacritics 2"
            )
        for table in ("operation", "change"):
            for verb in ("UPDATE", "DELETE"):
                conn.execute(APPEND_ONLY.replace("{table}", table).replace("{verb}", verb))
    else:
        conn.execute(
            "CREATE INDEX client_search_words ON client_search"
            " USING gin (array_to_tsvector(string_to_array(words, ' ')))"
        )
        conn.execute(
            "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
        )
        for table in ("operation", "change"):
            conn.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()"
            )
