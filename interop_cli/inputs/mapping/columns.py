"""What a mapping says, and which column of a file is which of our fields.

A column whose name is a field's is that field; for the others the user says, in a TOML file or
with ``Column=field`` pairs. A column that nobody knows is an error, unless the mapping says what
becomes of the others: dropping it in silence would lose data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from interop_cli.domain.errors import ConfigError, InteropError, UsageError
from interop_cli.domain.messages import msg
from interop_cli.inputs import REJECT_REASON, Head, invalid, nearest
from interop_cli.inputs.mapping import (
    Fields,
    Header,
    column_key,
    missing_columns,
    no_header,
    unknown_columns,
)
from interop_cli.inputs.mapping.expressions import Cell, Template, Where, parse_cell

Others = Literal["error", "ignore", "note"]
OTHERS: tuple[Others, ...] = ("error", "ignore", "note")
ALL_OTHERS = "*"
"""On the command line, the name of every column that has no field."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What the user said about a file; a pure value, which ``RowMaker`` makes rows with.

    ``columns``: field by column, ``""`` to leave the column out. ``defaults``: text by field,
    where the file has none. ``key``: the field (or several, with commas) by which rows are found
    again. ``file``: where it was said; ``None`` for the command line.

    ``fields``: what a field is made of. ``split``: what separates the parts of a column's cells.
    ``values``: what a field's words mean, folded. ``dates``: the forms of its dates, as those of
    ``strptime``; ``decimal``: the mark before its cents. ``others``: what becomes of columns
    without a field. ``optional``: columns that may be absent, all of them where it is ``True``.
    ``where``: the rows to take. ``join``: what is alike in the rows of one record; ``first``: the
    fields of it that its first row says, whatever others say that have a contact, an address or a
    line of their own.
    ``header``: the line of the column names, 0 where there are none, ``"find"`` to look for them.
    ``reading``: ``encoding``, ``delimiter`` and the like, where the command line says none.
    """

    columns: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    file: str | None = None
    fields: dict[str, Template] = field(default_factory=dict)
    split: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    decimal: str | None = None
    others: Others = "error"
    optional: tuple[str, ...] | bool = ()
    where: Where | None = None
    join: tuple[Template, ...] = ()
    first: tuple[str, ...] = ()
    header: int | Literal["find"] | None = None
    reading: dict[str, str] = field(default_factory=dict)

    def head(self) -> Head:
        """Where the names of the columns stand in a file that it is for."""
        if self.header == "find":
            return Head(find=self.named_in, lenient=True, width=self._called_by_place)
        line = 1 if self.header is None else self.header
        return Head(line, lenient=self.said, width=self._called_by_place)

    @property
    def _called_by_place(self) -> int:
        """The last column that it calls by its place (``#3``)."""
        cells = [parse_cell(name) for name in self.columns]
        cells += [cell for template in self.fields.values() for cell in template.cells()]
        places = (cell.column.removeprefix("#") for cell in cells if cell.column.startswith("#"))
        return max((int(place) for place in places if place.isdecimal()), default=0)

    @property
    def said(self) -> bool:
        """Whether it says anything about columns, so that odd headers are its business."""
        return bool(self.columns or self.fields or self.file)

    def with_pairs(self, pairs: ColumnMap) -> ColumnMap:
        """This one, with what ``--map`` says of columns in the place of its own."""
        if not pairs.columns and pairs.others == "error":
            return self
        keys = {column_key(name) for name in pairs.columns}
        kept = {name: to for name, to in self.columns.items() if column_key(name) not in keys}
        others = pairs.others if pairs.others != "error" else self.others
        return replace(self, columns={**kept, **pairs.columns}, others=others)

    def place(
        self,
        header: Sequence[str],
        known: Fields,
        *,
        file: str = "",
        partial: bool = False,
        line: int = 1,
    ) -> Placed:
        """Which column of ``header`` is what.

        ``file`` is the name to show, ``line`` where the header stands in it. With ``partial`` the
        header is that of one object, and others may have the columns it lacks. Names are compared
        without case and accents, and a space is ``_``.

        Raises ``InvalidData``: ``import.column.unknown``, ``import.column.missing``,
        ``import.column.twice``; for a field that does not exist ``ConfigError`` or ``UsageError``
        (``import.map.field``).
        """
        self._check_fields(known)
        columns = Header(header)
        chosen, used = self._chosen(columns, file, line, partial=partial)
        left_out = {column_key(name) for name in (*known.ignored, REJECT_REASON)}
        fields = {column_key(name): name for name in known.known}
        if header and not chosen and not used and not fields.keys() & columns.keys:
            raise no_header(file, line, self._system(header, known))
        targets: list[str | None] = []
        others: list[str] = []
        for index, column in enumerate(header):
            key = columns.keys[index]
            if index in chosen:
                targets.append(chosen[index] or None)
            elif key in left_out or index in used:
                targets.append(None)
            elif key in fields or known.has(key):
                targets.append(fields.get(key, key))
            else:
                targets.append(None)
                others.append(column)
        if others and self.others == "error":
            raise unknown_columns(others, known.known, file, line, self._system(header, known))
        made = {name for name, one in self.fields.items() if self.gives(one, columns)}
        self._refuse_twice(header, targets, made, file, line)
        return Placed(targets, others)

    def _system(self, header: Sequence[str], known: Fields) -> str | None:
        """The system whose list of clients it is, where nothing was said of its columns."""
        from interop_cli.inputs.mapping.suggesting import known_system

        asked = self.file is not None or self.columns or not known.has("shipper_identity")
        return None if asked else known_system(header)

    def find(self, columns: Header, cell: Cell) -> tuple[int, int | None] | None:
        """The place of a column that the mapping names, and the part of its cells."""
        if cell.part is not None and not self.splitter(cell.column):
            whole = f"{cell.column}[{cell.part or '*'}]"  # its name ends like this
            index = columns.index(whole)
            return None if index is None else (index, None)
        index = columns.index(cell.column)
        return None if index is None else (index, cell.part)

    def gives(self, template: Template, columns: Header) -> bool:
        """Whether a template says anything in this file: one without its columns says nothing."""
        return template.has_constant or any(
            self.find(columns, cell) is not None for cell in template.cells()
        )

    def splitter(self, column: str) -> tuple[str, ...]:
        """What separates the parts of this column's cells; nothing where they are not split."""
        if column in self.split:
            return self.split[column]
        key = column_key(column)
        return next((by for name, by in self.split.items() if column_key(name) == key), ())

    def named_in(self, header: Sequence[str]) -> bool:
        """Whether this is a header with the columns it names: all that must be there, and half
        of those that stand there, or ``ENOUGH``."""
        columns = Header(header)
        named = list(dict.fromkeys(self._named()))
        there = [self.find(columns, cell) is not None for cell in named]
        needed = all(
            found or self._may_be_absent(cell.column)
            for cell, found in zip(named, there, strict=True)
        )
        enough = max(2, min(ENOUGH, sum(map(bool, header)) // 2))
        return needed and sum(there) >= min(len(named), enough)

    def _named(self) -> Iterable[Cell]:
        """Every column that it names."""
        yield from map(parse_cell, self.columns)
        for template in (*self.fields.values(), *self.join):
            yield from template.cells()
        yield from map(Cell, self.split)
        if self.where:
            yield from map(Cell, self.where.columns)

    def _may_be_absent(self, column: str) -> bool:
        if isinstance(self.optional, bool):
            return self.optional
        return column_key(column) in map(column_key, self.optional)

    def may_lack(self, name: str) -> bool:
        """Whether a file that it is for may have no column for a field."""
        if isinstance(self.optional, bool):
            return self.optional
        own = [parse_cell(column).column for column, to in self.columns.items() if to == name]
        made = self.fields[name].cells() if name in self.fields else ()
        columns = [*own, *(cell.column for cell in made)]
        return bool(columns) and all(map(self._may_be_absent, columns))

    def _check_fields(self, known: Fields) -> None:
        for target in (
            *filter(None, self.columns.values()),
            *self.defaults,
            *self.fields,
            *self.values,
            *self.first,
        ):
            if not known.has(target):
                raise self._no_field(target, known.known)

    def _chosen(
        self, columns: Header, file: str, line: int, *, partial: bool
    ) -> tuple[dict[int, str], set[int]]:
        """The field for each place that the user named a column for, and the places used else."""
        chosen: dict[int, str] = {}
        used: set[int] = set()
        missing: list[str] = []
        plain = {parse_cell(column): target for column, target in self.columns.items()}
        templates = (*self.fields.values(), *self.join)
        made = {cell for template in templates for cell in template.cells()}
        for cell in self._named():
            found = self.find(columns, cell)
            if found is None:
                if (
                    not partial
                    and column_key(cell.column) != REJECT_REASON
                    and not self._may_be_absent(cell.column)
                ):
                    missing.append(cell.column)
            elif cell in plain and found[1] is None:
                chosen[found[0]] = plain[cell]
            elif cell in plain or cell in made:
                used.add(found[0])
        if missing:
            raise missing_columns(list(dict.fromkeys(missing)), columns.names, file, line)
        for index, key in enumerate(columns.keys):
            if key == REJECT_REASON and index in chosen:
                chosen[index] = ""
        return chosen, used

    def _refuse_twice(
        self,
        header: Sequence[str],
        targets: list[str | None],
        made: Collection[str],
        file: str,
        line: int,
    ) -> None:
        seen: dict[str, str] = {}
        for column, target in zip(header, targets, strict=True):
            if target is None:
                continue
            if target in made:
                reason = msg(
                    "the column {column} and the mapping both give {field}",
                    column=column,
                    field=target,
                )
                hint = msg("Leave the column out: {option}", option=f'"{column}" = ""')
                raise invalid("import.column.twice", file, reason, line=line, hint=hint)
            if target in seen:
                columns = f"{seen[target]}, {column}"
                reason = msg("two columns give {field}: {columns}", field=target, columns=columns)
                raise invalid("import.column.twice", file, reason, line=line)
            seen[target] = column

    def _no_field(self, name: str, known: Collection[str]) -> InteropError:
        hint = nearest(name, known)
        if self.file is None:
            message = msg("There is no field {name}.", name=name)
            return UsageError("import.map.field", message, hint=hint, field=name)
        message = msg("{file}: there is no field {name}.", file=self.file, name=name)
        return ConfigError("import.map.field", message, hint=hint, file=self.file, field=name)


ENOUGH = 6  # columns that are known tell a header, however many are not


class Placed(NamedTuple):
    """The field of each column, ``None`` where it is none's; and the columns without a place."""

    targets: list[str | None]
    others: list[str]


def parse_pairs(pairs: Iterable[str]) -> ColumnMap:
    """The ``Column=field`` of ``--map``; ``Column=`` leaves a column out, ``*=`` all others.

    Raises ``UsageError`` (``import.map.pair``) for what is no pair, or names a column twice.
    """
    columns: dict[str, str] = {}
    for number, pair in enumerate(pairs, 1):
        column, equals, target = pair.rpartition("=")  # a column's name may hold a "="
        column, target = column.strip(), target.strip()
        if not equals or not column or column in columns or (column == ALL_OTHERS and target):
            raise UsageError(
                "import.map.pair",
                msg(
                    "--map number {number} is not Column=field, or its column was named.",
                    number=number,
                ),
                hint=msg("Such as: {examples}", examples="--map CompanyName=name --map Fax="),
            )
        columns[column] = target
    ignores = columns.pop(ALL_OTHERS, None) is not None
    return ColumnMap(columns, others="ignore" if ignores else "error")
