"""Lists of codes: one a line, with NUL between them, or NDJSON; and the failures of a past run."""

from __future__ import annotations

from collections.abc import Iterator

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.inputs.lines import DEFAULT, TextLines, check_kind, not_decoded
from interop_cli.inputs.ndjson import read_ndjson
from interop_cli.inputs.reading import first_byte
from interop_cli.inputs.records import Record, invalid
from interop_cli.inputs.source import Source

LONGEST = 200  # characters
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
        return ((record.line, _text(source, record, "code")) for record in read_ndjson(source))
    return _lines(source)


def read_failed(source: Source) -> Iterator[tuple[int, str]]:
    """Line and key of each row with the status ``error`` in a file that ``--results`` wrote."""
    for record in read_ndjson(source):
        if record.values.get("status") == "error":
            yield record.line, _text(source, record, "key")


def _lines(source: Source) -> Iterator[tuple[int, str]]:
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


def _text(source: Source, record: Record, name: str) -> str:
    value = record.values.get(name)
    if not isinstance(value, str) or not value.strip():
        reason = msg("the object has no text under {name}", name=name)
        raise invalid("input.code.missing", source.name, reason, line=record.line)
    return _checked(source, record.line, value.strip())


def _checked(source: Source, line: int, code: str) -> str:
    if len(code) > LONGEST:
        raise _too_long(source, line)
    return code


def _too_long(source: Source, line: int) -> InvalidData:
    reason = msg("it is longer than the {limit} characters a code may have", limit=LONGEST)
    return invalid("input.code.long", source.name, reason, line=line)
