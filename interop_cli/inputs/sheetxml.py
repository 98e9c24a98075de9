"""What the reader of workbooks leaves out: errors, and what the format of a number says of it.

A cell with ``#N/A`` would be empty, a postal code that is the number 2134 shown as ``02134`` would
lose its zero, and ``37 296,77 €`` its currency: the sign is in the format alone. Only a sheet that
has such cells is read a second time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO
from xml.parsers import expat

from interop_cli.domain.values.money import currencies_said
from interop_cli.output.workbook import UTC_TIME

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - from March 1900 on
_PIECE = 256 * 1024
_ERROR = b't="e"'
_ZEROS = re.compile(r"0{2,}")
_PARTS = re.compile(r'\[\$([^\]-]*)(?:-[^\]]*)?\]|"([^"]*)"|\\(.)|([€£¥₩₹₽₺₪₫₱฿₴])')
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")

Attributes = dict[str, str]


def odd_cells(book: zipfile.ZipFile, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row and column (from 0) of each such cell of a sheet, by its place, and what it says.

    Raises ``KeyError``, ``ValueError``, ``zipfile.BadZipFile`` or ``expat.ExpatError`` where the
    workbook is not whole.
    """
    path = _path_of(book, sheet)
    formats = _formats(book)
    if not formats and not _has_errors(book, path):
        return
    with book.open(path) as stream:
        yield from _Cells(formats).read(stream)


def with_content(book: zipfile.ZipFile) -> list[tuple[int, str]]:
    """Place and name of the visible sheets that have rows, by how each begins."""
    return [
        (place, attributes["name"])
        for place, attributes in enumerate(_sheets(book))
        if attributes.get("state", "visible") == "visible" and _has_rows(book, place)
    ]


def _has_rows(book: zipfile.ZipFile, sheet: int) -> bool:
    with book.open(_path_of(book, sheet)) as stream:
        head = stream.read(_PIECE)
    return re.search(rb"<(?:\w+:)?row\b", head) is not None


def _sheets(book: zipfile.ZipFile) -> list[Attributes]:
    elements = _elements(book, "xl/workbook.xml")
    return [attributes for name, attributes in elements if name == "sheet"]


class _Cells:
    """The odd cells of a sheet as it is parsed."""

    def __init__(self, formats: dict[str, Callable[[str], str]]) -> None:
        self._formats = formats
        self._found: list[tuple[int, int, str]] = []
        self._row = self._column = -1
        self._say: Callable[[str], str] | None = None
        self._text: list[str] | None = None

    def read(self, stream: IO[bytes]) -> Iterator[tuple[int, int, str]]:
        parser = _parser(self._start)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._chars
        while piece := stream.read(_PIECE):
            parser.Parse(piece)
            yield from self._found
            self._found.clear()

    def _start(self, name: str, attributes: Attributes) -> None:
        name = _local(name)
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif name == "c":
            self._column += 1
            if place := _CELL.fullmatch(attributes.get("r", "")):
                self._row, self._column = int(place[2]) - 1, _column(place[1])
            kind = attributes.get("t", "n")
            self._say = str if kind == "e" else None
            if kind == "n":
                self._say = self._formats.get(attributes.get("s", ""))
        elif name == "v" and self._say:
            self._text = []

    def _chars(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, _name: str) -> None:
        if self._text is not None and self._say is not None:
            if text := "".join(self._text):
                self._found.append((self._row, self._column, self._say(text)))
            self._text = self._say = None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _parser(start: Callable[[str, Attributes], None]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_args: object) -> None:
    raise ValueError("a workbook has no document type")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _elements(book: zipfile.ZipFile, path: str) -> list[tuple[str, Attributes]]:
    """The elements of a small part, without their namespaces."""
    found: list[tuple[str, Attributes]] = []

    def start(name: str, attributes: Attributes) -> None:
        found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    with book.open(path) as stream:
        parser = _parser(start)
        while piece := stream.read(_PIECE):
            parser.Parse(piece)
    return found


def _path_of(book: zipfile.ZipFile, sheet: int) -> str:
    ids = [attributes["id"] for attributes in _sheets(book)]
    targets = {
        attributes["Id"]: attributes["Target"]
        for name, attributes in _elements(book, "xl/_rels/workbook.xml.rels")
        if name == "Relationship"
    }
    target = targets[ids[sheet]]
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _has_errors(book: zipfile.ZipFile, path: str) -> bool:
    before = b""
    with book.open(path) as stream:
        while piece := stream.read(_PIECE):
            if _ERROR in before + piece:
                return True
            before = piece[-len(_ERROR) :]
    return False


def _formats(book: zipfile.ZipFile) -> dict[str, Callable[[str], str]]:
    """How the numbers of a style are said, for those styles that say something of them."""
    if "xl/styles.xml" not in book.namelist():
        return {}
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False
    for name, attributes in _elements(book, "xl/styles.xml"):
        if name == "numFmt":
            codes[attributes["numFmtId"]] = attributes["formatCode"]
        elif name in ("cellXfs", "cellStyleXfs"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            styles.append(attributes.get("numFmtId", ""))
    said = {number: say for number, code in codes.items() if (say := _saying(code))}
    return {str(place): said[number] for place, number in enumerate(styles) if number in said}


def _saying(code: str) -> Callable[[str], str] | None:
    """What a format says of its numbers beside the number."""
    if code == UTC_TIME:
        return _instant
    code = code.split(";")[0]
    if _ZEROS.fullmatch(code):
        return lambda text: _plain(text).zfill(len(code))
    marks = " ".join("".join(part) for part in _PARTS.findall(code)).strip()
    said = currencies_said(marks) if marks else None
    if not said:  # no currency, or everybody's dollar
        return None
    return lambda text: f"{_plain(text)} {said[0]}"


def _instant(text: str) -> str:
    """The moment that a number of days is, as our own workbooks have it."""
    moment = _EPOCH + timedelta(seconds=round(float(text) * 86_400))
    return f"{moment.isoformat()}Z"


def _plain(text: str) -> str:
    """A number as one would write it, with the 15 digits that a spreadsheet has."""
    return plain_number(float(text))


def plain_number(number: float) -> str:
    """The same of a number: whole ones without a point."""
    if number == int(number):
        return str(int(number))
    return f"{Decimal(f'{number:.15g}'):f}"
