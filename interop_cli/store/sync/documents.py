"""Invoices and credit notes as a target would get them.

Only those posted here go: since the target was configured, or dated from its setting
``invoices_from`` on. What was imported or recorded is in the books already.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from interop_cli.domain.sync.records import LocalRecord
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.sync.sources import PEOPLE, RecordSource, document_stamp

NEVER = "9999-12-31"


def _goes(document: str) -> str:
    """Whether a document is one to be sent to the target ``s``."""
    return (
        f"({document}.posted_at IS NOT NULL AND {document}.status = 'posted'"
        f" AND CASE WHEN CAST(:since AS TEXT) = '' THEN {document}.posted_at >= s.created_at"
        f" ELSE {document}.date >= CAST(:since AS TEXT) END)"
    )


def _params(conn: Connection, target_id: int) -> dict[str, Any]:
    (row,) = conn.query("SELECT settings FROM sync_target WHERE id = :id", id=target_id)
    settings = json.loads(row["settings"])
    wanted = settings.get("invoices") is not False
    return {"since": settings.get("invoices_from") or "" if wanted else NEVER}


def _lines(conn: Connection, rows: Sequence[Row]) -> None:
    """Put the lines of the documents beside them, in order."""
    by_id: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    sql = (
        "SELECT document_id, description, quantity, unit_price, amount_cents, tax"
        " FROM document_line WHERE document_id IN ({places}) ORDER BY document_id, position"
    )
    for line in query_in_chunks(conn, sql, by_id):
        by_id[line.pop("document_id")].append(line)
    for row in rows:
        row["lines"] = by_id[row["id"]]


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
        "bill_to": "b.code",
        "bill_to_remote": "bl.remote_id",
        "prospect": "c.prospect",
        "payer_prospect": "b.prospect",
        "corrects": "k.number",
        "corrects_remote": "kl.remote_id",
        "corrects_goes": f"CASE WHEN {_goes('k')} THEN 1 ELSE 0 END",
    }

    def local(row: Row) -> LocalRecord:
        values = {name: row[name] for name in columns} | {"lines": row["lines"]}
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
            " JOIN sync_target s ON s.id = :target"
            " LEFT JOIN sync_link bl ON bl.target_id = :target AND bl.entity = 'client'"
            " AND bl.local_id = b.id LEFT JOIN document k ON k.id = d.corrects_id"
            " LEFT JOIN sync_link kl ON kl.target_id = :target AND kl.entity = 'invoice'"
            " AND kl.local_id = k.id LEFT JOIN sync_link l ON l.target_id = :target"
            f" AND l.entity = '{kind}' AND l.local_id = d.id"
        ),
        stamp=document_stamp(":target"),
        client="d.client_id",
        eligible="TRUE",
        order="d.date, d.id",
        local=local,
        # Those that were sent stay in sight, whatever became of them here.
        only=(
            f"d.id IN (SELECT id FROM document WHERE kind = '{kind}' AND posted_at IS NOT NULL"  # noqa: S608
            " UNION SELECT local_id FROM sync_link WHERE target_id = :target"
            f" AND entity = '{kind}') AND (l.id IS NOT NULL OR ({_goes('d')}"
            " AND (bl.state IS NULL OR bl.state <> 'excluded')))"
        ),
        params=_params,
        complete=_lines,
    )


INVOICE, CREDIT_NOTE = _source("invoice"), _source("credit_note")
