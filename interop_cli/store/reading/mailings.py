"""What was sent by e-mail: of a document, of a client; what was not sent, or nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.reading.lists import Condition

LATEST = 5
# Of the document ``d``: whether it went, as far as anybody knows.
STATE = (
    "(SELECT CASE MAX(CASE m.state WHEN 'sent' THEN 3 WHEN 'unknown' THEN 2 ELSE 1 END)"
    " WHEN 3 THEN 'sent' WHEN 2 THEN 'unknown' WHEN 1 THEN 'failed' END"
    " FROM mailing m WHERE m.document_id = d.id AND m.client_id = d.client_id)"
)
_SELECT = (
    "SELECT m.document_id, d.kind, d.number, m.state, m.at, m.recipients, m.copies, m.refused,"
    " m.message_id, m.error FROM mailing m JOIN document d ON d.id = m.document_id"
    " AND d.client_id = m.client_id"
)


def of_document(conn: Connection, document_id: int) -> list[Row]:
    """The e-mails it went by, the latest first.

    ``{"state", "at", "to", "cc", "refused", "message_id", "error"}``: ``state`` is ``sent``,
    ``failed`` or ``unknown``, ``error`` the code of what went wrong.
    """
    sql = f"{_SELECT} WHERE m.document_id = :id ORDER BY m.attempt DESC"
    return [_mailing(row) for row in conn.query(sql, id=document_id)]


def of_client(conn: Connection, client_id: int) -> list[Row]:
    """The latest e-mails with documents of a client, each with ``kind`` and ``number``."""
    sql = f"{_SELECT} WHERE m.client_id = :id ORDER BY m.at DESC, m.id DESC LIMIT {LATEST}"
    return [
        {"kind": row["kind"], "number": row["number"], **_mailing(row)}
        for row in conn.query(sql, id=client_id)
    ]


def _mailing(row: Row) -> Row:
    return {
        "state": row["state"],
        "at": row["at"],
        "to": json.loads(row["recipients"]),
        "cc": json.loads(row["copies"]),
        "refused": json.loads(row["refused"]),
        "message_id": row["message_id"],
        "error": row["error"],
    }


def states(conn: Connection, document_ids: Iterable[int]) -> dict[int, str]:
    """Whether these documents went, where it was tried: id -> state."""
    sql = f"SELECT d.id, {STATE} AS state FROM document d WHERE d.id IN ({{places}})"
    rows = query_in_chunks(conn, sql, document_ids)
    return {row["id"]: row["state"] for row in rows if row["state"]}


def documents(conn: Connection, document_ids: Iterable[int]) -> Iterator[Row]:
    """What is asked of documents before they are sent, with ``payer_id``: who gets them."""
    sql = (
        "SELECT d.id, d.uid, d.kind, d.number, d.status, d.client_id, c.code AS client,"
        " p.id AS payer_id, p.code AS payer FROM document d JOIN client c ON c.id = d.client_id"
        " JOIN client p ON p.id = COALESCE(d.bill_to_id, d.client_id) WHERE d.id IN ({places})"
    )
    return query_in_chunks(conn, sql, document_ids)


def unsent(since: str) -> Condition:
    """That a document ``d`` is an invoice issued here since a moment, and never went."""
    return Condition(
        "d.kind = 'invoice' AND d.status = 'posted' AND d.issued = 1 AND d.posted_at >= :mail_since"
        " AND NOT EXISTS (SELECT 1 FROM mailing m WHERE m.document_id = d.id"
        " AND m.client_id = d.client_id AND m.state IN ('sent', 'unknown'))",
        {"mail_since": since},
    )


def unknown(conn: Connection) -> list[tuple[int, str]]:
    """The documents of which nobody knows whether they went: id and number."""
    rows = conn.query(
        "SELECT d.id, d.number FROM document d WHERE d.id IN"
        " (SELECT u.document_id FROM mailing u WHERE u.state = 'unknown')"
        f" AND {STATE} = 'unknown' ORDER BY d.number_key, d.id"
    )
    return [(row["id"], row["number"] or f"#{row['id']}") for row in rows]


def latest_invoice(conn: Connection) -> Sequence[int]:
    """The id of the latest invoice that counts; empty where there is none."""
    rows = conn.query(
        "SELECT id FROM document WHERE kind = 'invoice' AND status = 'posted'"
        " ORDER BY date DESC, id DESC LIMIT 1"
    )
    return [row["id"] for row in rows]
