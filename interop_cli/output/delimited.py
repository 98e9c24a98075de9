"""Rows as CSV (RFC 4180, or what Excel reads in French), as TSV, and as a list of codes.

Cells are data: they are only guarded against formulas, but for codes, and in TSV backslashes, tabs
and line ends are written as ``\\\\ \\t \\n \\r``. Where the reader is a terminal they are made
printable too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from interop_cli.domain.fields.field import NUMBERS, ValueKind
from interop_cli.output.cells import as_text, loaded
from interop_cli.output.columns import ColumnChoice, Row, dig
from interop_cli.output.sanitise import SUSPECT, guard, printable

Batches = Iterable[list[Row]]
Convert = Callable[[Sequence[object]], Iterable[str | int | None]]  # of a whole column

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TSV_SPECIAL = re.compile(r"[\\\t\n\r]").search


class _Lines(list[str]):
    """A file for ``csv.writer`` that keeps each record by itself."""

    write = list.append


def csv_rows(
    choices: list[ColumnChoice],
    batches: Batches,
    *,
    dialect: str = "rfc4180",
    terminal: bool = False,
    words: bool = False,
) -> Iterator[str]:
    """Header and records; ``excel-fr``: a BOM, ``;`` and CRLF. ``words``: as ``guard`` has it."""
    french = dialect == "excel-fr"
    end = "\r\n" if french else "\n"
    lines = _Lines()
    # The writer quotes what its own line end holds, so CR must be in it; we put ours after.
    writer = csv.writer(lines, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow([printable(c.name) if terminal else c.name for c in choices])
    yield ("\ufeff" if french else "") + lines.pop()[:-2] + end
    converters = [_csv_column(choice, terminal, partial(guard, words=words)) for choice in choices]
    for batch in batches:
        writer.writerows(zip(*_converted(choices, converters, batch), strict=True))
        yield "".join([line[:-2] + end for line in lines])
        lines.clear()


def tsv_rows(
    choices: list[ColumnChoice], batches: Batches, *, terminal: bool = False, header: bool = True
) -> Iterator[str]:
    """Header and records; ``header=False`` with one column is the format ``codes``."""
    if header:
        names = (choice.name.translate(_TSV) for choice in choices)
        yield "\t".join(map(printable, names) if terminal else names) + "\n"
    converters = [_tsv_column(choice, terminal, guarded=header) for choice in choices]
    for batch in batches:
        cells = _converted(choices, converters, batch)
        records = zip(*(map(str, column) for column in cells), strict=True)
        yield "".join(["\t".join(record) + "\n" for record in records])


def _converted(
    choices: list[ColumnChoice], converters: list[Convert], batch: Sequence[Row]
) -> list[Iterable[str | int | None]]:
    """The cells of ``batch``, column by column: that is much faster than cell by cell."""
    if not batch:
        return []
    values = list(zip(*batch, strict=True))
    pairs = zip(choices, converters, strict=True)
    return [convert(values[choice.at]) for choice, convert in pairs]


def cell(choice: ColumnChoice, value: object) -> str | None:
    """The value as text, without guard or escapes; ``None`` where there is none."""
    if value is None:
        return None
    if choice.kind is ValueKind.JSON:
        return as_text(dig(loaded(value), choice.path))
    if choice.kind is ValueKind.BOOL:
        return "true" if value else "false"
    return as_text(value)


def _csv_column(choice: ColumnChoice, terminal: bool, guarded: Callable[[str], str]) -> Convert:
    def one(value: object) -> str | None:
        text = cell(choice, value)
        if text is None or (choice.kind in NUMBERS and isinstance(value, int)):
            return text
        return printable(guarded(text)) if terminal else guarded(text)

    def texts(column: Sequence[Any]) -> Iterable[str | None]:
        try:
            return [v if v is None or v[:1] not in SUSPECT else guarded(v) for v in column]
        except TypeError:  # not all of them are text: SQLite allows it
            return map(one, column)

    def numbers(column: Sequence[object]) -> Iterable[str | int | None]:
        return [v if type(v) is int else one(v) for v in column]

    if terminal or choice.kind in (ValueKind.BOOL, ValueKind.JSON):
        return partial(map, one)
    return numbers if choice.kind in NUMBERS else texts


def _tsv_column(choice: ColumnChoice, terminal: bool, *, guarded: bool) -> Convert:
    def one(value: object) -> str:
        if type(value) is int and choice.kind in NUMBERS:
            return str(value)
        if type(value) is not str or choice.kind is ValueKind.JSON:
            value = cell(choice, value) or ""
        if guarded and value[:1] in SUSPECT:
            value = guard(value)
        text = value.translate(_TSV) if _TSV_SPECIAL(value) else value
        return printable(text) if terminal else text

    return partial(map, one)
