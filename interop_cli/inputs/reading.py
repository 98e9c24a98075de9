"""Rows out of a file whose format is said, or is seen by its name or its first character.

Also lists of codes: one a line, with NUL between them, or NDJSON; and the failures of a past run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.domain.messages import msg
from interop_cli.inputs import PLAIN_HEAD, Head, Layout, Record, invalid
from interop_cli.inputs.delimited import csv_layout, read_csv
from interop_cli.inputs.lines import DEFAULT, TextLines, check_kind, not_decoded
from interop_cli.inputs.ndjson import read_ndjson
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


LONGEST_CODE = 200  # characters
_PIECE = 64 * 1024


def read_codes(source: Source, *, null: bool = False) -> Iterator[tuple[int, str]]:
    """Pairs of line and code; with ``null`` the line is the number of the item.

    Blank lines are skipped, spaces around a code dropped. Lines that begin with ``{`` are read as
    NDJSON with ``code``. Raises ``InvalidData``: ``input.code.long``, ``input.code.missing``, and
    what ``TextLines`` and ``read_ndjson`` raise.
    """
    if null:
        return _separated(source)
    if first_byte(source) == b"{":
        return ((record.line, _text_in(source, record, "code")) for record in read_ndjson(source))
    return _code_lines(source)


def read_failed(source: Source) -> Iterator[tuple[int, str]]:
    """Line and key of each row with the status ``error`` in a file that ``--results`` wrote."""
    for record in read_ndjson(source):
        if record.values.get("status") == "error":
            yield record.line, _text_in(source, record, "key")


def _code_lines(source: Source) -> Iterator[tuple[int, str]]:
    for line, text in enumerate(TextLines(source), 1):
        if code := text.strip():
            yield line, _checked(source, line, code)


def _separated(source: Source) -> Iterator[tuple[int, str]]:
    before, rest = 0, b""  # how many items came before ``rest``
    with source.binary() as stream:
        data = stream.read(_PIECE)
        # Text of two bytes a letter looks the same as short codes with NUL between them.
        check_kind(source.name, data, DEFAULT, option=False)
        data = data.removeprefix(b"\xef\xbb\xbf")
        while data:
            *items, rest = (rest + data).split(b"\0")
            for number, item in enumerate(items, before + 1):
                if code := _decoded(source, number, item):
                    yield number, code
            before += len(items)
            if len(rest) > _PIECE:
                raise _too_long(source, before + 1)
            data = stream.read(_PIECE)
    if code := _decoded(source, before + 1, rest):
        yield before + 1, code


def _decoded(source: Source, number: int, item: bytes) -> str:
    try:
        text = item.decode().strip()
    except UnicodeDecodeError as error:
        raise not_decoded(source.name, error, number, None, option=False) from None
    return _checked(source, number, text)


def _text_in(source: Source, record: Record, name: str) -> str:
    value = record.values.get(name)
    if not isinstance(value, str) or not value.strip():
        reason = msg("the object has no text under {name}", name=name)
        raise invalid("input.code.missing", source.name, reason, line=record.line)
    return _checked(source, record.line, value.strip())


def _checked(source: Source, line: int, code: str) -> str:
    if len(code) > LONGEST_CODE:
        raise _too_long(source, line)
    return code


def _too_long(source: Source, line: int) -> InvalidData:
    reason = msg("it is longer than the {limit} characters a code may have", limit=LONGEST_CODE)
    return invalid("input.code.long", source.name, reason, line=line)
