"""Contacts, notes with their attachments, logos, and the roles of users."""

from __future__ import annotations

# ``deactivated_with`` marks a contact that its client's deactivation took along: bringing the
# client back brings those back, and no others. A blob is named by its content, so it is written
# once and never changed; rows that refer to it are journaled, the blob itself is not, and it
# stays when they go, for undo. ``noted_at`` is when a note was written, which an import keeps.
SCRIPT = """
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
