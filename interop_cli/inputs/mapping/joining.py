"""Several rows of one record: a row a person, a row a line of an invoice.

The rows of one record are those that are alike in all that ``join`` names, wherever they stand. A
row that has nothing there goes on with the one above, unless ``join`` is made of several columns:
then it is somebody of whom too little is known, and is refused. What they say of the record itself
must agree, but for the fields of ``first`` in rows with a contact, an address or a line; what they
say of contacts, addresses, notes, lines and tags adds up.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby, islice
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from interop_cli.domain.errors import Detail
from interop_cli.domain.fields import Kind
from interop_cli.domain.fields.nested import LISTS
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs.mapping.expressions import Template
from interop_cli.inputs.mapping.forms import kind_of, parts_of
from interop_cli.inputs.mapping.rows import FieldRecord, as_text, group, is_empty

IN_MEMORY = 10_000  # rows that are sorted at once
MOST = 10_000  # rows of one record
_LISTS = {**{entity: name for name, entity in LISTS.items()}, "line": "lines"}
_COUNTED = frozenset({"line"})  # two that are alike are two
_KEEPING = frozenset({"contact", "contacts", "address", "addresses", "line", "lines"})

Key = tuple[str, ...]


class Keyed(NamedTuple):
    """A row and the record it belongs to; each that belongs to none is one by itself."""

    key: Key
    row: FieldRecord


def joined(
    rows: Iterable[FieldRecord], join: Sequence[Template], first: Collection[str] = ()
) -> Iterator[FieldRecord]:
    """A record for all the rows alike in all of ``join``, in the order of their first rows.

    Each row by itself where it is empty. ``first``: fields of the record which the first row that
    has them says, whatever others say that have a contact, an address or a line. Memory is bounded:
    more rows than fit are sorted on disk, in files that nobody else can open.
    """
    if not join:
        yield from (_record([row]) for row in rows)
        return
    by_key = sorted_rows(_keyed(rows, join, first), lambda one: (one.key, one.row.line))
    records = (
        Keyed((), _record([one.row for one in islice(found, MOST + 1)], first))
        for _key, found in groupby(by_key, key=lambda one: one.key)
    )
    yield from (one.row for one in sorted_rows(records, lambda one: one.row.line))


def _keyed(
    rows: Iterable[FieldRecord], join: Sequence[Template], first: Collection[str]
) -> Iterator[Keyed]:
    above: Keyed | None = None
    names = [by.text for by in join]
    goes_on = all(by.sole for by in join)  # else it may be anybody's
    for row in rows:
        key = tuple(fold(as_text(row.keys.get(name))) for name in names)
        if any(key):
            above = Keyed(("", *key), row)
            yield above
        elif goes_on and above is not None and not _differs(above.row.values, row.values, first):
            yield Keyed(above.key, row)
        else:
            above = None
            if goes_on:
                reason = msg(
                    "has nothing in {columns}, and does not go on with the row above",
                    columns=", ".join(names),
                )
            else:
                reason = msg("has nothing in the columns that tell the records apart (join)")
            fault = Detail("", "import.join.key", reason, row.line)
            yield Keyed((f"{row.line:012}",), row._replace(error=row.error or fault))


def _differs(values: dict[str, Any], others: dict[str, Any], first: Collection[str]) -> str | None:
    """A field of the record itself of which two rows say different things."""
    for name, value in others.items():
        if name in first or _adds_up(name) or is_empty(value) or is_empty(values.get(name)):
            continue
        if fold(as_text(value)) != fold(as_text(values[name])):
            return name
    return None


def _keeps(values: dict[str, Any]) -> bool:
    """Whether a row has something of its own that holds what the record takes of another row.

    Without a contact its e-mail would be nowhere.
    """
    return any(
        (_list_of(name) or name) in _KEEPING and not is_empty(value)
        for name, value in values.items()
    )


def _adds_up(field: str) -> bool:
    """Whether what several rows say of it is all true."""
    return _list_of(field) is not None or kind_of(field) is Kind.TAGS


def _list_of(field: str) -> str | None:
    """The kind of ``contact2.email``; None for a field of the record itself."""
    kind = group(field).rstrip(".0123456789")
    return kind if kind in _LISTS else None


def _record(rows: list[FieldRecord], of_first: Collection[str] = ()) -> FieldRecord:
    first = rows[0]
    if len(rows) > MOST:
        reason = msg("more than {max} rows belong to one record", max=MOST)
        return _faulty(rows, "", "import.join.many", reason, first.line)
    values: dict[str, Any] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    parts: dict[str, tuple[str, int]] = {}
    for row in rows:
        if row.error is not None:
            return FieldRecord(first.line, first.values, row.error, _sources(rows))
        if name := _differs(values, row.values, of_first if _keeps(row.values) else ()):
            reason = msg("is not what line {line} says of the same record", line=first.line)
            return _faulty(rows, name, "import.join.differs", reason, row.line)
        items: dict[str, dict[str, Any]] = {}
        for name, value in row.values.items():
            if kind := _list_of(name):
                items.setdefault(group(name), {})[name.rpartition(".")[2]] = value
                lists.setdefault(_LISTS[kind], [])
            elif name in _LISTS.values() and isinstance(value, list):
                lists.setdefault(name, []).extend(value)
            elif is_empty(values.get(name)):
                values[name] = value
            elif row is not first and kind_of(name) is Kind.TAGS and not is_empty(value):
                values[name] = [*_tags(values[name]), *_tags(value)]
        for place, item in items.items():
            kind = str(_list_of(place))
            found = lists[_LISTS[kind]]
            counted = kind in _COUNTED
            if not all(map(is_empty, item.values())) and (counted or item not in found):
                parts[f"{_LISTS[kind]}.{len(found) + counted}."] = (place, row.line)
                found.append(item)
    values |= {name: found for name, found in lists.items() if found}
    return FieldRecord(first.line, values, None, _sources(rows), parts=parts)


def _tags(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [*parts_of(as_text(value), (",",))]


def _faulty(
    rows: list[FieldRecord], path: str, code: str, reason: Message, line: int
) -> FieldRecord:
    first = rows[0]
    return FieldRecord(first.line, first.values, Detail(path, code, reason, line), _sources(rows))


def _sources(rows: Iterable[FieldRecord]) -> list[Any]:
    return [row.source for row in rows]


def sorted_rows(rows: Iterable[Keyed], by: Callable[[Keyed], Any]) -> Iterator[Keyed]:
    """The rows in this order; no more than ``IN_MEMORY`` of them are held at once."""
    iterator = iter(rows)
    with ExitStack() as stack:
        runs: list[Iterator[Keyed]] = []
        while chunk := sorted(islice(iterator, IN_MEMORY), key=by):
            if len(chunk) < IN_MEMORY and not runs:
                yield from chunk
                return
            file = stack.enter_context(TemporaryFile())
            for row in chunk:
                pickle.dump(row, file, pickle.HIGHEST_PROTOCOL)
            file.seek(0)
            runs.append(_read(file, len(chunk)))
        yield from heapq.merge(*runs, key=by)


def _read(file: IO[bytes], count: int) -> Iterator[Keyed]:
    """What this process itself has written there."""
    for _ in range(count):
        yield pickle.load(file)  # noqa: S301
