"""Objects nested in the rows of a list: read for a batch of rows at a time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.store.engines.connection import Connection, Row

if TYPE_CHECKING:
    from interop_cli.domain.fields.field import Column

Batches = Iterator[list[tuple[Any, ...]]]
Nested = Callable[[Connection, Iterable[int]], dict[int, list[Row]]]


def column(name: str, members: Sequence[str]) -> Column:
    """A column of nested objects: in no format until ``--fields`` asks for it."""
    from interop_cli.domain.fields.field import Column, ValueKind

    return Column(name, ValueKind.JSON, hidden=True, members=tuple(members))


def with_nested(
    conn: Connection,
    names: Sequence[str],
    nested: Mapping[str, Nested],
    owner: str,
    read: Callable[[Sequence[str]], Batches],
) -> Batches:
    """The rows that ``read`` gives for ``names``, with lists of objects for those in ``nested``.

    ``owner`` is the column with the id of the client to which the objects belong.
    """
    wanted = [name for name in names if name in nested]
    if not wanted:
        return read(names)
    return _filled(conn, names, {name: nested[name] for name in wanted}, owner, read)


def _filled(
    conn: Connection,
    names: Sequence[str],
    nested: Mapping[str, Nested],
    owner: str,
    read: Callable[[Sequence[str]], Batches],
) -> Batches:
    plain = [owner, *(name for name in names if name not in nested)]
    for batch in read(plain):
        owners = list(dict.fromkeys(row[0] for row in batch))
        found = {name: objects(conn, owners) for name, objects in nested.items()}
        yield [
            tuple(
                found[name][row[0]] if name in found else row[plain.index(name, 1)]
                for name in names
            )
            for row in batch
        ]
