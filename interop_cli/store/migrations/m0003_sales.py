"""Documents and their lines, the counters of their numbers, and the sales totals."""

from __future__ import annotations

# ``bill_to_id`` is NULL where the client pays itself; ``year`` repeats the date for the totals.
# ``sales_run`` says when totals were computed, ``sales_year`` when those of all clients were.
# The totals have no foreign keys, they are only ever joined.
SCRIPT = """
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
