"""Documents: lists of them, one with its lines, and what a client's card says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from interop_cli.domain.errors import Conflict, Detail, NotFound
from interop_cli.domain.fields import DOCUMENT
from interop_cli.domain.fields.field import Column
from interop_cli.domain.messages import msg
from interop_cli.domain.values.closed_lists import KIND_NAMES
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.reading import mailings, notes
from interop_cli.store.reading.called import id_named
from interop_cli.store.reading.fields import ListField, Per, list_fields
from interop_cli.store.reading.lists import EVERYTHING, Condition, Key, ListView

LISTED = list_fields(
    DOCUMENT, "d", {"client": ("c.code", "c.code_key"), "bill_to": ("p.code", "p.code_key")}
)
FIELDS = (*LISTED, ListField("mailed", mailings.STATE, listed=False))
SOURCE = (
    " FROM document d JOIN client c ON c.id = d.client_id"
    " JOIN client p ON p.id = COALESCE(d.bill_to_id, d.client_id)"
)
NAMES = tuple(field.name for field in LISTED)
LATEST = 5
# What a command takes for a document: a draft has no number yet.
REFERENCE = "COALESCE(d.number, '#' || CAST(d.id AS TEXT))"
# Of the client ``c``, for lists of clients.
COUNT = "(SELECT COUNT(*) FROM document d WHERE d.client_id = c.id)"
LAST_INVOICE = (
    "(SELECT MAX(d.date) FROM document d WHERE d.client_id = c.id AND d.kind = 'invoice'"
    " AND d.status = 'posted')"
)

COUNTED = Per("COUNT(*)", "document d", "d.client_id", "0")
LAST_INVOICED = Per(
    "MAX(d.date)",
    "document d WHERE d.kind = 'invoice' AND d.status = 'posted'",
    "d.client_id",
    "CAST(NULL AS TEXT)",
)


def columns() -> list[Column]:
    """The columns of a document."""
    return [*(field.column for field in LISTED), Column("reference", hidden=True)]


def chosen_by(
    kind: str | None, status: str | None, since: str | None, until: str | None
) -> Condition:
    """That a document ``d`` is of this kind and status, and of these days."""
    found = EVERYTHING
    for name, value, sql in (
        ("kind", kind, "d.kind = :kind"),
        ("status", status, "d.status = :status"),
        ("since", since, "d.date >= :since"),
        ("until", until, "d.date <= :until"),
    ):
        if value is not None:
            found &= Condition(sql, {name: value})
    return found


def document_named(conn: Connection, ref: str, kind: str | None = None) -> int:
    """The id of a document named by its number or ``#id``.

    Raises NotFound ``document.not_found``, and Conflict ``document.ambiguous`` where several have
    this number or id and ``kind`` does not say which.
    """
    # An ERP may number its documents #1001: such a number and an id are told apart by asking.
    rows = conn.query(
        "SELECT id, kind FROM document WHERE number_key = :key OR id = :id ORDER BY id",
        key=fold(ref),
        id=id_named(ref) or 0,
    )
    found = [row for row in rows if kind is None or row["kind"] == kind]
    if rows and not found:
        raise NotFound(
            "document.not_found",
            msg(
                "The kind of document {number} is {kinds}, and not {kind}.",
                number=ref[:40],
                kinds=", ".join(sorted({row["kind"] for row in rows})),
                kind=kind,
            ),
            hint=msg("Look for it with: interop sales document list"),
        )
    if not found:
        raise NotFound(
            "document.not_found",
            msg("There is no document {number}.", number=ref[:40]),
            hint=msg("Look for it with: interop sales document list"),
        )
    if len(found) > 1:
        raise Conflict(
            "document.ambiguous",
            msg("Several documents have this number or id."),
            hint=msg("Say which with --kind, or name it by its id: #{id}", id=found[0]["id"]),
            details=[Detail("kind", row["kind"], None, key=f"#{row['id']}") for row in found],
        )
    return int(found[0]["id"])


def one(conn: Connection, document_id: int) -> Row:
    """A document with its lines, taxes and addresses, as an object."""
    chosen = ", ".join(f"{field.sql} AS {field.name}" for field in LISTED)
    (row,) = conn.query(
        f"SELECT {chosen}, d.terms, d.memo, d.sold_to_address, d.bill_to_address,"
        " d.place_of_supply, d.taxes, d.corrects_id AS corrects, d.client_id, d.version,"
        f" d.created_at, d.updated_at{SOURCE} WHERE d.id = :id",
        id=document_id,
    )
    row["corrects"] = numbers(conn, [row["corrects"]]).get(row["corrects"])
    row["notes"] = notes.of_client(conn, row.pop("client_id"))
    row["taxes"] = json.loads(row["taxes"])
    row["lines"] = conn.query(
        "SELECT position, description, quantity, unit_price, amount_cents, tax"
        " FROM document_line WHERE document_id = :id ORDER BY position",
        id=document_id,
    )
    row["mailings"] = mailings.of_document(conn, document_id)
    return row


def numbers(conn: Connection, document_ids: Iterable[int | None]) -> dict[int | None, str | None]:
    """The numbers of documents, as what corrects them says: it may be another client's."""
    sql = "SELECT id, number FROM document WHERE id IN ({places})"
    wanted = (one for one in document_ids if one is not None)
    return {row["id"]: row["number"] for row in query_in_chunks(conn, sql, wanted)}


def of_client(conn: Connection, client_id: int) -> Row:
    """What the card says: ``counts`` by kind, and the ``latest`` documents."""
    counts = dict.fromkeys(KIND_NAMES, 0)
    for row in conn.query(
        "SELECT kind, COUNT(*) AS n FROM document WHERE client_id = :id GROUP BY kind", id=client_id
    ):
        counts[row["kind"]] = row["n"]
    chosen = ", ".join(f"{field.sql} AS {field.name}" for field in LISTED)
    latest = conn.query(
        f"SELECT {chosen}{SOURCE} WHERE d.client_id = :id"
        f" ORDER BY d.date DESC, d.id DESC LIMIT {LATEST}",
        id=client_id,
    )
    return {"counts": counts, "latest": latest}


VIEW = ListView(
    source=SOURCE,
    table="document d",
    key="reference",
    columns={
        **{field.name: field.sql for field in LISTED},
        "client_id": "d.client_id",
        "reference": REFERENCE,
    },
    fields=FIELDS,
    own=(Key("d.date", descending=True), Key("d.id", descending=True)),
    searched=("number", "contact", "ship_to", "external_id"),
    nested={"notes": notes.nested},
    named=document_named,
)
"""The latest first."""
