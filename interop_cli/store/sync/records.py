"""Our records as a target would get them, each with its link: one SQL statement an entity.

A record's ``stamp`` is made of the versions of everything a payload may be made of, so that a
change anywhere shows without anybody having had to note it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from interop_cli.domain.fields import CLIENT as CLIENT_FIELDS
from interop_cli.domain.fields import CONTACT as CONTACT_FIELDS
from interop_cli.domain.sync.link import NONE, Link
from interop_cli.domain.sync.records import Departure, LocalRecord
from interop_cli.store.engines.connection import Connection, Row, places_in_chunks, query_in_chunks
from interop_cli.store.reading.fields import synced_sql
from interop_cli.store.reading.lists import EVERYTHING as ALL
from interop_cli.store.reading.lists import Condition
from interop_cli.store.sync.departures import gone_contacts, with_losers
from interop_cli.store.sync.documents import CREDIT_NOTE, INVOICE
from interop_cli.store.sync.links import LINK_COLUMNS, to_link
from interop_cli.store.sync.sources import (
    EMAIL_OWNER,
    PEOPLE,
    RecordSource,
    client_stamp,
    contact_stamp,
)


@dataclass(frozen=True)
class RecordScope:
    """Which records: those of these clients, or of those a condition on ``c`` ``a`` ``p`` holds
    for; those of clients that were merged into them, too.
    """

    client_ids: tuple[int, ...] | None = None
    condition: Condition = ALL


EVERYTHING = RecordScope()


def _client(row: Row) -> LocalRecord:
    values, stamp = row, row.pop("stamp")
    values["active"] = bool(row["active"])
    values["prospect"] = bool(row["prospect"])
    values["accounting"] = json.loads(row["accounting"]) if row["accounting"] != "{}" else {}
    values["tags"] = list(_tags(row["tags"]))
    heir = row["merged_into_id"]
    return LocalRecord(
        "client",
        row["id"],
        row["code"],
        row["uid"],
        stamp,
        values["active"],
        values,
        values["prospect"],
        row["bill_to"],
        bool(row["payer_prospect"]),
        {"bill_to": row["bill_to"]} if row["bill_to"] else {},
        departure=None
        if heir is None
        else Departure(heir=heir, code=row["heir_code"], into=row["heir_remote"]),
    )


@lru_cache(1024)  # they repeat
def _tags(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _contact(row: Row) -> LocalRecord:
    values, stamp = row, row.pop("stamp")
    values["email_free"] = row["email_owner"] in (None, row["id"])
    active = bool(row["active"]) and bool(row["client_active"])
    values["active"] = active
    return LocalRecord(
        "contact",
        row["id"],
        row["client"],
        row["uid"],
        stamp,
        active,
        values,
        bool(row["prospect"]),
        row["bill_to"],
        bool(row["payer_prospect"]),
        {"client": row["client"]},
        departure=Departure(erased=True) if row["leaves"] == "erase" else None,
    )


CLIENT = RecordSource(
    table="client",
    columns={
        **synced_sql(CLIENT_FIELDS, "c", {"bill_to": ("p.code", "")}, place="a"),
        "bill_to_remote": "pl.remote_id",
        "billing_name": "b.name",
        "billing_email": "b.email",
        "billing_phone": "b.phone",
        "payer_prospect": "p.prospect",
        "merged_into_id": "c.merged_into_id",
        "heir_code": "w.code",
        "heir_remote": "wl.remote_id",
    },
    tables=(
        f" FROM client c{PEOPLE}"
        " LEFT JOIN client w ON w.id = c.merged_into_id"
        " LEFT JOIN sync_link wl ON wl.target_id = :target AND wl.entity = 'client'"
        " AND wl.local_id = w.id AND wl.state <> 'detached'"
        " LEFT JOIN contact b ON b.client_id = c.id AND b.billing = 1 AND b.active = 1"
        " LEFT JOIN sync_link pl ON pl.target_id = :target AND pl.entity = 'client'"
        " AND pl.local_id = c.bill_to_id"
        " LEFT JOIN sync_link l ON l.target_id = :target AND l.entity = 'client'"
        " AND l.local_id = c.id"
    ),
    stamp=client_stamp(),
    client="c.id",
    eligible="c.active = 1",
    # A payer before those it pays for; one level is all there is.
    order="CASE WHEN c.bill_to_id IS NULL THEN 0 ELSE 1 END, c.code_key",
    local=_client,
)
CONTACT = RecordSource(
    table="contact",
    columns={
        **synced_sql(CONTACT_FIELDS, "t", {"client": ("c.code", "")}),
        "client_active": "c.active",
        "client_remote": "cl.remote_id",
        "prospect": "c.prospect",
        "bill_to": "p.code",
        "payer_prospect": "p.prospect",
        "email_owner": EMAIL_OWNER,
        "leaves": "l.leaves",
    },
    tables=(
        f" FROM contact t JOIN client c ON c.id = t.client_id{PEOPLE}"
        " LEFT JOIN sync_link cl ON cl.target_id = :target AND cl.entity = 'client'"
        " AND cl.local_id = c.id"
        " LEFT JOIN sync_link l ON l.target_id = :target AND l.entity = 'contact'"
        " AND l.local_id = t.id"
    ),
    stamp=contact_stamp(),
    client="t.client_id",
    eligible="t.active = 1 AND c.active = 1",
    order="c.code_key, t.id",
    local=_contact,
)
SOURCES = {"client": CLIENT, "contact": CONTACT, "invoice": INVOICE, "credit_note": CREDIT_NOTE}


def records(
    conn: Connection,
    entity: str,
    target_id: int,
    scope: RecordScope = EVERYTHING,
    *,
    pending: tuple[str, int] | None = None,
) -> Iterator[tuple[LocalRecord, Link]]:
    """Our records of an entity, each with its link, those first that others refer to.

    ``pending`` is the form of payloads and the version of the target in force: records whose link
    is in step with them and with the record are then left out, and so are those that were never
    sent and are not to be.
    """
    source = SOURCES[entity]
    for where, params in _wheres(conn, entity, target_id, scope, pending):
        yield from _read(conn, source, where, params)
    if entity == "contact":
        yield from _gone_of(conn, target_id, scope)


def ids(
    conn: Connection,
    entity: str,
    target_id: int,
    scope: RecordScope = EVERYTHING,
    *,
    pending: tuple[str, int] | None = None,
) -> list[int]:
    """The ids of the same records, in the same order."""
    source, found = SOURCES[entity], list[int]()
    for where, params in _wheres(conn, entity, target_id, scope, pending):
        sql = f"SELECT {source.columns['id']}{source.tables} WHERE {source.only} AND {where}"
        bound = {**params, **source.params(conn, target_id)}
        found += [row[0] for batch in conn.batches(sql, bound, 2000) for row in batch]
    if entity == "contact":
        found += [local.id for local, _link in _gone_of(conn, target_id, scope)]
    return found


def _wheres(
    conn: Connection,
    entity: str,
    target_id: int,
    scope: RecordScope,
    pending: tuple[str, int] | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The conditions of the statements that read records, each with its order and its values."""
    source = SOURCES[entity]
    condition = scope.condition.sql
    if entity == "client" and scope.condition != ALL:  # with those that were merged into them
        condition = f"({condition} OR c.merged_into_id IN ({_CHOSEN} WHERE {condition}))"
    params: dict[str, Any] = {**scope.condition.params, "target": target_id}
    if pending is not None:
        params["form"], params["version"] = pending
        condition += (
            f" AND (l.id IS NOT NULL OR {source.eligible}) AND (l.id IS NULL"
            f" OR l.state <> 'in_sync' OR l.form <> :form OR l.target_version <> :version"
            f" OR l.stamp <> {source.stamp})"
        )
    if scope.client_ids is None:
        yield f"{condition} ORDER BY {source.order}", params
        return
    chosen = scope.client_ids
    for places, some in places_in_chunks(
        with_losers(conn, chosen) if entity == "client" else chosen
    ):
        where = f"{condition} AND {source.client} IN ({places}) ORDER BY {source.order}"
        yield where, params | some


