"""The rows of foreign files under our names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.errors import ConfigError, InteropError
from interop_cli.inputs import Record
from interop_cli.inputs.mapping import Fields
from interop_cli.inputs.mapping.columns import ColumnMap, parse_pairs
from interop_cli.inputs.mapping.loading import read_map
from interop_cli.inputs.mapping.rows import FieldRecord, RowMaker
from interop_cli.inputs.reading import read_records
from interop_cli.inputs.source import open_source

KNOWN = ("code", "name", "email", "line1", "city", "tags", "status", "date", "subtotal", "country")
FIELDS = Fields(KNOWN, ("id",), lambda name: name.startswith(("contact", "note", "address")))


class Reader:
    """Reads a text as a file, with a mapping written as text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str, mapping: str | ColumnMap = "") -> list[FieldRecord]:
        path = self.folder / ("rows.ndjson" if text.startswith("{") else "rows.csv")
        path.write_text(text, "utf-8", newline="")
        said = read_map("m.toml", mapping.encode()) if isinstance(mapping, str) else mapping
        ndjson = path.suffix == ".ndjson"
        form: dict[str, Any] = {} if ndjson else {"head": said.head()}
        with open_source(str(path), None) as source:
            maker = RowMaker(said, FIELDS, "rows.csv", partial=ndjson)
            rows = map(maker.make, read_records(source, **form))
            return [row for row in rows if row is not None]

    def values(self, text: str, mapping: str | ColumnMap = "") -> list[dict[str, Any]]:
        rows = self(text, mapping)
        assert not [row.error for row in rows if row.error]
        return [row.values for row in rows]

    def refused(self, text: str, mapping: str | ColumnMap = "") -> InteropError:
        with pytest.raises(InteropError) as caught:
            self(text, mapping)
        return caught.value


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_a_field_of_several_columns_and_a_column_in_two_fields(read: Reader) -> None:
    mapping = """
    [columns]
    Email = "email"
    [fields]
    name = "{Company} | {First Name} {Last Name}"
    contact.name = "{First Name} {Last Name}"
    contact.email = "{Email}"
    """
    text = "Company,First Name,Last Name,Email\n,Anne,Roy,a@x.example\nDoyon,Luc,,l@x.example\n"
    assert read.values(text, mapping) == [
        {
            "email": "a@x.example",
            "name": "Anne Roy",
            "contact.name": "Anne Roy",
            "contact.email": "a@x.example",
        },
        {
            "email": "l@x.example",
            "name": "Doyon",
            "contact.name": "Luc",
            "contact.email": "l@x.example",
        },
    ]


def test_a_template_takes_its_columns_to_itself(read: Reader) -> None:
    """A column named as a field is not that field too, where the mapping says what it is for."""
    values = read.values("name,city\nRoy,Alma\n", '[fields]\ncontact.name = "{name}"\n')
    assert values == [{"city": "Alma", "contact.name": "Roy"}]


def test_words_mean_ours(read: Reader) -> None:
    mapping = """
    [columns]
    State = "status"
    [values.status]
    "Voided" = "void"
    "Payée" = "posted"
    "" = "draft"
    [values.contact.language]
    Anglais = "en"
    """
    text = "State,contact.language\nVOIDED,anglais\npayee,fr\n,\nother,\n"
    assert read.values(text, mapping) == [
        {"status": "void", "contact.language": "en"},
        {"status": "posted", "contact.language": "fr"},
        {"status": "draft", "contact.language": ""},
        {"status": "other", "contact.language": ""},
    ]


@pytest.mark.parametrize(
    ("form", "cell", "expected"),
    [
        ("'%d/%m/%Y'", "27/11/2026", "2026-11-27"),
        ("'%d/%m/%Y'", "2026-11-27", "2026-11-27"),
        ("['%d/%m/%Y', '%d %B %Y']", "5 févr. 2026", "2026-02-05"),
        ("'%d %b %Y'", "5 Aug 2026", "2026-08-05"),
        ("'%d %b %Y'", "5 août 2026", "2026-08-05"),
        ("'%m/%d/%Y %I:%M %p'", "11/27/2026 04:05 PM", "2026-11-27T16:05:00"),
    ],
)
def test_dates_in_their_form(read: Reader, form: str, cell: str, expected: str) -> None:
    assert read.values(f"date\n{cell}\n", f"dates = {form}") == [{"date": expected}]


