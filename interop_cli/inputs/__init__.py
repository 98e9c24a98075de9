"""What users give us to read: CSV and NDJSON files, lists of codes, column maps, standard input.

Everything streams in bounded memory, whatever the size of the file, and can be read again from
the start. What cannot be read is an error with the file and the line, and never with what was
written there. Whatever the format, a row is a ``Record``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from interop_cli.domain.errors import Detail, InvalidData, IoFailure
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.values.text import closest

# The column that a file of rejects has more: its first, which rows of any width leave in its place.
REJECT_REASON = "reject_reason"


def begins_with_reason(cells: Sequence[str]) -> bool:
    """Whether a header is that of a file of rejects, whose first cells are not read."""
    return bool(cells) and cells[0].strip().lower() == REJECT_REASON


class Record(NamedTuple):
    """A row or an object of the input.

    ``line`` is where it begins in the file (the header of a CSV is line 1). ``values`` is by
    column, or the object as it was written. ``cells`` are those of a CSV row as they are in the
    file, formula guards and all; ``raw`` those of a sheet, with their types. ``error`` is a fault
    of this row alone.
    """

    line: int
    values: dict[str, Any]
    cells: list[str]
    error: Detail | None = None
    raw: Sequence[Any] = ()


class Layout(NamedTuple):
    """What must be known to write a file that reads like the one that was read.

    ``format`` is ``csv``, ``ndjson`` or ``xlsx`` (then ``sheet`` is the name of the sheet),
    ``encoding`` a Python codec (with ``-sig`` where the file began with a byte order mark),
    ``header`` the columns of a CSV or a sheet (none where it is empty).
    """

    format: str
    header: list[str]
    delimiter: str = ","
    encoding: str = "utf-8"
    line: int = 1
    """Where the header stands; 0 where there is none, and its columns are called by place."""
    sheet: str = ""


class Head(NamedTuple):
    """Where the names of the columns stand, and which names may be.

    ``line``: no line before this one is the header; 0: there is none, the columns are ``#1``,
    ``#2`` … ``find``: it is the first line whose cells are such. ``lenient``: a column without a
    name is called ``#3`` by its place, and the second ``Email`` is ``Email#2``. ``width``: so many
    are columns although they have no name.
    """

    line: int = 1
    find: Callable[[Sequence[str]], bool] | None = None
    lenient: bool = False
    width: int = 0

    def names(self, cells: Sequence[str]) -> list[str]:
        """The names of the columns out of the cells of the header, or of the first row."""
        if not self.line and not self.named_by_place(cells):
            return [f"#{place}" for place in range(1, len(cells) + 1)]
        names: dict[str, None] = {}
        numbers: dict[str, int] = {}
        for place, cell in enumerate(cells, 1):
            name = cell or f"#{place}"
            while name in names:
                numbers[cell] = numbers.get(cell, 1) + 1
                name = f"{cell}#{numbers[cell]}"
            names[name] = None
        return list(names)

    def named(self, cells: Sequence[str], file: str, line: int) -> list[str]:
        """The same; without a mapping, odd names are ``InvalidData`` (``input.header.…``)."""
        if not self.lenient and self.line:
            _check_names(cells, file, line)
        return self.names(cells)

    def trimmed(self, cells: Iterable[str]) -> list[str]:
        """The cells of a header without spaces around them, and without empty ones at the end."""
        names = [cell.strip() for cell in cells]
        while len(names) > self.width and not names[-1]:
            names.pop()
        return names

    def named_by_place(self, cells: Sequence[str]) -> bool:
        """Whether it is the header that a file of rejects has, where its original had none."""
        return begins_with_reason(cells) and [*cells[1:]] == [
            f"#{place}" for place in range(1, len(cells))
        ]


def _check_names(names: Sequence[str], file: str, line: int) -> None:
    known: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            reason = msg("column {number} has no name", number=number)
            hint = msg("Have a mapping made, which calls it #{number}: --suggest", number=number)
            raise invalid("input.header.empty", file, reason, line=line, hint=hint)
        first = known.setdefault(name, number)
        if first != number:
            # The name is not said: without a header, the first row is data about people.
            reason = msg(
                "columns {first} and {second} have the same name", first=first, second=number
            )
            raise invalid("input.header.duplicate", file, reason, line=line)


PLAIN_HEAD = Head()
LOOKED_AT = 50  # lines among which a header is looked for


def invalid(
    code: str,
    file: str,
    reason: Message,
    *,
    line: int | None = None,
    column: int | None = None,
    hint: Message | None = None,
) -> InvalidData:
    """The error of a file whose content cannot be read; lines and columns count from 1."""
    if column is not None:
        reason = msg("column {column}: {reason}", column=column, reason=reason)
    place: dict[str, Any] = {"file": file, "line": line, "column": column}
    return InvalidData(
        code,
        msg("{file} cannot be read.", file=file),
        hint=hint,
        details=[Detail("", code, reason, line)],
        **{name: value for name, value in place.items() if value is not None},
    )


def no_such_header(file: str) -> InvalidData:
    """No line holds the columns that the mapping names."""
    return invalid(
        "input.header.none",
        file,
        msg("none of the first {count} lines holds the columns that are named", count=LOOKED_AT),
        hint=msg("Say which line does, in the mapping: {example}", example="header = 4"),
    )


def ragged(line: int, width: int, values: dict[str, Any], cells: list[str]) -> Record:
    """A row that has not the ``width`` of the header; ``values`` are those that have a name."""
    message = counted(
        "{count} cell, where the header has {expected}",
        "{count} cells, where the header has {expected}",
        count=len(cells),
        expected=width,
    )
    return Record(line, values, cells, Detail("", "input.ragged", message, line))


def unreadable(
    code: str, file: str, reason: Message | str, hint: Message | None = None
) -> IoFailure:
    """The error of a file that the system does not give us."""
    return IoFailure(
        code,
        msg("{file} cannot be read: {reason}.", file=file, reason=reason),
        hint=hint,
        file=file,
    )


def nearest(name: str, names: Iterable[str]) -> Message | None:
    """A hint with the one of ``names`` that was probably meant."""
    found = closest(name, names)
    return did_you_mean(found) if found else None


def did_you_mean(name: str) -> Message:
    """The same of a name that was found."""
    return msg("Did you mean {name}?", name=name)
