"""The rows of a file under our names, as its mapping says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from interop_cli.domain.errors import NOWHERE, ConfigError, Detail, Parts
from interop_cli.domain.fields import Kind
from interop_cli.domain.messages import msg
from interop_cli.domain.values.address_text import parse_address
from interop_cli.domain.values.text import fold
from interop_cli.inputs import Record
from interop_cli.inputs.mapping import WHOLE_ADDRESS, ColumnFault, Fields, Header
from interop_cli.inputs.mapping.columns import ColumnMap
from interop_cli.inputs.mapping.expressions import REST, Cell, Template, parse_cell
from interop_cli.inputs.mapping.forms import iso_date, kind_of, parts_of, plain_amount

NOTE = "note{}.text"
_MARK = "\0"


class FieldRecord(NamedTuple):
    """A row of the file under our names.

    ``source`` is the row as it was read, or a list of those that were made one. ``keys``: what it
    has for each entry of ``join``. ``parts`` tells of several rows which has what.
    """

    line: int
    values: dict[str, Any]
    error: Detail | None
    source: Any
    keys: dict[str, str] = {}  # noqa: RUF012 - never written to
    parts: Parts = NOWHERE.parts


class Made(NamedTuple):
    """What a field is made of in this file; ``column`` is what to call it in an error."""

    field: str
    template: Template | None
    cell: Cell | None
    column: str
    kind: Kind

    def cells(self) -> Iterable[Cell]:
        """The columns that it is made of."""
        return self.template.cells() if self.template else filter(None, [self.cell])


class RowMaker:
    """Makes our rows out of those of one file.

    ``partial``: the rows are objects, each with the names it needs. ``country``: where an address
    in one cell is, unless it says so.
    """

    def __init__(
        self,
        said: ColumnMap,
        known: Fields,
        file: str,
        *,
        partial: bool = False,
        country: str = "CA",
    ) -> None:
        self.others: list[str] = []
        """The columns that have no field, where the mapping says what becomes of those."""
        self.left_out = 0
        """How many rows ``where`` has left out."""
        self._said = said
        self._known = known
        self._file = file
        self._partial = partial
        self._country = country
        self._names: dict[str, str | None] = {}
        self.as_is = False
        """Whether a row of the table is already as we want it: ``make`` has nothing to do."""
        self._alike = False  # our names are the file's
        self._plain = not (
            said.fields
            or said.split
            or said.values
            or said.dates
            or said.decimal
            or said.others == "note"
        )
        self._made: list[Made] = []
        self._places: dict[Cell, tuple[str, int | None]] = {}
        self._limits: dict[str, int] = {}
        self._addresses: list[str] = []  # fields with a whole address
        self.lists = False
        """Whether the rows say something of lines, which only a list can hold."""

    def make(self, record: Record) -> FieldRecord | None:
        """The row under our names; ``None`` for one that is left out.

        Raises what ``ColumnMap.place`` does.
        """
        values = record.values
        try:
            named = values if self._alike and record.cells else _named(values, self._names)
        except KeyError:
            self._learn([*dict.fromkeys((*self._names, *values))], self._header_line(record))
            named = _named(values, self._names)
        said = self._said
        if said.where is not None and not said.where.holds(lambda name: self._column(values, name)):
            self.left_out += 1
            return None
        keys = {by.text: by.render(lambda cell: self._text(values, cell))[0] for by in said.join}
        error = record.error
        if error is None:
            try:
                named = self._finished(values, named)
            except ColumnFault as fault:
                error = Detail(fault.path, fault.code, fault.reason, record.line)
        return FieldRecord(record.line, named, error, record, keys)

    def _finished(self, values: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
        row = named if self._plain else self._rewritten(values)
        if self._addresses:
            row = self._with_addresses(row)
        return self._with_defaults(row) if self._said.defaults else row

    def _header_line(self, record: Record) -> int:
        header = self._said.header
        return record.line - 1 if header == "find" else header or 1

    # -- the columns ----------------------------------------------------------------------------

    def _learn(self, header: list[str], line: int) -> None:
        said = self._said
        placed = said.place(header, self._known, file=self._file, partial=self._partial, line=line)
        self._names = dict(zip(header, placed.targets, strict=True))
        self._alike = all(column == name for column, name in self._names.items())
        ours = [*filter(None, placed.targets), *said.fields, *said.columns.values()]
        self.lists = any(name.startswith("line.") for name in ours)
        self._addresses = [name for name in ours if name.endswith(WHOLE_ADDRESS)]
        self.as_is = (
            self._alike
            and self._plain
            and not (said.where or said.defaults or said.join or self._addresses or self.lists)
        )
        self.others = placed.others
        columns = Header(header)
        self._places.clear()
        self._made = [
            Made(target, None, Cell(column), column, kind_of(target))
            for column, target in self._names.items()
            if target is not None
        ]
        for name, target in said.columns.items():
            cell = parse_cell(name)
            if cell.part is not None and said.splitter(cell.column):
                self._made.append(Made(target, None, cell, cell.column, kind_of(target)))
        for target, template in said.fields.items():
            if not said.gives(template, columns):
                continue
            there = (cell for cell in template.cells() if said.find(columns, cell))
            column = next((cell.column for cell in there), "")
            made = Made(target, template, template.sole, column, kind_of(target))
            self._made.append(made)
        named = [cell for made in self._made for cell in made.cells()]
        for cell in (*named, *(cell for by in said.join for cell in by.cells())):
            if found := said.find(columns, cell):
                self._places[cell] = (header[found[0]], found[1])
        self._made = [made for made in self._made if made.field]
        self._limit()
        self._check_notes()

    def _limit(self) -> None:
        """How many parts of each split column have a place, unless the rest or all of it has."""
        parts: dict[str, list[int | None]] = {}
        for column, part in self._places.values():
            parts.setdefault(column, []).append(part)
        self._limits = {
            column: max(number for number in found if number)
            for column, found in parts.items()
            if None not in found and REST not in found
        }

    def _check_notes(self) -> None:
        if self._said.others == "note" and not self._known.has(NOTE.format("")):
            raise ConfigError(
                "import.map.value",
                msg(
                    "{file}: {key} must be {wanted}.",
                    file=self._said.file or "--map",
                    key="others",
                    wanted=msg("error or ignore here: only clients have notes"),
                ),
            )

    # -- a row ----------------------------------------------------------------------------------

    def _column(self, values: dict[str, Any], name: str) -> str:
        if name not in values:
            index = Header(list(values)).index(name)
            if index is None:
                return ""
            name = list(values)[index]
        return as_text(values[name])

    def _rewritten(self, values: dict[str, Any]) -> dict[str, Any]:
        self._check_parts(values)
        row: dict[str, Any] = {}
        constants: dict[str, str] = {}

        def text_of(cell: Cell) -> str:
            return self._text(values, cell)

        def marked(cell: Cell) -> str:
            """The parts of a cell that is split, each with a mark behind it."""
            text = text_of(cell)
            by = None if cell.part is not None else self._said.splitter(cell.column)
            return "".join(part + _MARK for part in parts_of(text, by)) if by and text else text

        for made in self._made:
            if made.cell is not None:
                value = self._value(values, made.cell, made.kind)
                if value is None:
                    continue
                row[made.field] = self._formed(made, value)
            elif made.template is not None:
                tags = made.kind is Kind.TAGS
                text, given = made.template.render(marked if tags else text_of)
                if not text and self._partial and not self._has_any(values, made.template):
                    continue
                if given or not text:
                    parts = [part for one in text.split(_MARK) if (part := one.strip())]
                    row[made.field] = self._formed(made, parts if _MARK in text else text)
                else:
                    constants[made.field] = text
        if self._said.others == "note" and (text := self._noted(values)):
            row[_next_note(row)] = text
        return _with_own(row, constants) if constants else row

    def _check_parts(self, values: dict[str, Any]) -> None:
        for column, limit in self._limits.items():
            found = len(parts_of(as_text(values.get(column)), self._said.splitter(column)))
            if found > limit:
                reason = msg(
                    "the column {column} holds {found} parts, and the mapping names {limit} of"
                    " them; the rest is {rest}",
                    column=column,
                    found=found,
                    limit=limit,
                    rest=f"{{{column}[*]}}",
                )
                field = next(m.field for m in self._made if m.column == column)
                raise ColumnFault(reason, "import.parts", field)

    def _text(self, values: dict[str, Any], cell: Cell) -> str:
        place = self._places.get(cell)
        if place is None:
            return ""
        column, part = place
        text = as_text(values.get(column)).strip()
        if part is None or not text:
            return text
        by = self._said.splitter(column)
        parts = parts_of(text, by)
        if part != REST:
            return parts[part - 1] if part <= len(parts) else ""
        named = {number for where, number in self._places.values() if where == column and number}
        return ", ".join(one for number, one in enumerate(parts, 1) if number not in named)

    def _value(self, values: dict[str, Any], cell: Cell, kind: Kind) -> Any:
        """The cell as it was read; ``None`` where there is no such column."""
        place = self._places.get(cell)
        if place is None or place[0] not in values:
            return None
        if place[1] is not None:
            return self._text(values, cell)
        value = values[place[0]]
        if kind is Kind.TAGS and isinstance(value, str) and (by := self._said.splitter(place[0])):
            return parts_of(value, by)
        return value

    def _has_any(self, values: dict[str, Any], template: Template) -> bool:
        """Whether an object has any of the names that a template is made of."""
        places = map(self._places.get, template.cells())
        return any(place is not None and place[0] in values for place in places)

    def _formed(self, made: Made, value: Any) -> Any:
        words = self._said.values.get(made.field)
        if words is not None:
            if isinstance(value, list):
                return [words.get(fold(str(one)), one) for one in value]
            known = words.get(fold(as_text(value)))
            if known is not None:
                return known
        if not isinstance(value, str) or not value.strip():
            return value
        try:
            if made.kind in (Kind.DATE, Kind.TIME) and self._said.dates:
                return iso_date(value.strip(), self._said.dates)
            if made.kind is Kind.MONEY and self._said.decimal:
                return plain_amount(value.strip(), self._said.decimal)
        except ColumnFault as fault:
            reason = msg("column {column}: {reason}", column=made.column, reason=fault.reason)
            raise ColumnFault(reason, fault.code, made.field) from None
        return value

    def _noted(self, values: dict[str, Any]) -> str:
        """What the columns without a field say, a line each."""
        lines = ((column, as_text(values.get(column)).strip()) for column in self.others)
        return "\n".join(f"{column}: {text}" for column, text in lines if text)

    def _with_addresses(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with the parts of the addresses that stand in one cell."""
        row = dict(row)
        for name in dict.fromkeys(self._addresses):
            text = as_text(row.pop(name, "")).strip()
            if not text:
                continue
            parts = parse_address(text, self._country, as_text(row.get("name")))
            if parts is None:
                reason = msg(
                    "cannot be taken apart; it needs street, city, province and postal code, with"
                    " commas between them or on lines of their own"
                )
                raise ColumnFault(reason, "import.address", name)
            for part, value in parts.items():
                if is_empty(row.get(group(name) + part)):
                    row[group(name) + part] = value
        return row

    def _with_defaults(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with the mapping's own text where it has none."""
        wanted = {
            name: text for name, text in self._said.defaults.items() if is_empty(row.get(name))
        }
        return _with_own(row, wanted) if wanted else row


def _named(values: dict[str, Any], names: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for column, value in values.items() if (name := names[column]) is not None}


def _with_own(row: dict[str, Any], own: dict[str, str]) -> dict[str, Any]:
    """The row with what the mapping itself says: of a contact, only where the file has one."""
    groups = {group(name) for name, value in row.items() if not is_empty(value)}
    added = {name: text for name, text in own.items() if not group(name) or group(name) in groups}
    return {**row, **added}


def group(field: str) -> str:
    """``contact2.`` of ``contact2.email``; empty for a field of the record itself."""
    return field[: field.rfind(".") + 1]


def is_empty(value: object) -> bool:
    """Whether a cell says nothing."""
    return value in ("", None, [], {}) or (isinstance(value, str) and not value.strip())


def _next_note(row: dict[str, Any]) -> str:
    number = 1
    while any(name.startswith(f"note{number if number > 1 else ''}.") for name in row):
        number += 1
    return NOTE.format(number if number > 1 else "")


def as_text(value: object) -> str:
    """A cell, or a value of an object, as one would write it in a cell."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return str(value)
