"""Lists of clients, and the parts of a client's card, its logo included."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from interop_cli.domain.fields import CLIENT, Kind
from interop_cli.domain.values.text import begun_phone, searched_words
from interop_cli.store.engines.connection import Connection, Match, Member, Row
from interop_cli.store.reading import addresses, contacts, documents, lists, mailings, notes, sales
from interop_cli.store.reading.called import SHOWN, resolve
from interop_cli.store.reading.fields import ListField, list_fields
from interop_cli.store.reading.lists import EVERYTHING, Condition
from interop_cli.store.sync import sources

HEAD = 8  # bytes, which tell the formats apart


def of_client(conn: Connection, client_id: int) -> Row | None:
    """What is known of a client's logo (``type``, ``size``, ``sha256``); None where it has none."""
    rows = conn.query(
        f"SELECT sha256, size, SUBSTR(content, 1, {HEAD}) AS head"
        " FROM client JOIN blob ON blob.sha256 = client.logo WHERE client.id = :id",
        id=client_id,
    )
    if not rows:
        return None
    from interop_cli.domain.values.logo import media_type

    row = rows[0]
    kind = media_type(bytes(row["head"]))
    return {"type": kind, "size": row["size"], "sha256": row["sha256"]}


def contents(conn: Connection, client_ids: Iterable[int]) -> dict[int, bytes]:
    """The logos of clients: client id -> content."""
    return notes.blobs(conn, "client", "logo", "client.id", client_ids)


FIELDS: tuple[ListField, ...] = (
    *list_fields(CLIENT, "c", {"bill_to": ("p.code", "p.code_key")}, place="a"),
    ListField("tag", "c.tags_key", Kind.TAGS, listed=False, always=True),
    ListField(
        "contacts",
        "(SELECT COUNT(*) FROM contact t WHERE t.client_id = c.id)",
        Kind.INT,
        listed=False,
        always=True,
    ),
    ListField(
        "documents", documents.COUNT, Kind.INT, listed=False, always=True, per=documents.COUNTED
    ),
    ListField(
        "last_invoice", documents.LAST_INVOICE, Kind.DATE, listed=False, per=documents.LAST_INVOICED
    ),
    ListField(
        "sales.YEAR",
        sales.IN_YEAR,
        Kind.MONEY,
        listed=False,
        suffix="[0-9]{4}",
        always=True,
        per=sales.SOLD_IN_YEAR,
    ),
)
LISTED = tuple(field for field in FIELDS if field.listed)
COLUMNS = frozenset(field.name for field in LISTED)
# What belongs to a client: on its card, and in a list where --fields asks for it.
NESTED: dict[str, lists.Nested] = {
    "contacts": contacts.nested,
    "addresses": addresses.nested,
    "notes": notes.nested,
}

JOINED = (
    " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
    " LEFT JOIN client p ON p.id = c.bill_to_id"
)
SOURCE = f" FROM client c{JOINED}"
STATUSES = {"active": "c.active = 1", "inactive": "c.active = 0", "all": "TRUE"}


def of_status(status: str) -> Condition:
    """That a client ``c`` is ``active`` or ``inactive``; ``all`` are."""
    return Condition(STATUSES[status], {})


INDEXED = ("code", "name")  # sorted by these, clients come from an index
FEW = 200  # clients asked for, at the most, are looked for in order


class ListQuery(NamedTuple):
    """What a list is asked for: conditions, order, and which part of it."""

    status: str = "active"
    prospect: bool | None = None
    filters: Condition = EVERYTHING
    search: str | None = None
    sort: str = "code"
    limit: int | None = None
    after: str | None = None


def where(conn: Connection, query: ListQuery) -> Condition:
    """The condition of a list on ``c`` ``a`` ``p``."""
    if not query.search:
        return _unsearched(query)
    found = _matched(conn, query)
    return _unsearched(query) & Condition(found.sql, {**found.params})


def _matched(conn: Connection, query: ListQuery) -> Match:
    """What is searched."""
    search = query.search or ""
    text, begun = searched_words(search), begun_phone(search)
    few = _few(query)
    by_part = few and not begun and query.sort.lstrip("-") == "code"
    found = conn.match(text, few=few, by_part=by_part) if text else Match("FALSE", {})
    if begun:  # these words, or a telephone that begins so
        phone = conn.match(begun, few=few, name="begun")
        found = Match(f"({found.sql} OR {phone.sql})", {**found.params, **phone.params})
    return found


def _unsearched(query: ListQuery) -> Condition:
    """The condition of a list, what is searched excepted."""
    condition = of_status(query.status) & query.filters
    if query.prospect is not None:
        condition &= Condition("c.prospect = :prospect", {"prospect": int(query.prospect)})
    return condition


