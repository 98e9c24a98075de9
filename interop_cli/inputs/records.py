"""A row of a file, whatever its format."""

from __future__ import annotations

from typing import Any, NamedTuple

from interop_cli.domain.errors import Detail

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
