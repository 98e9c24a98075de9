"""Clients with all that belongs to them, in the form that an import takes back.

A contact that is inactive with its client has no ``active``, so that there too it comes back with
it. The main address is told by the client's own fields; among the addresses it has only what
those cannot say.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from interop_cli.domain.errors import Conflict
from interop_cli.domain.fields import ENTITIES, Kind
from interop_cli.domain.fields.field import Column, ValueKind, taken
from interop_cli.domain.fields.nested import FIELDS, LISTS, MAIN_EXTRAS, flat_field, flat_name
from interop_cli.domain.messages import msg
from interop_cli.domain.values.places import is_mismatched
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading import addresses, clients, contacts, notes

Found = Mapping[int, Any]
Batches = Iterator[list[tuple[Any, ...]]]
MOST_BYTES = 16_000_000  # of files, held at a time
CHUNK = 500
_LIST_OF = {kind: name for name, kind in LISTS.items()}


def nested_columns() -> list[Column]:
    """The columns of the nested form, beside the fields of a list row."""
    return [
        Column("accounting", ValueKind.JSON),
        Column("logo"),
        *SELDOM.values(),
        *(Column(name, ValueKind.JSON) for name in LISTS),
    ]


def flat_columns(conn: Connection, query: clients.ListQuery) -> list[Column]:
    """The columns of the flat form: as many contacts, addresses and notes as any client has.

    It has neither logos nor attachments. Where none but main addresses stand, only what is said
    of them has a column.
    """
    said: dict[str, list[set[str]]] = {kind: [] for kind in FIELDS}
    had: set[str] = set()
    for batch in rows(conn, query, [*LISTS, *SELDOM], files=False):
        for found in batch:
            for kind, parts in zip(LISTS.values(), found, strict=False):
                for number, part in enumerate(parts):
                    if number == len(said[kind]):
                        said[kind].append(set())
                    said[kind][number].update(_said(kind, part))
            had.update(
                name for name, value in zip(SELDOM, found[len(LISTS) :], strict=True) if value
            )
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
    seldom = [column for name, column in SELDOM.items() if name in had]
    return [Column("accounting", ValueKind.JSON), *seldom, *own]


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


def rows(
    conn: Connection,
    query: clients.ListQuery,
    names: Sequence[str],
    *,
    files: bool = True,
    complete: bool = False,
) -> Batches:
    """Rows of the fields ``names``, flat and nested, streamed.

    ``files``: with the content of logos and attachments, in base64. ``complete``: raise Conflict
    ``export.changed`` where a client has got more than the flat names have room for.
    """
    finders: dict[str, Callable[[Connection, list[int]], Found]] = {
        "contacts": _contacts,
        "addresses": _addresses,
        "notes": lambda conn, ids: _notes(conn, ids, files=files),
        "accounting": _accounting,
        "logo": _logos,
        "former_codes": partial(clients.former_codes, merged=False),
        "merged_codes": partial(clients.former_codes, merged=True),
        "merged_into": clients.merged_into,
        "mismatch": clients.mismatched,
    }
    plain = ["id", *(name for name in names if name in clients.COLUMNS)]
    needed = {_root(name) for name in names} & finders.keys()
    room = _room(names) if complete else {}
    for batch in clients.client_rows(conn, query, plain):
        for piece in _pieces(conn, batch, files=files):
            ids = [row[0] for row in piece]
            found = {name: finders[name](conn, ids) for name in needed}
            if any(len(v) > most for name, most in room.items() for v in found[name].values()):
                raise _changed()
            yield [
                tuple(
                    row[plain.index(name, 1)]
                    if name in clients.COLUMNS
                    else _part(found[_root(name)].get(row[0]), name)
                    for name in names
                )
                for row in piece
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


def _part(value: Any, name: str) -> Any:
    """A whole nested value, or the one field of it that a flat name means."""
    place = flat_field(name)
    if place is None:
        return value
    _kind, number, own = place
    return value[number - 1][own] if len(value) >= number else None


def _pieces(conn: Connection, batch: list[tuple[Any, ...]], *, files: bool) -> Batches:
    """The batch in parts whose files fit in memory together."""
    if not files:
        yield batch
        return
    sizes = notes.sizes(conn, [row[0] for row in batch])
    piece: list[tuple[Any, ...]] = []
    held = 0
    for row in batch:
        size = sizes.get(row[0], 0)
        if piece and held + size > MOST_BYTES:
            yield piece
            piece, held = [], 0
        piece.append(row)
        held += size
    yield piece


def _contacts(conn: Connection, ids: list[int]) -> Found:
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


def _notes(conn: Connection, ids: list[int], *, files: bool) -> Found:
    found = notes.nested(conn, ids)
    content = notes.contents(conn, ids) if files else {}
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


def _accounting(conn: Connection, ids: list[int]) -> Found:
    return clients.values(conn, "accounting", ids)


def _logos(conn: Connection, ids: list[int]) -> Found:
    """Each logo as a ``data:`` address."""
    from interop_cli.domain.values.logo import media_type

    return {
        client_id: f"data:{media_type(content)};base64,{_base64(content)}"
        for client_id, content in clients.contents(conn, ids).items()
    }


def _kept(row: Row, names: Sequence[str]) -> Row:
    return {name: row[name] for name in names}


def _by_id(row: Row) -> int:
    return int(row["id"])


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