def client_rows(
    conn: Connection, query: ListQuery, names: Sequence[str], also: Mapping[str, str] = {}
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of the fields ``names`` and of what is ``NESTED``, streamed in batches.

    Several names with commas between them are one value: the text of ``json_members``. ``also``
    is the SQL of names that no list has.
    """
    tail, params = _chosen(conn, query)

    def sql(name: str) -> str:
        if name in also:
            return also[name]
        members = _members(name.split(","))
        return members[0][1] if len(members) == 1 else conn.json_members(members)

    def read(plain: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
        columns = ", ".join(sql(name) for name in plain)
        return conn.batches(f"SELECT {columns}{tail}", params)

    return lists.with_nested(conn, names, NESTED, "id", read)


def client_objects(conn: Connection, query: ListQuery, names: Sequence[str]) -> Generator[bytes]:
    """The same rows as JSON objects, in blocks of whole lines; see ``Connection.objects``."""
    tail, params = _chosen(conn, query)
    return conn.objects(_members(names), tail, params)


def _members(names: Iterable[str]) -> list[Member]:
    fields = {field.name: field for field in LISTED}
    return [(name, fields[name].sql, fields[name].kind.shown) for name in names]


def _chosen(conn: Connection, query: ListQuery) -> tuple[str, dict[str, Any]]:
    """All of a list's statement from FROM on, and what it binds."""
    from interop_cli.store.reading import first_few

    keys = lists.sorted_by(LISTED, query.sort, "c.id", turned=False)
    after, params = "", dict[str, Any]()
    if query.after is not None:
        client_id = resolve(conn, query.after)[0]
        after, params = lists.after_row(conn, SOURCE, keys, "c.id", client_id)
    found, matched, early = _unsearched(query), None, None
    by_index = bool(query.limit) and query.sort.lstrip("-") in INDEXED
    wanted = first_few.Beginning(keys, query.limit or 0, found, after, params)
    if _few(query):
        early = first_few.with_words(conn, wanted, query.search or "")
    elif by_index and not _is_frequent(query) and wanted.limit <= FEW:
        early = first_few.for_whom(conn, wanted, JOINED)
    if query.search and early is None:
        matched = _matched(conn, query)
        if matched.within:
            early = first_few.by_part(conn, wanted, matched.within)
    sort_all = early is not None or not (by_index and _is_frequent(query))
    if query.sort.lstrip("-") != "id" and sort_all:
        keys = tuple(key._replace(sql=conn.sorting(key.sql)) for key in keys)
    order = lists.ordered(keys)
    if early is not None:
        condition, among = conn.among("c.id", early)
        return f"{SOURCE} WHERE {condition}{order}", {"among": among}
    if matched:
        found &= Condition(matched.sql, {**matched.params})
    params.update(found.params)
    tail = f"{SOURCE} WHERE {found.sql}{after}{order}"
    if query.limit:
        tail += " LIMIT :limit"
        params["limit"] = query.limit
        if query.search:  # only the few that are shown are read whole
            if _few(query):  # nor their addresses before
                tail = tail.replace(SOURCE, " FROM client c", 1)
            tail = f"{SOURCE} WHERE c.id IN (SELECT c.id{tail}){order}"
    return tail, params


def _is_frequent(query: ListQuery) -> bool:
    """Whether the first few clients in their order are soon found: a search has found which."""
    return bool(query.search) or _unsearched(query).sql == EVERYTHING.sql


def _few(query: ListQuery) -> bool:
    """Whether the first few that a search finds are wanted, in an order with an index."""
    return (
        bool(query.search and query.limit)
        and (query.limit or 0) <= FEW
        and query.status != "inactive"
        and query.filters.sql == EVERYTHING.sql
        and query.sort.lstrip("-") in INDEXED
    )


def former_codes(
    conn: Connection, client_ids: Iterable[int], *, merged: bool | None = None
) -> dict[int, list[str]]:
    """The codes that clients had before, in that order: client id -> codes.

    ``merged``: those of clients that were merged into them, or their own; both where None.
    """
    found: dict[int, list[str]] = {}
    which = {None: "0, 1", True: "1", False: "0"}[merged]
    condition, among = conn.among("client_id", client_ids)
    sql = (
        f"SELECT client_id, code FROM client_code WHERE merged IN ({which})"
        f" AND {condition} ORDER BY id"
    )
    for row in conn.query(sql, among=among):
        found.setdefault(row["client_id"], []).append(row["code"])
    return found


def count_clients(conn: Connection, query: ListQuery) -> int:
    """How many clients the query matches, whatever its limit."""
    condition = where(conn, query._replace(limit=None))  # all are looked for, not the few shown
    rows = conn.query(f"SELECT COUNT(*) AS n{SOURCE} WHERE {condition.sql}", **condition.params)
    return int(rows[0]["n"])


def card(conn: Connection, client_id: int, this_year: int) -> Row:
    """A client with everything nested: the object of ``client show``."""
    columns = ", ".join(f"{field.sql} AS {field.name}" for field in LISTED)
    (row,) = conn.query(
        f"SELECT {columns}, c.accounting AS accounting, m.code AS merged_into{SOURCE}"
        " LEFT JOIN client m ON m.id = c.merged_into_id WHERE c.id = :id",
        id=client_id,
    )
    row.update(
        active=bool(row["active"]),
        prospect=bool(row["prospect"]),
        tags=json.loads(row["tags"]),
        accounting=json.loads(row["accounting"]),
    )
    row["former_codes"] = former_codes(conn, [client_id]).get(client_id, [])
    row["logo"] = of_client(conn, client_id)
    for name, objects in NESTED.items():
        row[name] = objects(conn, [client_id])[client_id]
    row["documents"] = documents.of_client(conn, client_id)
    row["mailings"] = mailings.of_client(conn, client_id)
    row["sales"] = sales.by_year(conn, client_id, this_year)
    row["sync"] = sources.states_of(conn, client_id)
    return row


def first_clients(conn: Connection, condition: Condition) -> list[int]:
    """The ids of the first few clients for whom a condition holds, by code."""
    query = ListQuery("all", filters=condition, limit=SHOWN)
    return [row[0] for batch in client_rows(conn, query, ["id"]) for row in batch]
