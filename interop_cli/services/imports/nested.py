"""What a row of a file says of a client's contacts, addresses and notes, and files in it.

Flat: ``contact.name``, ``contact2.email``, ``address.line1``, ``note.text`` (the first has no
number). Nested: ``contacts``, ``addresses`` and ``notes``, lists of objects as ``client show``
prints them. Both may stand in one row. Attachments and logos are base64.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.entity import wrong
from interop_cli.domain.fields import PLACE
from interop_cli.domain.fields.nested import (
    FIELDS,
    LISTS,
    MAIN_EXTRAS,
    READ_ONLY,
    any_field,
    flat_field,
    flat_name,
)
from interop_cli.domain.messages import msg
from interop_cli.domain.note import attachment_name
from interop_cli.domain.values.text import fold
from interop_cli.services.people.notes import File

if TYPE_CHECKING:
    from interop_cli.domain.rules import Context
    from interop_cli.store.writing.unit_of_work import UnitOfWork


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

    def of(self, kind: str) -> list[NestedItem]:
        """Those of a kind, the main address among the addresses."""
        found: list[NestedItem] = getattr(self, kind)
        return [*found, self.main] if kind == "address" and self.main else found


NOTHING = NestedItems()


def nested_items(values: Mapping[str, Any]) -> NestedItems:
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
            raise wrong(name, "field.list_type", msg("is not a list")) from None
    if not isinstance(value, list):
        raise wrong(name, "field.list_type", msg("is not a list"))
    kind = LISTS[name]
    for number, item in enumerate(value):
        path = f"{name}.{number}"
        if not isinstance(item, dict):
            raise wrong(path, "field.dict_type", msg("is not a set of names and values"))
        for own in item:
            if own not in FIELDS[kind] and own not in READ_ONLY[kind]:
                raise wrong(
                    f"{path}.{own}"[:80], "field.extra_forbidden", msg("is not a known field")
                )
        kept = {own: item[own] for own in item if own not in READ_ONLY[kind]}
        getattr(found, kind).append(NestedItem(f"{path}.", kept))


def _find_main(found: NestedItems) -> None:
    from interop_cli.domain.values.closed_lists import parse_bool

    others = []
    for part in found.address:
        marked = part.values.get("main")
        if marked in (None, "") or not parse_bool(marked):
            others.append(part)
        elif found.main is not None:
            raise wrong(
                f"{part.path}main", "import.flag.twice", msg("two of them are the main one")
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
    given = {name for name in PLACE if values.get(name) not in (None, "")}
    for name in PLACE:
        nested = main.values.get(name)
        if (
            name in given
            and nested not in (None, "")
            and fold(str(nested)) != fold(str(flat[name]))
        ):
            raise wrong(
                main.path + name, "import.address.main", msg("contradicts {field}", field=name)
            )
        if not given and name in main.values:
            flat[name] = nested
    flat["main_address"] = {n: main.values[n] for n in MAIN_EXTRAS if n in main.values}
    return flat


# -- files ----------------------------------------------------------------------------------


def attached_files(value: Any, path: str, limit: int) -> tuple[list[File], list[str]]:
    """The attachments of a note in a file, of at most ``limit`` bytes each.

    And the names of those without ``content``, as a list of notes or ``--no-files`` writes them.

    Raises InvalidData where they are no list of objects, or hold no base64.
    """
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            value = False
    if not value and value is not False:
        return [], []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong(f"{path}attachments", "field.list_type", msg("is not a list"))
    found = []
    named = []
    for number, item in enumerate(value):
        name = attachment_name(str(item.get("name") or ""))
        if item.get("content") is None:
            named.append(name)
        else:
            place = f"{path}attachments.{number}.content"
            content = _decoded(item["content"], place)
            if len(content) > limit:
                raise wrong(place, "input.too_large", msg("is too large"))
            found.append(File(name, content))
    return found, named


def missing_files(files: Sequence[File], there: Collection[tuple[str, str]]) -> list[File]:
    """Those of ``files`` that are not there already, by name and content."""
    return [file for file in files if (file.name, file.sha256) not in there]


def _decoded(value: Any, path: str) -> bytes:
    """The bytes of base64 text, or of a ``data:`` address that holds it."""
    text = str(value)
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong(path, "import.base64", msg("is not base64")) from None


def logo_blob(uow: UnitOfWork, value: Any, context: Context, has: str | None = None) -> str | None:
    """The blob of a logo in a file (base64 or a ``data:`` address); None where there is none.

    What a card says of a logo, without its content, is passed over, which is said unless it is
    the logo that the client ``has``.
    """
    from interop_cli.domain.values.logo import check_logo

    if isinstance(value, dict):
        named, value = value, value.get("content")
        if named and not value and named.get("sha256") != has:
            context.warn("logo", "import.logo.content", msg("is only named here, and was left out"))
    if value in (None, ""):
        return None
    content = _decoded(value, "logo")
    check_logo(content)
    return uow.blobs.add(content)
