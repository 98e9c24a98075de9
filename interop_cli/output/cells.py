"""One value as JSON, or as text of a CSV or TSV cell; ``people`` has it as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quote

from interop_cli.domain.fields.field import ValueKind
from interop_cli.domain.messages import Message
from interop_cli.i18n import translate
from interop_cli.output.columns import ColumnChoice, dig


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
