"""A column map in a TOML file, read strictly: a key that is not known is an error."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import Message, msg
from interop_cli.inputs.faults import nearest
from interop_cli.inputs.mapping import ColumnMap
from interop_cli.inputs.source import open_source

_LARGEST = 1024 * 1024  # bytes
_TABLES = ("key", "columns", "defaults")


def load_map(name: str, *, keys: Collection[str] = ("code", "external_id", "email")) -> ColumnMap:
    """The column map in the TOML file ``name``: ``key``, ``[columns]`` and ``[defaults]``.

    Raises ``ConfigError`` (``import.map.file``, ``import.map.unknown``, ``import.map.value``)
    with the file and the key, and what ``open_source`` raises.
    """
    document = _document(name)
    for entry in document:
        if entry not in _TABLES:
            message = msg("{file}: {key} is not known here.", file=name, key=entry)
            hint = nearest(entry, _TABLES)
            raise ConfigError("import.map.unknown", message, hint=hint, file=name, key=entry)
    key = document.get("key")
    if key is not None and key not in keys:
        raise _bad_value(name, "key", msg("one of {choices}", choices=", ".join(keys)))
    columns = _texts(name, "columns", document)
    return ColumnMap(
        {column.strip(): target.strip() for column, target in columns.items()},
        _texts(name, "defaults", document),
        key,
        name,
    )


def _document(name: str) -> dict[str, Any]:
    import tomllib

    with open_source(name, None) as source, source.binary() as stream:
        data = stream.read(_LARGEST + 1)
    try:
        if len(data) > _LARGEST:
            raise ValueError
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, too much of it
        where = _line(error, data)
        message = (
            msg("{file} is not valid TOML (line {line}).", file=name, line=where)
            if where
            else msg("{file} is not valid TOML.", file=name)
        )
        raise ConfigError("import.map.file", message, file=name, line=where) from None


def _line(error: Exception, data: bytes) -> int | None:
    """The line in the parser's message, which quotes the text and so is not shown itself."""
    found = re.search(r"\(at (?:line (\d+)|end of document)", str(error))
    if not found:
        return None
    return int(found[1]) if found[1] else data.rstrip().count(b"\n") + 1


def _texts(file: str, key: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A table of text; numbers and booleans become what one would write in a cell."""
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise _bad_value(file, key, msg("a table"))
    texts: dict[str, str] = {}
    for name, value in table.items():
        if not isinstance(value, str | int) or (key == "columns" and not isinstance(value, str)):
            raise _bad_value(file, f"{key}.{name}", msg("text in quotes"))
        texts[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _bad_value(file: str, key: str, wanted: Message) -> ConfigError:
    message = msg("{file}: {key} must be {wanted}.", file=file, key=key, wanted=wanted)
    return ConfigError("import.map.value", message, file=file, key=key)
