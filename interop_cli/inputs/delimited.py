"""CSV, read strictly and a row at a time (RFC 4180, and what spreadsheets make of it).

A row with too many or too few cells is a fault of that row; a quote that never ends, a NUL, a byte
that is not text are faults of the file, because what follows them cannot be trusted.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.domain.messages import msg
from interop_cli.inputs import (
    LOOKED_AT,
    PLAIN_HEAD,
    Head,
    Layout,
    Record,
    begins_with_reason,
    invalid,
    no_such_header,
    ragged,
)
from interop_cli.inputs.lines import TextLines
from interop_cli.inputs.source import Source
from interop_cli.output.sanitise import unguard

DELIMITERS = ",;\t|"
FIELD_LIMIT = 131_072  # characters
_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_QUOTED = re.compile(r'"[^"]*"')
_HEADER_LINES = 50
# What Excel takes as the delimiter of the file, where its first line says so.
_SEPARATOR = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)


def read_csv(
    source: Source,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Iterator[Record]:
    """The rows under the header; none where there is no header or nothing under it.

    Blank lines are skipped, columns at the end that have neither name nor content, and the reasons
    that a file of rejects begins with. A ragged row comes with the ``error`` ``input.ragged``.
    Raises ``InvalidData`` for a file that is not such a CSV (``input.csv``, ``input.quote``,
    ``input.field_too_long``, ``input.header.*``, and those of ``TextLines``), ``UsageError`` for
    an encoding or a delimiter that cannot be.
    """
    return _Table(source, encoding, delimiter, head).records()


def csv_layout(
    source: Source,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Layout:
    """Columns, delimiter and encoding of the file; raises what ``read_csv`` does."""
    return _Table(source, encoding, delimiter, head).layout


def check_delimiter(text: str) -> str:
    """``text`` as one character (``tab`` and ``\\t`` are a tab); else ``UsageError``."""
    char = _NAMED.get(text.lower(), text)
    if len(char) == 1 and char not in '"\r\n\0 ':
        return char
    raise UsageError(
        "input.delimiter",
        msg("A delimiter is one character, and neither a quote, a space nor a line end."),
        hint=msg("Such as: {examples}", examples="--delimiter ';'  --delimiter tab"),
    )


class _Table:
    """One reading of a CSV file."""

    def __init__(
        self, source: Source, encoding: str | None, delimiter: str | None, head: Head
    ) -> None:
        self._source = source
        self._encoding = encoding
        self._head = head
        self._lines = TextLines(source, encoding, records=True, option=True)
        lines = iter(self._lines)
        begun = _beginning(lines, head)
        self._separator = _SEPARATOR.fullmatch(begun[0]) if begun else None
        if delimiter:
            self._delimiter = check_delimiter(delimiter)
        elif self._separator:
            self._delimiter = check_delimiter(self._separator[1])
        else:
            self._delimiter = _sniffed(begun, head)
        # Others may have changed the limit, which is global.
        csv.field_size_limit(FIELD_LIMIT)
        self._reader = csv.reader(chain(begun, lines), delimiter=self._delimiter, strict=True)
        self._first: list[str] | None = None  # a row that was read to know the columns
        self._line = head.line  # of the header
        self._rejects = False  # the first cells are the reasons of a file of rejects
        self._header = self._read_header()

    @property
    def layout(self) -> Layout:
        encoding = self._encoding or "utf-8"
        if self._lines.bom and encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
            encoding = "utf-8-sig"
        return Layout("csv", self._header, self._delimiter, encoding, self._line)

    def records(self) -> Iterator[Record]:
        names, lines, reader = self._header, self._lines, self._reader
        width = len(names)
        line = lines.mark = reader.line_num
        rows: Iterator[list[str]] = reader
        if self._first is not None:
            rows, line = chain([self._first], reader), self._line
        if self._rejects:
            rows = (cells[1:] for cells in rows)
        try:
            for cells in rows:
                start = line + 1
                line = lines.mark = reader.line_num
                if len(cells) > width and not "".join(cells[width:]).strip():
                    del cells[width:]
                if len(cells) == width and (width > 1 or cells[0].strip() or cells[0] == ""):
                    values = dict(zip(names, cells, strict=True))
                    if "\0'" in "\0".join(["", *cells]):  # no text has a NUL in it
                        values = {
                            name: unguard(cell) if cell[:1] == "'" else cell
                            for name, cell in values.items()
                        }
                    yield Record(start, values, cells)
                elif not _blank(cells):
                    named = zip(names, map(unguard, cells), strict=False)
                    yield ragged(start, width, dict(named), cells)
        except csv.Error as error:
            raise self._fault(error, line + 1) from None

    def _read_header(self) -> list[str]:
        head, before = self._head, 0
        try:
            for cells in self._reader:
                start, before = before + 1, self._reader.line_num
                if _blank(cells) or start < head.line or (self._separator and start == 1):
                    continue
                if not head.line and not head.named_by_place(cells):
                    self._first, self._line = cells, start - 1
                    return head.names(cells)
                self._rejects = begins_with_reason(cells)
                names = head.trimmed(map(unguard, cells[self._rejects :]))
                if not names:
                    continue
                if head.find and not head.find(names):
                    if start < LOOKED_AT:
                        continue
                    break
                self._line = start
                return head.named(names, self._source.name, self._reader.line_num)
        except csv.Error as error:
            raise self._fault(error, 1) from None
        if head.find:
            raise no_such_header(self._source.name)
        return []

    def _fault(self, error: csv.Error, start: int) -> InvalidData:
        """The error of the row that begins on line ``start``."""
        text = str(error)
        file, line, hint = self._source.name, self._reader.line_num, None
        if "unexpected end" in text:
            code, line = "input.quote", self._open_quote(start) or start
            reason = msg("the quote that begins here never ends")
        elif "field limit" in text:
            code, line = "input.field_too_long", self._open_quote(start, line) or line
            reason = msg("a field is longer than {limit} characters", limit=FIELD_LIMIT)
            hint = msg("A quote may be missing its other half.")
        elif "expected after" in text:
            code, reason = "input.csv", msg("text follows the quote that ends a field")
            hint = msg("A quote inside a quoted field is written twice.")
        else:
            code, reason = "input.csv", msg("it is not valid CSV")
        return invalid(code, file, reason, line=line, hint=hint)

    def _open_quote(self, start: int, end: int | None = None) -> int | None:
        """The line, from ``start`` to ``end``, of the quote that is still open after ``end``."""
        lines = TextLines(self._source, self._encoding, option=True)
        state, opened = "start", None
        for number, text in enumerate(islice(lines, start - 1, end), start):
            for char in text:
                if state == "quoted":
                    state = "closing" if char == '"' else "quoted"
                elif char == '"' and state in ("start", "closing"):
                    opened = number if state == "start" else opened
                    state = "quoted"
                else:
                    state = "start" if char in (self._delimiter, "\r", "\n") else "plain"
        return opened if state == "quoted" else None


def _head(lines: Iterator[str]) -> list[str]:
    """The lines up to the end of the header, as far as one can tell without the delimiter."""
    head: list[str] = []
    text = ""
    for line in lines:
        head.append(line)
        if text or line.strip():
            text += line
            if '"' not in _QUOTED.sub("", text) or text.count("\n") >= _HEADER_LINES:
                break
    return head


def _beginning(lines: Iterator[str], head: Head) -> list[str]:
    """The lines that are needed to know the delimiter."""
    begun = list(islice(lines, LOOKED_AT if head.find else max(head.line - 1, 0)))
    begun += [] if head.find else _head(lines)
    if len(begun) == 1 and _SEPARATOR.fullmatch(begun[0]):
        begun += _head(lines)
    return begun


def _sniffed(begun: list[str], head: Head) -> str:
    """The delimiter of the header, where that is found."""
    if head.find:
        for delimiter in sorted(DELIMITERS, key="".join(begun).count, reverse=True):
            with suppress(csv.Error):
                rows = csv.reader(begun, delimiter=delimiter)
                if any(head.find([cell.strip() for cell in cells]) for cells in rows):
                    return delimiter
    return _sniff("".join(begun[max(head.line - 1, 0) :]) or "".join(begun))


def _sniff(text: str) -> str:
    """The delimiter that stands most often in the header, outside its quotes."""
    bare = _QUOTED.sub("", text)
    return max(DELIMITERS, key=bare.count)


def _blank(cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not cells[0].strip())
