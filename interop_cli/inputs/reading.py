"""Rows out of a file whose format is said, or is seen by its name or its first character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import msg
from interop_cli.inputs.delimited import csv_layout, read_csv
from interop_cli.inputs.ndjson import read_ndjson
from interop_cli.inputs.records import PLAIN_HEAD, Head, Layout, Record
from interop_cli.inputs.source import Source

FORMATS = ("csv", "ndjson")
_BY_EXTENSION = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
}
_BLANK = b" \t\r\n"


def read_records(
    source: Source,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Iterator[Record]:
    """The rows of the file; ``format`` is ``csv``, ``ndjson`` or to be found out.

    Raises what ``read_csv`` and ``read_ndjson`` do, and ``UsageError`` (``input.option``) where
    an encoding or a delimiter is given for NDJSON, which has its own.
    """
    if _format(source, format, encoding, delimiter) == "csv":
        return read_csv(source, encoding=encoding, delimiter=delimiter, head=head)
    return read_ndjson(source)


def read_layout(
    source: Source,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Layout:
    """How the file is written: format, and for a CSV its columns, delimiter and encoding."""
    if _format(source, format, encoding, delimiter) == "csv":
        return csv_layout(source, encoding=encoding, delimiter=delimiter, head=head)
    return Layout("ndjson", [])


def find_format(source: Source) -> str:
    """``csv`` or ``ndjson``, by the extension of the name, else by the first character."""
    known = _BY_EXTENSION.get(PurePath(source.name).suffix.lower())
    return known or ("ndjson" if first_byte(source) == b"{" else "csv")


def first_byte(source: Source) -> bytes:
    """The first byte that is neither blank nor part of a byte order mark; empty where none is."""
    with source.binary() as stream:
        data = stream.read(4096).removeprefix(b"\xef\xbb\xbf")
        while data and not data.lstrip(_BLANK):
            data = stream.read(4096)
    return data.lstrip(_BLANK)[:1]


def _format(source: Source, format: str | None, encoding: str | None, delimiter: str | None) -> str:
    found = format or find_format(source)
    given = {"--encoding": encoding, "--delimiter": delimiter}
    for option, value in given.items():
        if found == "ndjson" and value is not None:
            raise UsageError(
                "input.option",
                msg("{option} is for CSV files, and this is NDJSON.", option=option),
                hint=msg(
                    "NDJSON is always UTF-8. Is it a CSV? Then add: {option}", option="--format csv"
                ),
            )
    return found
