"""Rows as CSV (RFC 4180, or what Excel reads in French), as TSV, and as a list of codes.

Cells are data: a CSV cell is only guarded against formulas, a TSV cell has its backslashes, tabs
and line ends written as ``\\\\ \\t \\n \\r``. Where the reader is a terminal they are made
printable too.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence

from interop_cli.output.cells import as_text, embed, loaded
from interop_cli.output.columns import NUMBERS, Choice, Kind, Row, dig
from interop_cli.output.guard import SUSPECT, guard
from interop_cli.output.sanitise import printable

DIALECTS = ("rfc4180", "excel-fr")
Convert = Callable[[object], str | None]
Batches = Iterable[list[Row]]

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _Lines(list[str]):
    """A file for ``csv.writer`` that keeps each record by itself."""

    write = list.append


def csv_rows(
    choices: list[Choice], batches: Batches, *, dialect: str = "rfc4180", terminal: bool = False
) -> Iterator[str]:
    """Header and records; ``excel-fr``: a BOM, ``;`` and CRLF."""
    french = dialect == "excel-fr"
    end = "\r\n" if french else "\n"
    lines = _Lines()
    # The writer quotes what its own line end holds, so CR must be in it; we put ours after.
    writer = csv.writer(lines, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow([choice.name for choice in choices])
    yield ("\ufeff" if french else "") + lines.pop()[:-2] + end
    converters = [_csv_cell(choice, terminal) for choice in choices]
    for batch in batches:
        writer.writerows(zip(*_converted(choices, converters, batch), strict=True))
        yield "".join([line[:-2] + end for line in lines])
        lines.clear()


def tsv_rows(
    choices: list[Choice], batches: Batches, *, terminal: bool = False, header: bool = True
) -> Iterator[str]:
    """Header and records; ``header=False`` with one column is the format ``codes``."""
    if header:
        yield "\t".join(choice.name.translate(_TSV) for choice in choices) + "\n"
    converters = [_tsv_cell(choice, terminal) for choice in choices]
    for batch in batches:
        records = zip(*_converted(choices, converters, batch), strict=True)
        yield "".join(["\t".join(record) + "\n" for record in records])


def _converted(
    choices: list[Choice], converters: list[Convert], batch: Sequence[Row]
) -> list[Iterable[str | None]]:
    """The cells of ``batch``, column by column."""
    values = list(zip(*batch, strict=True)) if batch else [()] * (_last(choices) + 1)
    return [
        map(convert, values[choice.index])
        for choice, convert in zip(choices, converters, strict=True)
    ]


def _last(choices: list[Choice]) -> int:
    return max((choice.index for choice in choices), default=0)


def cell(choice: Choice, value: object) -> str | None:
    """The value as text, without guard or escapes; ``None`` where there is none."""
    if value is None:
        return None
    if choice.kind is Kind.JSON:
        return as_text(dig(loaded(value), choice.path)) if choice.path else embed(value)
    if choice.kind is Kind.BOOL:
        return "true" if value else "false"
    return as_text(value)


def _csv_cell(choice: Choice, terminal: bool) -> Convert:
    def text(value: object) -> str | None:
        if type(value) is str:
            return guard(value) if value[:1] in SUSPECT else value
        return any_value(value)

    def any_value(value: object) -> str | None:
        got = cell(choice, value)
        if got is None or (choice.kind in NUMBERS and isinstance(value, int)):
            return got
        return guard(got)

    convert = any_value if choice.kind in NUMBERS | {Kind.BOOL, Kind.JSON} else text
    if not terminal:
        return convert
    return lambda value: None if value is None else printable(convert(value) or "")


def _tsv_cell(choice: Choice, terminal: bool) -> Convert:
    def convert(value: object) -> str:
        got = cell(choice, value)
        if got is None:
            return ""
        got = got.translate(_TSV)
        return printable(got) if terminal else got

    return convert


def untsv(text: str) -> str:
    """The text that a TSV cell stands for."""
    parts = text.split("\\\\")
    plain = (p.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for p in parts)
    return "\\".join(plain)
