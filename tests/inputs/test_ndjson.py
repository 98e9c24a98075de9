"""NDJSON and the strict reader of JSON under it."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.inputs.ndjson import DEPTH, JsonFault, loads, read_ndjson
from interop_cli.inputs.source import open_source
from tests.inputs.support import chunks_of, source_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
objects = st.dictionaries(texts, values, max_size=4)


def fault(text: str) -> JsonFault:
    with pytest.raises(JsonFault) as caught:
        loads(text)
    return caught.value


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_json_is_read_as_it_is(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@given(st.text(st.sampled_from('{}[],:"\\ueE0123456789.-+adDfF truNaInity\n'), max_size=40))
@example('"\\ud800"')
@example("1e999")
def test_any_text_is_read_as_json_reads_it_or_refused(text: str) -> None:
    try:
        value = loads(text)
    except JsonFault as found:
        assert 0 <= found.position <= len(text)  # noqa: PT017
        return
    assert value == json.loads(text)
    assert "NaN" not in repr(value)


@given(st.lists(objects, max_size=5), st.integers(1, 40), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_objects_and_their_lines(rows: list[dict[str, Any]], size: int, end: str) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + end for row in rows)
    with chunks_of(size):
        records = list(read_ndjson(source_of(text)))
    assert [record.values for record in records] == rows
    step = 2 if end == "\n\n" else 1
    assert [record.line for record in records] == [1 + step * n for n in range(len(rows))]


@given(st.binary(max_size=80))
@example(b"\xff\xfe")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        list(read_ndjson(source_of(data)))
    except InvalidData as error:
        assert error.code.startswith("input.")  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ('{"a": NaN}', "constant", 6),
        ('{"NaN": [-Infinity]}', "constant", 9),
        ('{"a": 1, "b": [1e400]}', "number", 15),
        ('{"9223372036854775808": 9223372036854775808}', "number", 24),
        ('{"a": -9223372036854775809}', "number", 6),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "duplicate", 23),
        ('{"a": "b", "b": {"b": 1}, "b": 1}', "duplicate", 26),
        ('{"a": ["a", "a"], "\\u0061": 1}', "duplicate", 18),
        ('{"a": "\\\\ud800 \\ud800"}', "surrogate", 15),
        ('{"a": "\\ud83d\\ude00\\ude00"}', "surrogate", 19),
        ('{"a": "\\ud83d\\ud83d\\ude00"}', "surrogate", 7),
        ('{"a" 1}', "syntax", 5),
        ('{"a": 1 "b"}', "syntax", 8),
        ('{"a": "x}', "syntax", 6),
        ("{} {}", "syntax", 3),
    ],
)
def test_the_place_of_a_fault(text: str, code: str, position: int) -> None:
    found = fault(text)
    assert (found.code, found.position) == (f"input.json.{code}", position)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 10**18, 0, 1e308, -1.5e-300])
def test_the_largest_numbers_are_taken(number: float) -> None:
    assert loads(json.dumps({"a": number})) == {"a": number}
    assert loads("[1e-400]") == [0.0]


def test_depth_is_counted_outside_text() -> None:
    deepest = '{"a":' * (DEPTH - 1) + '["[[[{{{\\"[[["]' + "}" * (DEPTH - 1)
    assert loads(deepest)
    wide = [{}] * 1000
    assert loads(json.dumps({"a": wide})) == {"a": wide}
    found = fault('{"a":' * DEPTH + "[]" + "}" * DEPTH)
    assert (found.code, found.position) == ("input.json.depth", 5 * DEPTH)


def test_deep_text_with_many_quotes_is_no_trap() -> None:
    """What never ends is looked at once, not once for each quote."""
    assert fault("[" * DEPTH + '"' + '\\"' * 500_000 + "[").code == "input.json.syntax"


def test_every_sentence_of_python_is_known() -> None:
    """``json`` says why in English; what it says is looked up to be translated."""
    texts = [
        "",
        "{",
        "{1}",
        '{"a"',
        '{"a" 1}',
        "[1 2]",
        "{} 1",
        '"',
        '"\t"',
        '"\\x"',
        '"\\u12"',
        "[1,]",
        '{"a":1,}',
        "nul",
        "]",
        '{"a":}',
        '{"a":1 "b"}',
    ]
    for text in texts:
        assert fault(text).reason.msgid != "it is not valid JSON", text


def test_no_value_is_in_an_error() -> None:
    for text in (
        '{"a": Zacharie}',
        '{"a": "Zach\x01arie"}',
        "Zacharie",
        '{"Zacharie":1,"Zacharie":2}',
    ):
        with pytest.raises(InvalidData) as caught:
            list(read_ndjson(source_of(text)))
        error = caught.value
        assert "Zach" not in f"{error} {error.hint} {error.details} {error.data}"


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "hint"),
    [
        ('[{"a":1}]', "input.json.array", 1, 1, "jq -c '.[]'"),
        ('\n  [\n{"a":1}]', "input.json.array", 2, 3, "jq -c '.[]'"),
        ("{\n}", "input.json.pretty", 1, 2, "jq -c ."),
        ('{"a":\n1}', "input.json.pretty", 1, 6, "jq -c ."),
        ('{"a":1}{"a":2}', "input.json.syntax", 1, 8, "jq -c ."),
        ('{"a":1}\n  7', "input.json.object", 2, 3, None),
        ('{"a":1}\n {"a":NaN}', "input.json.constant", 2, 7, None),
    ],
)
def test_line_column_and_advice(
    text: str, code: str, line: int, column: int, hint: str | None
) -> None:
    with pytest.raises(InvalidData) as caught:
        list(read_ndjson(source_of(text, "clients.json")))
    error = caught.value
    assert error.code == code
    assert error.data == {"file": "clients.json", "line": line, "column": column}
    assert error.details[0].line == line
    assert str(error.hint).endswith(hint or "None")


def test_objects_before_the_fault_are_given() -> None:
    records = read_ndjson(source_of('{"a":1}\n{"a":2}\n{"a"'))
    assert [next(records).values["a"], next(records).values["a"]] == [1, 2]
    with pytest.raises(InvalidData):
        next(records)


def test_numbers_keep_their_kind() -> None:
    (record,) = read_ndjson(source_of('{"a": 1, "b": 1.0, "c": true}'))
    assert [type(value) for value in record.values.values()] == [int, float, bool]
    assert math.isclose(record.values["b"], 1)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clients.ndjson"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"code": f"C{n}", "name": "x" * 100}) + "\n" for n in range(40_000)
        )
    with open_source(str(path), None) as source, chunks_of(16 * 1024):
        tracemalloc.start()
        count = sum(1 for _ in read_ndjson(source))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 40_000
        assert peak < source.size / 5
