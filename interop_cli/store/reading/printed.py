"""Documents with all that stands on paper: parties, places, lines, logos, notes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.documents import SOURCE, document_named, numbers
from interop_cli.store.reading.lists import Condition, Key, grouped, ordered

BATCH = 100
LOGO = "company.logo"
"""The setting that names the shop's logo; ``config logo`` writes it, and nobody types it."""
_PLACE = ("label", "attention", "line1", "line2", "city", "province", "postal_code", "country")
_FIELDS = (
    "id",
    "kind",
    "number",
    "status",
    "date",
    "due_date",
    "currency",
    "subtotal_cents",
    "tax_cents",
    "total_cents",
    "terms",
    "contact",
    "ship_to",
    "ship_to_id",
    "sold_to_address",
    "bill_to_address",
    "client_id",
)


def named(conn: Connection, refs: Iterable[str], kind: str | None) -> list[int]:
    """The ids of documents by number or ``#id``, each once; raises as ``document_named``."""
    return list(dict.fromkeys(document_named(conn, ref, kind) for ref in refs))


def chosen(conn: Connection, condition: Condition) -> list[int]:
    """The ids of the documents that a condition chooses, in the order of their numbers."""
    keys = ordered((Key("d.kind"), Key("COALESCE(d.number_key, '')"), Key("d.id")))
    rows = conn.query(f"SELECT d.id AS id{SOURCE} WHERE {condition.sql}{keys}", **condition.params)
    return [row["id"] for row in rows]


def documents(conn: Connection, ids: Sequence[int], *, notes: bool = False) -> Iterator[Row]:
    """These documents in this order, as ``paper.sheets`` takes them, read in batches.

    Beside the document's own: ``client`` and ``payer`` (codes), ``client_name``, ``payer_name``,
    ``language``, ``shipper_identity``, ``logo`` (bytes), ``main``, ``payer_main`` and
    ``ship_to_place`` (addresses or ``None``), ``lines``, ``taxes``, ``corrects``, and ``notes``:
    those of the client, the latest first, where they are asked for.
    """
    for start in range(0, len(ids), BATCH):
        wanted = ids[start : start + BATCH]
        found = {row["id"]: row for row in _batch(conn, wanted, notes=notes)}
        for document_id in wanted:
            yield found[document_id]


def _batch(conn: Connection, ids: Sequence[int], *, notes: bool) -> list[Row]:
    condition, among = conn.among("d.id", ids)
    fields = ", ".join(f"d.{name} AS {name}" for name in _FIELDS)
    rows = conn.query(
        f"SELECT {fields}, d.taxes AS taxes, d.corrects_id AS corrects, c.code AS client,"
        " c.name AS client_name, c.language AS language, c.shipper_identity AS shipper_identity,"
        " c.logo AS logo, p.id AS payer_id, p.code AS payer, p.name AS payer_name"
        f"{SOURCE} WHERE {condition}",
        among=among,
    )
    clients, payers = ({row[name] for row in rows} for name in ("client_id", "payer_id"))
    mains = _places(conn, "client_id", clients | payers, "main = 1")
    places = _places(conn, "id", {row["ship_to_id"] for row in rows} - {None})
    logos = _logos(conn, {row["logo"] for row in rows} - {None})
    lines = _lines(conn, ids)
    corrected = numbers(conn, {row["corrects"] for row in rows})
    noted = _notes(conn, clients) if notes else {}
    for row in rows:
        client_id, payer_id = row.pop("client_id"), row.pop("payer_id")
        row["taxes"] = json.loads(row["taxes"])
        row["corrects"] = corrected.get(row["corrects"])
        row["logo"] = logos.get(row["logo"])
        row["main"], row["payer_main"] = mains.get(client_id), mains.get(payer_id)
        row["ship_to_place"] = places.get(row.pop("ship_to_id"))
        row["lines"] = lines.get(row["id"], [])
        row["notes"] = noted.get(client_id, [])
    return rows


def _places(
    conn: Connection, column: str, ids: Iterable[Any], where: str = "TRUE"
) -> dict[int, Row]:
    """The addresses that have one of these in a column, by it."""
    condition, among = conn.among(column, ids)
    rows = conn.query(
        f"SELECT id, client_id, {', '.join(_PLACE)} FROM address WHERE {condition} AND {where}",
        among=among,
    )
    return {row[column]: row for row in rows}


def _logos(conn: Connection, names: Iterable[str]) -> dict[str, bytes]:
    condition, among = conn.among("sha256", names)
    rows = conn.query(f"SELECT sha256, content FROM blob WHERE {condition}", among=among)
    return {row["sha256"]: bytes(row["content"]) for row in rows}


def _lines(conn: Connection, ids: Sequence[int]) -> dict[int, list[Row]]:
    condition, among = conn.among("document_id", ids)
    rows = conn.query(
        "SELECT document_id, description, quantity, unit_price, amount_cents"
        f" FROM document_line WHERE {condition} ORDER BY document_id, position",
        among=among,
    )
    return grouped(rows, "document_id")


def _notes(conn: Connection, clients: Iterable[int]) -> dict[int, list[Row]]:
    condition, among = conn.among("client_id", clients)
    rows = conn.query(
        f"SELECT client_id, category, text FROM note WHERE {condition}"
        " ORDER BY noted_at DESC, id DESC",
        among=among,
    )
    return grouped(rows, "client_id")


def company_logo(conn: Connection) -> bytes | None:
    """The shop's own logo."""
    rows = conn.query(
        "SELECT content FROM setting JOIN blob ON blob.sha256 = setting.value"
        " WHERE setting.name = :name",
        name=LOGO,
    )
    return bytes(rows[0]["content"]) if rows else None