def _gone_of(
    conn: Connection, target_id: int, scope: RecordScope
) -> Iterator[tuple[LocalRecord, Link]]:
    """The contacts of a scope that are not here any more."""
    if scope.client_ids is not None:
        chosen = frozenset(scope.client_ids)
        return gone_contacts(conn, target_id, of_clients=chosen.intersection)
    among = None if scope == EVERYTHING else partial(_among, conn, scope.condition)
    return gone_contacts(conn, target_id, of_clients=among)


_CHOSEN = f"SELECT c.id FROM client c{PEOPLE}"


def _among(conn: Connection, condition: Condition, ids: frozenset[int]) -> set[int]:
    """Those of these clients that a condition holds for."""
    sql = f"{_CHOSEN} WHERE {condition.sql} AND c.id IN ({{places}})"
    return {row["id"] for row in query_in_chunks(conn, sql, ids, **condition.params)}


def by_ids(
    conn: Connection, entity: str, target_id: int, ids: Sequence[int]
) -> Iterator[tuple[LocalRecord, Link]]:
    """Records by their own ids, each with its link."""
    source, left = SOURCES[entity], set(ids)
    for places, params in places_in_chunks(ids):
        where = f"{source.columns['id']} IN ({places}) ORDER BY {source.order}"
        for local, link in _read(conn, source, where, {**params, "target": target_id}):
            left.discard(local.id)
            yield local, link
    if entity == "contact" and left:
        yield from gone_contacts(conn, target_id, ids=sorted(left))


