"""Rows of a sheet of an Excel workbook (``.xlsx``), each cell as the text that it shows.

A number that is whole has no point, so that a postal code or an id is what was typed; a date is ISO
text. Unlike the other forms, a sheet is kept in memory while it is read: what may be unpacked of a
workbook has a limit.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from xml.parsers.expat import ExpatError

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import Message, msg
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
from interop_cli.inputs.lines import MEGABYTE
from interop_cli.inputs.source import Source
from interop_cli.output.sanitise import unguard

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

UNPACKED = 512 * MEGABYTE
"""What the parts of a workbook may come to; the reader takes about twice of it in memory."""

Cells = list[Any]
_SAVED_AGAIN = msg("Open it in a spreadsheet and save it as .xlsx, or as CSV (UTF-8).")
# What the modules that unpack raise: for what is no archive, cut off, or has a password.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ExpatError,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def read_workbook(
    source: Source, *, sheet: str | None = None, head: Head = PLAIN_HEAD
) -> Iterator[Record]:
    """The rows under the header of a sheet: the one named or numbered (from 1), else the first
    that is visible and not empty.

    ``line`` is the row in the sheet, ``raw`` its cells with their types. Rows without any content
    are skipped. Raises ``InvalidData`` (``input.workbook``, ``input.too_large``,
    ``input.formula``, ``input.header.…``) and ``UsageError`` (``input.sheet``) for a sheet that is
    not there.
    """
    with _opened(source) as book:
        yield from _Sheet(source, book, sheet, head).records()


def workbook_layout(source: Source, *, sheet: str | None = None, head: Head = PLAIN_HEAD) -> Layout:
    """Columns and name of the sheet; raises what ``read_workbook`` does."""
    with _opened(source) as book:
        found = _Sheet(source, book, sheet, head)
        return Layout("xlsx", found.header, line=found.line, sheet=found.name)


def sheets_left_out(source: Source) -> list[str]:
    """The visible sheets with content that are not read where none is named."""
    return [name for _place, name in _with_content(source)[1:]]


def what_hides(source: Source, asked: str | None) -> Literal["filtered", "hidden"] | None:
    """What hides some of the sheet, which is read all the same: a filter, or somebody did."""
    from interop_cli.inputs.sheetxml import has_filter, has_hidden, sheets

    with _failures(source), zipfile.ZipFile(source.binary()) as archive:
        place = _chosen(source, [sheet["name"] for sheet in sheets(archive)], asked)
        if place is None:
            return None
        if has_filter(archive, place):
            return "filtered"
        return "hidden" if has_hidden(archive, place) else None


class _Sheet:
    """One reading of a sheet."""

    def __init__(
        self, source: Source, book: CalamineWorkbook, asked: str | None, head: Head
    ) -> None:
        self._source = source
        place = _chosen(source, book.sheet_names, asked)
        self.name = book.sheet_names[place] if place is not None else ""
        self.line = head.line
        self._rows = self._numbered(book, place) if place is not None else iter(())
        self._first: list[tuple[int, Cells]] = []
        self.header = self._read_header(head)

    def records(self) -> Iterator[Record]:
        names = self.header
        width = len(names)
        for rows in (self._first, self._rows):
            for line, raw in rows:
                cells = [cell if type(cell) is str else as_text(cell) for cell in raw]
                if len(cells) > width:
                    if any(cells[width:]):
                        named = dict(zip(names, map(unguard, cells), strict=False))
                        yield ragged(line, width, named, cells)._replace(raw=raw)
                        continue
                    del cells[width:]
                if any(cells):
                    # A CSV that was opened in a spreadsheet still has its guards.
                    values = dict(zip(names, map(unguard, cells), strict=True))
                    yield Record(line, values, cells, None, raw[:width])

    def _numbered(self, book: CalamineWorkbook, place: int) -> Iterator[tuple[int, Cells]]:
        """The rows with their numbers, and the odd cells put in."""
        with _failures(self._source):
            sheet: CalamineSheet = book.get_sheet_by_index(place)
            beside = sheet.start[1] if sheet.start else 0
            with zipfile.ZipFile(self._source.binary()) as archive:
                odd = self._odd_cells(archive, place)
                row, column, text = next(odd, (-1, 0, ""))
                for number, cells in enumerate(sheet.iter_rows()):
                    while row == number:
                        if 0 <= column - beside < len(cells):
                            cells[column - beside] = text
                        row, column, text = next(odd, (-1, 0, ""))
                    yield number + 1, cells

    def _odd_cells(self, archive: zipfile.ZipFile, place: int) -> Iterator[tuple[int, int, str]]:
        from interop_cli.inputs.sheetxml import NoResult, odd_cells

        try:
            yield from odd_cells(archive, place)
        except NoResult as formula:
            reason = msg("cell {cell} holds a formula without its result", cell=formula.cell)
            raise invalid(
                "input.formula", self._source.name, reason, line=formula.line, hint=_SAVED_AGAIN
            ) from None

    def _read_header(self, head: Head) -> list[str]:
        file = self._source.name
        for line, raw in self._rows:
            cells = [as_text(cell) for cell in raw]
            if not any(map(str.strip, cells)) or line < head.line:
                continue
            if not head.line and not head.named_by_place(cells):
                self._first, self.line = [(line, raw)], line - 1
                return head.names(cells)
            rejects = begins_with_reason(cells)
            names = head.trimmed(cells[rejects:])
            if rejects:
                self._rows = ((number, row[1:]) for number, row in self._rows)
            if head.find and not head.find(names):
                if line < LOOKED_AT:
                    continue
                break
            self.line = line
            return head.named(names, file, line)
        if head.find:
            raise no_such_header(file)
        return []


def as_text(cell: object) -> str:
    """The value of a cell as one would write it in a CSV."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        from interop_cli.inputs.sheetxml import plain_number

        return plain_number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else ""


