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

_BY_EXTENSION = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".vcf": "vcard",
    ".vcard": "vcard",
}
LONGEST_MARK = 16  # bytes by which a form is known
_WORKBOOK = b"PK\x03\x04"
_BLANK = b" \t\r\n"


def read_records(
    source: Source,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Iterator[Record]:
    """The rows of the file; ``format`` is one of ``FORMATS`` or to be found out.

    Raises what ``read_csv``, ``read_ndjson`` and ``read_workbook`` do, and ``UsageError``
    (``input.option``) where an option is given for a file that has no such thing.
    """
    found = _format(source, format, encoding, delimiter, sheet)
    if found == "vcard":
        from interop_cli.inputs.vcards import read_vcards

        return read_vcards(source, encoding=encoding)
    if found == "xlsx":
        from interop_cli.inputs.workbook import read_workbook

        return read_workbook(source, sheet=sheet, head=head)
    if found == "csv":
        return read_csv(source, encoding=encoding, delimiter=delimiter, head=head)
    return read_ndjson(source)


def read_layout(
    source: Source,
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    head: Head = PLAIN_HEAD,
) -> Layout:
    """How the file is written: format, columns, and the delimiter and encoding of a CSV."""
    found = _format(source, format, encoding, delimiter, sheet)
    if found == "xlsx":
        from interop_cli.inputs.workbook import workbook_layout

        return workbook_layout(source, sheet=sheet, head=head)
    if found == "csv":
        return csv_layout(source, encoding=encoding, delimiter=delimiter, head=head)
    return Layout("ndjson", [])  # vCards that are refused, too: with our names


def find_format(source: Source) -> str:
    """One of ``FORMATS``, by the extension of the name, else by how the file begins."""
    known = _BY_EXTENSION.get(PurePath(source.name).suffix.lower())
    if known:
        return known
    with source.binary() as stream:
        head = stream.read(LONGEST_MARK)
    if head.startswith(_WORKBOOK):
        return "xlsx"
    if head.removeprefix(b"\xef\xbb\xbf").upper().startswith(b"BEGIN:VCARD"):
        return "vcard"
    return "ndjson" if first_byte(source) == b"{" else "csv"


def first_byte(source: Source) -> bytes:
    """The first byte that is neither blank nor part of a byte order mark; empty where none is."""
    with source.binary() as stream:
        data = stream.read(4096).removeprefix(b"\xef\xbb\xbf")
        while data and not data.lstrip(_BLANK):
            data = stream.read(4096)
    return data.lstrip(_BLANK)[:1]


def _format(
    source: Source,
    format: str | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
) -> str:
    found = format or find_format(source)
    given = {"--encoding": encoding, "--delimiter": delimiter, "--sheet": sheet}
    for option, value in given.items():
        if value is None or found == ("xlsx" if option == "--sheet" else "csv"):
            continue
        if found == "vcard" and option == "--encoding":
            continue
        if option == "--sheet":
            raise UsageError(
                "input.option",
                msg("{option} is for Excel workbooks, and this is none.", option=option),
                hint=msg("Is it one? Then add: {option}", option="--format xlsx"),
            )
        if found == "xlsx":
            raise UsageError(
                "input.option",
                msg("{option} is for CSV files, and this is an Excel workbook.", option=option),
            )
        if found == "vcard":
            raise UsageError(
                "input.option",
                msg("{option} is for CSV files, and these are vCards.", option=option),
            )
        raise UsageError(
            "input.option",
            msg("{option} is for CSV files, and this is NDJSON.", option=option),
            hint=msg(
                "NDJSON is always UTF-8. Is it a CSV? Then add: {option}", option="--format csv"
            ),
        )
    return found
