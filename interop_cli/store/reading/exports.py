"""Clients with all that belongs to them, in the form that an import takes back.

A contact that is inactive with its client has no ``active``, so that there too it comes back with
it. The main address is told by the client's own fields; among the addresses it has only what
those cannot say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from json.encoder import encode_basestring as quote
from operator import itemgetter
from typing import Any

from interop_cli.domain.errors import Conflict
from interop_cli.domain.fields import ENTITIES, Kind
from interop_cli.domain.fields.field import Column, ValueKind, taken
from interop_cli.domain.fields.nested import FIELDS, LISTS, MAIN_EXTRAS, flat_field, flat_name
from interop_cli.domain.messages import msg
from interop_cli.domain.values.places import is_mismatched
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.reading import addresses, clients, contacts, notes
from interop_cli.store.reading.pieces import Owners, Piece, in_pieces

Found = Mapping[int, Any]
Batches = Iterator[list[tuple[Any, ...]]]
SHIPPED_TO = "(SELECT client_id FROM address WHERE main = 0) AS shipped_to"
_LIST_OF = {kind: name for name, kind in LISTS.items()}


def nested_columns() -> list[Column]:
    """The columns of the nested form, beside the fields of a list row."""
    return [
        Column("accounting", ValueKind.JSON),
        Column("logo"),
        *SELDOM.values(),
        *(Column(name, ValueKind.JSON) for name in LISTS),
    ]


def flat_columns(conn: Connection, query: clients.ListQuery) -> tuple[list[Column], int]:
    """The columns of the flat form: as many contacts, addresses and notes as any client has.

    Also how many logos and attachments it leaves out. Where none but main addresses stand, only
    what is said of them has a column.
    """
    said: dict[str, list[set[str]]] = {kind: [] for kind in FIELDS}
    had: set[str] = set()
    left_out = 0
    for batch in rows(conn, query, [*LISTS, "has_logo", *SELDOM], files=False):
        for found in batch:
            for kind, parts in zip(LISTS.values(), found, strict=False):
                for number, part in enumerate(parts):
                    if number == len(said[kind]):
                        said[kind].append(set())
                    said[kind][number].update(_said(kind, part))
                    left_out += len(part.get("attachments") or ())
            has_logo, *seldom = found[len(LISTS) :]
            left_out += bool(has_logo)
            had.update(name for name, value in zip(SELDOM, seldom, strict=True) if value)
    own = [
        Column(
            flat_name(entity, number, field.name),
            ValueKind.BOOL if field.kind is Kind.BOOL else ValueKind.TEXT,
        )
        for entity, places in said.items()
        for number, names in enumerate(places, 1)
        for field in taken(ENTITIES[entity])
        if field.name in names and field.name != "attachments"
    ]
    seen = [column for name, column in SELDOM.items() if name in had]
    return [Column("accounting", ValueKind.JSON), *seen, *own], left_out


# What few clients have: a flat file has a column for it where one of them does.
SELDOM = {
    "former_codes": Column("former_codes", ValueKind.JSON),
    "merged_codes": Column("merged_codes", ValueKind.JSON),
    "merged_into": Column("merged_into"),
    "mismatch": Column("mismatch", ValueKind.BOOL),
}


def _said(kind: str, part: Row) -> Iterable[str]:
    """The fields of a part that need a column."""
    if kind != "address":
        return FIELDS[kind]
    said = {name for name, value in part.items() if value not in (None, False)}
    return said if part["main"] else said | ({*FIELDS[kind]} - {"mismatch"})


# What a client's own row says of what is not in a list of clients.
_OWN = {
    "accounting": "c.accounting",
    "logo of": "c.logo",
    "merged into": "c.merged_into_id",
    "qst of": "c.qst",
    "country of": "a.country",
    "province of": "a.province",
    "postal code of": "a.postal_code",
}
_PLACE = ("qst of", "country of", "province of", "postal code of")
MADE = frozenset(LISTS)
"""Lists that come as JSON, made by the engine for the most part, where nobody looks into them."""


def rows(
    conn: Connection,
    query: clients.ListQuery,
    names: Sequence[str],
    *,
    files: bool = True,
    complete: bool = False,
) -> Batches:
    """Rows of the fields ``names``, flat and nested, streamed.

    Several names with commas between them are one value: the text of a JSON object, of the
    client's own fields or of those in ``MADE``. ``files``: with the content of logos and
    attachments, in base64. ``complete``: raise Conflict ``export.changed`` where a client has got
    more than the flat names have room for.
    """
    finders: dict[str, Callable[[Connection, Piece], Found]] = {
        "contacts": lambda conn, piece: piece.none | _contacts(conn, piece.owners("contact")),
        "addresses": lambda conn, piece: _addresses(conn, piece.ids),
        "notes": lambda conn, piece: piece.none | _notes(conn, piece),
        "logo": _logos,
        "has_logo": lambda _conn, piece: dict.fromkeys(piece.those_with("logo of"), True),
        "former_codes": partial(_codes, merged=False),
        "merged_codes": partial(_codes, merged=True),
        "merged_into": _merged_into,
        "mismatch": _mismatch,
    }
    together = [name for name in names if "," in name and MADE.issuperset(name.split(","))]
    finders |= {name: partial(_texts, parts=name.split(",")) for name in together}
    needed = {_root(name) for name in names} & finders.keys()
    also = dict(_OWN)
    if together:
        also |= {"main of": "a.uid", "main": _main_text(conn)}
    plain = ["id", *also]
    plain += [name for name in names if name not in plain and {*name.split(",")} <= clients.COLUMNS]
    at = {name: place for place, name in enumerate(plain)}
    # "id" is the first, whether it was asked for or not.
    places = [(_root(name), at.get(name), flat_field(name)) for name in names]
    room = _room(names) if complete else {}
    owners = Owners(conn)
    for batch in clients.client_rows(conn, query, plain, also):
        for piece in in_pieces(conn, Piece(batch, at, owners), files=files):
            found = {name: finders[name](conn, piece) for name in needed}
            if any(len(v) > most for name, most in room.items() for v in found[name].values()):
                raise _changed()
            values = (
                _values(piece, found.get(root, {}), place, flat) for root, place, flat in places
            )
            yield list(zip(*values, strict=True))


def _values(
    piece: Piece, found: Found, place: int | None, flat: tuple[str, int, str] | None
) -> Sequence[Any]:
    """The values of one column: out of the rows, or of what was found for their clients."""
    if place is not None:
        return [row[place] for row in piece.rows]
    if not found:
        return [None] * len(piece.rows)
    values = map(found.get, piece.ids)
    if flat is None:
        return [*values]
    _kind, number, own = flat
    return [
        value[number - 1][own] if value is not None and len(value) >= number else None
        for value in values
    ]


def _room(names: Sequence[str]) -> dict[str, int]:
    """How many of each kind the flat names have room for: list -> number."""
    room: dict[str, int] = {}
    for name in names:
        if (place := flat_field(name)) is not None:
            room[_root(name)] = max(room.get(_root(name), 0), place[1])
    return room


def _changed() -> Conflict:
    return Conflict(
        "export.changed",
        msg("Someone added to a client meanwhile; the export is not complete."),
        hint=msg("Run it again."),
    )


def _root(name: str) -> str:
    place = flat_field(name)
    return _LIST_OF[place[0]] if place else name


def _texts(conn: Connection, piece: Piece, parts: Sequence[str]) -> dict[int, str]:
    """What belongs to clients as the text of an object; the engine made that of most members."""
    members, columns = [], []
    for part in parts:
        found = _TEXTS[part](conn, piece)
        if not found and part != "addresses":
            members.append(f'"{part}":[]')
            continue
        members.append(f'"{part}":[%s]')
        columns.append([",".join(found.get(one, ())) for one in piece.ids] if found else [])
        if part == "addresses":
            columns[-1] = _with_main(piece, columns[-1])
    form = "{" + ",".join(members) + "}"
    values = zip(*columns, strict=True) if columns else repeat(())
    return dict(zip(piece.ids, map(form.__mod__, values), strict=False))


def _with_main(piece: Piece, others: Sequence[str]) -> list[str]:
    """The texts of other addresses, where there are any, and the main one after each."""
    uid, main = piece.at["main of"], piece.at["main"]
    last = [row[main] or (_PLAIN % quote(row[uid]) if row[uid] else "") for row in piece.rows]
    if not others:
        return last
    return [",".join(filter(None, both)) for both in zip(others, last, strict=True)]


_SAID = {"uid": "%s", "main": "true"}
_PLAIN = "{" + ",".join(f'"{one}":{_SAID.get(one, "null")}' for one in FIELDS["address"]) + "}"
"""The JSON of a main address that has nothing but its uid beside the client's own fields."""


