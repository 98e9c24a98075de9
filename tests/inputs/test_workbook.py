"""Sheets of Excel workbooks: every cell as the text that it shows, and no cell in silence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.inputs import Head, Record
from interop_cli.inputs import workbook as reader
from interop_cli.inputs.reading import read_layout, read_records
from interop_cli.output.workbook import Instant, workbook
from tests.inputs.support import source_of
from tests.support.cli import Run

CLIENT = ["code", "name", "line1", "city", "province", "postal_code"]
DOYON = ["A1", "Atelier Doyon", "1 rue A", "Québec", "QC", "G1K 4A1"]


@contextmanager
def made(data: io.BytesIO) -> Iterator[Workbook]:
    book = Workbook(data, {"in_memory": True})
    yield book
    book.close()


def xlsx(
    rows: Sequence[Sequence[Any]], *, formats: dict[tuple[int, int], str] | None = None
) -> bytes:
    """A workbook of one sheet with these rows; the formats of numbers by row and column."""
    data = io.BytesIO()
    with made(data) as book:
        sheet = book.add_worksheet("Clients")
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                form = (formats or {}).get((row, column))
                if cell in ("#N/A", "#DIV/0!"):
                    sheet.write_formula(row, column, "=NA()", None, cell)
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write(row, column, cell, form and book.add_format({"num_format": form}))
    return data.getvalue()


def records(data: bytes, **options: Any) -> list[Record]:
    return list(read_records(source_of(data), format="xlsx", **options))


def sheet_of(path: Path | io.BytesIO) -> list[list[Any]]:
    return list(CalamineWorkbook.from_object(path).get_sheet_by_index(0).iter_rows())


@pytest.mark.parametrize(
    ("cell", "form", "text"),
    [
        (75001, None, "75001"),
        ("04524", None, "04524"),
        (2134, "00000", "02134"),
        (1234.5, None, "1234.5"),
        (19.99 * 3, "0.00", "59.97"),
        (0.0000001, None, "0.0000001"),
        (418555012345, None, "418555012345"),
        (2**53, None, "9007199254740992"),
        (12345678901234567890, None, "1.23456789012346E+19"),
        (37296.77, "#,##0.00 [$€-40C]", "37296.77 EUR"),
        (1315, "[$USD] #,##0.00", "1315 USD"),
        (100, '"$"#,##0.00', "100"),
        (5, '#,##0.00 "CHF";-#,##0.00 "CHF"', "5 CHF"),
        (5, "#,##0.00 €", "5 EUR"),
        (date(2026, 1, 5), "dd/mm/yyyy", "2026-01-05"),
        (datetime.fromisoformat("2026-01-05T10:30"), "yyyy-mm-dd hh:mm", "2026-01-05T10:30:00"),
        (time(10, 30), "hh:mm", "10:30:00"),
        (True, None, "true"),
        ("#N/A", None, "#N/A"),
        ("#DIV/0!", None, "#DIV/0!"),
        (" é\nb ", None, " é\nb "),
        ("'=1", None, "=1"),  # of a CSV with its guards
        ("'t Hooft", None, "'t Hooft"),
    ],
)
def test_a_cell_is_the_text_that_it_shows(cell: object, form: str | None, text: str) -> None:
    data = xlsx([["a", "b"], ["x", cell]], formats={(1, 1): form} if form else None)
    (record,) = records(data)
    assert record.values == {"a": "x", "b": text}
    assert record.cells == ["x", "'=1" if text == "=1" else text]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2"><f>1+1</f><v></v></c>', None),
        ('<c r="B2" s="1"><f>1+1</f><v/></c>', None),
        ('<c r="B2"><f t="shared" si="0"/></c>', None),
        ('<x:c r="B2"><x:f>1+1</x:f></x:c>', None),
        ('<c r="B2" t="str"><f>IF(A1="a","")</f><v></v></c>', ""),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', "2"),
    ],
)
def test_a_formula_that_nobody_worked_out_is_not_empty(cell: str, text: str | None) -> None:
    whole = xlsx([["a", "b"], ["x", 7]])
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as book, zipfile.ZipFile(data, "w") as made_of:
        for name in book.namelist():
            part = book.read(name)
            changed = part.replace(b'<c r="B2"><v>7</v></c>', cell.encode())
            made_of.writestr(name, changed)
            assert (part != changed) == name.endswith("sheet1.xml")
    if text is not None:
        assert [record.values["b"] for record in records(data.getvalue())] == [text]
        return
    with pytest.raises(InvalidData) as caught:
        records(data.getvalue())
    assert (caught.value.code, caught.value.details[0].line) == ("input.formula", 2)


def test_rows_have_their_numbers_and_empty_ones_are_none() -> None:
    rows = [[], [None, "code", "name", None], [], [None, "A", "#N/A"], [], [None, "B", 1]]
    assert [(r.line, r.values) for r in records(xlsx(rows))] == [
        (4, {"code": "A", "name": "#N/A"}),
        (6, {"code": "B", "name": "1"}),
    ]


def test_content_beside_the_columns_is_said() -> None:
    first, second = records(xlsx([["code", "name"], ["A", "Un"], ["B", "Deux", "trois"]]))
    assert first.error is None
    assert second.error is not None
    assert second.error.code == "input.ragged"


@pytest.mark.parametrize(
    ("names", "code"),
    [(["a", "", "b"], "input.header.empty"), (["a", "a"], "input.header.duplicate")],
)
def test_odd_headers(names: list[str], code: str) -> None:
    data = xlsx([names, ["1", "2", "3"][: len(names)]])
    with pytest.raises(InvalidData) as caught:
        records(data)
    assert caught.value.code == code
    assert records(data, head=Head(lenient=True))


def test_a_header_further_down() -> None:
    rows = [["Liste"], [], ["code", "name"], ["A", "Un"]]
    (record,) = records(xlsx(rows), head=Head(line=3))
    assert (record.line, record.values) == (4, {"code": "A", "name": "Un"})
    assert read_layout(source_of(xlsx(rows)), head=Head(line=3)).line == 3


def two_sheets() -> bytes:
    data = io.BytesIO()
    with made(data) as book:
        book.add_worksheet("Vide")
        book.add_worksheet("Un").write_column(0, 0, ["code", "A"])
        hidden = book.add_worksheet("Caché")
        hidden.write_column(0, 0, ["code", "C"])
        hidden.hide()
        book.add_worksheet("Deux").write_column(0, 0, ["code", "B"])
    return data.getvalue()


@pytest.mark.parametrize(
    ("sheet", "code"),
    [(None, "A"), ("Un", "A"), ("deux", "B"), ("4", "B"), ("2", "A"), ("Caché", "C")],
)
def test_a_sheet_by_name_or_number(sheet: str | None, code: str) -> None:
    assert [r.values["code"] for r in records(two_sheets(), sheet=sheet)] == [code]


def test_an_empty_sheet_has_no_rows() -> None:
    assert records(two_sheets(), sheet="Vide") == []
    assert reader.sheets_left_out(source_of(two_sheets())) == ["Deux"]


def filtered(*, by_hand: bool = False) -> bytes:
    """The second sheet shows one client, and hides another one by its filter, or without one."""
    data = io.BytesIO()
    with made(data) as book:
        book.add_worksheet("Vide")
        one = book.add_worksheet("Un")
        for row, cells in enumerate([CLIENT, DOYON, ["B2", "Beta", *DOYON[2:]]]):
            one.write_row(row, 0, cells)
        if not by_hand:
            one.autofilter(0, 0, 2, 0)
            one.filter_column(0, f"x == {DOYON[0]}")
        one.set_row(2, None, None, {"hidden": True})
    return data.getvalue()


@pytest.mark.parametrize("sheet", [None, "Un", "2"])
def test_a_filter_that_hides_rows_is_known(sheet: str | None) -> None:
    assert reader.what_hides(source_of(filtered()), sheet) == "filtered"
    assert reader.what_hides(source_of(filtered()), "Vide") is None
    assert reader.what_hides(source_of(two_sheets()), sheet) is None


@pytest.mark.parametrize("what", ["row", "column"])
def test_what_was_hidden_by_hand_is_known(what: str) -> None:
    data = io.BytesIO()
    with made(data) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, CLIENT)
        for row in range(1, 3000):  # more than is read at once
            sheet.write_row(row, 0, DOYON)
        if what == "row":
            sheet.set_row(2990, None, None, {"hidden": True})
        else:
            sheet.set_column(1, 1, None, None, {"hidden": True})
    assert reader.what_hides(source_of(data.getvalue()), None) == "hidden"


@pytest.mark.parametrize("sheet", ["Trois", "0", "5", "-1"])
def test_a_sheet_that_is_not_there(sheet: str) -> None:
    with pytest.raises(UsageError) as caught:
        records(two_sheets(), sheet=sheet)
    assert caught.value.code == "input.sheet"
    assert "2 Un" in str(caught.value.hint)


@given(st.binary(max_size=40), st.integers(0, 5000), st.sampled_from([b"", b"PK\x03\x04"]))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int, magic: bytes) -> None:
    whole = xlsx([CLIENT, DOYON])
    for data in (magic + noise, whole[:place] + noise + whole[place + len(noise) :], whole[:place]):
        with suppress(InvalidData):
            records(data)


def test_a_document_type_is_refused() -> None:
    data = io.BytesIO(xlsx([["a"], ["#N/A"]]))
    with zipfile.ZipFile(data) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/workbook.xml"
    parts[name] = parts[name].replace(b"<workbook", b"<!DOCTYPE x []><workbook", 1)
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as book:
        for part, content in parts.items():
            book.writestr(part, content)
    with pytest.raises(InvalidData) as caught:
        records(again.getvalue())
    assert caught.value.code == "input.workbook"


def test_what_may_be_unpacked_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "UNPACKED", 5000)
    with pytest.raises(InvalidData) as caught:
        records(xlsx([["a"], ["x" * 10_000]]))
    assert caught.value.code == "input.too_large"


Value = str | int | float | bool | date | None
FIRST = datetime.fromisoformat("1901-01-01")
VALUES = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8),
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.dates(date(1901, 1, 1), date(2199, 12, 31)),
    st.datetimes(FIRST, FIRST.replace(year=2199)).map(
        lambda moment: Instant.combine(moment.date(), moment.time().replace(microsecond=0))
    ),
)


@given(st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read(rows: list[list[Value]]) -> None:
    data = io.BytesIO()
    with workbook(data, "Un") as sheet:
        sheet.header(["a", "b"])
        for row in rows:
            sheet.write(row)

    def text(value: Value) -> str:
        if isinstance(value, Instant):
            return f"{value.isoformat()}Z"
        if isinstance(value, bool):
            return str(value).lower()
        return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)

    expected = [[text(value) for value in row] for row in rows]
    assert [r.cells for r in records(data.getvalue())] == [row for row in expected if any(row)]


# -- through the command line --------------------------------------------------------------------


@pytest.fixture
def base(invoke: Run, sqlite_ready_url: str) -> Callable[..., Any]:
    def run(*args: object) -> Any:
        return invoke("--db", sqlite_ready_url, *args)

    return run


def test_clients_in_out_and_in_again(base: Callable[..., Any], tmp_path: Path) -> None:
    rows = [
        [*CLIENT, "country", "external_id", "email"],
        [*DOYON, "CA", 123456, "#N/A"],
        ["A2", "Zip", "1 Main St", "Boston", "MA", 2134, "US", None, None],
    ]
    (tmp_path / "list.xlsx").write_bytes(xlsx(rows, formats={(2, 5): "00000"}))
    done = base("client", "import", "list.xlsx", "--json")
    assert done.code == 0, done.stderr
    assert [(w["line"], w["path"], w["code"]) for w in json.loads(done.stdout)["warnings"]] == [
        (2, "email", "import.no_value")
    ]
    listed = base("client", "list", "-o", "csv", "--fields", "code,postal_code,external_id")
    assert listed.stdout.splitlines()[1:] == ["A1,G1K 4A1,123456", "A2,02134,"]
    assert base("client", "export", "--format", "xlsx", "--out", "all.xlsx").code == 0
    again = base("client", "import", "all.xlsx", "--json")
    assert again.code == 0, again.stderr
    assert (json.loads(again.stdout)["changed"], json.loads(again.stdout)["matched"]) == (0, 2)


def test_rows_that_a_filter_hides_come_along_and_are_said(
    base: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "list.xlsx").write_bytes(filtered())
    done = json.loads(base("client", "import", "list.xlsx", "--json").stdout)
    assert done["created"] == 2
    assert [one["code"] for one in done["warnings"]] == ["input.sheet.filtered"]
    (tmp_path / "hidden.xlsx").write_bytes(filtered(by_hand=True))
    again = json.loads(base("client", "import", "hidden.xlsx", "--json").stdout)
    assert [one["code"] for one in again["warnings"]] == ["input.sheet.hidden"]


def test_text_that_a_guard_could_be_taken_for_comes_back(
    base: Callable[..., Any], tmp_path: Path
) -> None:
    """Words for nothing, and what looks guarded: out and in again; and of a CSV that was opened."""
    rows = [
        CLIENT,
        ["A1", "'NULL", "''=1 rue A", *DOYON[3:]],
        ["A2", "'=Un", "'t Hooft", *DOYON[3:]],
    ]
    (tmp_path / "list.xlsx").write_bytes(xlsx(rows))
    done = base("client", "import", "list.xlsx", "--json")
    assert (done.code, json.loads(done.stdout)["warnings"]) == (0, [])
    wanted = [{"name": "NULL", "line1": "'=1 rue A"}, {"name": "=Un", "line1": "'t Hooft"}]
    listed = ("client", "list", "--json", "--fields", "name,line1")
    assert json.loads(base(*listed).stdout) == wanted
    for form in ("xlsx", "csv"):
        assert base("client", "export", "--format", form, "--out", f"all.{form}").code == 0
        assert base("--db", f"{form}.db", "db", "init", "-q").code == 0
        again = base("--db", f"{form}.db", "client", "import", f"all.{form}", "--json")
        assert (again.code, json.loads(again.stdout)["warnings"]) == (0, [])
        assert json.loads(base("--db", f"{form}.db", *listed).stdout) == wanted


def test_rejects_of_the_other_form_are_read_alike(base: Callable[..., Any], tmp_path: Path) -> None:
    row = ["A1", "'NULL", "''=1 rue A", *DOYON[3:5], "G1K"]
    (tmp_path / "list.xlsx").write_bytes(xlsx([CLIENT, row]))
    file = "list.xlsx"
    for rejects in ("a.csv", "b.xlsx", "c.csv"):
        done = base("client", "import", file, "--continue-on-error", "--rejects", rejects)
        assert done.code == 68
        file = rejects
    mended = (tmp_path / "c.csv").read_text("utf-8").replace("G1K", "G1K 4A1")
    (tmp_path / "d.csv").write_text(mended, "utf-8")
    assert base("client", "import", "d.csv", "-q").code == 0
    found = base("client", "list", "--json", "--fields", "name,line1")
    assert json.loads(found.stdout) == [{"name": "NULL", "line1": "'=1 rue A"}]


def test_rejects_are_the_same_sheet(base: Callable[..., Any], tmp_path: Path) -> None:
    bad = ["A2", "Beta", 12, date(2026, 1, 5), "QC", "G1K"]
    (tmp_path / "list.xlsx").write_bytes(xlsx([CLIENT, DOYON, bad], formats={(2, 3): "yyyy-mm-dd"}))
    done = base("client", "import", "list.xlsx", "--continue-on-error", "--rejects", "rejects.xlsx")
    assert done.code == 68
    header, row = sheet_of(tmp_path / "rejects.xlsx")
    assert header == ["reject_reason", *CLIENT]
    assert row[1:] == [*bad[:2], 12.0, *bad[3:]]
    assert row[0].startswith("postal_code: ")
    assert (tmp_path / "rejects.xlsx").stat().st_mode & 0o777 == 0o600
    # A name may ask for another form, and either can be imported as it is.
    more = base("client", "import", "rejects.xlsx", "--continue-on-error", "--rejects", "r.csv")
    assert more.code == 68
    lines = (tmp_path / "r.csv").read_text("utf-8").splitlines()
    assert lines[0] == ",".join(["reject_reason", *CLIENT])
    assert lines[1].endswith(",A2,Beta,12,2026-01-05,QC,G1K")
    last = base("client", "import", "r.csv", "--continue-on-error", "--rejects", "last.xlsx")
    assert last.code == 68
    assert sheet_of(tmp_path / "last.xlsx")[1][3] == "12"


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("above", [0, 2])
def test_rejects_are_mended_and_taken_in(
    base: Callable[..., Any], tmp_path: Path, lang: str, above: int
) -> None:
    """The row that was mended is; the other one is refused again with the same reason."""
    rows = [
        *[["Nos clients"]] * above,
        [*CLIENT, "Courriel", "client_since"],
        [*DOYON, None, date(2020, 1, 5)],
        ["A2", "Beta", *DOYON[2:], "à venir", date(2021, 2, 6)],
        ["A3", "Gamma", *DOYON[2:4], "QC", "12345", "g@exemple.ca", date(2022, 3, 7)],
    ]
    (tmp_path / "list.xlsx").write_bytes(xlsx(rows))
    (tmp_path / "map.toml").write_text(
        f'header = {above + 1}\n[columns]\nCourriel = "email"\nclient_since = ""\n', "utf-8"
    )
    take_in = ("client", "import", "--mapping", "map.toml", "--continue-on-error", "--json")
    take_in = (*take_in, "--lang", lang, "--rejects")
    first = base(*take_in, "rejects.xlsx", "list.xlsx")
    assert first.code == 68, first.stderr
    before = sheet_of(tmp_path / "rejects.xlsx")
    mended = [list(row) for row in before]
    place = before[-3].index("Courriel")
    assert [row[place] for row in before[-2:]] == ["à venir", "g@exemple.ca"]
    mended[-2][place] = "beta@exemple.ca"
    (tmp_path / "mended.xlsx").write_bytes(xlsx(mended))
    second = base(*take_in, "again.xlsx", "mended.xlsx")
    assert second.code == 68, second.stderr
    assert json.loads(second.stdout)["created"] == 1
    assert sheet_of(tmp_path / "again.xlsx") == [*before[:-2], before[-1]]
    reason = before[-1][0]
    assert reason.startswith("postal_code : " if lang == "fr" else "postal_code: ")
    listed = base("client", "list", "-o", "csv", "--fields", "code,email")
    assert listed.stdout.splitlines()[1:] == ["A1,", "A2,beta@exemple.ca"]


@pytest.mark.parametrize("args", [["client", "list"], ["client", "deactivate", "A1"]])
def test_a_workbook_needs_a_file(base: Callable[..., Any], args: list[str]) -> None:
    done = base(*args, "-o", "xlsx")
    assert done.code == 2
    assert "--out" in done.stderr


def test_dates_and_numbers_go_out_as_such(base: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "list.xlsx").write_bytes(xlsx([CLIENT, ["A1", "=1+1", *DOYON[2:]]]))
    assert base("client", "import", "list.xlsx", "-q").code == 0
    (tmp_path / "bills.xlsx").write_bytes(
        xlsx(
            [
                ["number", "client", "date", "subtotal"],
                ["F-1", "A1", date(2026, 1, 5), 19.99 * 3],
                ["F-2", "A1", date(2026, 1, 6), 37296.77],
            ],
            formats={(1, 2): "dd/mm/yyyy", (2, 2): "dd/mm/yyyy", (2, 3): "#,##0.00 [$€-40C]"},
        )
    )
    done = base(
        "sales", "import", "bills.xlsx", "--kind", "invoice", "--continue-on-error", "--json"
    )
    assert done.code == 68
    (error,) = [item["error"] for item in json.loads(done.stdout)["items"] if item["error"]]
    assert error["code"] == "money.currency"
    out = tmp_path / "out.xlsx"
    fields = "number,date,subtotal_cents"
    to = ("-o", "xlsx", "--out")
    listed = base("sales", "document", "list", *to, "out.xlsx", "--fields", fields)
    assert listed.code == 0
    assert sheet_of(out) == [fields.split(","), ["F-1", date(2026, 1, 5), 5997.0]]
    with zipfile.ZipFile(out) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in xml
    assert "<cols>" in xml
    # Text is text: neither a formula nor a number.
    assert base("client", "list", *to, "c.xlsx", "--fields", "name").code == 0
    with zipfile.ZipFile(tmp_path / "c.xlsx") as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet_of(tmp_path / "c.xlsx") == [["name"], ["=1+1"]]


@pytest.mark.parametrize("option", ["--delimiter", "--encoding"])
def test_options_of_a_csv_are_refused(
    base: Callable[..., Any], tmp_path: Path, option: str
) -> None:
    (tmp_path / "list.xlsx").write_bytes(xlsx([CLIENT, DOYON]))
    assert base("client", "import", "list.xlsx", option, ";").code == 2
    (tmp_path / "list.csv").write_text("code\nA\n")
    assert base("client", "import", "list.csv", "--sheet", "1").code == 2
