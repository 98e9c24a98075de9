"""The first steps: clients and their people, documents, and the totals of sales."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection

# Clients, their former codes and addresses; search; settings; the journal.
_CLIENTS = """
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


def m0001_clients(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the tables; then what the two engines say differently."""
    run_ddl(_CLIENTS)
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


# Contacts, notes with their attachments, logos, and the roles of users.
# ``deactivated_with`` marks a contact that its client's deactivation took along: bringing the
# client back brings those back, and no others. A blob is named by its content, so it is written
# once and never changed; rows that refer to it are journaled, the blob itself is not, and it
# stays when they go, for undo. ``noted_at`` is when a note was written, which an import keeps.
m0002_people = """
CREATE TABLE blob (
  sha256 {text} PRIMARY KEY CHECK (length(sha256) = 64),
  size {int} NOT NULL CHECK (size >= 0),
  content {blob} NOT NULL,
  created_at {text} NOT NULL
) {strict};

ALTER TABLE client ADD COLUMN logo {text} REFERENCES blob (sha256) ON DELETE RESTRICT;
CREATE INDEX client_logo ON client (logo) WHERE logo IS NOT NULL;

CREATE TABLE contact (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  name {text} NOT NULL CHECK (name <> ''),
  name_key {text} NOT NULL,
  title {text},
  email {text},
  email_key {text} CHECK ((email_key IS NULL) = (email IS NULL)),
  phone {text},
  mobile {text},
  language {text} CHECK (language IN ('fr', 'en')),
  active {int} NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  is_default {int} NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
  billing {int} NOT NULL DEFAULT 0 CHECK (billing IN (0, 1)),
  billing_copy {int} NOT NULL DEFAULT 0 CHECK (billing_copy IN (0, 1)),
  deactivated_with {int} NOT NULL DEFAULT 0
    CHECK (deactivated_with = 0 OR (deactivated_with = 1 AND active = 0)),
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX contact_one_default ON contact (client_id) WHERE is_default = 1;
CREATE UNIQUE INDEX contact_one_billing ON contact (client_id) WHERE billing = 1;
CREATE UNIQUE INDEX contact_own_email ON contact (client_id, email_key)
  WHERE email_key IS NOT NULL;
CREATE INDEX contact_client ON contact (client_id);
CREATE INDEX contact_email ON contact (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE note (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  category {text} NOT NULL CHECK (category <> ''),
  text {text} NOT NULL CHECK (text <> ''),
  author {text},
  noted_at {text} NOT NULL,
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE INDEX note_client ON note (client_id, noted_at);

CREATE TABLE attachment (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  note_id {int} NOT NULL REFERENCES note (id) ON DELETE RESTRICT,
  name {text} NOT NULL CHECK (name <> ''),
  size {int} NOT NULL CHECK (size >= 0),
  sha256 {text} NOT NULL REFERENCES blob (sha256) ON DELETE RESTRICT,
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE INDEX attachment_client ON attachment (client_id);
CREATE INDEX attachment_note ON attachment (note_id);
CREATE INDEX attachment_blob ON attachment (sha256);

CREATE TABLE user_role (
  id {id},
  uid {text} NOT NULL UNIQUE,
  name {text} NOT NULL,
  role {text} NOT NULL CHECK (role IN ('viewer', 'editor', 'manager', 'admin')),
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
"""

# Documents and their lines, the counters of their numbers, and the sales totals.
# ``bill_to_id`` is NULL where the client pays itself; ``year`` repeats the date for the totals.
# ``sales_run`` says when totals were computed, ``sales_year`` when those of all clients were.
# The totals have no foreign keys, they are only ever joined.
m0003_sales = """
CREATE TABLE document (
  id {id},
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  bill_to_id {int} REFERENCES client (id) ON DELETE RESTRICT CHECK (bill_to_id <> client_id),
  kind {text} NOT NULL
    CHECK (kind IN ('quote', 'job', 'packing_slip', 'invoice', 'credit_note')),
  number {text} CHECK (number <> ''),
  number_key {text},
  status {text} NOT NULL CHECK (status IN ('draft', 'posted', 'void')),
  date {text} NOT NULL,
  year {int} NOT NULL,
  due_date {text},
  currency {text} NOT NULL,
  subtotal_cents {int} NOT NULL,
  tax_cents {int} NOT NULL,
  total_cents {int} NOT NULL CHECK (total_cents = subtotal_cents + tax_cents),
  taxes {text} NOT NULL DEFAULT '[]',
  terms {text},
  contact_id {int} REFERENCES contact (id) ON DELETE RESTRICT,
  contact {text},
  ship_to_id {int} REFERENCES address (id) ON DELETE RESTRICT,
  ship_to {text},
  sold_to_address {text},
  bill_to_address {text},
  place_of_supply {text},
  corrects_id {int} REFERENCES document (id) ON DELETE RESTRICT,
  issued {int} NOT NULL DEFAULT 0 CHECK (issued IN (0, 1)),
  external_id {text},
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL,
  CHECK (number IS NOT NULL OR status <> 'posted'),
  CHECK (year = CAST(SUBSTR(date, 1, 4) AS {int}))
) {strict};
CREATE UNIQUE INDEX document_number ON document (number_key, kind);
CREATE INDEX document_client ON document (client_id, date, kind);
CREATE INDEX document_bill_to ON document
  (bill_to_id, year, currency, status, kind, subtotal_cents) WHERE bill_to_id IS NOT NULL;
CREATE INDEX document_contact ON document (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX document_ship_to ON document (ship_to_id) WHERE ship_to_id IS NOT NULL;
CREATE INDEX document_corrects ON document (corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX document_sales ON document
  (client_id, year, currency, bill_to_id, status, kind, subtotal_cents)
  WHERE status = 'posted' AND kind IN ('invoice', 'credit_note');

CREATE TABLE document_line (
  id {id},
  document_id {int} NOT NULL REFERENCES document (id) ON DELETE RESTRICT,
  client_id {int} NOT NULL REFERENCES client (id) ON DELETE RESTRICT,
  position {int} NOT NULL,
  description {text} NOT NULL,
  quantity {text} NOT NULL,
  unit_price {text} NOT NULL,
  amount_cents {int} NOT NULL,
  tax {text} NOT NULL CHECK (tax IN ('standard', 'federal', 'exempt')),
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX document_line_position ON document_line (document_id, position);
CREATE INDEX document_line_client ON document_line (client_id);

CREATE TABLE counter (
  id {id},
  name {text} NOT NULL UNIQUE,
  last {int} NOT NULL,
  version {int} NOT NULL DEFAULT 1,
  created_at {text} NOT NULL,
  updated_at {text} NOT NULL
) {strict};

CREATE TABLE sales_run (
  id {id},
  at {text} NOT NULL
) {strict};

CREATE TABLE sales_total (
  client_id {int} NOT NULL,
  year {int} NOT NULL,
  currency {text} NOT NULL,
  sold_cents {int} NOT NULL,
  sold_invoices {int} NOT NULL,
  billed_cents {int} NOT NULL,
  billed_invoices {int} NOT NULL,
  run_id {int} NOT NULL,
  PRIMARY KEY (client_id, year, currency)
) {clustered};

CREATE TABLE sales_stale (
  client_id {int} NOT NULL,
  year {int} NOT NULL,
  basis {text} NOT NULL CHECK (basis IN ('sold-to', 'bill-to')),
  PRIMARY KEY (client_id, year, basis)
) {clustered};

CREATE TABLE sales_year (
  year {int} PRIMARY KEY,
  run_id {int} NOT NULL,
  latest {int} NOT NULL CHECK (latest IN (0, 1))
) {strict};
"""
