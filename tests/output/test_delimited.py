"""CSV, TSV and codes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.output import Column, ValueKind, unguard
from tests.output.terminals import Kept

COLUMNS = [
    Column("code"),
    Column("n", ValueKind.INT),
    Column("active", ValueKind.BOOL),
    Column("tags", ValueKind.JSON),
]
ROWS: list[tuple[Any, ...]] = [
    ("A", -1, 1, '["x, y"]'),
    ("=1+1", 0, 0, "[]"),
    (None, None, None, None),
]


def written(
    format: str, columns: list[Column] = COLUMNS, rows: list[tuple[Any, ...]] = ROWS, **options: Any
) -> str:
    kept = Kept(format, **options)
    kept.output.rows(columns, [rows[:1], [], rows[1:]])
    return kept.out


def test_csv() -> None:
    assert written("csv") == ('code,n,active,tags\nA,-1,true,"[""x, y""]"\n\'=1+1,0,false,\n,,,\n')


def test_csv_for_excel_in_french() -> None:
    text = written("csv", dialect="excel-fr")
    assert text == (
        '\ufeffcode;n;active;tags\r\nA;-1;true;"[""x, y""]"\r\n\'=1+1;0;false;\r\n;;;\r\n'
    )


def test_csv_without_rows_has_its_header() -> None:
    assert written("csv", rows=[]) == "code,n,active,tags\n"
    assert written("tsv", rows=[]) == "code\tn\tactive\ttags\n"
    assert written("codes", rows=[]) == ""


def test_tsv() -> None:
    rows: list[tuple[Any, ...]] = [("a\tb\nc\\d\r", 1, 1, "[]"), ("=1+1", None, 0, None)]
    assert written("tsv", rows=rows) == (
        "code\tn\tactive\ttags\na\\tb\\nc\\\\d\\r\t1\ttrue\t\n'=1+1\t\tfalse\t\n"
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (["a"], "a"),
        (["=a", "b"], "'=a,b"),
        (["a, b", "c"], '["a, b","c"]'),
        ([1, None], "[1,null]"),
        ([["a"]], '[["a"]]'),
        ({"a": 1}, '{"a":1}'),
        ([], ""),
    ],
)
def test_lists_and_objects_in_a_cell(value: object, cell: str) -> None:
    for given_as in (value, json.dumps(value)):
        text = written("csv", [Column("x", ValueKind.JSON), Column("y")], [(given_as, "")])
        assert list(csv.reader(text.splitlines()))[1][0] == cell


def test_codes() -> None:
    assert written("codes", rows=ROWS[:2]) == "A\n=1+1\n"
    assert written("codes", rows=ROWS[:2], fields=["n"]) == "-1\n0\n"


def test_a_number_column_with_text_is_guarded() -> None:
    rows: list[tuple[Any, ...]] = [("A", "=1+1", 1, "-5")]
    assert written("csv", rows=rows).splitlines()[1] == "A,'=1+1,true,'-5"
    rows = [(5, True, 1, None), (b"=", 1.5, 1, None)]
    assert written("csv", rows=rows).splitlines()[1:] == ["5,true,true,", "b'=',1.5,true,"]


def test_dotted_fields() -> None:
    columns = [Column("contacts", ValueKind.JSON)]
    rows = [('[{"email":"=x"},{"email":null}]',), ('{"email":"=x"}',), ('{"email":true}',), (None,)]
    text = written("csv", columns, rows, fields=["contacts.email"])
    assert text.splitlines() == ["contacts.email", '"[""=x"",null]"', "'=x", "true", '""']


nothing_or_text = st.none() | st.text()
wild = st.text(st.sampled_from("'=+-@\t\r\n\",;\\ntré"))
cells = st.tuples(nothing_or_text | wild, nothing_or_text | wild)


@pytest.mark.parametrize(("dialect", "delimiter"), [("rfc4180", ","), ("excel-fr", ";")])
@given(rows=st.lists(cells))
def test_csv_round_trip(dialect: str, delimiter: str, rows: list[tuple[str | None, ...]]) -> None:
    text = written("csv", [Column("a"), Column("b")], rows, dialect=dialect)
    read = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    assert next(read) == ["a", "b"]
    got = [[unguard(cell) for cell in record] for record in read]
    assert got == [[cell or "" for cell in row] for row in rows]


def untsv(text: str) -> str:
    """The text that a TSV cell stands for."""
    parts = text.split("\\\\")
    plain = (p.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for p in parts)
    return "\\".join(plain)


@given(st.lists(cells))
def test_tsv_round_trip(rows: list[tuple[str | None, ...]]) -> None:
    text = written("tsv", [Column("a"), Column("b")], rows)
    records = [line.split("\t") for line in text.split("\n")[:-1]]
    got = [[unguard(untsv(cell)) for cell in record] for record in records[1:]]
    assert got == [[cell or "" for cell in row] for row in rows]


@given(st.text())
def test_no_cell_of_the_file_starts_a_formula(text: str) -> None:
    rows = [(text, "=" + text, -5)]
    out = written("csv", [Column("a"), Column("b"), Column("n", ValueKind.INT)], rows)
    records = list(csv.reader(io.StringIO(out, newline="")))
    out = written("tsv", [Column("a"), Column("b"), Column("n", ValueKind.INT)], rows)
    records += [line.split("\t") for line in out.split("\n")[:-1]]
    for record in records:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in record[:2])
        assert record[2] in ("n", "-5")


def test_a_code_is_no_cell_of_a_spreadsheet() -> None:
    assert written("codes", [Column("code")], [("-A",), ("+B",)]) == "-A\n+B\n"
