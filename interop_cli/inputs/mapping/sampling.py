"""The beginning of a file as it is: where its columns are named, and what its values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.values import closed_lists
from interop_cli.domain.values.closed_lists import ClosedList, parse_bool
from interop_cli.domain.values.text import fold, words
from interop_cli.inputs.mapping import ColumnFault
from interop_cli.inputs.mapping.forms import MARKS, iso_date, plain_amount
from interop_cli.inputs.mapping.header import column_key
from interop_cli.inputs.mapping.rows import as_text
from interop_cli.inputs.reading import read_layout, read_records
from interop_cli.inputs.records import Head
from interop_cli.inputs.source import Source

SAMPLE = 1000  # rows
MOST_OF_THEM = 0.8

_EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]+")
_PHONE = re.compile(r"[+(]?[\d\s().+-]{7,20}(?:\s*(?:x|ext|poste)\.?\s*\d+)?", re.IGNORECASE)
_EXTENSION = re.compile(r"[a-z]", re.IGNORECASE)
_AMOUNT = re.compile(r"[+-]?\d[\d ]*\.\d\d")
_POSTAL = re.compile(r"[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d|\d{5}(?:-\d{4})?")

_TWO_READINGS = re.compile(r"\D*[1-9]\d{0,2},\d{3}\D*")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")
_DATES = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%Y-%m-%d %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
)
_LISTS = {
    "status": ClosedList.DOCUMENT_STATUS,
    "kind": ClosedList.DOCUMENT_KIND,
    "language": ClosedList.LANGUAGE,
}
_YES_NO = ("active", "prospect")


@dataclass
class Table:
    """What was read of the file: its columns, and the cells of its first rows."""

    columns: list[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    header: int | None = None
    """The line of the header where it is not the first, 0 where there seems to be none."""

    def cells(self, column: str) -> list[str]:
        """What stands in a column, empty cells left out."""
        texts = (as_text(row.get(column)).strip() for row in self.rows)
        return [text for text in texts if text]


def sampled(source: Source, known: Mapping[str, str], **form: Any) -> Table:
    """The columns and the first rows, under the first line that has headings which are ``known``.

    ``form`` is what is said of the file. Raises what reading does.
    """
    if form.get("format") in ("ndjson", "vcard"):
        rows = [record.values for record in islice(read_records(source, **form), SAMPLE)]
        return Table([*dict.fromkeys(name for row in rows for name in row)], rows)

    def is_header(cells: Sequence[str]) -> bool:
        named = [cell for cell in cells if cell]
        ours = known.values()
        there = sum(words(cell) in known or column_key(cell) in ours for cell in named)
        return len(named) > 1 and there >= max(1, min(2, len(named) // 3))

    head = Head(find=is_header, lenient=True)
    line: int | None
    try:
        layout = read_layout(source, head=head, **form)
        first = read_layout(source, head=Head(lenient=True), **form)
        line = layout.line if layout.line != first.line else None
    except InvalidData as error:
        if error.code != "input.header.none":
            raise
        head, line = Head(lenient=True), None
        layout = read_layout(source, head=head, **form)
        if any(shape_of([cell]) for cell in layout.header):
            head, line = Head(0), 0
            layout = read_layout(source, head=head, **form)
    records = islice(read_records(source, head=head, **form), SAMPLE)
    rows = [record.values for record in records if any(record.values.values())]
    return Table(layout.header, rows, line)


def shape_of(cells: Sequence[str]) -> str | None:
    """The field whose values look like nearly all of these; ``None`` where that is not sure."""
    shapes = (("email", _EMAIL.fullmatch), ("postal_code", _POSTAL.fullmatch), ("phone", _is_phone))
    for name, fits in shapes:
        if cells and sum(bool(fits(cell)) for cell in cells) >= MOST_OF_THEM * len(cells):
            return name
    return None


def _is_phone(cell: str) -> bool:
    """Whether a cell has a telephone number's form, and not that of a date, an amount or an id."""
    if not _PHONE.fullmatch(cell) or _AMOUNT.fullmatch(cell):
        return False
    digits = re.sub(r"\D", "", _EXTENSION.split(cell)[0])
    if cell.isdecimal():
        return len(digits) == 10 or (len(digits) == 11 and digits[0] == "1")
    return len(digits) == 7 or len(digits) >= 10


def date_forms(cells: Sequence[str]) -> list[str] | None:
    """The forms in which all of these can be dates; ``None`` where nothing is to be said."""
    if not cells or all(map(_ISO.fullmatch, cells)):
        return None
    return [form for form in _DATES if all(_fits(iso_date, cell, (form,)) for cell in cells)]


def decimal_marks(cells: Sequence[str]) -> list[str] | None:
    """The marks that can stand before the cents of these; ``None`` where nothing is to be said."""
    if not any(map(_TWO_READINGS.fullmatch, cells)):
        return None
    return [mark for mark in MARKS if all(_fits(plain_amount, cell, mark) for cell in cells)]


def _fits(read: Callable[..., str], *args: Any) -> bool:
    try:
        read(*args)
    except ColumnFault:
        return False
    return True


def strange_words(field: str, cells: Sequence[str]) -> dict[str, str]:
    """The words that a field of a closed list does not know, by their folded form."""
    which = _LISTS.get(field)
    if which is None and field not in _YES_NO:
        return {}
    return {
        fold(cell): cell
        for cell in cells
        if not (_yes_no(cell) if which is None else closed_lists.meant(which, cell, "CA"))
    }


def _yes_no(cell: str) -> bool:
    try:
        parse_bool(cell)
    except ValueError:
        return False
    return True
