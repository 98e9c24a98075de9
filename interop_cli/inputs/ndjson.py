"""NDJSON: one JSON object a line, in UTF-8, read as RFC 8259 means it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isinf
from typing import Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.inputs import Record, invalid
from interop_cli.inputs.lines import MEGABYTE, TextLines
from interop_cli.inputs.source import Source

DEPTH = 64
_LARGEST = 2**63 - 1
_DIGITS = 19  # those of the largest

# What json.JSONDecodeError says, as sentences that can be translated.
_SYNTAX = {
    "Expecting value": N_("a value is expected"),
    "Expecting property name enclosed in double quotes": N_("a name in double quotes is expected"),
    "Expecting ':' delimiter": N_("a colon is expected"),
    "Expecting ',' delimiter": N_("a comma is expected"),
    "Extra data": N_("something follows the end of the value"),
    "Unterminated string starting at": N_("the string that begins here never ends"),
    "Invalid control character at": N_("a control character stands in a string"),
    "Invalid \\escape": N_("a backslash stands before a character that needs none"),
    "Invalid \\uXXXX escape": N_("four hexadecimal digits are expected after \\u"),
    "Illegal trailing comma before end of object": N_("a comma stands before the end"),
    "Illegal trailing comma before end of array": N_("a comma stands before the end"),
}
_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|$)|[\[\]{}:,]|-?[0-9][0-9.eE+-]*|-?[A-Za-z]+', re.DOTALL
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# Escapes in their order: a good pair, half of one, any other.
_ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)


class JsonFault(Exception):
    """What is wrong with the text: ``code`` (``input.json.…``), ``reason``, ``position`` from 0.

    ``unfinished`` tells that the text ended where more was expected.
    """

    def __init__(
        self, code: str, reason: Message, position: int, *, unfinished: bool = False
    ) -> None:
        super().__init__(code)
        self.code = f"input.json.{code}"
        self.reason = reason
        self.position = position
        self.unfinished = unfinished


class _Found(Exception):
    """A hook met something that the C parser would let pass."""


def loads(text: str) -> Any:
    """The value of ``text``; raises ``JsonFault``, which never holds any of the text."""
    if text.count("{") + text.count("[") > DEPTH:
        _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax(error, text) from None
    except _Found:
        raise _located(text) from None
    if _SURROGATE.search(text):
        _check_pairs(text)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Found
    return value


def _constant(_name: str) -> Any:
    raise _Found


def _integer(digits: str) -> int:
    # Python refuses to convert very long ones, so their length is looked at first.
    if len(digits) > _DIGITS + 1 or not -_LARGEST - 1 <= (number := int(digits)) <= _LARGEST:
        raise _Found
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise _Found
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer, parse_float=_float
)


def _syntax(error: json.JSONDecodeError, text: str) -> JsonFault:
    reason = Message(_SYNTAX.get(error.msg, N_("it is not valid JSON")))
    unfinished = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    return JsonFault("syntax", reason, error.pos, unfinished=unfinished)


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        char = text[token.start()]
        depth += (char in "[{") - (char in "]}")
        if depth > DEPTH:
            reason = msg("it is nested deeper than {limit} levels", limit=DEPTH)
            raise JsonFault("depth", reason, token.start())


def _check_pairs(text: str) -> None:
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            reason = msg("half of a surrogate pair stands alone")
            raise JsonFault("surrogate", reason, escape.start())


def _located(text: str) -> JsonFault:
    """The first thing in ``text`` that a hook refused."""
    keys: list[set[str] | None] = []  # of each open object; none for an array
    name_next = False
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in ("{", "["):
            keys.append(set() if word == "{" else None)
        elif word in ("}", "]") and keys:
            keys.pop()
        elif word.startswith('"'):
            names = keys[-1] if keys and name_next else None
            if names is not None:
                if (name := json.loads(word, strict=False)) in names:
                    return JsonFault("duplicate", msg("a name stands twice"), token.start())
                names.add(name)
        elif fault := _bad_number(word, token.start()):
            return fault
        name_next = word in ("{", ",")
    return JsonFault("syntax", msg("it is not valid JSON"), 0)


def _bad_number(word: str, position: int) -> JsonFault | None:
    if word in ("NaN", "Infinity", "-Infinity"):
        return JsonFault("constant", msg("NaN and Infinity are not JSON"), position)
    if not word.lstrip("-")[:1].isdigit():
        return None
    try:
        _float(word) if any(char in word for char in ".eE") else _integer(word)
    except _Found:
        return JsonFault("number", msg("the number is too large"), position)
    except ValueError:
        pass
    return None


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
    elif first and not text.lstrip().startswith("{"):
        hint = msg("It is no NDJSON; import takes CSV, too: --format csv")
    elif fault.code == "input.json.syntax":
        hint = _jq("jq -c .")
    column = min(fault.position, len(text.rstrip("\r\n"))) + 1
    return invalid(code, source.name, reason, line=line, column=column, hint=hint)


def _jq(command: str) -> Message:
    return msg("To have one object a line: {command}", command=command)
