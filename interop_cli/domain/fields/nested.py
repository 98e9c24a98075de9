"""What belongs to a client, in the fields in which a file carries it out and in.

Light, so that an export need not load the rules.
"""

from __future__ import annotations

import re
from functools import lru_cache

from interop_cli.domain.fields import ENTITIES, PLACE
from interop_cli.domain.fields.field import listed, names, taken

LISTS = {"contacts": "contact", "addresses": "address", "notes": "note"}
"""The lists of a nested row, and the entity of each."""
FIELDS = {entity: names(taken(ENTITIES[entity])) for entity in LISTS.values()}
READ_ONLY = {
    entity: frozenset(names(listed(ENTITIES[entity]))) - {*own} for entity, own in FIELDS.items()
}
"""Fields that a file may hold and an import does not write."""
MAIN_EXTRAS = tuple(name for name in FIELDS["address"] if name not in (*PLACE, "main", "mismatch"))
"""Fields of the main address that a client has no flat name for."""

_FLAT = re.compile(r"(contact|address|note)([1-9]\d{0,2})?\.([a-z_0-9]+)")


@lru_cache(maxsize=4096)
def flat_field(name: str) -> tuple[str, int, str] | None:
    """Kind, number and field of ``contact2.email``; None for a name that is none of these."""
    found = _FLAT.fullmatch(name)
    if found is None:
        return None
    kind, number, own = found[1], int(found[2] or 1), found[3]
    return (kind, number, own) if own in FIELDS[kind] or own in READ_ONLY[kind] else None


def flat_name(kind: str, number: int, own: str) -> str:
    """The name of a field of the ``number``-th contact, address or note; the first has none."""
    return f"{kind}{number if number > 1 else ''}.{own}"


def is_field(name: str) -> bool:
    """Whether a column of this name is about what belongs to a client."""
    return name in LISTS or flat_field(name) is not None


@lru_cache(maxsize=256)
def any_field(names: tuple[str, ...]) -> bool:
    """Whether one of these columns is about what belongs to a client; rows share their columns."""
    return any(map(is_field, names))


BY = {
    "client.uid": "uid",
    "client": "code",
    "client.external_id": "external_id",
    "client.email": "email",
    "client.name": "name",
}
"""The fields of a file that name the client a row is of, in the order in which they are asked, and
what of a client each holds.
"""
