"""Which of a client's contacts, addresses and notes the parts of a row are about.

By the uid where a part brings one, else by key after key: contacts by e-mail and name, addresses by
place and label, notes by their text. Where a client has several that share a key, a part is about
the one that is already what it says; where none is, it is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from interop_cli.domain.address import Address
from interop_cli.domain.contact_set import Planned
from interop_cli.domain.entity import Entity
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.fields import ADDRESS, CONTACT, NOTE
from interop_cli.domain.fields.field import given
from interop_cli.domain.messages import msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.domain.validation import wrong
from interop_cli.domain.values.doubts import is_no_value
from interop_cli.domain.values.text import fold
from interop_cli.domain.values.uid import uid_key
from interop_cli.services.imports.nested import NestedItem

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
MAX_NAMED = 5

# An empty cell leaves these as they are.
CONTACT_KEPT = given(CONTACT)
NOTE_KEPT = given(NOTE) | {"category", "created_at"}
ADDRESS_KEPT = given(ADDRESS)


class Key(NamedTuple):
    """What parts and stored ones are compared by; ``path`` is the field that is named in errors."""

    path: str
    of_part: Callable[[NestedItem], object]
    of_stored: Callable[[Any], object]


def _assigned(
    parts: Sequence[NestedItem],
    stored: Sequence[T],
    keys: Sequence[Key],
    *,
    id_of: Callable[[T], int],
    unchanged: Callable[[NestedItem, T], bool],
) -> list[tuple[NestedItem, T | None]]:
    """Each part with the stored one it is about; raises InvalidData ``import.ambiguous``."""
    free = list(stored)
    found: dict[int, T] = {}

    def assign(number: int, one: T) -> None:
        found[number] = one
        free.remove(one)

    for key in keys:
        groups: dict[object, list[int]] = {}
        for number, part in enumerate(parts):
            # One with a uid that nobody here has is somebody else.
            asked = number not in found and (key.path == "uid" or not part_uid(part))
            if asked and (value := key.of_part(part)):
                groups.setdefault(value, []).append(number)
        for value, numbers in groups.items():
            alike = [one for one in stored if key.of_stored(one) == value]
            if len(alike) == len(numbers) == 1:
                if alike[0] in free:
                    assign(numbers[0], alike[0])
                continue
            left = []
            for number in numbers:
                fits = (one for one in alike if one in free and unchanged(parts[number], one))
                if (one := next(fits, None)) is not None:
                    assign(number, one)
                else:
                    left.append(number)
            if left and any(one in free for one in alike):
                raise several(f"{parts[left[0]].path}{key.path}", map(id_of, alike))
    return [(part, found.get(number)) for number, part in enumerate(parts)]


def several(path: str, ids: Iterable[int]) -> InvalidData:
    """A row fits several of a client's."""
    found = [str(row_id) for row_id in ids]
    named = ", ".join([*found[:MAX_NAMED], *(["…"] if len(found) > MAX_NAMED else [])])
    return wrong(path, "import.ambiguous", msg("fits several of the client: {ids}", ids=named))


def of_contacts(
    known: Sequence[Planned], parts: Sequence[NestedItem], context: Context
) -> list[tuple[NestedItem, Planned | None]]:
    """Each part with the stored contact it is about: by uid, else by e-mail, else by name."""
    if not known:
        return [(part, None) for part in parts]

    def unchanged(part: NestedItem, one: Planned) -> bool:
        values = said_anew(part.values, CONTACT_KEPT)
        return _stays(one.contact, values, context.under(part.path))

    keys = [
        Key("uid", part_uid, lambda one: one.row["uid"]),
        *(Key(name, _folded(name), _folded_contact(name)) for name in ("email", "name")),
    ]
    return _assigned(parts, known, keys, id_of=lambda one: one.contact.id or 0, unchanged=unchanged)


def of_addresses(
    uow: UnitOfWork, rows: Sequence[Row], parts: Sequence[NestedItem], context: Context
) -> list[tuple[NestedItem, Row | None]]:
    """Each part with the stored address it is about: by uid, else by its place, else by its label.

    Raises InvalidData for one that is no address.
    """
    if not rows:
        return [(part, None) for part in parts]
    label = _folded("label")
    places: dict[int, object] = {}
    for part in parts:
        if part.values.get("line1") and not part_uid(part):
            here = context.under(part.path).silent()
            values = {name: value for name, value in part.values.items() if name != "main"}
            places[id(part)] = uow.addresses.place(Address.build(values, here))

    def both(part: NestedItem) -> object:
        place, name = places.get(id(part)), label(part)
        return (place, name) if place and name else None

    def unchanged(part: NestedItem, row: Row) -> bool:
        values = {name: value for name, value in part.values.items() if name != "main"}
        return _stays(
            uow.addresses.entity(row), said_anew(values, ADDRESS_KEPT), context.under(part.path)
        )

    keys = [
        Key("uid", part_uid, lambda row: row["uid"]),
        Key("label", both, lambda row: (uow.addresses.place_of(row), fold(row["label"] or ""))),
        Key("line1", lambda part: places.get(id(part)), uow.addresses.place_of),
        Key("label", label, lambda row: fold(row["label"] or "")),
    ]
    return _assigned(parts, rows, keys, id_of=lambda row: int(row["id"]), unchanged=unchanged)


def warn_of_invoiced(context: Context) -> None:
    """Say that a row changes who gets the client's invoices."""
    reason = msg("invoices went to another e-mail until now")
    context.warn("email", "contact.billing.changed", reason)


def _folded(name: str) -> Callable[[NestedItem], str]:
    return lambda part: fold(str(part.values.get(name) or ""))


def _folded_contact(name: str) -> Callable[[Planned], str]:
    return lambda one: fold(getattr(one.contact, name) or "")


def _stays(entity: Entity, values: Mapping[str, Any], context: Context) -> bool:
    """Whether an entity is already what these values say."""
    try:
        return entity.revise(values, context.silent()).__dict__ == entity.__dict__
    except InvalidData:
        return False


def said(values: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """What is said of the fields; an empty cell leaves those of ``kept`` as they are."""
    return {
        name: value for name, value in values.items() if value not in ("", None) or name not in kept
    }


def said_anew(values: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """The same of what is stored: a word for nothing (see ``without_value``) changes nothing."""
    return {name: v for name, v in said(values, kept).items() if not is_no_value(v)}


def part_uid(part: NestedItem) -> str:
    """The uid that a part brings, as it is stored; "" where it brings none."""
    return uid_key(part.values.get("uid") or "")


def same_uid(part: NestedItem, free: Sequence[Row]) -> Row | None:
    """The stored row of a part's uid."""
    return next((row for row in free if row["uid"] == part_uid(part)), None)


def unnamed(free: Sequence[Row], parts: Sequence[NestedItem]) -> list[Row]:
    """The stored rows that none of the parts names by its uid."""
    named = {part_uid(part) for part in parts}
    return [row for row in free if row["uid"] not in named]


def note_row(note: Note, free: Sequence[Row]) -> Row | None:
    """The stored note of the same text; of the same category and time where there are several."""
    same = [row for row in free if row["text"] == note.text]
    same.sort(
        key=lambda row: (
            (row["category"] == note.category) + 2 * (row["noted_at"] == note.created_at)
        ),
        reverse=True,
    )
    return same[0] if same else None