def _read(
    conn: Connection, source: RecordSource, where: str, params: dict[str, Any]
) -> Iterator[tuple[LocalRecord, Link]]:
    own = ", ".join(f"{sql} AS {name}" for name, sql in source.columns.items())
    linked = ", ".join(f"l.{name} AS l_{name}" for name in LINK_COLUMNS)
    sql = f"SELECT {own}, {source.stamp} AS stamp, {linked}{source.tables}"
    bound = {**params, **source.params(conn, params["target"])}
    names = [*source.columns, "stamp"]
    width = len(names)
    for batch in conn.batches(f"{sql} WHERE {source.only} AND {where}", bound, 2000):
        rows = [dict(zip(names, values)) for values in batch]  # noqa: B905 - of both the first
        source.complete(conn, rows, bound)
        for row, values in zip(rows, batch, strict=True):
            link = NONE if values[width] is None else to_link(values[width:])
            yield source.local(row), link


def in_step_counts(conn: Connection, target_id: int, entities: Sequence[str]) -> dict[bool, int]:
    """How many records that exist were in step when they were last pushed: drifted -> how many."""
    found = {False: 0, True: 0}
    for entity in entities:
        rows = conn.query(
            "SELECT l.drift, COUNT(*) AS n FROM sync_link l"
            f" JOIN {SOURCES[entity].table} x ON x.id = l.local_id WHERE l.target_id = :target"
            f" AND l.entity = '{entity}' AND l.state = 'in_sync' GROUP BY l.drift",
            target=target_id,
        )
        for row in rows:
            found[bool(row["drift"])] += int(row["n"])
    return found


MANY = 2000  # clients written: then all are looked at


def written_by(conn: Connection, operations: Sequence[int]) -> RecordScope | None:
    """The clients these operations touched, and those who pay for them; None: none at all."""
    written = ", ".join(map(str, operations))
    found = conn.query(
        "SELECT DISTINCT client_id AS id FROM change"
        f" WHERE operation_id IN ({written}) AND client_id IS NOT NULL"
    )
    if len(found) > MANY:
        return EVERYTHING
    ids = [row["id"] for row in found]
    if not ids:
        return None
    places = ", ".join(map(str, ids))
    payers = conn.query(
        "SELECT bill_to_id AS id FROM client"
        f" WHERE id IN ({places}) AND bill_to_id IS NOT NULL"
        " UNION SELECT d.bill_to_id AS id FROM change ch JOIN document d ON d.id = ch.entity_id"
        f" WHERE ch.operation_id IN ({written}) AND ch.entity = 'document'"
        " AND d.bill_to_id IS NOT NULL"
    )
    return RecordScope(tuple(dict.fromkeys([*(row["id"] for row in payers), *ids])))