@contextmanager
def _opened(source: Source) -> Iterator[CalamineWorkbook]:
    from python_calamine import CalamineWorkbook

    with _failures(source):
        with zipfile.ZipFile(source.binary()) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED:
                raise _too_large(source)
        book = CalamineWorkbook.from_filelike(source.binary())
    try:
        yield book
    finally:
        book.close()


@contextmanager
def _failures(source: Source) -> Iterator[None]:
    """What reading a workbook may end with, as our error."""
    from python_calamine import CalamineError

    try:
        yield
    except (CalamineError, *_DAMAGE):
        raise _not_whole(source) from None


def _not_whole(source: Source) -> Exception:
    reason = msg("it is no Excel workbook (.xlsx), not whole, or protected by a password")
    return invalid("input.workbook", source.name, reason, hint=_SAVED_AGAIN)


def _too_large(source: Source) -> Exception:
    reason = msg("it is larger than {size} MB unpacked", size=UNPACKED // MEGABYTE)
    hint = msg("Save the sheet as CSV (UTF-8): that may be of any size.")
    return invalid("input.too_large", source.name, reason, hint=hint)


def _chosen(source: Source, names: Sequence[str], asked: str | None) -> int | None:
    """The place of the sheet that was asked for, else of the first with content."""
    if asked is None:
        return next((place for place, _name in _with_content(source)), None)
    for place, name in enumerate(names):
        if name == asked or name.casefold() == asked.strip().casefold():
            return place
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    raise UsageError(
        "input.sheet", msg("{file} has no such sheet.", file=source.name), hint=_sheets(names)
    )


def _sheets(names: Sequence[str]) -> Message:
    shown = ", ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    return msg("Its sheets: {names}", names=shown)


def _with_content(source: Source) -> list[tuple[int, str]]:
    from interop_cli.inputs.sheetxml import with_content

    with _failures(source), zipfile.ZipFile(source.binary()) as archive:
        return with_content(archive)
