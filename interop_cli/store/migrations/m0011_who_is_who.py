"""The folded forms by which a row of a file finds its client, and which codes came of a merge."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.domain.values.code import strip_legal_suffix
from interop_cli.domain.values.text import caseless, fold
from interop_cli.store.engines.connection import Connection, Row, Values

# ``core_key`` is the name without its legal form. Neither key is unique: two records that were let
# in are told apart by what else they say.
COLUMNS = """
ALTER TABLE client ADD COLUMN core_key {text} NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN email_key {text};
ALTER TABLE client ADD COLUMN external_id_key {text};
ALTER TABLE client_code ADD COLUMN merged {int} NOT NULL DEFAULT 0 CHECK (merged IN (0, 1));
"""
# Codes that a merge gave to the client, or took along, say so in the journal.
INDEXES = """
UPDATE client_code SET merged = 1 WHERE id IN (SELECT c.entity_id FROM change c
  JOIN operation o ON o.id = c.operation_id
  WHERE o.name = 'client.merge' AND c.entity = 'client_code' AND c.action <> 'delete'
  AND NOT EXISTS (SELECT 1 FROM operation u WHERE u.undoes = o.id));
DROP INDEX client_email;
CREATE INDEX client_core_key ON client (core_key);
CREATE INDEX client_email_key ON client (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX client_external_id_key ON client (external_id_key) WHERE external_id_key IS NOT NULL;
"""


BATCH = 5000


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the columns, fill them, and index them; no version goes up."""
    run_ddl(COLUMNS)
    last = 0
    conn.temp_table("keyed", "id BIGINT PRIMARY KEY, core TEXT, email TEXT, external TEXT")
    while rows := conn.query(
        "SELECT id, name, email, external_id FROM client WHERE id > :last ORDER BY id LIMIT :n",
        last=last,
        n=BATCH,
    ):
        conn.insert_many("keyed", ("id", "core", "email", "external"), map(_keys, rows))
        last = rows[-1]["id"]
    conn.filled("keyed")
    conn.execute(
        "UPDATE client SET core_key = (SELECT core FROM keyed k WHERE k.id = client.id),"
        " email_key = (SELECT email FROM keyed k WHERE k.id = client.id),"
        " external_id_key = (SELECT external FROM keyed k WHERE k.id = client.id)"
    )
    run_ddl(INDEXES)


def _keys(row: Row) -> Values:
    email, external_id = row["email"], row["external_id"]
    return (
        row["id"],
        strip_legal_suffix(row["name"]),
        fold(email) if email else None,
        caseless(external_id) if external_id else None,
    )