def _main_text(conn: Connection) -> str:
    """SQL for the JSON of a main address that has more; NULL where it has not, or there is none."""
    extras = {name: addresses.SQL[name] for name in MAIN_EXTRAS}
    said = {"main": "1", **extras}
    members = [
        (name, said.get(name, "NULL"), ValueKind.BOOL if name == "main" else ValueKind.TEXT)
        for name in FIELDS["address"]
    ]
    more = ", ".join(sql for name, sql in extras.items() if name != "uid")
    return f"CASE WHEN COALESCE({more}) IS NOT NULL THEN {conn.json_members(members)} END"


def _contact_texts(conn: Connection, piece: Piece) -> dict[int, list[str]]:
    asleep = "CASE WHEN t.deactivated_with = 1 THEN NULL ELSE t.active END"
    members = conn.json_members(
        [
            (one.name, asleep if one.name == "active" else one.sql, one.kind.shown)
            for name in FIELDS["contact"]
            for one in contacts.FIELDS
            if one.name == name
        ]
    )
    condition, among = conn.among("t.client_id", piece.owners("contact"))
    sql = f"SELECT t.id, t.client_id AS owner, {members} AS text{contacts.FROM} WHERE {condition}"
    found: dict[int, list[str]] = {}
    # Put in order here: SQLite would read the whole table in that order.
    for row in sorted(conn.query(sql, among=among), key=_by_id):
        found.setdefault(row["owner"], []).append(row["text"])
    return found


