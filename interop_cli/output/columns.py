"""What a row holds, which of it ``--fields`` asked for, and the rows in those forms that are text.

``people`` has a value as people read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quote
from typing import NamedTuple

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.fields.field import WHOLE, Column, ValueKind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import closest
from interop_cli.i18n import translate
from interop_cli.output.sanitise import printable_json

ANY_RANK = 5
# Of what is no field of an entity: the order in which it leaves (``Column``).
_OTHERS = {
    "operation_id": 1, "key": 1, "at": 1, "year": 1, "amount_cents": 1, "stored_cents": 1,
    "actual_cents": 1, "difference_cents": 1, "target": 1, "value": 1, "line": 1, "what": 1,
    "fix": 1, "field": 1, "error": 1, "message": 1, "reason": 1, "score": 2, "severity": 2,
    "action": 2, "operation": 4, "before": 2, "after": 2, "changes": 2, "outcome": 2, "command": 6,
    "actor": 3, "invoices": 3, "entity": 2, "basis": 6, "stale": 6, "computed_at": 6, "undoes": 5,
    "undone_by": 5, "request_id": 8, "duration_ms": 8, "run": 9,
}  # fmt: skip
_WHOLE = frozenset({"key", "operation", "action", "target", "basis", "origin"})
# Sentences and settings: half of one is none.
_WRAPPED = frozenset({"what", "fix", "reason", "message", "error", "value", "rights"})
_FIELDS = {field.name: field for of in reversed(ENTITIES.values()) for field in of}
# What is shown by itself where it stands alone, without a column that says what it is.
_SHOWN_ALONE = frozenset({ValueKind.PHONE, ValueKind.TIME})


def rank_named(name: str) -> int:
    """The rank of a column of this name."""
    field = _FIELDS.get(name)
    return _OTHERS.get(name) or (field.table if field else 0) or ANY_RANK


def whole_named(name: str) -> bool:
    """Whether a column of this name is never cut."""
    field = _FIELDS.get(name)
    return name in _WHOLE or (field is not None and field.uncut)


def wrapped_named(name: str) -> bool:
    """Whether a text of this name goes on in a line below, where it has no room."""
    return name in _WRAPPED


def text_named(name: str) -> ValueKind:
    """What a text of this name is for people: a telephone, a time, or just a text."""
    field = _FIELDS.get(name)
    if field and field.kind.shown in _SHOWN_ALONE:
        return field.kind.shown
    return ValueKind.TIME if name == "at" or name.endswith(("_at", "_until")) else ValueKind.TEXT


Row = Sequence[object]


class ColumnChoice(NamedTuple):
    """A column of the output: where its value stands in the row, and how deep.

    ``rank`` and ``whole`` are those of ``Column``.
    """

    name: str
    at: int
    kind: ValueKind
    header: str | None = None
    path: tuple[str, ...] = ()
    rank: int = 0
    whole: bool = False


def pick(columns: Sequence[Column], fields: Sequence[str] | None) -> list[Column]:
    """The columns to read for ``fields``, in that order and once each; so ask before you read.

    A dotted field (``contacts.email``) gives the column it is looked up in. Without ``fields``:
    all columns but the hidden ones. Raises ``UsageError`` (``output.field.unknown``).
    """
    chosen = [columns[choice.at] for choice in choose(columns, fields)]
    return list(dict.fromkeys(chosen))


def choose(
    columns: Sequence[Column], fields: Sequence[str] | None, *, table: bool = False
) -> list[ColumnChoice]:
    """The output columns for ``fields``, or those that the format shows by itself."""
    if fields is None:
        return [
            _chosen(column, index)
            for index, column in enumerate(columns)
            if not column.hidden and (column.table or not table)
        ]
    return [_choice(columns, name) for name in dict.fromkeys(fields)]


def _chosen(column: Column, index: int) -> ColumnChoice:
    return ColumnChoice(
        column.name,
        index,
        column.kind,
        column.header,
        rank=column.rank or rank_named(column.name),
        whole=column.whole or column.kind in WHOLE or whole_named(column.name),
    )


def _choice(columns: Sequence[Column], name: str) -> ColumnChoice:
    for index, column in enumerate(columns):
        if column.name == name:
            return _chosen(column, index)
    root, *path = name.split(".")
    for index, column in enumerate(columns):
        if column.name == root and column.kind is ValueKind.JSON and all(path):
            if column.members and path[0] not in column.members:
                raise unknown_field(name, [f"{root}.{member}" for member in column.members])
            return ColumnChoice(name, index, ValueKind.JSON, path=tuple(path))
    raise unknown_field(name, [column.name for column in columns])


def unknown_field(name: str, known: Iterable[str], entity: str | None = None) -> UsageError:
    """The error for a field that does not exist: the list, and the nearest name."""
    names = list(known)
    if not name.strip():
        return UsageError(
            "output.field.unknown",
            msg(
                "A comma has no field before or behind it. Fields: {fields}.",
                fields=", ".join(names),
            ),
            field=name,
            fields=names,
        )
    nearest = closest(name, names)
    hint = None
    if nearest:
        hint = msg("Did you mean {field}?", field=nearest)
    elif entity:
        hint = msg("interop schema {entity} describes the fields.", entity=entity)
    return UsageError(
        "output.field.unknown",
        msg("There is no field {field}. Fields: {fields}.", field=name, fields=", ".join(names)),
        hint=hint,
        field=name,
        fields=names,
    )


def dig(value: object, path: Sequence[str]) -> object:
    """The value found along ``path`` in nested objects; in an array, the array of each one's.

    What is not there is ``None``.
    """
    if not path:
        return value
    if isinstance(value, list):
        return [dig(item, path) for item in value]
    if isinstance(value, dict):
        return dig(value.get(path[0]), path[1:])
    return None


def plain(value: object) -> object:
    """What JSON has no form for: a message in the user's language, anything else as text."""
    return translate(value) if isinstance(value, Message) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain).encode


