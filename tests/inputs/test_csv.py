"""CSV files: what was written is what is read, and every fault has its line."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.inputs import Layout, Record, lines
from interop_cli.inputs.delimited import FIELD_LIMIT, check_delimiter, csv_layout, read_csv
from interop_cli.inputs.source import open_source
from interop_cli.output.sanitise import guard, unguard
from tests.inputs.support import chunks_of, source_of

cells = st.text(st.sampled_from("ab \"',;=+-@\t\r\n|é\u2028'"), max_size=6)
rows = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6)
sizes = st.integers(1, 64)


def written(
    table: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n", quoting: int = 0
) -> str:
    """A CSV of guarded cells, as our own output and spreadsheets write it."""
    out = io.StringIO(newline="")
    # Only what stands in the line end is quoted, so both characters must.
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    for row in table:
        writer.writerow([guard(cell, words=True) for cell in row])
    if end == "\r\n":
        return out.getvalue()
    # The line ends inside quotes are data and stay.
    lines = csv_lines(out.getvalue())
    return "".join(line[:-2] + end for line in lines)


def csv_lines(text: str) -> list[str]:
    """The records of a CSV that was written with CR LF."""
    records, start, quoted = [], 0, False
    for index, char in enumerate(text):
        quoted ^= char == '"'
        if char == "\n" and text[index - 1] == "\r" and not quoted:
            records.append(text[start : index + 1])
            start = index + 1
    return records


def read_or_refused(data: bytes, **options: str | None) -> list[Record] | InvalidData:
    try:
        return list(read_csv(source_of(data), **options))
    except InvalidData as error:
        return error


def line_ends(text: str) -> int:
    return len(io.StringIO(text, newline="").readlines())


@given(
    rows,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    sizes,
)
def test_what_was_written_is_read(
    table: list[list[str]], delimiter: str, end: str, quoting: int, encoding: str, size: int
) -> None:
    names = ["code", "name, or not", "city; or not"]
    text = written([names, *table], delimiter, end, quoting)
    source = source_of(text.encode(encoding))
    with chunks_of(size):
        assert csv_layout(source) == Layout("csv", names, delimiter, encoding)
        records = list(read_csv(source))
    assert [list(record.values.values()) for record in records] == table
    assert [record.cells for record in records] == [
        [guard(c, words=True) for c in row] for row in table
    ]
    assert not any(record.error for record in records)


@given(rows, sizes)
def test_lines_are_those_of_the_file(table: list[list[str]], size: int) -> None:
    text, expected = "code,name,city\n\n", []
    for row in table:
        expected.append(line_ends(text) + 1)
        text += written([row]) + "\n  \n"
    with chunks_of(size):
        assert [record.line for record in read_csv(source_of(text))] == expected


@given(rows, cells, st.sampled_from(["", "x,", '"\n""\r\n",', '"\n",5" x,']), sizes)
def test_the_line_of_a_quote_that_never_ends(
    table: list[list[str]], tail: str, begun: str, size: int
) -> None:
    """Also where its row began lines before it."""
    text = written([["code", "name", "city"], *table]) + begun + '"'
    line = line_ends(text)
    with chunks_of(size), pytest.raises(InvalidData) as caught:
        list(read_csv(source_of(text + tail.replace('"', '""'))))
    assert caught.value.code == "input.quote"
    assert caught.value.data["line"] == line


@given(st.text(st.sampled_from("ab\",;\r\n '"), max_size=60), sizes)
def test_any_text_is_read_as_csv_reads_it_or_refused(text: str, size: int) -> None:
    with chunks_of(size):
        records = read_or_refused(text.encode(), delimiter=",")
    if isinstance(records, InvalidData):
        assert records.code.startswith(("input.quote", "input.csv", "input.header."))
        assert 1 <= records.data["line"] <= max(1, line_ends(text))
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    table = [row for row in reader if row and (len(row) > 1 or row[0].strip())]
    names = [[unguard(cell).strip() for cell in row] for row in table]
    first = next((number for number, row in enumerate(names) if any(row)), len(names))
    # How many columns there are; behind them, empty cells are none.
    width = max(n for n, name in enumerate(names[first], 1) if name) if first < len(names) else 0
    if width == 1:  # an empty cell in quotes is a row there
        return
    rows = [row if any(map(str.strip, row[width:])) else row[:width] for row in table[first + 1 :]]
    assert [record.cells for record in records] == rows
    assert [bool(record.error) for record in records] == [len(row) != width for row in rows]


@given(st.binary(max_size=80), st.sampled_from([None, "cp1252", "utf-16", "utf-7"]))
def test_any_bytes_are_read_or_refused(data: bytes, encoding: str | None) -> None:
    records = read_or_refused(data, encoding=encoding)
    assert not isinstance(records, InvalidData) or records.code.startswith("input.")


def test_a_ragged_row_says_how() -> None:
    text = "code,name,city\nA,Acme\nB,Beta,Laval\nC,Cie,Laval,x\n"
    short, good, long = read_csv(source_of(text))
    assert (good.error, good.line) == (None, 3)
    assert short.values == {"code": "A", "name": "Acme"}
    assert long.cells == ["C", "Cie", "Laval", "x"]
    for record, found in ((short, 2), (long, 4)):
        assert record.error
        assert record.error.code == "input.ragged"
        assert record.error.line == record.line
        assert record.error.message
        assert record.error.message.params == {"count": found, "expected": 3}


def test_one_column_needs_no_delimiter() -> None:
    records = list(read_csv(source_of('code\nA\n\n""\n  \nB,C\n')))
    assert [(r.line, r.cells, bool(r.error)) for r in records] == [
        (2, ["A"], False),
        (4, [""], False),
        (6, ["B", "C"], True),
    ]


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("code,name", ","),
        ("code;name;city,province", ";"),
        ("code\tname", "\t"),
        ("code|name", "|"),
        ('"a,b,c";name', ";"),
        ('"a;b\nc;d;e",name', ","),
        ("\n\n \ncode;name", ";"),
        ("code", ","),
        ('"a "" ; ; ; b",name', ","),
        ("code:name", ","),
    ],
)
def test_the_delimiter_is_seen_in_the_header(line: str, delimiter: str) -> None:
    assert csv_layout(source_of(line + "\nA,,,,;;;;B\n")).delimiter == delimiter


@pytest.mark.parametrize(("given", "char"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), (":", ":")])
def test_delimiters_that_can_be(given: str, char: str) -> None:
    assert check_delimiter(given) == char


@pytest.mark.parametrize("given", ["", "ab", '"', "\n", "\r", "\0", " "])
def test_delimiters_that_cannot_be(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_delimiter(given)
    assert caught.value.code == "input.delimiter"


def test_names_of_columns_lose_their_spaces() -> None:
    assert csv_layout(source_of(" code , name\n")).header == ["code", "name"]
    assert csv_layout(source_of("")).header == []


def test_a_field_may_reach_the_limit() -> None:
    field = "x" * FIELD_LIMIT
    (record,) = read_csv(source_of(f"code,name\nA,{field}\n"))
    assert record.values["name"] == field


def test_only_a_single_row_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "RECORD_LIMIT", 200)
    rows = 'A,"x\ny"\n\n' * 100
    with chunks_of(20):
        assert len(list(read_csv(source_of("code,name\n" + rows)))) == 100
        with pytest.raises(InvalidData) as caught:
            list(read_csv(source_of("code,name\n" + rows + 'A,"' + "x\n" * 200)))
    assert (caught.value.code, caught.value.data["line"]) == ("input.record_too_long", 302)


def test_the_limit_is_ours_whatever_others_set() -> None:
    csv.field_size_limit(10)
    try:
        test_a_field_may_reach_the_limit()
    finally:
        csv.field_size_limit(FIELD_LIMIT)


@pytest.mark.parametrize(
    ("codec", "mark", "encoding"),
    [
        (None, "utf-8-sig", "utf-8-sig"),
        (None, "utf-8", "utf-8"),
        ("UTF8", "utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252", "cp1252"),
        ("utf-16", "utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_kept_for_the_rejects(codec: str | None, mark: str, encoding: str) -> None:
    source = source_of("code,name\nA,Été\n".encode(mark))
    assert csv_layout(source, encoding=codec).encoding == encoding


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("code,name,city\n")
        file.writelines(f"C{n},Client numéro {n},Québec{'x' * 100}\n" for n in range(40_000))
    with open_source(str(path), None) as source, chunks_of(16 * 1024):
        tracemalloc.start()
        count = sum(1 for _ in read_csv(source))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 40_000
        assert peak < source.size / 5


def test_northwind(shared_data: Path) -> None:
    with open_source(str(shared_data / "northwind" / "customers.csv"), None) as source:
        records = list(read_csv(source))
    assert len(records) == 93
    assert not any(record.error for record in records)
    assert records[0].values["CompanyName"] == "Alfreds Futterkiste"
    assert [record.line for record in records] == list(range(2, 95))


def test_a_hundred_thousand_columns_are_few() -> None:
    """Whatever is done for each of them must not go through all of them: it would take minutes."""
    from interop_cli.inputs import Head
    from interop_cli.inputs.mapping import NAMED_AT_ONCE, Header

    count = 100_000
    names = csv_layout(source_of(",".join(f"c{n}" for n in range(count)))).header
    assert len(names) == count
    columns = Header(names)
    assert [columns.index(name) for name in names] == list(range(count))
    assert len(set(Head(lenient=True).names(["Email"] * count))) == count
    assert NAMED_AT_ONCE <= 100  # the nearest is looked for, for so many