@pytest.mark.parametrize(
    ("mark", "cell", "expected"),
    [
        (",", "1234,5", "1234.5"),
        (",", "1.234", "1234"),
        (",", "37 296,77 €", "37296.77 €"),
        (",", "-1.234.567,89", "-1234567.89"),
        (".", "1,234", "1234"),
        (".", "$1,234.50", "$1234.50"),
        (".", ".50", "0.50"),
        (".", "(1'234.00)", "(1234.00)"),
    ],
)
def test_amounts_with_their_mark(read: Reader, mark: str, cell: str, expected: str) -> None:
    assert read.values(f'subtotal\n"{cell}"\n', f'decimal = "{mark}"') == [{"subtotal": expected}]


@pytest.mark.parametrize(
    ("mapping", "text", "code"),
    [
        ("decimal = ','", "subtotal\n45.00\n", "import.amount"),
        ("decimal = '.'", 'subtotal\n"0,25"\n', "import.amount"),
        ("dates = '%d/%m/%Y'", "date\n11/27/2026\n", "import.date"),
        ("dates = '%d/%m/%Y'", "date\n30/02/2026\n", "import.date"),
    ],
)
def test_what_has_another_form_is_refused_with_its_column(
    read: Reader, mapping: str, text: str, code: str
) -> None:
    column, cell, _end = text.split("\n")
    (row,) = read(text, mapping)
    assert row.error is not None
    assert (row.error.code, row.error.line) == (code, 2)
    assert column in str(row.error.message)
    assert cell.strip('"') not in str(row.error.message)


def test_a_cell_is_split(read: Reader) -> None:
    mapping = """
    [split]
    Tags = [";", ":::"]
    "E-mail" = ";"
    [columns]
    Tags = "tags"
    "E-mail[1]" = "email"
    [fields]
    contact.email = "{E-mail[2]}"
    """
    text = "Tags,E-mail\nAmis;Source libre,a@x.example; b@x.example\nA ::: B,c@x.example\n"
    assert read.values(text, mapping) == [
        {"tags": ["Amis", "Source libre"], "email": "a@x.example", "contact.email": "b@x.example"},
        {"tags": ["A", "B"], "email": "c@x.example", "contact.email": ""},
    ]


def test_a_part_that_no_field_takes_is_not_lost(read: Reader) -> None:
    mapping = "[split]\nEmail = ';'\n[fields]\nemail = '{Email[1]}'\n"
    (row,) = read("Email\na@x.example;b@x.example\n", mapping)
    assert row.error is not None
    assert (row.error.code, row.error.path) == ("import.parts", "email")
    assert "Email[*]" in str(row.error.message)
    rest = mapping + "note.text = 'Others: {Email[*]}'\n"
    assert read.values("Email\na;b;c\nd\n", rest) == [
        {"email": "a", "note.text": "Others: b, c"},
        {"email": "d", "note.text": ""},
    ]
    out = mapping + "[columns]\n'Email[*]' = ''\n"
    assert read.values("Email\na;b;c\n", out) == [{"email": "a"}]


def test_a_column_may_be_called_like_a_part(read: Reader) -> None:
    assert read.values("Email[1]\na\n", "[columns]\n'Email[1]' = 'email'") == [{"email": "a"}]
    assert read.values("Email[1]\na\n", "[fields]\nemail = '{Email[1]}'") == [{"email": "a"}]


def test_defaults_are_for_empty_cells_too_and_make_no_contact(read: Reader) -> None:
    mapping = """
    [fields]
    country = "CA"
    address.label = "Livraison"
    [defaults]
    city = "Laval"
    contact.language = "fr"
    """
    text = "name,city,contact.name,contact.language\nA,,,\nB,Alma,Luc,\nC, ,Luc,en\n"
    rows = read.values(text, mapping)
    assert [row["city"] for row in rows] == ["Laval", "Alma", "Laval"]
    assert [row["contact.language"] for row in rows] == ["", "fr", "en"]
    assert [row["country"] for row in rows] == ["CA"] * 3
    assert not [row for row in rows if "address.label" in row]


def test_all_unknown_columns_are_named_at_once(read: Reader) -> None:
    error = read.refused("name,Fax,Télex,nmae\nA,,,\n")
    assert error.code == "import.column.unknown"
    said = " ".join(str(detail.message) for detail in error.details)
    assert "Fax, Télex, nmae" in said
    assert "Did you mean name?" in said
    assert "--map '*='" in str(error.hint)


