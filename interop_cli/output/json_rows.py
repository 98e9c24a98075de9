"""Rows as JSON: one object a line (ndjson), or an array with one object a line.

A formatter is made for each call, out of the columns: one expression that unpacks a row and fills
its text, with C's string quoting for each text value. A million rows of 27 columns take 2 s so;
``json.dumps`` of a dict takes 7 s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from json.encoder import encode_basestring as quote
from typing import TYPE_CHECKING

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.output.cells import as_json, embed, embed_at
from interop_cli.output.columns import ColumnChoice, Row

if TYPE_CHECKING:
    from interop_cli.output.writer import Output

Formatter = Callable[[Sequence[Row]], list[str]]
PIECE = 200  # rows
_VALUE = {
    ValueKind.TEXT: "quote({v})",
    ValueKind.DATE: "quote({v})",
    ValueKind.TIME: "quote({v})",
    ValueKind.PHONE: "quote({v})",
    ValueKind.INT: "digits({v})",
    ValueKind.MONEY: "digits({v})",
    ValueKind.BOOL: "'true' if {v} else 'false'",
    ValueKind.JSON: "embed({v})",
}


def ndjson(
    choices: list[ColumnChoice], columns: int, batches: Iterable[list[Row]]
) -> Iterator[str]:
    """One object a line."""
    objects = formatter(choices, columns)
    for piece in _pieces(batches):
        yield "\n".join(objects(piece)) + "\n"


def array(choices: list[ColumnChoice], columns: int, batches: Iterable[list[Row]]) -> Iterator[str]:
    """An array of objects; an empty one is ``[]``."""
    objects = formatter(choices, columns)
    before = "[\n"
    for piece in _pieces(batches):
        yield before + ",\n".join(objects(piece))
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def made(blocks: Iterable[bytes], *, array: bool) -> Iterator[bytes]:
    """Objects of an engine, which come in whole lines, as ``ndjson`` or ``array`` has them."""
    if not array:
        yield from blocks
        return
    before = b"[\n"
    for block in blocks:
        yield before + block[:-1].replace(b"\n", b",\n")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _pieces(batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """The rows in pieces whose text fits the processor's cache."""
    for batch in batches:
        for start in range(0, len(batch), PIECE):
            yield batch[start : start + PIECE]


def formatter(choices: list[ColumnChoice], columns: int) -> Formatter:
    """From rows of ``columns`` values to the JSON objects of ``choices``.

    Nothing of the user's enters the compiled text but as a quoted literal.
    """
    if not choices:
        return lambda rows: ["{}"] * len(rows)
    names: dict[str, object] = {
        "quote": quote,
        "digits": int.__repr__,
        "embed": embed,
        "embed_at": embed_at,
    }
    parts = []
    for place, choice in enumerate(choices):
        before = "," if place else "{"
        if choice.kind is ValueKind.MEMBERS:
            parts.append(f"{before!r} f'{{v{choice.at}[1:-1]}}'")
            continue
        key = before + quote(choice.name) + ":"
        names[f"path{place}"] = choice.path
        value = _VALUE[choice.kind] if not choice.path else "embed_at({v}, path{place})"
        filled = value.format(v=f"v{choice.at}", place=place)
        parts.append(f"{key!r} f\"{{'null' if v{choice.at} is None else {filled}}}\"")
    unpacked = ",".join(f"v{index}" for index in range(columns))
    source = f"def fast(rows): return [{' '.join(parts)} '}}' for {unpacked}, in rows]"
    exec(compile(source, "<json row>", "exec"), names)  # noqa: S102
    fast: Formatter = names["fast"]  # type: ignore[assignment]

    def objects(rows: Sequence[Row]) -> list[str]:
        try:
            return fast(rows)
        except TypeError:  # a value of another type than its column's: SQLite allows it
            return [_object(choices, row) for row in rows]

    return objects


def _object(choices: list[ColumnChoice], row: Row) -> str:
    pairs = (
        str(row[choice.at])[1:-1]
        if choice.kind is ValueKind.MEMBERS
        else f"{quote(choice.name)}:{as_json(choice, row[choice.at])}"
        for choice in choices
    )
    return "{" + ",".join(pairs) + "}"


def pick_together(
    output: Output, columns: Sequence[Column], made: Collection[str], lists: Collection[str] = ()
) -> list[Column]:
    """As ``output.pick``; in JSON, each run of those in ``made`` is one, ``first,second,…``.

    Whoever reads the rows has the engine make the text of its members (``json_members``), which
    takes less than to take every value over and write it. ``lists``: JSON that is made so too.
    """
    picked = output.pick(columns)
    if output.format not in ("json", "ndjson") or "." in "".join(output.fields or ()):
        return picked
    found: list[Column] = []

    def way(one: Column) -> str:
        if one.name in lists:
            return "lists"
        return "made" if one.name in made else "apart"

    for how, run in groupby(picked, way):
        ones = [*run]
        if how == "apart" or len(ones) == 1:
            found += ones
        else:
            found.append(Column(",".join(one.name for one in ones), ValueKind.MEMBERS))
    return found


def whole(columns: Sequence[Column]) -> list[str]:
    """The members, where an engine makes all of each object for ``Output.objects``; else none."""
    if not all(one.kind is ValueKind.MEMBERS for one in columns):
        return []
    return [name for one in columns for name in one.name.split(",")]
