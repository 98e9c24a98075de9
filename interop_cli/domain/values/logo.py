"""What may be a client's logo: a PNG, JPEG or SVG picture, told by its content.

The name of the file says nothing. An SVG is a document that may run scripts and fetch other
files wherever it is shown, so one that could is refused; so is one with a document type, whose
entities can fill the memory.
"""

from __future__ import annotations

import zlib
from xml.parsers import expat

from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.messages import Message, msg

MAX_BYTES = 2 * 1024 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_SVG = "http://www.w3.org/2000/svg"
_ACTIVE = frozenset({"script", "foreignobject", "iframe", "object", "embed", "handler"})


def check_logo(content: bytes) -> str:
    """The media type of a logo; raises InvalidData ``client.logo.format|size|unsafe``."""
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise _refused("size", msg("A logo has {limit} MB at most.", limit=limit))
    kind = media_type(content)
    if kind == "image/svg+xml":
        return _check_svg(content)
    if (kind == "image/png" and _png_is_whole(content)) or (
        kind == "image/jpeg" and _jpeg_is_whole(content)
    ):
        return kind
    raise _refused("format", msg("This is no picture of the formats PNG, JPEG or SVG."))


def media_type(content: bytes) -> str:
    """What a logo claims to be by its first bytes; SVG where it is neither PNG nor JPEG."""
    if content.startswith(_PNG):
        return "image/png"
    return "image/jpeg" if content.startswith(_JPEG) else "image/svg+xml"


def _png_is_whole(content: bytes) -> bool:
    """Whether the chunks of a PNG follow each other to its end, with their checksums."""
    position, seen = len(_PNG), []
    while position + 12 <= len(content):
        size = int.from_bytes(content[position : position + 4])
        end = position + 12 + size
        body = content[position + 4 : end - 4]
        if end > len(content) or zlib.crc32(body) != int.from_bytes(content[end - 4 : end]):
            return False
        seen.append(body[:4])
        position = end
        if seen[-1] == b"IEND":
            break
    return bool(seen) and seen[0] == b"IHDR" and b"IDAT" in seen and seen[-1] == b"IEND"


def _jpeg_is_whole(content: bytes) -> bool:
    """Whether the segments of a JPEG lead to a frame with a size, a scan, and an end."""
    position, framed = 2, False
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # padding
            position += 1
            continue
        size = int.from_bytes(content[position + 2 : position + 4])
        if marker == 0xDA:  # the scan runs to the end
            return framed and content.rstrip(b"\x00").endswith(b"\xff\xd9")
        if size < 2:
            return False
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = content[position + 5 : position + 9]
            framed = len(frame) == 4 and frame[2:4] != b"\x00\x00"
        position += 2 + size
    return False


def _check_svg(content: bytes) -> str:
    """Parse the document to its end; nothing of it is built."""
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        space, _space, tag = name.rpartition(" ")
        if depth == 0 and (tag != "svg" or space not in (_SVG, "")):
            raise _refused("format", msg("This is no picture of the formats PNG, JPEG or SVG."))
        depth += 1
        if tag.lower() in _ACTIVE:
            raise _unsafe()
        for attribute, value in attributes.items():
            _check_attribute(attribute.rpartition(" ")[2].lower(), value)

    def text(data: str) -> None:
        _check_style(data)

    def document_type(*_arguments: object) -> None:
        raise _unsafe()

    def instruction(target: str, _data: str) -> None:
        if target.lower() != "xml":
            raise _unsafe()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = document_type
    parser.ProcessingInstructionHandler = instruction
    parser.buffer_text = True
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it so
    except (expat.ExpatError, ValueError, LookupError):
        raise _refused(
            "format", msg("This is no picture of the formats PNG, JPEG or SVG.")
        ) from None
    return "image/svg+xml"


def _check_attribute(name: str, value: str) -> None:
    if name.startswith("on"):
        raise _unsafe()
    link = "".join(value.split()).lower()
    if name in ("href", "src") and not link.startswith(("#", "data:image/png", "data:image/jpeg")):
        raise _unsafe()
    _check_style(value)


def _check_style(text: str) -> None:
    """No style fetches anything: ``url(…)`` stays inside the document."""
    plain = "".join(text.split()).lower().replace("'", "").replace('"', "")
    if "@import" in plain or "javascript:" in plain or "\\" in plain:
        raise _unsafe()
    for part in plain.split("url(")[1:]:
        if not part.startswith("#"):
            raise _unsafe()


def _unsafe() -> InvalidData:
    return _refused("unsafe", msg("This SVG has scripts, links to elsewhere or a document type."))


def _refused(kind: str, message: Message) -> InvalidData:
    code = f"client.logo.{kind}"
    return InvalidData(code, message, details=[Detail("logo", code, message)])