@pytest.mark.parametrize("mapping", ["others = 'ignore'", parse_pairs(["*="])])
def test_other_columns_are_ignored_where_it_is_said(read: Reader, mapping: str | ColumnMap) -> None:
    assert read.values("name,Fax,Télex\nA,1,2\n", mapping) == [{"name": "A"}]


def test_other_columns_become_a_note(read: Reader) -> None:
    rows = read.values("name,Fax,Télex,note.text\nA,1,2,x\nB,,3,\nC,,,\n", "others = 'note'")
    assert rows == [
        {"name": "A", "note.text": "x", "note2.text": "Fax: 1\nTélex: 2"},
        {"name": "B", "note.text": "", "note2.text": "Télex: 3"},
        {"name": "C", "note.text": ""},
    ]


def test_only_clients_have_notes() -> None:
    maker = RowMaker(read_map("m.toml", b"others = 'note'"), Fields(("number",)), "f")
    with pytest.raises(ConfigError) as caught:
        maker.make(Record(2, {"number": "1"}, ["1"]))
    assert caught.value.code == "import.map.value"


def test_columns_that_may_be_absent(read: Reader) -> None:
    mapping = "[columns]\nFax = ''\nBureau = 'line1'\n[fields]\nname = '{Nom} | {Company}'\n"
    error = read.refused("Company\nA\n", mapping)
    assert error.code == "import.column.missing"
    assert "Fax, Bureau, Nom" in str(error.details[0].message)
    assert read.values("Company\nA\n", "optional = true\n" + mapping) == [{"name": "A"}]
    some = "optional = ['FAX', 'bureau']\n" + mapping
    assert "Nom" in str(read.refused("Company\nA\n", some).details[0].message)


def test_a_field_is_said_once(read: Reader) -> None:
    error = read.refused("name,X\nA,B\n", "[fields]\nname = '{X}'\n")
    assert error.code == "import.column.twice"
    assert '"name" = ""' in str(error.hint)
    both = "[columns]\nA = 'name'\n[fields]\nname = '{B}'\n"
    assert read.refused("A,B\n", both).code == "import.map.value"


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("Customer != Total", ["A", "B"]),
        ("{Customer} != total and {Phone No} is not null", ["A"]),
        ("{Balance} > 100", ["B"]),
        ("{Balance} > 0", ["A", "B"]),
        ("not {Balance} <= 100", ["B", "Total"]),
        ("customer in (a, B)", ["A", "B"]),
        ("{Phone No} = null", ["B", "Total"]),
        ("{Phone No} ~ 418", ["A"]),
    ],
)
def test_rows_to_leave_out(read: Reader, where: str, taken: list[str]) -> None:
    mapping = f"where = '''{where}'''\n[columns]\nCustomer='name'\n'Phone No'=''\nBalance=''\n"
    text = 'Customer,Phone No,Balance\nA,418 555-0101,50\nB,,"1 250,00"\nTotal,,\n'
    assert [row["name"] for row in read.values(text, mapping)] == taken


@pytest.mark.parametrize(
    "where", ["Customer", "Customer = ", "{A} = {B}", "x > Doyon", "{A} = '{B}'", "(x = 1"]
)
def test_where_that_cannot_be(read: Reader, where: str) -> None:
    error = read.refused("a\n", f"where = {where!r}")
    assert error.code == "import.map.where"
    assert "Doyon" not in str(error)


def test_where_names_a_column_of_the_file(read: Reader) -> None:
    assert read.refused("name\nA\n", "where = 'Custmer != x'").code == "import.column.missing"


def test_a_row_left_out_may_be_ragged(read: Reader) -> None:
    text = "name,city,country\nA,Alma,CA\nTotal\n"
    assert [row.values["name"] for row in read(text, "where = 'name != Total'")] == ["A"]
    assert read(text)[1].error is not None


def test_lines_before_the_header(read: Reader) -> None:
    text = 'Imprimerie Exemple\n"Au 30 novembre, 2026"\n\nNom;Ville\nA;Alma\n'
    for header in ("4", '"find"'):
        mapping = f"header = {header}\n[columns]\nNom = 'name'\nVille = 'city'\n"
        (row,) = read(text, mapping)
        assert (row.line, row.values) == (5, {"name": "A", "city": "Alma"})
    nowhere = read.refused("A;B\n1;2\n", "header = 'find'\n[columns]\nNom = 'name'\n")
    assert nowhere.code == "input.header.none"


