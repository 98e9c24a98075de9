"""The rows that were not taken, in a file that can be corrected and imported as it is.

A CSV keeps its columns, its cells (guards included), its delimiter and its encoding, and gets one
column more, before them, so that a row of any width has its reason there; NDJSON objects get one
name more. The file holds personal data, so only its owner may
read a new one, and it appears whole or not at all.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from interop_cli.disk import nameless_file
from interop_cli.inputs import REJECT_REASON, Layout, Record
from interop_cli.output.sanitise import guard, guard_cell, unguard
from interop_cli.output.sink import failures, keep_mode

TEXT_FILES = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm")


class RejectsWriter:
    """A context manager; nothing is left of the file unless ``commit`` was called.

    ``header`` is that of the CSV which was read, ``None`` for NDJSON; as many blank lines stand
    ``before`` it. Raises ``IoFailure``
    (``output.write``; ``io.temporary`` while a workbook is made).
    """

    def __init__(
        self,
        path: str | Path,
        header: Sequence[str] | None,
        *,
        delimiter: str = ",",
        encoding: str = "utf-8",
        before: int = 0,
    ) -> None:
        self.count = 0
        self._before = before
        self._path = Path(os.path.realpath(path))
        self._temporary = self._path.with_name(f".{self._path.name}.{os.urandom(4).hex()}.tmp")
        self._header = None if header is None else list(header)
        self._old = _place(header or ())  # of the reason in a file that was rejected before
        self._delimiter = delimiter
        self._encoding = encoding
        self._file: TextIO | None = None

    @classmethod
    def like(cls, path: str | Path, layout: Layout, *, before: int = 0) -> RejectsWriter:
        """A writer of files like the one that ``layout`` was read from.

        A name may say another form: ``.xlsx`` is a workbook, ``.csv`` is none.
        """
        suffix = Path(path).suffix.lower()
        header = None if layout.format == "ndjson" else layout.header
        if header is not None and (
            suffix in WORKBOOKS or (layout.format == "xlsx" and suffix not in TEXT_FILES)
        ):
            return SheetRejects(path, header, sheet=layout.sheet, before=before)
        return cls(
            path, header, delimiter=layout.delimiter, encoding=layout.encoding, before=before
        )

    def __enter__(self) -> Self:
        with failures(self._path):
            if self._path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "")
            if self._path.exists() and not self._path.is_file():
                raise OSError(errno.EINVAL, "")  # renaming onto a device would remove it
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            handle = os.open(self._temporary, flags, 0o600)
            # A reason may hold a letter that the encoding of the input lacks.
            self._file = os.fdopen(
                handle, "w+", encoding=self._encoding, errors="backslashreplace", newline=""
            )
        self.restart()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink()

    def restart(self) -> None:
        """Forget what was written: the unit of work begins again."""
        file = self._opened()
        with failures(self._path):
            file.seek(0)
            file.truncate()
            self.count = 0
            if self._header is not None:
                file.write("\r\n" * self._before)
                names = [guard(name) for name in self._header]
                self._write_row([REJECT_REASON, *self._without_reason(names)])

    def write(self, record: Record, reason: str) -> None:
        """Add a row and why it was not taken (text in the user's language)."""
        with failures(self._path):
            if self._header is not None:
                # A ragged row stays so: filled up, it would be taken the next time.
                cells = list(map(_of_a_sheet, record.cells)) if record.raw else record.cells
                self._write_row([guard(reason), *self._without_reason(cells)])
            else:
                value = {**record.values, REJECT_REASON: reason}
                self._opened().write(json.dumps(value, ensure_ascii=False) + "\n")
        self.count += 1

    def commit(self) -> None:
        """Put the file in its place, on disk."""
        file = self._opened()
        with failures(self._path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            keep_mode(self._path, self._temporary)
            self._temporary.replace(self._path)
        self._file = None

    def _opened(self) -> TextIO:
        if self._file is None:
            raise ValueError("the writer is not open")
        return self._file

    def _write_row(self, cells: Sequence[str]) -> None:
        # The writer quotes the characters of its line end, so CR must be one of them.
        csv.writer(self._opened(), delimiter=self._delimiter, lineterminator="\r\n").writerow(cells)

    def _without_reason(self, cells: Sequence[Any]) -> Sequence[Any]:
        """The cells without the reason that somebody moved from its place to another."""
        if self._old is None:
            return cells
        return [*cells[: self._old], *cells[self._old + 1 :]]


class SheetRejects(RejectsWriter):
    """The same as a sheet of a workbook, whose cells keep their types."""

    def __init__(
        self, path: str | Path, header: Sequence[str], *, sheet: str = "", before: int = 0
    ) -> None:
        super().__init__(path, header, before=before)
        self._sheet = sheet or "interop"

    def restart(self) -> None:
        """Forget what was written; the rows wait as text until all of them are known."""
        file = self._opened()
        with failures(self._path):
            file.seek(0)
            file.truncate()
        self.count = 0

    def write(self, record: Record, reason: str) -> None:
        """Add a row and why it was not taken."""
        cells = record.raw or list(map(_for_a_sheet, record.cells))
        row = [_tagged(cell) for cell in (reason, *self._without_reason(cells))]
        with failures(self._path):
            self._opened().write(json.dumps(row) + "\n")
        self.count += 1

    def commit(self) -> None:
        """Make the workbook of the rows, and put it in its place."""
        from interop_cli.output.workbook import workbook

        file = self._opened()
        with failures(self._path), nameless_file() as made:
            with workbook(made, self._sheet) as sheet:
                sheet.skip(self._before)
                sheet.header([REJECT_REASON, *self._without_reason(self._header or ())])
                file.seek(0)
                for line in iter(file.readline, ""):
                    sheet.write(map(_untagged, json.loads(line)))
            file.seek(0)
            file.truncate()
            file.flush()
            shutil.copyfileobj(made, file.buffer)
        super().commit()


def _of_a_sheet(cell: str) -> str:
    """The cell of a CSV that is read like this one of a sheet."""
    return guard(unguard(cell), words=cell[:1] == "'")


def _for_a_sheet(cell: str) -> str:
    """The cell of a sheet that is read like this one of a CSV."""
    return guard_cell(unguard(cell), words=cell[:1] == "'")


_MOMENTS: dict[str, type[datetime] | type[date] | type[time]] = {
    kind.__name__: kind for kind in (datetime, date, time)
}


def _tagged(cell: object) -> object:
    """A cell as JSON has it: with the name of its type where that is none of JSON's."""
    if type(cell).__name__ in _MOMENTS and isinstance(cell, (date, time)):
        return {type(cell).__name__: cell.isoformat()}
    return cell if isinstance(cell, (str, int, float)) else str(cell)


def _untagged(cell: object) -> object:
    if isinstance(cell, dict):
        ((name, text),) = cell.items()
        return _MOMENTS[name].fromisoformat(text)
    return cell


def _place(header: Sequence[str]) -> int | None:
    names = [name.strip().lower() for name in header]
    return names.index(REJECT_REASON) if REJECT_REASON in names else None
