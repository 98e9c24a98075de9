"""What a command that wrote tells: the result object, its items, and the sentence about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.i18n import _, labelled, ngettext
from interop_cli.output.columns import Row, dig, unknown_field
from interop_cli.output.notices import MANY_ROWS, finding, kinds_of, text_of
from interop_cli.output.records import code_of
from interop_cli.output.words import operation_named

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
