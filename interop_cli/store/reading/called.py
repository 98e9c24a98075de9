"""What people call a row of any table: a client by its code or ``#id``, and a row in one line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.closed_lists import KIND_TITLE
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks


class Called(NamedTuple):
    """The code of the client that a row is of (None: of none), and what the row is called."""

    client: str | None
    title: Message
    gone: bool  # it was deleted


# Tables whose rows have a name of their own, and its column.
NAMED = {
    "client_code": "code",
    "setting": "name",
    "user_role": "name",
    "counter": "name",
    "sync_target": "name",
}


def called(conn: Connection, rows: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Called]:
    """What these rows (table and id) are called, those too that were deleted."""
    wanted: dict[str, set[int]] = {}
    for entity, row_id in rows:
        wanted.setdefault(entity, set()).add(row_id)
    found: dict[tuple[str, int], Called] = {}
    for entity, ids in wanted.items():
        known, gone = _known(conn, entity, ids)
        owners, _gone = _known(conn, "client", {row.get("client_id") for row in known.values()})
        for row_id in ids:
            row = known.get(row_id, {})
            client = row if entity == "client" else owners.get(row.get("client_id"), {})
            found[entity, row_id] = Called(
                client.get("code"), _title(entity, row_id, row), row_id in gone
            )
    return found


def named(entity: str, reference: str) -> Message:
    """What people call the row that is referred to by ``#id``, or a client by its code."""
    if reference.startswith("#"):
        return _of_id(entity, int(reference[1:]))
    return msg("client {code}", code=reference)


def _known(conn: Connection, entity: str, ids: set[Any]) -> tuple[dict[Any, Row], set[int]]:
    """The rows of these ids, by id, and which of them only the journal has."""
    sql = f"SELECT * FROM {entity} WHERE id IN ({{places}})"
    if entity == "document_line":
        sql = (
            "SELECT l.id, l.client_id, d.id AS document_id, d.kind, d.number FROM document_line l"
            " JOIN document d ON d.id = l.document_id AND d.client_id = l.client_id"
            " WHERE l.id IN ({places})"
        )
    known = {row["id"]: row for row in query_in_chunks(conn, sql, ids - {None})}
    gone = {}
    sql = (
        "SELECT entity_id, before FROM change WHERE entity = :entity AND action = 'delete'"
        " AND entity_id IN ({places}) ORDER BY id"
    )
    for row in query_in_chunks(conn, sql, ids - known.keys() - {None}, entity=entity):
        gone[row["entity_id"]] = json.loads(row["before"])
    return known | gone, set(gone)


def _title(entity: str, row_id: int, row: Mapping[str, Any]) -> Message:
    if entity in ("document", "document_line"):
        number = row.get("number") or f"#{row.get('document_id', row_id)}"
        if (kind := row.get("kind")) is None:
            return msg("document {number}", number=number)
        return msg("{kind} {number}", kind=Message(KIND_TITLE[kind]), number=number)
    if entity in NAMED and row:
        return _of_name(entity, row[NAMED[entity]])
    return _of_id(entity, row_id)


def _of_name(entity: str, name: str) -> Message:
    return {
        "client_code": msg("former code {name}", name=name),
        "setting": msg("setting {name}", name=name),
        "user_role": msg("role of {name}", name=name),
        "counter": msg("numbers of {name}", name=name),
        "sync_target": msg("target {name}", name=name),
    }[entity]


def _of_id(entity: str, row_id: int) -> Message:
    return {
        "client": msg("client"),
        "contact": msg("contact {id}", id=row_id),
        "address": msg("address {id}", id=row_id),
        "note": msg("note {id}", id=row_id),
        "attachment": msg("attachment {id}", id=row_id),
        "mailing": msg("e-mail {id}", id=row_id),
    }.get(entity, Message("{entity} #{id}", {"entity": entity, "id": row_id}))


SHOWN = 5
LONGEST = 60
SQL = {
    "client": "SELECT t.id, t.code AS name, t.name AS what, NULL AS more, NULL AS owner"
    " FROM client t",
    "contact": "SELECT t.id, NULL AS name, t.name AS what, t.title AS more, c.code AS owner"
    " FROM contact t JOIN client c ON c.id = t.client_id",
    "address": "SELECT t.id, t.label AS name, t.line1 AS what, t.city AS more, c.code AS owner"
    " FROM address t JOIN client c ON c.id = t.client_id",
    "note": "SELECT t.id, t.category AS name, t.text AS what, NULL AS more, c.code AS owner"
    " FROM note t JOIN client c ON c.id = t.client_id",
}


def lines(conn: Connection, entity: str, ids: Sequence[int]) -> list[str]:
    """The first few of these rows, in their order: ``ACME  Acmé inc.``, ``#7  Jo  (ACME)``."""
    few = ids[:SHOWN]
    sql = f"{SQL[entity]} WHERE t.id IN ({{places}})"
    found = {row["id"]: row for row in query_in_chunks(conn, sql, few)}
    return [_line(entity, found[row_id]) for row_id in few if row_id in found]


def _line(entity: str, row: dict[str, object]) -> str:
    number = "" if entity == "client" else f"#{row['id']}"
    what = ", ".join(str(row[name]) for name in ("what", "more") if row[name])
    what = " ".join(what.split())
    if len(what) > LONGEST:
        what = what[: LONGEST - 1] + "…"
    owner = f"({row['owner']})" if row["owner"] else ""
    return "  ".join(part for part in (number, str(row["name"] or ""), what, owner) if part)


def id_named(ref: str) -> int | None:
    """The id in a reference of the form ``#17``."""
    return int(ref[1:]) if ref[:1] == "#" and ref[1:].isdecimal() and len(ref) < 19 else None


def client_not_found(ref: str) -> NotFound:
    """The error for a reference that names no client."""
    return NotFound(
        "client.not_found",
        msg("There is no client {code}.", code=ref if len(ref) <= 40 else ref[:40] + "…"),
        hint=msg("Look for it with: interop client list --status all --search TEXT"),
    )


def resolve(conn: Connection, ref: str) -> tuple[int, str, bool]:
    """Id, present code, and whether ``ref`` was a former code. Raises NotFound."""
    wanted = id_named(ref)
    if wanted is not None:
        rows = conn.query("SELECT id, code, 0 AS former FROM client WHERE id = :id", id=wanted)
    else:
        rows = conn.query(
            "SELECT id, code, 0 AS former FROM client WHERE code_key = :key UNION ALL"
            " SELECT c.id, c.code, 1 AS former FROM client_code f"
            " JOIN client c ON c.id = f.client_id WHERE f.code_key = :key",
            key=fold(ref),
        )
    if not rows:
        raise client_not_found(ref)
    return rows[0]["id"], rows[0]["code"], bool(rows[0]["former"])


def code_of(conn: Connection, client_id: int) -> str:
    """The code of a client by its id; its id where it is gone."""
    rows = conn.query("SELECT code FROM client WHERE id = :id", id=client_id)
    return str(rows[0]["code"]) if rows else f"#{client_id}"
