"""What may be a client's logo, told by its content alone."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.values.logo import MAX_BYTES, check_logo, media_type

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">{}</svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(b"\0\0")),
        chunk(b"IEND", b""),
    ]
)
JPEG = (
    b"\xff\xd8"
    b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    b"\x00\xff\xd9"
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (SVG.format("").encode(), "image/svg+xml"),
        (
            b'<?xml version="1.0"?>\n<!-- x -->' + SVG.format("<path d='M0 0'/>").encode(),
            "image/svg+xml",
        ),
        (SVG.format("<use href='#a'/><g fill='url(#b)'/>").encode(), "image/svg+xml"),
        (SVG.format("<style>.a { fill: url(#b) }</style>").encode(), "image/svg+xml"),
        (SVG.format("").encode("utf-16"), "image/svg+xml"),
        (b"<svg/>", "image/svg+xml"),
    ],
)
def test_pictures_are_known_by_their_content(content: bytes, kind: str) -> None:
    assert check_logo(content) == kind == media_type(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<html/>",
        b"<svg>",
        b"GIF89a",
        PNG[:-1],
        PNG[:20],
        PNG.replace(b"IDAT", b"IDAX"),
        JPEG[:-2],
        JPEG[:3],
        b"\xff\xd8\xff",
        b'<svg xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidData) as caught:
        check_logo(content)
    assert caught.value.code == "client.logo.format"


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<g onload='alert(1)'/>",
        "<a href='https://example.com/'/>",
        "<image href='file:///etc/passwd'/>",
        "<use xmlns:x='http://www.w3.org/1999/xlink' x:href='other.svg#a'/>",
        "<image href='data:text/html;base64,AAAA'/>",
        "<a href=' java\nscript:alert(1)'/>",
        "<foreignObject/>",
        "<style>@import 'https://example.com/a.css'</style>",
        "<g style='fill: url(https://example.com/a)'/>",
        "<g style='fill: ur\\6c (https://example.com/a)'/>",
        "<?xml-stylesheet href='https://example.com/a.css'?>",
    ],
)
def test_an_svg_that_runs_or_fetches_something_is_refused(inside: str) -> None:
    with pytest.raises(InvalidData) as caught:
        check_logo(SVG.format(inside).encode())
    assert caught.value.code == "client.logo.unsafe"


def test_entities_are_refused_before_they_grow() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG.format("&b;")
    with pytest.raises(InvalidData) as caught:
        check_logo(bomb.encode())
    assert caught.value.code == "client.logo.unsafe"


def test_a_logo_has_a_limit() -> None:
    with pytest.raises(InvalidData) as caught:
        check_logo(PNG + bytes(MAX_BYTES))
    assert caught.value.code == "client.logo.size"


@given(st.binary(max_size=60), st.sampled_from([b"", PNG[:33], JPEG[:22], b"<svg>"]))
def test_any_bytes_are_a_picture_or_refused(tail: bytes, head: bytes) -> None:
    try:
        answer = check_logo(head + tail)
    except InvalidData as error:
        answer = error.code
    assert answer in (
        "image/png",
        "image/jpeg",
        "image/svg+xml",
        "client.logo.format",
        "client.logo.unsafe",
    )
