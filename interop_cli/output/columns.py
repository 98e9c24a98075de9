"""What a row holds, and which of it the user asked for with ``--fields``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import WHOLE, Column, ValueKind
from interop_cli.domain.fields.ranks import rank_named, whole_named
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import closest

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
