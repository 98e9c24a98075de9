"""What a row of a file says of a client's contacts, addresses and notes.

Flat: ``contact.name``, ``contact2.email``, ``address.line1``, ``note.text`` (the first has no
number). Nested: ``contacts``, ``addresses`` and ``notes``, lists of objects as ``client show``
prints them. Both may stand in one row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.fields.nested import (
    FIELDS,
    LISTS,
    MAIN_EXTRAS,
    READ_ONLY,
    any_field,
    flat_field,
    flat_name,
)
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold
from interop_cli.services.clients.card import ADDRESS_FIELDS as PLACE_FIELDS


@dataclass(frozen=True)
class NestedItem:
    """One contact, address or note of a row; ``path`` stands before its fields in errors."""

    path: str
    values: dict[str, Any]


@dataclass
class NestedItems:
    """All of a row; ``main`` is the address that is marked as the main one."""

    contact: list[NestedItem] = field(default_factory=list)
    address: list[NestedItem] = field(default_factory=list)
    note: list[NestedItem] = field(default_factory=list)
    main: NestedItem | None = None

    def __bool__(self) -> bool:
        return bool(self.contact or self.address or self.note)


NOTHING = NestedItems()


def parts_of(values: Mapping[str, Any]) -> NestedItems:
    """The parts of a row under our names; raises InvalidData for what is no list of objects."""
    if not any_field(tuple(values)):
        return NOTHING
    found = NestedItems()
    groups: dict[tuple[str, int], dict[str, Any]] = {}
    for name, value in values.items():
        if name in LISTS:
            _nested(found, name, value)
        elif "." in name and (place := flat_field(name)) is not None:
            kind, number, own = place
            if own not in READ_ONLY[kind]:
                groups.setdefault((kind, number), {})[own] = value
    for (kind, number), group in sorted(groups.items(), key=lambda item: item[0][1]):
        if any(value not in ("", None, [], {}) for value in group.values()):
            getattr(found, kind).append(NestedItem(flat_name(kind, number, ""), group))
    _find_main(found)
    return found


def _nested(found: NestedItems, name: str, value: Any) -> None:
    if value in (None, ""):
        return
    if isinstance(value, str):  # the cell of a CSV
        try:
            value = json.loads(value)
        except ValueError:
            raise _fault("field.list_type", name, msg("is not a list")) from None
    if not isinstance(value, list):
        raise _fault("field.list_type", name, msg("is not a list"))
    kind = LISTS[name]
    for number, item in enumerate(value):
        path = f"{name}.{number}"
        if not isinstance(item, dict):
            raise _fault("field.dict_type", path, msg("is not a set of names and values"))
        for own in item:
            if own not in FIELDS[kind] and own not in READ_ONLY[kind]:
                raise _fault(
                    "field.extra_forbidden", f"{path}.{own}"[:80], msg("is not a known field")
                )
        kept = {own: item[own] for own in item if own not in READ_ONLY[kind]}
        getattr(found, kind).append(NestedItem(f"{path}.", kept))


def _find_main(found: NestedItems) -> None:
    from interop_cli.domain.values.choices import parse_bool

    others = []
    for part in found.address:
        marked = part.values.get("main")
        if marked in (None, "") or not parse_bool(marked):
            others.append(part)
        elif found.main is not None:
            raise _fault(
                "import.flag.twice", f"{part.path}main", msg("two of them are the main one")
            )
        else:
            found.main = part
    found.address = others


def with_main(values: Mapping[str, Any], main: NestedItem | None) -> Mapping[str, Any]:
    """The row with what it says of the main address under the client's own fields.

    Raises InvalidData ``import.address.main`` where the two places of a row contradict each other.
    """
    if main is None:
        return values
    flat = dict(values)
    given = {name for name in PLACE_FIELDS if values.get(name) not in (None, "")}
    for name in PLACE_FIELDS:
        nested = main.values.get(name)
        if (
            name in given
            and nested not in (None, "")
            and fold(str(nested)) != fold(str(flat[name]))
        ):
            raise _fault(
                "import.address.main", main.path + name, msg("contradicts {field}", field=name)
            )
        if not given and name in main.values:
            flat[name] = nested
    flat["main_address"] = {n: main.values[n] for n in MAIN_EXTRAS if n in main.values}
    return flat


def _fault(code: str, path: str, reason: Message) -> InvalidData:
    return InvalidData(code, reason, details=[Detail(path, code, reason)])
