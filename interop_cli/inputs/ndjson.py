"""NDJSON: one JSON object a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import Message, msg
from interop_cli.inputs.faults import invalid
from interop_cli.inputs.lines import MEGABYTE, TextLines
from interop_cli.inputs.records import Record
from interop_cli.inputs.source import Source
from interop_cli.inputs.strictjson import JsonFault, loads

LINE_LIMIT = 256 * MEGABYTE  # a client is one line, with the files attached to its notes


def read_ndjson(source: Source) -> Iterator[Record]:
    """The objects, as they are written; blank lines are skipped.

    Raises ``InvalidData`` with the line and the column: ``input.json.array`` and
    ``input.json.pretty`` for JSON that is not one object a line, ``input.json.object`` for a line
    that holds something else, the codes of ``strictjson`` and those of ``TextLines``.
    """
    first = True
    for line, text in enumerate(TextLines(source, limit=LINE_LIMIT), 1):
        if text.isspace():
            continue
        if first:
            _refuse_array(source, line, text)
        try:
            value = loads(text)
        except JsonFault as fault:
            raise _error(source, line, text, fault, first=first) from None
        if type(value) is not dict:
            column = len(text) - len(text.lstrip()) + 1
            reason = msg("an object is expected")
            raise invalid("input.json.object", source.name, reason, line=line, column=column)
        first = False
        yield Record(line, value, [])


def _refuse_array(source: Source, line: int, text: str) -> None:
    start = text.lstrip()
    if start.startswith("["):
        reason = msg("an array begins here; one object a line is expected")
        column = len(text) - len(start) + 1
        hint = _jq("jq -c '.[]'")
        raise invalid("input.json.array", source.name, reason, line=line, column=column, hint=hint)


def _error(source: Source, line: int, text: str, fault: JsonFault, *, first: bool) -> InvalidData:
    code, reason, hint = fault.code, fault.reason, None
    if first and fault.unfinished:
        code, hint = "input.json.pretty", _jq("jq -c .")
        reason = msg("the object does not end on its line")
    elif fault.code == "input.json.syntax":
        hint = _jq("jq -c .")
    column = min(fault.position, len(text.rstrip("\r\n"))) + 1
    return invalid(code, source.name, reason, line=line, column=column, hint=hint)


def _jq(command: str) -> Message:
    return msg("To have one object a line: {command}", command=command)