def _address_texts(conn: Connection, piece: Piece) -> dict[int, list[str]]:
    """Those that are not main addresses."""
    condition, among = conn.among("a.client_id", piece.owners(SHIPPED_TO))
    chosen = ", ".join(
        f"{addresses.SQL[name]} AS {name}" for name in FIELDS["address"] if name != "mismatch"
    )
    sql = (
        f"SELECT a.id, a.client_id AS owner, {chosen} FROM address a"
        f" WHERE {condition} AND a.main = 0"
    )
    found: dict[int, list[str]] = {}
    for row in sorted(conn.query(sql, among=among), key=_by_id):
        owner = row.pop("owner")
        row.update(main=False, mismatch=_mismatched(row))
        found.setdefault(owner, []).append(_encode(_kept(row, FIELDS["address"])))
    return found


def _note_texts(conn: Connection, piece: Piece) -> dict[int, list[str]]:
    found = _notes(conn, piece)
    return {owner: [*map(_encode, about)] for owner, about in found.items() if about}


_TEXTS = {"contacts": _contact_texts, "addresses": _address_texts, "notes": _note_texts}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _contacts(conn: Connection, ids: list[int]) -> dict[int, list[Row]]:
    asleep = contacts.asleep(conn, ids)
    return {
        owner: [
            {
                **_kept(contact, FIELDS["contact"]),
                "active": None if contact["id"] in asleep else contact["active"],
            }
            for contact in sorted(people, key=_by_id)
        ]
        for owner, people in contacts.nested(conn, ids).items()
    }


def _addresses(conn: Connection, ids: list[int]) -> Found:
    """The main one comes last, so that ``address.line1`` is of one that goods are shipped to."""
    return {
        owner: [
            {**dict.fromkeys(FIELDS["address"]), **_kept(address, MAIN_EXTRAS), "main": True}
            if address["main"]
            else _kept({**address, "mismatch": _mismatched(address)}, FIELDS["address"])
            for address in sorted(places, key=_main_last)
        ]
        for owner, places in addresses.nested(conn, ids).items()
    }


def _mismatched(address: Row) -> bool:
    return is_mismatched(address["country"], address["province"], address["postal_code"])


def _main_last(address: Row) -> bool:
    return bool(address["main"])


def _notes(conn: Connection, piece: Piece) -> dict[int, list[Row]]:
    ids = piece.owners("note")
    found = notes.nested(conn, ids)
    content = notes.contents(conn, ids) if piece.has_files else {}
    return {
        owner: [
            {
                **_kept(note, FIELDS["note"]),
                "attachments": [
                    {"name": attached["name"], "content": _base64(content.get(attached["id"]))}
                    for attached in note["attachments"]
                ],
            }
            for note in sorted(about, key=_by_id)
        ]
        for owner, about in found.items()
    }


def _codes(conn: Connection, piece: Piece, *, merged: bool) -> Found:
    return clients.former_codes(conn, piece.owners("client_code"), merged=merged)


def _logos(conn: Connection, piece: Piece) -> Found:
    """Each logo as a ``data:`` address."""
    from interop_cli.domain.values.logo import media_type

    return {
        client_id: f"data:{media_type(content)};base64,{_base64(content)}"
        for client_id, content in clients.contents(conn, piece.those_with("logo of")).items()
    }


def _merged_into(conn: Connection, piece: Piece) -> Found:
    """The codes of those that clients were merged into."""
    sql = (
        "SELECT c.id AS id, m.code AS code FROM client c JOIN client m ON m.id = c.merged_into_id"
        " WHERE c.id IN ({places})"
    )
    merged = piece.those_with("merged into")
    return {row["id"]: row["code"] for row in query_in_chunks(conn, sql, merged)}


def _mismatch(_conn: Connection, piece: Piece) -> Found:
    """Whether the main address or the QST number was accepted though it does not fit the rules."""
    from interop_cli.domain.values.taxnumbers import qst_check_digit_fits

    values = itemgetter(0, *(piece.at[name] for name in _PLACE))
    return {
        client_id: bool(qst and not qst_check_digit_fits(qst))
        or is_mismatched(country, province, postal_code)
        for client_id, qst, country, province, postal_code in map(values, piece.rows)
        if country is not None
    }


def _kept(row: Row, names: Sequence[str]) -> Row:
    return {name: row[name] for name in names}


def _by_id(row: Row) -> int:
    return int(row["id"])


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
