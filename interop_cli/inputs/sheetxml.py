"""What the reader of workbooks leaves out: errors, and what the format of a number says of it.

A cell with ``#N/A`` would be empty, a postal code that is the number 2134 shown as ``02134`` would
lose its zero, and ``37 296,77 €`` its currency: the sign is in the format alone. A formula that a
program has written and no spreadsheet has worked out would be empty, too. Only a sheet that has
such cells is read a second time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from xml.parsers import expat

from interop_cli.domain.values.money import currencies_said
from interop_cli.output.workbook import UTC_TIME

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - from March 1900 on
_EXACT = 2**53  # beyond, not every whole number is a number of a spreadsheet
_PIECE = 256 * 1024
_ODD_CELL = rb"<(?:\w+:)?c(?=\s)(?=[^>]*\s(?:%s))([^>]*[^/])>(.*?)</(?:\w+:)?c>"
# A formula, and no value or an empty one.
_FORMULA_ALONE = re.compile(
    rb"<(?:\w+:)?c(?=\s)([^>]*[^/])>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v\s*(?:/>|>\s*</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
_ATTRIBUTE = re.compile(r"(\w+)=[\"']([^\"']*)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</")
_ZEROS = re.compile(r"0{2,}")
_PARTS = re.compile(r'\[\$([^\]-]*)(?:-[^\]]*)?\]|"([^"]*)"|\\(.)|([€£¥₩₹₽₺₪₫₱฿₴])')
_HIDDEN = re.compile(rb"<(?:\w+:)?(?:row|col)\s[^>]*\bhidden=[\"'](?:1|true)")
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")

Attributes = dict[str, str]


class NoResult(Exception):
    """A formula has no result; ``cell`` is its place, such as ``G2``, ``line`` its row."""

    def __init__(self, cell: str) -> None:
        super().__init__(cell)
        self.cell = cell
        self.line = int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)


def odd_cells(book: zipfile.ZipFile, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row and column (from 0) of each such cell of a sheet, by its place, and what it says.

    Raises ``NoResult`` for a formula without one, and ``KeyError``, ``ValueError``,
    ``zipfile.BadZipFile`` or ``expat.ExpatError`` where the workbook is not whole.
    """
    formats = _formats(book)
    kinds = [rb"t=[\"']e[\"']", *(rb"s=[\"']%s[\"']" % style.encode() for style in formats)]
    # Of its tag only, and only where one of these stands in it.
    cell = re.compile(_ODD_CELL % b"|".join(kinds), re.DOTALL)
    quick = re.compile(b"|".join(kinds))
    rest = b""
    with book.open(_path_of(book, sheet)) as stream:
        while piece := stream.read(_PIECE):
            whole, end, rest = (rest + piece).rpartition(b"row>")
            if b"<f" in whole or b":f>" in whole or b":f " in whole:
                _check_formulas(whole)
            if quick.search(whole):
                for found in cell.finditer(whole + end):
                    yield from _said(found[1].decode(), found[2], formats)


def _check_formulas(rows: bytes) -> None:
    """Raise ``NoResult`` for one that says nothing; a text that is empty has been worked out."""
    for found in _FORMULA_ALONE.finditer(rows):
        attributes = dict(_ATTRIBUTE.findall(found[1].decode()))
        if not (attributes.get("t") == "str" and found[2]):
            raise NoResult(attributes.get("r", ""))


def _said(
    tag: str, content: bytes, formats: dict[str, Callable[[str], str]]
) -> Iterator[tuple[int, int, str]]:
    """Place and text of a cell; none where it is empty, or a text that has such a format."""
    attributes = dict(_ATTRIBUTE.findall(tag))
    value, place = _VALUE.search(content), _CELL.fullmatch(attributes.get("r", ""))
    kind = attributes.get("t", "n")
    say = str if kind == "e" else formats.get(attributes.get("s", "")) if kind == "n" else None
    if value and say:
        if place is None:
            raise ValueError("a cell does not say where it is")
        yield int(place[2]) - 1, _column(place[1]), say(value[1].decode())


def with_content(book: zipfile.ZipFile) -> list[tuple[int, str]]:
    """Place and name of the visible sheets that have rows, by how each begins."""
    return [
        (place, attributes["name"])
        for place, attributes in enumerate(sheets(book))
        if attributes.get("state", "visible") == "visible" and _has_rows(book, place)
    ]


def _has_rows(book: zipfile.ZipFile, sheet: int) -> bool:
    return re.search(rb"<(?:\w+:)?row\b", _head(book, sheet)) is not None


def has_filter(book: zipfile.ZipFile, sheet: int) -> bool:
    """Whether the sheet is shown through a filter, and not whole."""
    return re.search(rb"\bfilterMode=[\"'](?:1|true)", _head(book, sheet)) is not None


def has_hidden(book: zipfile.ZipFile, sheet: int) -> bool:
    """Whether a row or a column of the sheet is hidden."""
    rest = b""
    with book.open(_path_of(book, sheet)) as stream:
        while piece := stream.read(_PIECE):
            whole, end, last = (rest + piece).rpartition(b">")
            if b"hidden=" in whole and _HIDDEN.search(whole + end):
                return True
            rest = last[last.rfind(b"<") :] if b"<" in last else b""  # a tag that is not whole
    return False


def _head(book: zipfile.ZipFile, sheet: int) -> bytes:
    with book.open(_path_of(book, sheet)) as stream:
        return stream.read(_PIECE)


def sheets(book: zipfile.ZipFile) -> list[Attributes]:
    """What the workbook says of each of its sheets, in their order."""
    elements = _elements(book, "xl/workbook.xml")
    return [attributes for name, attributes in elements if name == "sheet"]


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
    ids = [attributes["id"] for attributes in sheets(book)]
    targets = {
        attributes["Id"]: attributes["Target"]
        for name, attributes in _elements(book, "xl/_rels/workbook.xml.rels")
        if name == "Relationship"
    }
    target = targets[ids[sheet]]
    return target[1:] if target.startswith("/") else f"xl/{target}"


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
    """The same of a number: whole ones without a point, and none with digits that it has not."""
    if abs(number) > _EXACT:
        return f"{number:.15G}"
    if number == int(number):
        return str(int(number))
    return f"{Decimal(f'{number:.15g}'):f}"
