"""Which bytes are text: the encodings we take, the files that are something else."""

from __future__ import annotations

import codecs

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.inputs.faults import invalid

DEFAULT = "utf-8"
BOM = "\ufeff"

_SHEET = N_("it is a spreadsheet or an archive")
_PACKED = N_("it is compressed")
_ARCHIVES = (
    (b"PK\x03\x04", _SHEET),
    (b"PK\x05\x06", _SHEET),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SHEET),
    (b"7z\xbc\xaf\x27\x1c", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"\xfd7zXZ\0", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
)
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def check_encoding(name: str) -> str:
    """``name``, where Python knows a text encoding so called; else ``UsageError``."""
    try:
        codecs.getincrementaldecoder(name)
        # base64 and the like are codecs, and give no text.
        if getattr(codecs.lookup(name), "_is_text_encoding", True):
            return name
    except (LookupError, ValueError):
        pass
    raise UsageError(
        "input.encoding.unknown",
        msg("There is no encoding named {name}.", name=name),
        hint=msg("Such as: {examples}", examples="utf-8, cp1252, latin-1, utf-16"),
    )


def check_kind(file: str, head: bytes, chosen: str | None, *, option: bool) -> None:
    """Raise ``InvalidData`` where the first bytes are those of an archive or of UTF-16.

    ``chosen`` is the encoding the user named, ``option`` whether there is such an option here.
    """
    for magic, reason in _ARCHIVES:
        if head.startswith(magic):
            hint = msg("Save it as CSV (UTF-8), or unpack it first.")
            raise invalid("input.archive", file, Message(reason), hint=hint)
    for mark, name in _WIDE if chosen is None else ():
        if head.startswith(mark):
            reason_wide = msg(
                "byte 0x{byte} is not {encoding}", byte=_hex(head, 0), encoding="utf-8"
            )
            raise invalid("input.encoding", file, reason_wide, line=1, hint=_hint(name, option))


def not_decoded(
    file: str, error: UnicodeError, line: int, chosen: str | None, *, option: bool
) -> InvalidData:
    """The error of a byte that is not text; ``line`` is where it stands."""
    encoding = chosen or DEFAULT
    if isinstance(error, UnicodeDecodeError) and error.start < len(error.object):
        byte = _hex(error.object, error.start)
        reason = msg("byte 0x{byte} is not {encoding}", byte=byte, encoding=encoding)
    else:
        reason = msg("it is not {encoding}", encoding=encoding)
    hint = _hint("cp1252", option) if chosen is None else None
    return invalid("input.encoding", file, reason, line=line, hint=hint)


def text_before(error: UnicodeError) -> str:
    """What was decoded before the error, so that its lines can be counted."""
    if not isinstance(error, UnicodeDecodeError):
        return ""
    try:
        return error.object[: error.start].decode(error.encoding, "replace")
    except LookupError:
        return error.object[: error.start].decode("latin-1")


def _hint(name: str, option: bool) -> Message:
    if option:
        return msg("Say which encoding it is in: {option}", option=f"--encoding {name}")
    return msg("Turn it into UTF-8: {command}", command=f"iconv -f {name} -t utf-8")


def _hex(data: bytes, index: int) -> str:
    return f"{data[index]:02X}"
