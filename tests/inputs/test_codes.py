"""Lists of codes in their forms, and the failures of a run before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.inputs.reading import LONGEST_CODE, read_codes, read_failed
from tests.inputs.support import chunks_of, source_of

codes = st.text(st.sampled_from("AZ09._-é😀"), min_size=1, max_size=8)
lists = st.lists(codes | st.just(""), max_size=8)
sizes = st.integers(1, 20)


@given(lists, sizes, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", " ", "\t "]))
def test_a_code_a_line(found: list[str], size: int, end: str, space: str) -> None:
    text = "".join(space + code + space + end for code in found)
    with chunks_of(size):
        assert list(read_codes(source_of(text))) == [
            (line, code) for line, code in enumerate(found, 1) if code
        ]


@given(lists, st.integers(LONGEST_CODE, 2 * LONGEST_CODE), st.booleans())
def test_nul_between_codes(found: list[str], size: int, last: bool) -> None:
    text = "\0".join(found) + ("\0" if last else "")
    with chunks_of(size):
        assert list(read_codes(source_of(text), null=True)) == [
            (number, code) for number, code in enumerate(found, 1) if code
        ]


def test_a_mark_before_codes_with_nul_between_them() -> None:
    assert list(read_codes(source_of("\ufeffA\0B"), null=True)) == [(1, "A"), (2, "B")]


def test_memory_does_not_grow_with_the_code() -> None:
    source = source_of(b"x" * 20_000_000)
    with pytest.raises(InvalidData):
        list(read_codes(source, null=True))
    assert source.position() < source.size / 10


def test_many_codes_with_nul_between_them() -> None:
    found = [(n, f"C{n}") for n in range(1, 50_001)]
    text = "\0".join(code for _, code in found)
    assert list(read_codes(source_of(text), null=True)) == found


def test_objects_with_a_code() -> None:
    text = '\ufeff\n  {"code":"A","name":"x"}\n\n{"id":1,"code":" B "}\n'
    assert list(read_codes(source_of(text))) == [(2, "A"), (4, "B")]


@pytest.mark.parametrize("text", ["\ufeffA\nB", "A\nB", "\n\nA\nB\n"])
def test_a_mark_and_blank_lines(text: str) -> None:
    assert [code for _, code in read_codes(source_of(text))] == ["A", "B"]


@pytest.mark.parametrize(
    "value", ["{}", '{"code":null}', '{"code":7}', '{"code":"  "}', '{"Code":"A"}']
)
def test_an_object_without_a_code(value: str) -> None:
    with pytest.raises(InvalidData) as caught:
        list(read_codes(source_of('{"code":"A"}\n' + value)))
    assert (caught.value.code, caught.value.data["line"]) == ("input.code.missing", 2)


@pytest.mark.parametrize("form", ["{}\n", '{{"code":"{}"}}\n', "{}\0"])
def test_no_code_is_that_long(form: str) -> None:
    null = form.endswith("\0")
    longest = "é" * LONGEST_CODE
    assert list(read_codes(source_of(form.format(longest)), null=null)) == [(1, longest)]
    text = form.format("A") + form.format(longest + "x")
    with pytest.raises(InvalidData) as caught:
        list(read_codes(source_of(text), null=null))
    assert (caught.value.code, caught.value.data["line"]) == ("input.code.long", 2)
    assert "x" not in str(caught.value.details[0].message)


@pytest.mark.parametrize(
    ("data", "null", "code", "line"),
    [
        (b"A\n\xff\n", False, "input.encoding", 2),
        (b"A\0\xff\0", True, "input.encoding", 2),
        (b"A\0B", False, "input.nul", 1),
        ("A\nB".encode("utf-16"), False, "input.encoding", 1),
        ("A\0B".encode("utf-16"), True, "input.encoding", 1),
        (b"\x1f\x8b\x08\0", True, "input.archive", None),
        (b"PK\x03\x04", False, "input.archive", None),
        (b"A\0" + b"x" * 10_000_000, True, "input.code.long", 2),
        (b"A\n" + b"x" * 10_000_000, False, "input.line_too_long", 2),
        (b'{"code":"A"}\nB\n', False, "input.json.syntax", 2),
    ],
)
def test_what_is_no_list(data: bytes, null: bool, code: str, line: int | None) -> None:
    with pytest.raises(InvalidData) as caught:
        list(read_codes(source_of(data), null=null))
    assert (caught.value.code, caught.value.data.get("line")) == (code, line)


@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, null: bool) -> None:
    try:
        found = list(read_codes(source_of(data), null=null))
    except InvalidData:
        return
    assert all(code == code.strip() != "" for _, code in found)


def test_only_what_failed_is_tried_again() -> None:
    rows = [
        {"line": 2, "key": "A", "status": "ok", "id": 1, "error": None},
        {"line": 3, "key": "B", "status": "error", "id": None, "error": {"code": "x"}},
        {"line": 4, "key": "C", "status": "skipped", "id": 3, "error": None},
        {"line": 7, "key": "D", "status": "error", "id": None, "error": {"code": "y"}},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert list(read_failed(source_of(text))) == [(2, "B"), (4, "D")]


def test_a_failure_without_a_key() -> None:
    with pytest.raises(InvalidData) as caught:
        list(read_failed(source_of('{"status":"error","line":2}')))
    assert caught.value.code == "input.code.missing"
