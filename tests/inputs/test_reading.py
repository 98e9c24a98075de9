"""Which format a file has."""

from __future__ import annotations

import pytest

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.inputs import Layout
from interop_cli.inputs.reading import find_format, first_byte, read_layout, read_records
from tests.inputs.support import source_of

OBJECT = b'{"code":"A"}\n'
TABLE = b"code\nA\n"


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("clients.csv", OBJECT, "csv"),
        ("clients.ndjson", TABLE, "ndjson"),
        ("CLIENTS.JSONL", TABLE, "ndjson"),
        ("clients.json", b"", "ndjson"),
        ("clients.tsv", OBJECT, "csv"),
        ("stdin", OBJECT, "ndjson"),
        ("stdin", TABLE, "csv"),
        ("stdin", b"\xef\xbb\xbf\n \t\r\n" + OBJECT, "ndjson"),
        ("stdin", b" " * 10_000 + OBJECT, "ndjson"),
        ("stdin", b"", "csv"),
        ("clients.dat", OBJECT, "ndjson"),
        ("folder.json/clients", TABLE, "csv"),
    ],
)
def test_the_format_is_seen(name: str, data: bytes, format: str) -> None:
    assert find_format(source_of(data, name)) == format
    assert read_layout(source_of(data, name)).format == format


@pytest.mark.parametrize(("data", "first"), [(b"", b""), (b" \n", b""), (b"\n[", b"[")])
def test_the_first_byte(data: bytes, first: bytes) -> None:
    assert first_byte(source_of(data)) == first


def test_what_is_said_counts_more() -> None:
    assert [r.values for r in read_records(source_of(OBJECT, "a.csv"), format="ndjson")] == [
        {"code": "A"}
    ]
    assert [r.values for r in read_records(source_of(TABLE, "a.json"), format="csv")] == [
        {"code": "A"}
    ]


def test_rows_can_be_read_twice() -> None:
    source = source_of(TABLE)
    assert list(read_records(source)) == list(read_records(source)) != []


@pytest.mark.parametrize("option", ["encoding", "delimiter"])
def test_options_of_csv_are_not_for_ndjson(option: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_records(source_of(OBJECT), **{option: "utf-8"})
    assert caught.value.code == "input.option"
    assert f"--{option}" in str(caught.value)


def test_faults_of_the_header_come_at_once() -> None:
    with pytest.raises(InvalidData):
        read_records(source_of(b"code,code\nA,B\n"))


def test_an_empty_file_has_no_columns() -> None:
    assert read_layout(source_of(b"")) == Layout("csv", [])
    assert read_layout(source_of(OBJECT)) == Layout("ndjson", [])
