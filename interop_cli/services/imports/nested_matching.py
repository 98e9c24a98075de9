"""Which of a client's contacts, addresses and notes the parts of a row are about.

By the uid where a part brings one, else by key after key: contacts by e-mail and name, addresses by
place and label, notes by their text. Where a client has several that share a key, a part is about
the one that is already what it says; where none is, or where one key finds one and the next another
one, it is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from interop_cli.domain.address import Address
from interop_cli.domain.contact import Planned
from interop_cli.domain.entity import Entity, merged, several
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.fields import ADDRESS, CONTACT, NOTE
from interop_cli.domain.fields.field import given
from interop_cli.domain.messages import first_of, msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import uid_key
from interop_cli.domain.values.text import fold, is_no_value
from interop_cli.services.imports.nested import NestedItem, attached_files, missing_files
from interop_cli.services.people.notes import File

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
P = TypeVar("P", bound=NestedItem)

# An empty cell leaves these as they are.
CONTACT_KEPT = given(CONTACT) | {"name"}
NOTE_KEPT = given(NOTE) | {"category", "created_at"}
ADDRESS_KEPT = given(ADDRESS)
NOTE_COLUMNS = {"category": "category", "created_at": "noted_at"}


class Key(NamedTuple):
    """What parts and stored ones are compared by; ``path`` is the field that is named in errors.

    ``beside``: what must not be that of somebody else whom no part is about.
    """

    path: str
    of_part: Callable[[Any], object]
    of_stored: Callable[[Any], object]
    beside: Key | None = None


def _assigned(
    parts: Sequence[P],
    stored: Sequence[T],
    keys: Sequence[Key],
    *,
    id_of: Callable[[T], int],
    unchanged: Callable[[P, T], bool],
    free: Sequence[T] | None = None,
) -> list[tuple[P, T | InvalidData | None]]:
    """Each part with the stored one it is about, or the error that it may be about several.

    ``free`` are those of the stored ones that nothing else was about before.
    """
    free = list(stored if free is None else free)
    found: dict[int, T | InvalidData] = {}

    def assign(number: int, one: T) -> None:
        found[number] = one
        free.remove(one)

    for key in keys:
        # One with a uid that nobody here has is somebody else.
        asked = [
            number
            for number, part in enumerate(parts)
            if number not in found and (key.path == "uid" or not part_uid(part))
        ]
        only: dict[int, T] = {}
        for value, numbers in _groups(key, parts, asked).items():
            alike = [one for one in stored if key.of_stored(one) == value]
            if len(alike) == len(numbers) == 1:
                if alike[0] in free:
                    assign(numbers[0], alike[0])
                    only[numbers[0]] = alike[0]
                continue
            left = []
            for number in numbers:
                fits = (one for one in alike if one in free and unchanged(parts[number], one))
                if (one := next(fits, None)) is not None:
                    assign(number, one)
                else:
                    left.append(number)
            if any(one in free for one in alike):
                path = key.path
                found |= {n: several(f"{parts[n].path}{path}", map(id_of, alike)) for n in left}
        for number, one in only.items():
            if others := _beside(key, parts[number], one, free):
                path = f"{parts[number].path}{key.path}"
                found[number] = several(path, map(id_of, [one, *others]))
    return [(part, found.get(number)) for number, part in enumerate(parts)]


def _groups(key: Key, parts: Sequence[P], asked: Iterable[int]) -> dict[object, list[int]]:
    """The numbers of the parts that are asked about a key, by what they say."""
    groups: dict[object, list[int]] = {}
    for number in asked:
        if value := key.of_part(parts[number]):
            groups.setdefault(value, []).append(number)
    return groups


def _beside(key: Key, part: NestedItem, one: T, free: Sequence[T]) -> list[T]:
    """Those whom another key finds for a part that this one found ``one`` for."""
    beside = key.beside
    value = beside.of_part(part) if beside else None
    if beside is None or not value or beside.of_stored(one) == value:
        return []
    return [other for other in free if beside.of_stored(other) == value]


def _clear(pairs: Sequence[tuple[P, T | InvalidData | None]]) -> list[tuple[P, T | None]]:
    """The pairs where none is an error; raises InvalidData ``import.ambiguous`` for those."""
    if errors := [one for _part, one in pairs if isinstance(one, InvalidData)]:
        raise merged(*errors)
    return [(part, one) for part, one in pairs if not isinstance(one, InvalidData)]


def of_contacts(
    known: Sequence[Planned], parts: Sequence[NestedItem], context: Context
) -> list[tuple[NestedItem, Planned | None]]:
    """Each part with the stored contact it is about: by uid, else by e-mail, else by name."""
    if not known:
        return [(part, None) for part in parts]

    def unchanged(part: NestedItem, one: Planned) -> bool:
        values = said_anew(part.values, CONTACT_KEPT)
        return _stays(one.contact, values, context.under(part.path))

    name = Key("name", _folded("name"), _folded_contact("name"))
    keys = [
        Key("uid", part_uid, lambda one: one.row["uid"]),
        Key("email", _folded("email"), _folded_contact("email"), beside=name),
        name,
    ]
    found = _assigned(parts, known, keys, id_of=_contact_id, unchanged=unchanged)
    clear = _clear(found)
    _say_alike(clear, known, name, _contact_id, context)
    return clear


def of_addresses(
    uow: UnitOfWork, rows: Sequence[Row], parts: Sequence[NestedItem], context: Context
) -> list[tuple[NestedItem, Row | None]]:
    """Each part with the stored address it is about: by uid, else by its place, else by its label.

    Raises InvalidData for one that is no address.
    """
    if not rows:
        return [(part, None) for part in parts]
    label = _folded("label")
    uids = {row["uid"] for row in rows}
    places: dict[int, object] = {}
    for part in parts:
        if part.values.get("line1") and part_uid(part) not in uids:
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

    by_label = Key("label", label, lambda row: fold(row["label"] or ""))
    place_of = uow.addresses.place_of
    by_place = Key("line1", lambda part: places.get(id(part)), place_of, beside=by_label)
    keys = [
        Key("uid", part_uid, lambda row: row["uid"]),
        Key("label", both, lambda row: (place_of(row), fold(row["label"] or ""))),
        by_place,
        by_label,
    ]
    found = _assigned(parts, rows, keys, id_of=_row_id, unchanged=unchanged)
    clear = _clear(found)
    _say_alike(clear, rows, by_place, _row_id, context)
    return clear


@dataclass(frozen=True)
class NotedItem(NestedItem):
    """A part that is a note: ``values`` without its attachments, and what they make.

    ``named`` are the attachments that the file only names, ``context`` is where it stands.
    """

    note: Note
    context: Context
    files: list[File]
    named: list[str]

    def missing(self, there: Collection[tuple[str, str]] = ()) -> list[File]:
        """The files that the note has not yet; says of others, only named, that it lacks them.

        ``there`` are the names and sums of those it has.
        """
        has = {name for name, _sum in there}
        if lacking := [name for name in self.named if name not in has]:
            reason = msg(
                "attachments that are only named here, and were left out: {count}",
                count=len(lacking),
            )
            self.context.warn("attachments", "import.attachment.content", reason)
        return missing_files(self.files, there)


def noted(
    values: Mapping[str, Any], author: str | None, context: Context, path: str = ""
) -> NotedItem:
    """A note as a row has it; raises InvalidData."""
    said = {name: value for name, value in values.items() if name != "attachments"}
    files, named = attached_files(values.get("attachments"), path, context.policy.max_attachment)
    here = context.under(path)
    return NotedItem(path, said, Note.build({"author": author, **said}, here), here, files, named)


def of_notes(
    uow: UnitOfWork,
    rows: Sequence[Row],
    parts: Sequence[NotedItem],
    files: Mapping[int, Collection[tuple[str, str]]],
    *,
    free: Sequence[Row] | None = None,
) -> list[tuple[NotedItem, Row | InvalidData | None]]:
    """Each part with the stored note it is about, or an error: by uid, else by text.

    Of several of one text, time and category tell. ``files`` are those of each stored note,
    ``free`` the rows that nothing else was about before.
    """
    if not rows:
        return [(part, None) for part in parts]

    def by(*names: str) -> Key:
        def of_part(part: NotedItem) -> object:
            asked = all(part.values.get(name) for name in names)
            return asked and (part.note.text, *(getattr(part.note, name) for name in names))

        stored = [NOTE_COLUMNS[name] for name in names]
        return Key("text", of_part, lambda row: (row["text"], *(row[name] for name in stored)))

    def unchanged(part: NotedItem, row: Row) -> bool:
        values = said_anew(part.values, NOTE_KEPT)
        return _stays(uow.notes.entity(row), values, part.context) and not missing_files(
            part.files, files.get(row["id"], ())
        )

    keys = [
        Key("uid", part_uid, lambda row: row["uid"]),
        by("created_at", "category"),
        by("created_at"),
        by("category"),
        by(),
    ]
    found = _assigned(parts, rows, keys, id_of=_row_id, unchanged=unchanged, free=free)
    met = {_row_id(row) for _part, row in found if row and not isinstance(row, InvalidData)}
    left = [row for row in (rows if free is None else free) if _row_id(row) not in met]
    for part, row in found:
        if row is None and part_uid(part):
            alike = (_row_id(other) for other in left if other["text"] == part.note.text)
            warn_of_alike(alike, part.context)
    return found


def _row_id(row: Row) -> int:
    return int(row["id"])


def _contact_id(one: Planned) -> int:
    return one.contact.id or 0


def _say_alike(
    found: Sequence[tuple[NestedItem, T | None]],
    stored: Sequence[T],
    key: Key,
    id_of: Callable[[T], int],
    context: Context,
) -> None:
    """Warn of the parts of ``warn_of_alike``; ``key`` tells what is alike."""
    met = {id_of(one) for _part, one in found if one is not None}
    for part, one in found:
        if one is None and part_uid(part) and (value := key.of_part(part)):
            alike = (id_of(other) for other in stored if key.of_stored(other) == value)
            warn_of_alike((id_ for id_ in alike if id_ not in met), context.under(part.path))


def warn_of_alike(ids: Iterable[int], context: Context) -> None:
    """Say of a new record that those of ``ids``, which no row is about, differ by the uid alone."""
    if names := list(map(str, ids)):
        reason = msg(
            "nobody here has it, so the row makes a new one; the client has the same under"
            " another: {ids}",
            ids=first_of(names),
        )
        context.warn("uid", "import.alike", reason)


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
