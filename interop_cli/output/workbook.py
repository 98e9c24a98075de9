"""Rows as a sheet of an Excel workbook: real numbers and dates, text that stays text.

The header is bold and stays in sight, a column is as wide as what it holds. A cell is never a
formula or a link, so that none is guarded against that. What a sheet cannot hold is refused, not
cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import IO, Any

from interop_cli.disk import temporary_file
from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import NUMBERS, ValueKind
from interop_cli.domain.messages import Message, msg
from interop_cli.output.columns import ColumnChoice, Row, dig, loaded
from interop_cli.output.rows import cell
from interop_cli.output.sanitise import SUSPECT, guard_cell

ROWS = 1_048_576
COLUMNS = 16_384
TEXT = 32_767  # characters of a cell
LARGEST = 10**15  # whole numbers that a spreadsheet shows to the last digit
WIDEST = 60  # characters
NARROWEST = 8
DATE = "yyyy-mm-dd"
UTC_TIME = 'yyyy-mm-dd"T"hh:mm:ss"Z"'
"""The format of an instant: it says that it is UTC, so that it comes back as it was."""
LOCAL_TIME = "yyyy-mm-dd hh:mm:ss"
HOURS = "hh:mm:ss"
FIRST_DAY = date(1900, 3, 1)  # before it, spreadsheets count the days differently


class Instant(datetime):
    """A moment in UTC, whose cell says so."""


class SheetWriter:
    """Writes the rows of one sheet, in little memory; ``workbook`` makes it."""

    def __init__(self, book: Any, sheet: str) -> None:
        self._book = book
        self._sheet = book.add_worksheet(sheet)
        self._bold = book.add_format({"bold": True})
        self._formats: dict[str, Any] = {}
        self._widths: list[int] = []
        self._row = 0

    def header(self, names: Sequence[str]) -> None:
        """Write the names of the columns and keep them in sight."""
        if len(names) > COLUMNS:
            raise _too_large(msg("A sheet has {count} columns at most.", count=COLUMNS))
        self._widths = [0] * len(names)
        for column, name in enumerate(names):
            self._text(column, name, self._bold)
        self._row += 1
        self._sheet.freeze_panes(self._row, 0)

    def skip(self, rows: int) -> None:
        """Leave rows empty."""
        self._row += rows

    def write(self, values: Iterable[object]) -> None:
        """Write a row: text, numbers, booleans, dates and times as what they are."""
        if self._row >= ROWS:
            raise _too_large(msg("A sheet has {count} rows at most.", count=ROWS))
        for column, value in enumerate(values):
            if column >= len(self._widths):
                self._widths.append(0)
            self._cell(column, value)
        self._row += 1

    def finish(self) -> None:
        """Set the widths of the columns."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, min(max(width + 2, NARROWEST), WIDEST))

    def _cell(self, column: int, value: object) -> None:
        if value is None or value == "":
            return
        if isinstance(value, str):
            self._text(column, value)
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
            self._widen(column, 5)
        elif isinstance(value, (int, float)):
            if abs(value) < LARGEST:
                self._sheet.write_number(self._row, column, value)
                self._widen(column, len(str(value)))
            else:
                self._text(column, str(value))
        elif isinstance(value, (date, time, timedelta)):
            self._moment(column, value)
        else:
            self._text(column, str(value))

    def _moment(self, column: int, value: date | time | timedelta) -> None:
        if isinstance(value, (time, timedelta)):
            form = HOURS
        elif isinstance(value, datetime):
            form = UTC_TIME if isinstance(value, Instant) else LOCAL_TIME
        else:
            form = DATE
        day = value.date() if isinstance(value, datetime) else value
        if isinstance(day, date) and day < FIRST_DAY:
            self._text(column, value.isoformat())  # type: ignore[union-attr]
            return
        if form not in self._formats:
            self._formats[form] = self._book.add_format({"num_format": form})
        self._sheet.write_datetime(self._row, column, value, self._formats[form])
        self._widen(column, len(form))

    def _text(self, column: int, text: str, form: Any = None) -> None:
        if len(text.encode("utf-16-le", "surrogatepass")) > 2 * TEXT:
            raise _too_large(msg("A cell of a sheet holds {count} characters at most.", count=TEXT))
        text = text.encode("utf-8", "backslashreplace").decode()
        self._sheet.write_string(self._row, column, text, form)
        self._widen(column, max(map(len, text.splitlines()), default=0))

    def _widen(self, column: int, width: int) -> None:
        self._widths[column] = max(self._widths[column], width)


class _Lent:
    """A file until it is taken back: an archive that failed writes its end when it is forgotten."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def workbook(file: IO[bytes], sheet: str) -> Iterator[SheetWriter]:
    """A sheet that is in ``file``, a temporary one, as a workbook, once the block ends well.

    The file is at its beginning then. Raises IoFailure ``io.temporary``.
    """
    from tempfile import TemporaryDirectory

    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    # Its rows wait in a file of their own, and go with the folder if the block fails.
    with temporary_file(), TemporaryDirectory(prefix="interop-") as folder:
        options = {"constant_memory": True, "tmpdir": folder}
        lent = _Lent(file)
        book = Workbook(lent, options)
        writer = SheetWriter(book, sheet[:31] or "1")
        try:
            yield writer
            writer.finish()
            book.close()
            file.seek(0)
        except FileCreateError as error:  # what it makes of an OSError
            raise error.args[0] from error
        finally:
            lent.file = BytesIO()
            book.fileclosed = True  # or it complains of not being closed
            for one in book.worksheets():
                if one.row_data_fh and not one.row_data_fh.closed:
                    one.row_data_fh.close()


def typed(choice: ColumnChoice, value: object, *, words: bool = False) -> object:
    """A value of a column as what it is in a sheet; ``words`` as ``guard`` has it."""
    if value is None:
        return None
    if choice.kind is ValueKind.JSON:
        value = dig(loaded(value), choice.path)
        return value if isinstance(value, (bool, int, float)) else cell(choice, value)
    if choice.kind is ValueKind.BOOL:
        return bool(value)
    if choice.kind in NUMBERS and isinstance(value, (int, float)):
        return value
    text = cell(choice, value)
    if text and choice.kind is ValueKind.DATE:
        return _parsed(date, text)
    if text and choice.kind is ValueKind.TIME and text.endswith("Z"):
        return _parsed(Instant, text[:-1])
    return guard_cell(text, words=words) if text and text[0] in SUSPECT else text


def _parsed(kind: type[date], text: str) -> object:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        return text


def write_rows(
    file: IO[bytes],
    sheet: str,
    choices: Sequence[ColumnChoice],
    batches: Iterable[Sequence[Row]],
    *,
    words: bool = False,
) -> None:
    """Write columns and rows as a workbook; ``words``: in one that comes back (see ``guard``)."""
    with workbook(file, sheet) as writer:
        writer.header([choice.name for choice in choices])
        for batch in batches:
            for row in batch:
                writer.write([typed(choice, row[choice.at], words=words) for choice in choices])


def _too_large(message: Message) -> UsageError:
    return UsageError(
        "output.xlsx.limit", message, hint=msg("Choose a form without such a limit: -o csv")
    )
