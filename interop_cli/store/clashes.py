"""What an undo may break: rules between rows that no index of the database can keep.

Looked at after the rows are written back, for the clients that were; ``undoing`` is the temporary
table of ``repositories/operations.py``.
"""

from __future__ import annotations

from interop_cli.store.connection import Connection

UNDONE = "(SELECT entity_id FROM undoing WHERE entity = 'client' AND stale = 0)"
# Each gives the codes of the clients that break one rule. None of them is broken otherwise.
RULES = (
    # A code leads to one client: nobody's present code is the former one of another.
    "SELECT c.code FROM client_code f JOIN client c ON c.code_key = f.code_key"
    " WHERE c.id <> f.client_id",
    # Who pays is no prospect, and billed to nobody else.
    "SELECT c.code FROM client c JOIN client p ON p.id = c.bill_to_id"  # noqa: S608
    f" WHERE (c.id IN {UNDONE} OR p.id IN {UNDONE})"
    " AND (p.bill_to_id IS NOT NULL OR p.prospect = 1)",
    # A job has ended the prospect for good.
    f"SELECT c.code FROM client c WHERE c.prospect = 1 AND c.id IN {UNDONE} AND EXISTS"  # noqa: S608
    " (SELECT 1 FROM document d WHERE d.client_id = c.id AND d.kind = 'job'"
    " AND d.status <> 'void')",
)


def clashes(conn: Connection, limit: int) -> list[str]:
    """The codes of the first clients whom an undo has brought in conflict with what came since."""
    found: dict[str, None] = {}
    for sql in RULES:
        rows = conn.query(f"{sql} ORDER BY c.code_key LIMIT :n", n=limit)
        found |= dict.fromkeys(row["code"] for row in rows)
    return list(found)[:limit]