def compact(value: object) -> str:
    """``value`` as JSON on one line."""
    return _encode(value)


@lru_cache(1024)  # tags and the like repeat
def normal(text: str) -> str:
    """JSON text from a database, the same from every engine: one line, no spaces.

    Text that is not JSON becomes a JSON string, so that the output stays JSON.
    """
    try:
        return _encode(json.loads(text))
    except (ValueError, RecursionError):
        return quote(text)


def loaded(value: object) -> object:
    """The object that a JSON column holds."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def embed(value: object) -> str:
    """A value of a JSON column as JSON."""
    if type(value) is str:
        return normal(value)
    return value if isinstance(value, Made) else _encode(value)


class Made(str):
    """JSON on one line, made by us: it is not looked at again."""

    __slots__ = ()


def listed(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Made:
    """An array of objects with these names, of rows of plain values.

    It takes a third of the time of making the objects and writing them.
    """
    form = "{" + ",".join([f"{quote(name)}:%s" for name in names]) + "}"
    found = [
        quote(one) if type(one) is str else "null" if one is None else _encode(one)
        for row in rows
        for one in row
    ]
    return Made("[" + ",".join([form] * (len(found) // len(names))) % tuple(found) + "]")


def embed_at(value: object, path: tuple[str, ...]) -> str:
    """What lies along ``path`` in a value of a JSON column, as JSON."""
    return _encode(dig(loaded(value), path))


def as_json(choice: ColumnChoice, value: object) -> str:
    """Any value as JSON, also one that does not fit its column."""
    if value is None:
        return "null"
    if choice.kind is ValueKind.JSON:
        return embed_at(value, choice.path) if choice.path else embed(value)
    if choice.kind is ValueKind.BOOL:
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return _encode(value)
    return quote(str(value))


def as_text(value: object) -> str | None:
    """A value without a kind as the text of a cell.

    A list of texts has commas between them, as an import takes it back; other lists, and objects,
    are JSON.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(v, str) and "," not in v for v in value):
        return ",".join(value)
    if isinstance(value, list | dict | tuple):
        return _encode(value)
    return str(plain(value))


VCARDS = ("vcard", "vcard4")
CONTACT = ("name", "email", "phone", "mobile")
"""What a row has that is a contact."""


def choices_of(
    form: str, fields: Sequence[str] | None, columns: Sequence[Column], key: str
) -> list[ColumnChoice]:
    """The output columns for ``fields``, or those that a format shows; of ``codes``, the key."""
    if any(one.kind is ValueKind.MEMBERS for one in columns):  # they were chosen before
        return choose(columns, [one.name for one in columns])
    if form != "codes":
        return choose(columns, fields, table=form == "table")
    if fields and len(fields) > 1:
        raise UsageError("output.codes.fields", msg("The format codes shows one field."))
    return choose(columns, fields or [key])


def rows_as_text(
    form: str,
    choices: list[ColumnChoice],
    columns: int,
    batches: Iterable[list[Row]],
    *,
    terminal: bool,
    dialect: str,
    comes_back: bool,
) -> Iterator[str]:
    """The text of rows of ``columns`` values; a ``terminal`` gets what it can print.

    ``comes_back``: the CSV is one that an import takes back as it was.
    """
    from interop_cli.output import rows

    if form in ("json", "ndjson"):
        make = rows.array if form == "json" else rows.ndjson
        objects = make(choices, columns, batches)
        return map(printable_json, objects) if terminal else objects
    if form in VCARDS:
        return rows.card_rows(choices, batches, rows.VERSIONS[form], terminal=terminal)
    if form == "csv":
        return rows.csv_rows(choices, batches, dialect=dialect, terminal=terminal, words=comes_back)
    return rows.tsv_rows(choices, batches, terminal=terminal, header=form == "tsv")


def made_as_text(form: str, blocks: Iterable[bytes], *, terminal: bool) -> Iterator[str | bytes]:
    """The text of a list in JSON whose objects an engine has made, in blocks of whole lines."""
    from interop_cli.output import rows

    objects = rows.made(blocks, array=form == "json")
    return (printable_json(one.decode()) for one in objects) if terminal else objects