def test_a_file_without_a_header(read: Reader) -> None:
    mapping = "header = false\n[columns]\n'#1' = 'name'\n[fields]\ncity = '{#3}'\n"
    rows = read("A,1,Alma\nB,2,Laval\n", "others = 'ignore'\n" + mapping)
    assert [(row.line, row.values) for row in rows] == [
        (1, {"name": "A", "city": "Alma"}),
        (2, {"name": "B", "city": "Laval"}),
    ]
    assert "#2" in str(read.refused("A,1,Alma\n", mapping).details[0].message)


def test_columns_without_a_name_of_their_own(read: Reader) -> None:
    text = "Nom,,Tel,Tel\nA,Alma,1,2\n"
    mapping = "[columns]\nNom='name'\n'#2'='city'\n[fields]\nnote.text='{Tel}/{Tel#2}'\n"
    assert read.values(text, mapping) == [{"name": "A", "city": "Alma", "note.text": "1/2"}]
    assert read.refused(text, ColumnMap()).code == "input.header.empty"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_the_delimiter(read: Reader, first: str) -> None:
    (row,) = read(f"{first}\r\nname;city\r\nA, B;Alma\r\n")
    assert (row.line, row.values) == (3, {"name": "A, B", "city": "Alma"})


def test_objects_have_the_names_they_need(read: Reader) -> None:
    mapping = "[fields]\nname = '{Company} | {First}'\n[columns]\nPays = 'country'\n"
    text = '{"First": "Anne"}\n{"Company": "B", "Pays": "CA", "tags": ["x"]}\n{"code": 7}\n'
    rows = [{k: v for k, v in row.items() if v} for row in read.values(text, mapping)]
    assert rows == [{"name": "Anne"}, {"name": "B", "country": "CA", "tags": ["x"]}, {"code": 7}]


def test_an_address_in_one_cell(read: Reader) -> None:
    text = 'name,full_address,Ship,country\nDoyon,"Doyon, 1 rue A, Québec QC G1K 4A1",,\n'
    text += 'B,,"2 Main St, Barre VT 05641",US\nC,somewhere,,\n'
    rows = read(text, "[columns]\nShip = 'address.full_address'\n")
    assert rows[0].values["line1"] == "1 rue A"
    assert rows[0].values["city"] == "Québec"
    assert rows[1].values["address.city"] == "Barre"
    assert rows[1].values["address.country"] == "US"
    assert rows[1].values["country"] == "US"
    assert rows[2].error is not None
    assert (rows[2].error.code, rows[2].error.path) == ("import.address", "full_address")
    assert "somewhere" not in str(rows[2].error.message)


def test_tags_of_a_column_that_is_split_among_several(read: Reader) -> None:
    mapping = "[split]\nA=[';', ':::']\n[fields]\nname='{Nom}'\ntags='{A} | {B}'\n"
    text = 'Nom,A,B\nUn,"x, y; z",\nDeux,x ::: y,z\nTrois,,"u, v"\n'
    found = [row["tags"] for row in read.values(text, mapping)]
    assert found == [["x, y", "z"], ["x", "y"], "u, v"]


ABSENT = """
optional = true
[fields]
code = "{No}"
name = "{Company} | {Who}"
email = "{Courriel} | {Mail}"
contact.name = "{First} {Last}"
city = "{City} | Québec"
"""


def test_a_template_without_its_columns_says_nothing(read: Reader) -> None:
    assert read.values("No,Who\n7,Doyon\n", ABSENT) == [
        {"code": "7", "name": "Doyon", "city": "Québec"}
    ]
    assert read.values("No,Who,Mail\n7,Doyon,\n", ABSENT)[0]["email"] == ""
    lines = '{"No": "7", "Mail": ""}\n{"No": "8", "Who": "Roy", "First": "Luc"}\n'
    assert read.values(lines, ABSENT) == [
        {"code": "7", "email": "", "city": "Québec"},
        {"code": "8", "name": "Roy", "contact.name": "Luc", "city": "Québec"},
    ]


def test_a_column_that_is_called_like_a_field_which_nothing_else_gives(read: Reader) -> None:
    assert read.values("No,email\n7,a@x.example\n", ABSENT)[0]["email"] == "a@x.example"
    error = read.refused("No,Mail,email\n7,,a@x.example\n", ABSENT)
    assert error.code == "import.column.twice"
