"""Lines of text against the way Python's own text files split and decode them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.inputs import lines as module
from interop_cli.inputs.lines import TextLines, check_encoding
from tests.inputs.support import chunks_of, source_of

texts = st.text(st.sampled_from("ab\r\n\r\n\u2028\x0c\x85é😀\ufeff"), max_size=40)
sizes = st.integers(1, 12) | st.just(1000)


def split(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))


@given(texts, sizes, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32"]))
def test_lines_are_those_of_the_whole_text(text: str, size: int, encoding: str) -> None:
    data = text.encode(encoding)
    with chunks_of(size):
        found = list(TextLines(source_of(data), encoding))
    assert found == split(text.removeprefix("\ufeff"))


@given(texts, sizes)
def test_a_mark_is_dropped_once_and_remembered(text: str, size: int) -> None:
    text = text.lstrip("\ufeff")
    with chunks_of(size):
        for mark in ("", "\ufeff"):
            lines = TextLines(source_of(mark + text))
            assert list(lines) == split(text)
            assert lines.bom is bool(mark)


@given(texts, st.sampled_from([b"\xff", b"\xc3(", b"\xe9 ", b"\xed\xa0\x80"]), sizes, texts)
def test_the_line_of_a_bad_byte(before: str, bad: bytes, size: int, after: str) -> None:
    before = "x" + before
    data = before.encode() + bad + after.encode()
    with chunks_of(size), pytest.raises(InvalidData) as caught:
        list(TextLines(source_of(data)))
    assert caught.value.code == "input.encoding"
    assert caught.value.data["line"] == len(split(before + "x"))
    reason = caught.value.details[0].message
    assert reason
    assert reason.params["byte"] == f"{bad[0]:02X}"


@given(texts, sizes, texts)
def test_the_line_of_a_nul(before: str, size: int, after: str) -> None:
    data = (before + "x\0" + after).encode()
    with chunks_of(size), pytest.raises(InvalidData) as caught:
        list(TextLines(source_of(data)))
    assert caught.value.code == "input.nul"
    assert caught.value.data["line"] == len(split(before + "x"))


@given(texts, sizes, st.integers(0, 10))
def test_a_line_is_never_longer_than_the_limit(text: str, size: int, more: int) -> None:
    limit = size + 3 + more  # never less than a chunk and the bytes kept from the one before
    text = text.lstrip("\ufeff")
    lengths = [len(line.encode()) for line in split(text)]
    lines = TextLines(source_of(text), limit=limit)
    with chunks_of(size):
        if max(lengths, default=0) <= limit:
            assert list(lines) == split(text)
            return
        with pytest.raises(InvalidData) as caught:
            list(lines)
    assert caught.value.code == "input.line_too_long"
    first = next(number for number, length in enumerate(lengths, 1) if length > limit)
    assert caught.value.data["line"] == first


def test_memory_does_not_grow_with_the_line() -> None:
    """The reader stops soon after the limit, and does not look for the end of the line."""
    source = source_of(b"x" * 50 * module.LINE_LIMIT)
    with pytest.raises(InvalidData):
        list(TextLines(source))
    assert source.position() < 3 * module.LINE_LIMIT


@pytest.mark.parametrize(
    "name", ["utf-8", "UTF8", "cp1252", "latin-1", "utf-16", "mac-roman", "utf-8-sig", "cp850"]
)
def test_text_encodings_are_known(name: str) -> None:
    assert check_encoding(name) == name


@pytest.mark.parametrize("name", ["", "utf-9", "base64", "rot13", "zlib", "a\0b", "é", "../x"])
def test_what_is_no_text_encoding(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_encoding(name)
    assert caught.value.code == "input.encoding.unknown"


def test_an_encoding_that_has_no_text() -> None:
    with pytest.raises(InvalidData) as caught:
        list(TextLines(source_of(b"abc"), "undefined"))
    assert caught.value.code == "input.encoding"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_forms_of_unicode_are_named(encoding: str) -> None:
    with pytest.raises(InvalidData) as caught:
        list(TextLines(source_of("abc".encode(encoding)), option=True))
    assert caught.value.code == "input.encoding"
    assert f"--encoding {encoding}" in str(caught.value.hint)
    assert list(TextLines(source_of("abc".encode(encoding)), encoding)) == ["abc"]


@pytest.mark.parametrize(("option", "hint"), [(True, "--encoding"), (False, "iconv")])
def test_the_hint_fits_the_command(option: bool, hint: str) -> None:
    with pytest.raises(InvalidData) as caught:
        list(TextLines(source_of(b"caf\xe9\n"), option=option))
    assert hint in str(caught.value.hint)
    assert "cp1252" in str(caught.value.hint)
