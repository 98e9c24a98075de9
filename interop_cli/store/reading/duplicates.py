"""Clients as they are compared to find those entered twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.merging import Candidate, candidate
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.clients import STATUSES

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = ("score", "code", "name", "other", "other_name", "reasons")
# Each row is a client and one value of it; those merged into another are found already.
VALUES = {
    "emails": (
        "SELECT c.id, c.email FROM client c WHERE c.email IS NOT NULL AND {which}",
        "SELECT c.id, t.email FROM contact t JOIN client c ON c.id = t.client_id"
        " WHERE t.email IS NOT NULL AND {which}",
    ),
    "phones": (
        "SELECT c.id, c.phone FROM client c WHERE c.phone IS NOT NULL AND {which}",
        "SELECT c.id, t.phone FROM contact t JOIN client c ON c.id = t.client_id"
        " WHERE t.phone IS NOT NULL AND {which}",
        "SELECT c.id, t.mobile FROM contact t JOIN client c ON c.id = t.client_id"
        " WHERE t.mobile IS NOT NULL AND {which}",
    ),
    "postal_codes": (
        "SELECT c.id, a.postal_code FROM address a JOIN client c ON c.id = a.client_id"
        " WHERE a.postal_code IS NOT NULL AND {which}",
    ),
}


def columns() -> list[Column]:
    """The columns of a pair."""
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {"score": ValueKind.INT, "reasons": ValueKind.JSON}
    return [Column(name, kinds.get(name, ValueKind.TEXT)) for name in NAMES]


def candidates(conn: Connection, status: str = "active") -> list[Candidate]:
    """The clients of a status, by code, with what they are compared by."""
    which = f"{STATUSES[status]} AND c.merged_into_id IS NULL"
    found: dict[str, dict[int, list[str]]] = {}
    for name, queries in VALUES.items():
        values = found.setdefault(name, {})
        for sql in queries:
            for batch in conn.batches(sql.format(which=which), {}, 5000):
                for client_id, value in batch:
                    values.setdefault(client_id, []).append(value)
    rows = conn.batches(
        f"SELECT c.id, c.code, c.name, c.bill_to_id FROM client c WHERE {which}"
        " ORDER BY c.code_key",
        {},
        5000,
    )
    return [
        candidate(
            client_id,
            code,
            name,
            bill_to_id=payer,
            emails=found["emails"].get(client_id, ()),
            phones=found["phones"].get(client_id, ()),
            postal_codes=found["postal_codes"].get(client_id, ()),
        )
        for batch in rows
        for client_id, code, name, payer in batch
    ]
