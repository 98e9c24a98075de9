"""What a mapping says of a foreign file, and the rows under our names that it makes of it.

Here: the columns of a file, how they are found by name, and what is said of those that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from interop_cli.domain.errors import Detail, InteropError, InvalidData
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.values.text import closest, fold
from interop_cli.inputs import did_you_mean, invalid, nearest

WHOLE_ADDRESS = "full_address"
"""The end of a field that holds an address in one cell, such as ``ship_to.full_address``."""


class ColumnFault(Exception):
    """What is wrong with what is said of columns, or with what they hold in a row.

    ``reason`` tells no value; in a row, ``code`` and ``path`` say what it is and of which field.
    """

    def __init__(self, reason: Message, code: str = "", path: str = "") -> None:
        super().__init__(code)
        self.reason = reason
        self.code = code
        self.path = path


@dataclass(frozen=True)
class Fields:
    """What a file may hold: ``known`` fields, others that ``accepts`` takes, and those ignored.

    ``accepts`` says yes to fields that are not worth listing, such as ``contact7.email``.
    """

    known: Collection[str]
    ignored: Collection[str] = ()
    accepts: Callable[[str], bool] | None = None

    def has(self, name: str) -> bool:
        """Whether a file may hold this field; a whole address, where it may hold a street."""
        if name.endswith(WHOLE_ADDRESS):
            name = name.removesuffix(WHOLE_ADDRESS) + "line1"
        return name in self.known or bool(self.accepts and self.accepts(name))


NAMED_AT_ONCE = 100  # columns


class Header:
    """The columns of a file, found by their name, or by ``#3``, their place."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.keys = [column_key(name) for name in names]
        self._by_name = _places(names)
        self._by_key = _places(self.keys)

    def index(self, name: str) -> int | None:
        """The place of the column called so; ``None`` where there is none."""
        found = self._by_name.get(name, self._by_key.get(column_key(name)))
        if found is not None:
            return found
        if name.startswith("#") and name[1:].isdecimal() and 0 < int(name[1:]) <= len(self.names):
            return int(name[1:]) - 1
        return None


def _places(names: Sequence[str]) -> dict[str, int]:
    """The first place of each."""
    return {name: place for place, name in reversed(list(enumerate(names)))}


def column_key(name: str) -> str:
    """The form in which names of columns are compared."""
    return fold(name).replace(" ", "_")


# -- what is wrong with a header ----------------------------------------------------------------


def no_header(file: str, line: int, system: str | None = None) -> InteropError:
    """None of the names is said: where there is no header, they are data about people.

    ``system`` is the one whose columns they are, for which there is a mapping.
    """
    return invalid(
        "import.column.unknown",
        file,
        msg("no column is named as a field"),
        line=line,
        hint=_of_system(system)
        or msg(
            "The first line must hold the names of the columns; else have a mapping made: --suggest"
        ),
    )


def unknown_columns(
    columns: Sequence[str], known: Collection[str], file: str, line: int, system: str | None = None
) -> InvalidData:
    """All of them at once: one who has to name their fields goes through the file once.

    ``system`` is the one whose columns they are, for which there is a mapping.

    Of very many, the first: nobody reads more, and to look for the nearest of each takes its time.
    """
    columns, left = columns[:NAMED_AT_ONCE], len(columns[NAMED_AT_ONCE:])
    meant = [nearest(column_key(column), known) for column in columns]
    reasons = [msg("no field is named as the column {name}", name=column) for column in columns]
    if len(columns) == 1:
        hint = meant[0] or msg(
            "Name its field, or leave it out: {option}", option=f"--map '{columns[0]}='"
        )
        return invalid("import.column.unknown", file, reasons[0], line=line, hint=hint)
    error = invalid(
        "import.column.unknown",
        file,
        msg("no fields are named as the columns {names}", names=", ".join(columns))
        if not left
        else counted(
            "no fields are named as the columns {names} and {count} more",
            "no fields are named as the columns {names} and {count} more",
            count=left,
            names=", ".join(columns),
        ),
        line=line,
        hint=_of_system(system)
        or msg(
            "Have a mapping made (--suggest), name their fields yourself (interop help mapping),"
            " or leave them all out: {option}",
            option="--map '*='",
        ),
    )
    error.details += [
        Detail(column, "import.column.unknown", _with_hint(reason, near), line)
        for column, reason, near in zip(columns, reasons, meant, strict=True)
        if near
    ]
    return error


def _of_system(system: str | None) -> Message | None:
    if system is None:
        return None
    return msg(
        "These are the columns of {name}: {option}", name=system, option=f"--mapping {system}"
    )


def _with_hint(reason: Message, hint: Message | None) -> Message:
    return msg("{reason}. {hint}", reason=reason, hint=hint) if hint else reason


def missing_columns(
    columns: Sequence[str], header: Sequence[str], file: str, line: int
) -> InvalidData:
    names = ", ".join(columns)
    reason = counted(
        "there is no column {name}", "there are no columns {name}", count=len(columns), name=names
    )
    keys = {column_key(name): name for name in reversed(header)}
    found = closest(column_key(columns[0]), keys)
    hint = did_you_mean(keys[found]) if found else None
    return invalid("import.column.missing", file, reason, line=line, hint=hint)
