"""One object (``show``): its chosen fields, its flat form, and a plain card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from json.encoder import encode_basestring as quote
from typing import Any

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.output.cells import compact, plain
from interop_cli.output.columns import Row, choose, dig, unknown_field
from interop_cli.output.style import Style, width


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
    from interop_cli.output.people import readers
    from interop_cli.output.titles import title

    columns, row = flat(obj, all_values=True)
    titles = [title(name) for name in obj]
    room = max(map(width, titles), default=0)
    for head, read in zip(titles, readers(choose(columns, None), columns), strict=True):
        yield f"{style.pad(style.bold(head), room)}  {read(row)}".rstrip()


def streamed(
    obj: Mapping[str, Any],
    name: str,
    items: Iterable[Mapping[str, Any]],
    indent: int | None,
    style: Style,
) -> Iterator[str]:
    """The same bytes as of ``{**obj, name: [*items]}``, without holding the items.

    JSON of this ``indent``, on one line where it is 0; None: a card.
    """
    if indent is None:
        yield from _streamed_card(obj, name, items, style)
        return
    pretty = partial(json.dumps, ensure_ascii=False, indent=indent, default=plain)
    dump: Callable[[object], str] = pretty if indent else compact
    space, end = (f"\n{' ' * indent}", "\n") if indent else ("", "")
    yield dump(obj)[: -1 - len(end)] + f",{space}{quote(name)}:{' ' if indent else ''}["
    inner, separator = space + " " * indent, ""
    for item in items:
        # Line ends inside texts are escaped: these are all of the layout.
        yield separator + inner + dump(item).replace("\n", inner)
        separator = ","
    yield f"{space if separator else ''}]{end}}}\n"


def _streamed_card(
    obj: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]], style: Style
) -> Iterator[str]:
    """Titles and values, and the items as a table below."""
    from interop_cli.output.table import table
    from interop_cli.output.titles import title

    yield from style.rendered(card(obj, style))
    rest = iter(items)
    first = next(rest, None)
    if first is None:
        return
    yield f"\n{style.render(style.bold(title(name)))}\n"
    columns = [Column(key, kind_of(key, value)) for key, value in first.items()]
    rows: Iterable[Row] = (tuple(item.get(key) for key in first) for item in chain([first], rest))
    batches = ([row] for row in rows)
    yield from table(
        choose(columns, None), batches, columns=columns, style=style, room=style.room, asked=True
    )


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
