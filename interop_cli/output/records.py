"""One object (``show``): its chosen fields, its flat form, and a plain card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.output.cells import for_people
from interop_cli.output.columns import ColumnChoice, Row, dig, unknown_field
from interop_cli.output.style import Style, width
from interop_cli.output.titles import title


def chosen(
    obj: Mapping[str, Any], fields: Sequence[str] | None, entity: str | None
) -> dict[str, Any]:
    """``obj``, or its ``fields`` under their own names (``contacts.email`` is a flat key).

    Raises ``UsageError`` (``output.field.unknown``).
    """
    if not fields:
        return dict(obj)
    return {name: _value(obj, name, entity) for name in fields}


def flat(obj: Mapping[str, Any], *, all_values: bool) -> tuple[list[Column], Row]:
    """The columns and the row of ``obj``; lists and objects only where ``all_values``."""
    kept = {
        name: value
        for name, value in obj.items()
        if all_values or not isinstance(value, list | dict | tuple)
    }
    return [Column(name, kind_of(name, value)) for name, value in kept.items()], tuple(
        kept.values()
    )


def card(obj: Mapping[str, Any], style: Style) -> Iterator[str]:
    """Two columns: titles and values, as they come."""
    titles = {name: title(name) for name in obj}
    room = max((width(title) for title in titles.values()), default=0)
    for name, value in obj.items():
        choice = ColumnChoice(name, 0, kind_of(name, value))
        yield f"{style.pad(style.bold(titles[name]), room)}  {for_people(choice, value)}".rstrip()


def code_of(obj: Mapping[str, Any], key: str) -> object:
    """What commands take for ``obj``: its ``key``, or ``#id`` where it has none yet."""
    code, number = obj.get(key), obj.get("id")
    return f"#{number}" if code is None and number is not None else code


def kind_of(name: str, value: object) -> ValueKind:
    """The kind of a value that came without a column."""
    if isinstance(value, bool):
        return ValueKind.BOOL
    if isinstance(value, int):
        return ValueKind.MONEY if name.endswith("_cents") else ValueKind.INT
    return ValueKind.JSON if isinstance(value, list | dict | tuple) else ValueKind.TEXT


def _value(obj: Mapping[str, Any], name: str, entity: str | None) -> object:
    if name in obj:
        return obj[name]
    root, *path = name.split(".")
    inner = obj.get(root)
    if not path or not all(path) or root not in obj or not _has(inner, path[0]):
        raise unknown_field(name, _names(obj), entity)
    return dig(inner, path)


def _has(inner: object, key: str) -> bool:
    """Whether ``key`` may be asked of ``inner``: of an empty list or nothing, any may."""
    if isinstance(inner, list):
        return not inner or any(_has(item, key) for item in inner)
    if isinstance(inner, Mapping):
        return not inner or key in inner
    return inner is None


def _names(obj: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    for name, value in obj.items():
        names.append(name)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, Mapping):
            names.extend(f"{name}.{key}" for key in first)
    return names
