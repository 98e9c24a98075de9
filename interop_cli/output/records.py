"""One object: a record that is shown (its chosen fields, a plain card), or what a write did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from json.encoder import encode_basestring as quote
from typing import Any

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.i18n import _, labelled, ngettext
from interop_cli.output.columns import Row, choose, compact, dig, plain, unknown_field
from interop_cli.output.notices import MANY_ROWS, finding, kinds_of, text_of
from interop_cli.output.style import Style, width
from interop_cli.output.words import operation_named


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
    from interop_cli.output.words import title

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
    from interop_cli.output.words import title

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


Result = Mapping[str, Any]


def item_columns(
    items: Sequence[Mapping[str, object]], fields: Sequence[str] | None
) -> list[Column]:
    """The columns of ``items``: ``fields``, or every key in order of appearance."""
    names = list(fields) if fields else list(dict.fromkeys(key for item in items for key in item))
    return [Column(name, _kind(name, [_at(item, name) for item in items])) for name in names]


def checked_columns(items: Sequence[Mapping[str, object]], fields: Sequence[str]) -> list[Column]:
    """``item_columns``; ``UsageError`` (``output.field.unknown``) where no item has a field."""
    names = list(dict.fromkeys(key for item in items for key in item))
    for field in fields:
        root, _dot, path = field.partition(".")
        held = [item.get(root) for item in items]
        nested = path and any(value is None or isinstance(value, dict | list) for value in held)
        if field not in names and not (root in names and nested):
            raise unknown_field(field, names)
    return item_columns(items, fields)


def laid_out(
    items: Sequence[Mapping[str, Any]], fields: Sequence[str] | None, form: str
) -> tuple[str, list[Column], list[Row]]:
    """The items as rows of the format ``form``: the column that names one, columns, rows."""
    columns = item_columns(items, fields)
    if form == "table" and not fields:
        items = with_reasons(items)
        columns = telling(columns, items)
    key = key_of(columns)
    if form == "codes":
        columns = [column for column in columns if column.name == key]
        if not fields:
            items = [{key: code_of(item, key)} for item in items]
    return key, columns, item_rows(items, columns)


def key_of(columns: Sequence[Column]) -> str:
    """The column that names an item, for the format codes."""
    names = [column.name for column in columns]
    return next((key for key in ("code", "number", "id") if key in names), names[0])


def telling(columns: list[Column], items: Sequence[Mapping[str, object]]) -> list[Column]:
    """The columns in which some item has a value; a table is for people."""
    return [c for c in columns if any(item.get(c.name) is not None for item in items)]


def with_reasons(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The items with their errors as sentences, with their line where it is not the item's."""
    return [{**item, "error": _reason(item.get("error"), item.get("line"))} for item in items]


def _reason(error: object, line: object) -> object:
    if not isinstance(error, Mapping):
        return error
    elsewhere = found if (found := error.get("line")) != line else None
    what = text_of(error.get("message") or error.get("code"))
    return finding(elsewhere, None, error.get("path"), what)


def item_rows(items: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> list[Row]:
    """The values of ``items``; a missing one is ``None``, for the write is done."""
    return [tuple(_at(item, column.name) for column in columns) for item in items]


def picked(result: Result, fields: Sequence[str] | None) -> dict[str, Any]:
    """``result`` with nothing but ``fields`` in its items."""
    if not fields:
        return dict(result)
    items = [{name: _at(item, name) for name in fields} for item in result.get("items") or []]
    return {**result, "items": items}


def summary(result: Result) -> list[str]:
    """Sentences about what was written, in the user's language."""
    counts = [ngettext("{n} changed", "{n} changed", result.get("changed") or 0)]
    if unchanged := result.get("unchanged"):
        counts.append(ngettext("{n} unchanged", "{n} unchanged", unchanged))
    if failed := result.get("failed"):
        counts.append(ngettext("{n} failed", "{n} failed", failed))
    lines = [labelled(operation_named(result.get("operation", "")), f"{', '.join(counts)}.")]
    if told := _recognised(result):
        lines.append(f"  {told}")
    if (result.get("failed") or 0) > MANY_ROWS:
        lines += kinds_of(result.get("reasons") or [])
    if result.get("dry_run"):
        lines.append(_("Dry run: nothing was written."))
    elif not result.get("undoable", True):
        lines.append(_("This cannot be undone."))
    elif operation := result.get("operation_id"):
        lines.append(_("interop journal undo {n} takes it back.", n=operation))
    return lines


def _recognised(result: Result) -> str:
    """How many rows of a file were found by what, and how many were not."""
    if "found" not in result:
        return ""
    told = [(_("found by {key}", key=key), n) for key, n in result["found"].items()]
    told += [(_("created"), result["created"]), (_("merged, left out"), result["merged"])]
    return "; ".join(labelled(what, str(n)) for what, n in told if n)


def _at(item: Mapping[str, object], name: str) -> object:
    return item[name] if name in item else dig(dict(item), name.split("."))


def _kind(name: str, values: Sequence[object]) -> ValueKind:
    """What the values of an item's key are."""
    present = [value for value in values if value is not None]
    if any(isinstance(value, list | dict) for value in present):
        return ValueKind.JSON
    if present and all(isinstance(value, bool) for value in present):
        return ValueKind.BOOL
    if present and all(type(value) is int for value in present):
        return ValueKind.MONEY if name.endswith("_cents") else ValueKind.INT
    return ValueKind.TEXT
