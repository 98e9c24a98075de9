"""From clients to payloads, and from payloads to the bytes of a file. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from interop_cli.connectors.files.profile import FORMS, Profile, ProfileColumn
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, Need, Problem, RemoteField
from interop_cli.domain.sync.payload import Payload, Value
from interop_cli.domain.sync.records import LocalRecord

# What a spreadsheet would run (the full-width signs too), and what already looks guarded.
_TRIGGERS = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")


def descriptor_of(profile: Profile) -> Descriptor:
    """What a profile takes of a client."""
    fields = tuple(
        RemoteField(
            one.field,
            one.title,
            Need.REQUIRED if one.required or one.field == profile.key else Need.OPTIONAL,
            max_length=one.max or None,
            pattern=one.pattern or None,
        )
        for one in profile.columns
        if one.field
    )
    return Descriptor("client", fields, profile.key, lambda payload: _problems(profile, payload))


def payload_of(profile: Profile, local: LocalRecord) -> Payload:
    """A client as the columns want it."""
    return {one.field: _value(profile, one, local) for one in profile.columns if one.field}


def _value(profile: Profile, column: ProfileColumn, local: LocalRecord) -> Value:
    values = local.values
    accounting = values.get("accounting") or {}

    def ours(name: str) -> object:
        if name.startswith("accounting."):
            return accounting.get(name.partition(".")[2])
        return values.get(name)

    found = ours(column.prefer) if column.prefer else None
    if found in (None, ""):
        found = ours(column.field)
    value = FORMS[column.form](found)
    if value is not None and profile.quotes_inside == "drop":
        value = " ".join(value.replace('"', "").split()) or None
    return value


def _problems(profile: Profile, payload: Mapping[str, Value]) -> list[Problem]:
    """What cannot stand in such a file: nothing is replaced to make it fit."""
    found = []
    for name, value in payload.items():
        message = None if value is None else _trouble(profile, str(value))
        if message is not None:
            code = "sync.field.encoding" if "encoding" in message.params else "sync.field.character"
            found.append(Problem(name, code, message))
    return found


def _trouble(profile: Profile, value: str) -> Message | None:
    lacking = sorted({char for char in value if not _encodable(char, profile.encoding)})
    if lacking:
        return msg(
            "has characters that the encoding {encoding} lacks: {characters}",
            encoding=profile.encoding,
            characters=_named(lacking),
        )
    if any(ord(char) < 32 or 127 <= ord(char) < 160 for char in value):
        return msg("has control characters")
    if '"' in value and (profile.quotes_inside == "refuse" or profile.quoting == "none"):
        return msg("has a quotation mark, which this file cannot hold")
    if profile.quoting == "none" and profile.delimiter in value:
        return msg("has the character that separates columns")
    return None


def _encodable(char: str, encoding: str) -> bool:
    try:
        return char.encode(encoding).decode(encoding) == char
    except UnicodeError:
        return False


def _named(chars: Sequence[str]) -> str:
    return ", ".join(f"U+{ord(char):04X}" for char in chars[:5])


def guarded(cell: str) -> str:
    """A cell that a spreadsheet does not run: an apostrophe in front where it would."""
    return "'" + cell if cell.lstrip("'")[:1] in _TRIGGERS and cell else cell


def line(profile: Profile, payload: Mapping[str, Value]) -> str:
    """A row of the file, without its line end."""
    cells = [
        one.value if not one.field else _text(payload.get(one.field)) for one in profile.columns
    ]
    return _joined(profile, cells)


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _joined(profile: Profile, cells: Sequence[str]) -> str:
    return profile.delimiter.join(_cell(profile, cell) for cell in cells)


def _cell(profile: Profile, cell: str) -> str:
    if profile.guard:
        cell = guarded(cell)
    if profile.quoting == "none":
        return cell
    special = {profile.delimiter, '"', "\r", "\n"}
    plain = not special & set(cell) and cell == cell.strip()
    if profile.quoting == "minimal" and plain:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def content(profile: Profile, lines: Sequence[str]) -> bytes:
    """The whole file. Raises UnicodeEncodeError for what ``_problems`` would have refused."""
    header = [_joined(profile, [one.title for one in profile.columns])] if profile.header else []
    every = [*profile.before, *header, *lines, *profile.after]
    return "".join(one + profile.newline for one in every).encode(profile.encoding)


def digest(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
