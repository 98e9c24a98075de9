"""Invoices and credit notes as a target would get them.

Only those posted here go: since the target was configured, or dated from its setting
``invoices_from`` on. What was imported or recorded is in the books already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.sync.records import LocalRecord
from interop_cli.domain.values.address_text import bare_line
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.sync.sources import PEOPLE, RecordSource, document_stamp

NEVER = "9999-12-31"


# Whether a document is one to be sent: posted since the target was made, or of ``since`` on.
_GOES = (
    "(d.posted_at IS NOT NULL AND d.status = 'posted'"
    " AND CASE WHEN CAST(:since AS TEXT) = '' THEN d.posted_at >= CAST(:made AS TEXT)"
    " ELSE d.date >= CAST(:since AS TEXT) END)"
)


def _params(conn: Connection, target_id: int) -> dict[str, Any]:
    sql = "SELECT settings, created_at FROM sync_target WHERE id = :id"
    (row,) = conn.query(sql, id=target_id)
    settings = json.loads(row["settings"])
    wanted = settings.get("invoices") is not False
    since = settings.get("invoices_from") or "" if wanted else NEVER
    return {"since": since, "made": row["created_at"]}


def _complete(conn: Connection, rows: Sequence[Row], bound: Mapping[str, Any]) -> None:
    """Put beside the documents their lines, in order, what they correct, and who receives them."""
    _put_lines(conn, rows)
    _put_corrected(conn, rows, bound)
    put_recipients(conn, rows)


def _put_corrected(conn: Connection, rows: Sequence[Row], bound: Mapping[str, Any]) -> None:
    """Put the number of what each corrects beside it, and whether that is sent, too.

    Asked by themselves: an invoice may be another client's by now, and lie elsewhere.
    """
    sql = (
        f"SELECT d.id, d.number, CASE WHEN {_GOES} THEN 1 ELSE 0 END AS goes"
        " FROM document d WHERE d.id IN ({places})"
    )
    ids = (row["corrects_id"] for row in rows if row["corrects_id"] is not None)
    dated = {name: bound[name] for name in ("since", "made")}
    found = {row["id"]: row for row in query_in_chunks(conn, sql, ids, **dated)}
    for row in rows:
        corrected = found.get(row["corrects_id"])
        row["corrects"] = corrected["number"] if corrected else None
        row["corrects_goes"] = bool(corrected and corrected["goes"])


def put_recipients(conn: Connection, rows: Sequence[Row]) -> None:
    """Put ``recipients`` beside rows: by the rule, among the people of ``payer_id``."""
    from interop_cli.domain.contact import Contact, recipients  # heavy, and for documents alone

    people: dict[int, list[Contact]] = {row["payer_id"]: [] for row in rows}
    sql = "SELECT * FROM contact WHERE client_id IN ({places})"
    for person in query_in_chunks(conn, sql, people):
        people[person["client_id"]].append(Contact.stored(person))
    found = {payer_id: recipients(those) for payer_id, those in people.items()}
    for row in rows:
        row["recipients"] = found[row["payer_id"]]


def _put_lines(conn: Connection, rows: Sequence[Row]) -> None:
    by_id: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    sql = (
        "SELECT document_id, description, quantity, unit_price, amount_cents, tax"
        " FROM document_line WHERE document_id IN ({places}) ORDER BY document_id, position"
    )
    for line in query_in_chunks(conn, sql, by_id):
        by_id[line.pop("document_id")].append(line)
    for row in rows:
        row["lines"] = by_id[row["id"]]


SHIPPED = (*("attention", "line1", "line2", "city", "province", "postal_code", "country"),)
"""The parts of the address that a document is shipped to, as ``ship_line1`` and so on."""


def _shipped(row: Row) -> dict[str, Any]:
    """Where a document is shipped: in parts where the address still says what the document says.

    Else as text, on the first line.
    """
    parts = {name: row[f"ship_{name}"] for name in SHIPPED}
    if parts["line1"] is not None and bare_line(parts) == row["ship_to"]:
        return {f"ship_{name}": value for name, value in parts.items()}
    return {f"ship_{name}": None for name in SHIPPED} | {"ship_line1": row["ship_to"]}


def _source(kind: str) -> RecordSource:
    columns = {
        "id": "d.id",
        "client": "c.code",
        "number": "d.number",
        "status": "d.status",
        "date": "d.date",
        "due_date": "d.due_date",
        "currency": "d.currency",
        "terms": "d.terms",
        "subtotal_cents": "d.subtotal_cents",
        "total_cents": "d.total_cents",
        "place": "d.place_of_supply",
        "memo": "d.memo",
        "ship_to": "d.ship_to",
        "bill_to": "b.code",
        "bill_to_remote": "bl.remote_id",
        "payer_id": "b.id",
        "prospect": "c.prospect",
        "payer_prospect": "b.prospect",
        "corrects_id": "d.corrects_id",
        "corrects_remote": "kl.remote_id",
        **{f"ship_{name}": f"h.{name}" for name in SHIPPED},
    }
    beside = (*columns, "lines", "corrects", "corrects_goes")

    def local(row: Row) -> LocalRecord:
        values = {name: row[name] for name in beside}
        values |= _shipped(row)
        values["email_to"] = ", ".join(row["recipients"].to)
        values["email_cc"] = ", ".join(row["recipients"].cc)
        values["active"] = row["status"] == "posted"
        refers = {"client": row["bill_to"]}
        if row["corrects_goes"]:
            refers["corrects"] = row["corrects"]
        number = row["number"] or f"#{row['id']}"
        return LocalRecord(
            kind,
            row["id"],
            row["client"],
            number,
            row["stamp"],
            values["active"],
            values,
            bool(row["prospect"]),
            row["bill_to"],
            bool(row["payer_prospect"]),
            refers,
            number,
        )

    return RecordSource(
        table="document",
        columns=columns,
        tables=(
            f" FROM document d JOIN client c ON c.id = d.client_id{PEOPLE}"
            " JOIN client b ON b.id = COALESCE(d.bill_to_id, d.client_id)"
            " LEFT JOIN address h ON h.id = d.ship_to_id"
            " LEFT JOIN sync_link bl ON bl.target_id = :target AND bl.entity = 'client'"
            " AND bl.local_id = b.id"
            " LEFT JOIN sync_link kl ON kl.target_id = :target AND kl.entity = 'invoice'"
            " AND kl.local_id = d.corrects_id LEFT JOIN sync_link l ON l.target_id = :target"
            f" AND l.entity = '{kind}' AND l.local_id = d.id"
        ),
        stamp=document_stamp(),
        client="d.client_id",
        eligible="TRUE",
        order="d.date, d.id",
        local=local,
        # Those that were sent stay in sight, whatever became of them here.
        only=(
            f"d.id IN (SELECT id FROM document WHERE kind = '{kind}' AND posted_at IS NOT NULL"
            " UNION SELECT local_id FROM sync_link WHERE target_id = :target"
            f" AND entity = '{kind}') AND (l.id IS NOT NULL OR ({_GOES}"
            " AND (bl.state IS NULL OR bl.state <> 'excluded')))"
        ),
        params=_params,
        complete=_complete,
    )


INVOICE, CREDIT_NOTE = _source("invoice"), _source("credit_note")
