"""The beginning of a file as it is: where its columns are named, and what its values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.values.text import words
from interop_cli.inputs.mapping.columns import column_key
from interop_cli.inputs.mapping.rows import as_text
from interop_cli.inputs.reading import read_layout, read_records
from interop_cli.inputs.records import Head
from interop_cli.inputs.source import Source

SAMPLE = 1000  # rows
MOST_OF_THEM = 0.8

_EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]+")
_PHONE = re.compile(r"[+(]?[\d\s().+-]{7,20}(?:\s*(?:x|ext|poste)\.?\s*\d+)?", re.IGNORECASE)
_POSTAL = re.compile(r"[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d|\d{5}(?:-\d{4})?")


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
    if form.get("format") == "ndjson":
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
    shapes = (("email", _EMAIL), ("postal_code", _POSTAL), ("phone", _PHONE))
    for name, form in shapes:
        if cells and sum(bool(form.fullmatch(cell)) for cell in cells) >= 0.8 * len(cells):
            return name
    return None
