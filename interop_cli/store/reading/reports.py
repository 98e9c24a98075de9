"""Reports on sales: the stored totals added up by client, year, province or tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import N_
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.sales import BASES, SalesQuery
from interop_cli.store.totals import STALE

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

NAMES = (
    "by",
    "key",
    "name",
    "currency",
    "amount_cents",
    "invoices",
    "first_year",
    "last_year",
    "computed_at",
    "stale",
)
HEADS = {"client": N_("Client"), "year": N_("Year"), "province": N_("Province"), "tag": N_("Tag")}
# What a group is called, what distinguishes it, and how it is ordered.
GROUPS = {
    "client": ("c.code", "c.name", "c.code_key"),
    "year": ("CAST(t.year AS TEXT)", "NULL", "t.year"),
    "province": (
        "a.country || CASE WHEN a.province IS NULL THEN '' ELSE '-' || a.province END",
        "NULL",
        "a.country, a.province",
    ),
    "tag": ("g.value", "NULL", "g.value"),
}


def columns(by: str = "client") -> list[Column]:
    """The columns of a report; a table calls the key by what it is, and only clients have names."""
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {
        "amount_cents": ValueKind.MONEY,
        "invoices": ValueKind.INT,
        "first_year": ValueKind.INT,
        "last_year": ValueKind.INT,
        "computed_at": ValueKind.TIME,
        "stale": ValueKind.BOOL,
    }
    hidden = {"by", "first_year", "last_year", *(["name"] if by != "client" else [])}
    heads = {"key": HEADS[by]}
    return [
        Column(name, kinds.get(name, ValueKind.TEXT), heads.get(name), table=name not in hidden)
        for name in NAMES
    ]


def report(
    conn: Connection, query: SalesQuery, by: str, top: int | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """A row of ``NAMES`` for each group and currency; the largest amounts first, years in order.

    ``by`` is ``client``, ``year``, ``province`` (``CA-QC``, of the main address today) or ``tag``
    (a client with two tags counts in both; one without is in none). ``computed_at`` is the oldest
    of the group's totals, and it is ``stale`` when one of them is. ``top``: that many groups of
    each currency, the largest, of years too. Streamed in batches.
    """
    key, name, order = GROUPS[by]
    b = BASES[query.basis]
    tags = f" CROSS JOIN {conn.json_items('c.tags', 'g')}" if by == "tag" else ""
    parts = [part for part in (key, name, *order.split(", ")) if part != "NULL"]
    groups = ", ".join(dict.fromkeys(parts))
    sql = (
        f"SELECT {key} AS key, {name} AS name, t.currency, CAST(SUM(t.{b}_cents) AS BIGINT)"
        " AS amount_cents,"
        f" CAST(SUM(t.{b}_invoices) AS BIGINT) AS invoices, MIN(r.at) AS computed_at,"
        " MAX(CASE WHEN s.client_id IS NULL THEN 0 ELSE 1 END) AS stale,"
        f" ROW_NUMBER() OVER (ORDER BY {order}, t.currency) AS place"
        " FROM client c LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
        f" LEFT JOIN client p ON p.id = c.bill_to_id{tags}"
        " JOIN sales_total t ON t.client_id = c.id AND t.year BETWEEN :first AND :last"
        f" AND (t.{b}_cents <> 0 OR t.{b}_invoices <> 0)"
        " JOIN sales_run r ON r.id = t.run_id"
        f" LEFT JOIN {STALE} s ON s.client_id = c.id AND s.year = t.year"
        f" AND s.basis = :basis WHERE {query.condition.sql} GROUP BY {groups}, t.currency"
    )
    largest = "ORDER BY g.amount_cents DESC, g.place"
    ranks = f"ROW_NUMBER() OVER (PARTITION BY g.currency {largest}) AS rank"
    chosen = (
        f"SELECT '{by}' AS by_what, key, name, currency, amount_cents, invoices,"
        f" {query.first} AS first_year, {query.last} AS last_year, computed_at, stale"
        f" FROM (SELECT g.*, {ranks} FROM ({sql}) g) r"
        f" {'WHERE rank <= :top' if top else ''}"
        f" ORDER BY currency, {'place' if by == 'year' else 'rank'}"
    )
    params = {
        **query.condition.params,
        "first": query.first,
        "last": query.last,
        "basis": query.basis,
    }
    return conn.batches(chosen, {**params, "top": top} if top else params)
