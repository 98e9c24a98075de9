"""A row of a file, whatever its format, and what can be wrong with reading one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from interop_cli.domain.errors import Detail, InvalidData, IoFailure
from interop_cli.domain.messages import Message, msg

REJECT_REASON = "reject_reason"  # the column that a file of rejects has more; never read


class Record(NamedTuple):
    """A row or an object of the input.

    ``line`` is where it begins in the file (the header of a CSV is line 1). ``values`` is by
    column, or the object as it was written. ``cells`` are those of a CSV row as they are in the
    file, formula guards and all. ``error`` is a fault of this row alone.
    """

    line: int
    values: dict[str, Any]
    cells: list[str]
    error: Detail | None = None


class Layout(NamedTuple):
    """What must be known to write a file that reads like the one that was read.

    ``format`` is ``csv`` or ``ndjson``, ``encoding`` a Python codec (with ``-sig`` where the file
    began with a byte order mark), ``header`` the columns of a CSV (none where it is empty).
    """

    format: str
    header: list[str]
    delimiter: str = ","
    encoding: str = "utf-8"
    line: int = 1
    """Where the header stands; 0 where there is none, and its columns are called by place."""


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

    def named_by_place(self, cells: Sequence[str]) -> bool:
        """Whether it is the header that a file of rejects has, where its original had none."""
        return cells[-1] == REJECT_REASON and [*cells[:-1]] == [
            f"#{place}" for place in range(1, len(cells))
        ]


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
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), 1, 0.5)
    return msg("Did you mean {name}?", name=found[0]) if found else None
