"""Which column of a file is which of our fields: by its heading, and by the shape of its values.

Both are seen in the beginning of the file as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values import closed_lists
from interop_cli.domain.values.address_text import parse_address
from interop_cli.domain.values.closed_lists import ClosedList, parse_bool
from interop_cli.domain.values.text import fold, words
from interop_cli.inputs import Head
from interop_cli.inputs.mapping import ColumnFault, Fields, column_key
from interop_cli.inputs.mapping.forms import MARKS, iso_date, plain_amount
from interop_cli.inputs.mapping.headings import FIRST_NAME, LAST_NAME, headings, nearly
from interop_cli.inputs.mapping.rows import as_text
from interop_cli.inputs.reading import read_layout, read_records
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


_CODE = re.compile(r"[A-Z0-9_-]{1,20}")
_SEPARATORS = (" ::: ", ":::", ";")


class Guess:
    """What each column is thought to be, once it was guessed.

    ``columns`` are our fields by column, ``made`` what else a field is made of, ``split`` how the
    cells of a column are; ``unknown`` columns are like no field, ``open`` is left to be said, and
    rows that are alike in ``join`` are one record.
    """

    def __init__(self, table: Table, entity: str, fields: Fields) -> None:
        self.table = table
        self.entity = entity
        self.fields = fields
        self.columns: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self.split: dict[str, list[str]] = {}
        self.unknown: list[str] = []
        self.open: list[Message] = []
        self.join = ""
        self._noted: set[str] = set()

    def named(self) -> dict[str, str]:
        """Our field by column, for those that have one."""
        own = {c: key for c in self.table.columns if self._is_own(key := column_key(c))}
        return {**own, **self.columns}

    def find(self) -> dict[str, str]:
        """Give every column its field; answers with those that are named as ours already."""
        own = {c: column_key(c) for c in self.table.columns if self._is_own(column_key(c))}
        taken = {key: column for column, key in reversed(own.items())}
        waiting = [column for column in self.table.columns if column not in own]
        # Columns without anything in them come after those that have.
        for filled in (True, False):
            for guesser in (self._by_heading, self._nearly, self._by_shape):
                for column in list(waiting):
                    cells = self.table.cells(column)
                    target = self._refined(guesser(column), cells)
                    if bool(cells) is filled and target is not None and target not in taken:
                        taken[target] = column
                        waiting.remove(column)
        self.unknown += waiting
        self._place(taken, own)
        return own

    def _by_heading(self, column: str) -> str | None:
        known = headings(self.entity)
        heading = words(column)
        if heading in ("nom", "name"):  # beside a first name, it is the last one
            parts = {known.get(words(other)) for other in self.table.columns}
            if FIRST_NAME in parts and LAST_NAME not in parts:
                return LAST_NAME
        return known.get(heading)

    def _nearly(self, column: str) -> str | None:
        return nearly(self.entity, column)

    def _by_shape(self, column: str) -> str | None:
        shape = shape_of(self.table.cells(column))
        return shape if shape and self.fields.has(shape) else None

    def _is_own(self, key: str) -> bool:
        if key in ("nom", "name") and self._by_heading(key) == LAST_NAME:
            return False
        ours = self.fields.has(key) and key not in ("notes", "contacts", "addresses")
        ignored = key in map(column_key, self.fields.ignored) and key != "id"
        return ours or ignored

    def _refined(self, target: str | None, cells: list[str]) -> str | None:
        """The field that the values speak for, among those that the heading may mean."""
        sample = cells[:50]
        if target in ("line1", "full_address") and sample:
            whole = sum(parse_address(cell, "CA") is not None for cell in sample)
            return "full_address" if whole * 2 >= len(sample) else "line1"
        if target in ("client", "client.name") and sample:
            return "client" if all(_CODE.fullmatch(cell) for cell in sample) else "client.name"
        if target == "ship_to" or target is None or self.fields.has(target):
            return target
        return target if target in (FIRST_NAME, LAST_NAME) else None

    def _place(self, taken: dict[str, str], own: dict[str, str]) -> None:
        self._noted = {name for name in taken if name.startswith("note")}
        named = self._name(taken)
        self._find_join(taken)
        if named and self.entity == "client":
            self._reach_person(taken, named)
        elif self.entity == "client":
            for target in ("contact.title", "contact.mobile"):
                if target in taken:
                    self.unknown.append(taken.pop(target))
        for target, column in taken.items():
            if not self._splits(target, column) and column not in own:
                self.columns[column] = target

    def _name(self, taken: dict[str, str]) -> list[str]:
        """Say what names are made of; the columns that name the person."""
        first, last = taken.pop(FIRST_NAME, None), taken.pop(LAST_NAME, None)
        person = " ".join(f"{{{column}}}" for column in (first, last) if column)
        named = [column for column in (first, last) if column]
        if person and self.entity == "client":
            self.made["name"] = f"{{{taken.pop('name')}}} | {person}" if "name" in taken else person
            self.made["contact.name"] = person
            if "contact.name" in taken:
                self.unknown.append(taken.pop("contact.name"))
        elif person:
            self.made["name"] = person
        if self.entity == "client" and "name" not in {*taken, *self.made} and "code" in taken:
            self.made["name"] = f"{{{taken['code']}}}"
            self.made["code"] = f"{{{taken.pop('code')}}}"
        return [taken["contact.name"]] if "contact.name" in taken else named

    def _reach_person(self, taken: dict[str, str], named: list[str]) -> None:
        """The e-mail is the person's; the client's too, unless each row is another person."""
        column = taken.get("email")
        if column is not None:
            self._splits("email", column)
            column = f"{column}[1]" if column in self.split else column
            self.columns.pop(column, None)
            choices = [f"{{?{name}}}{{{column}}}" for name in named]
            self.made["contact.email"] = " | ".join(choices)
            if self.join:
                self.made["contact.email"] = f"{{{column}}}"
            else:
                self.made["email"] = f"{{{column}}}"
            del taken["email"]
        for target in ("contact.title", "contact.mobile"):
            if target in taken:
                text = taken.pop(target)
                self.made[target] = " | ".join(f"{{?{name}}}{{{text}}}" for name in named)

    def _find_join(self, taken: dict[str, str]) -> None:
        """Whether several rows are one record: a row a person, or a row a line."""
        lines = any(target.startswith("line.") for target in taken)
        if self.entity == "document" and lines and "number" in taken:
            self.join = taken["number"]
            return
        person = "contact.name" in taken or "contact.name" in self.made
        column = taken.get("code") or taken.get("name") or _sole(self.made.get("code", ""))
        if self.entity != "client" or not person or not column:
            return
        keys = [fold(as_text(row.get(column))) for row in self.table.rows]
        repeated = len({key for key in keys if key}) < len([key for key in keys if key])
        if repeated or (all(keys[:1]) and not all(keys)):
            self.join = column

    def _splits(self, target: str, column: str) -> bool:
        """Say how the cells of this column are split; whether that says its field too."""
        cells = self.table.cells(column)
        by = [mark for mark in _SEPARATORS if any(mark in cell for cell in cells)]
        if not by or target not in ("tags", "email", "phone"):
            return False
        self.split[column] = [mark.strip() for mark in by[:1]]
        if ";" in by and ";" not in self.split[column]:
            self.split[column].append(";")
        if target == "tags":
            return False
        self.columns[f"{column}[1]"] = target
        if self.fields.has("note.text"):
            note = "note.text" if "note.text" not in {*self.made, *self._noted} else "note2.text"
            self.made[note] = f"{column}: {{{column}[*]}}"
        else:
            self.columns[f"{column}[*]"] = ""
            self.open.append(
                msg("{column}: what its second part and those after it are", column=column)
            )
        return True


def _sole(template: str) -> str | None:
    found = re.fullmatch(r"\{([^{}]+)\}", template)
    return found[1] if found else None
