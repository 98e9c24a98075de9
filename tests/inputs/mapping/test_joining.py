"""Several rows of one record."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.inputs.mapping import Fields, joining
from interop_cli.inputs.mapping.expressions import Cell, Template
from interop_cli.inputs.mapping.joining import joined
from interop_cli.inputs.mapping.loading import read_map
from interop_cli.inputs.mapping.rows import FieldRecord, RowMaker
from interop_cli.inputs.reading import read_records
from interop_cli.inputs.source import open_source

FIELDS = Fields(
    ("code", "number", "line1", "city", "date", "email", "tags"),
    accepts=lambda name: name.startswith(("contact", "line.", "address", "note")),
)
PERSONS = """
join = "Account"
[columns]
Account = "code"
Contact = "contact.name"
Email = "contact.email"
Street = "line1"
"""
K = [Template("K", ((Cell("K"),),))]
HEAD = "Account,Contact,Email,Street\n"


def records(folder: Path, text: str, mapping: str) -> list[FieldRecord]:
    path = folder / "rows.csv"
    path.write_text(text, "utf-8")
    said = read_map("m.toml", mapping.encode())
    with open_source(str(path), None) as source:
        maker = RowMaker(said, FIELDS, "rows.csv")
        rows = map(maker.make, read_records(source, head=said.head()))
        return [*joined((row for row in rows if row), said.join, said.first)]


def test_a_row_a_person(tmp_path: Path) -> None:
    text = HEAD + (
        "DOYON,Luc,luc@x.example,2 rue B\n"
        "DOYON,Anne,anne@x.example,2 RUE B\n"
        ",Paul,paul@x.example,\n"
        "BETA,,,3 rue C\n"
    )
    doyon, beta = records(tmp_path, text, PERSONS)
    assert (doyon.line, beta.line) == (2, 5)
    assert doyon.values == {
        "code": "DOYON",
        "line1": "2 rue B",
        "contacts": [
            {"name": "Luc", "email": "luc@x.example"},
            {"name": "Anne", "email": "anne@x.example"},
            {"name": "Paul", "email": "paul@x.example"},
        ],
    }
    assert beta.values == {"code": "BETA", "line1": "3 rue C"}
    assert [row.line for row in doyon.source] == [2, 3, 4]


def test_the_rows_of_a_record_may_stand_apart(tmp_path: Path) -> None:
    text = HEAD + "A,Luc,,\nB,Paul,,\nÀ,Anne,,1 rue A\na,Luc,,\n"
    first, second = records(tmp_path, text, PERSONS)
    assert [item["name"] for item in first.values["contacts"]] == ["Luc", "Anne"]
    assert first.values["line1"] == "1 rue A"
    assert (second.line, second.values["code"]) == (3, "B")


def test_a_row_a_line(tmp_path: Path) -> None:
    mapping = """
    join = ["No", "Kind"]
    dates = "%d/%m/%Y"
    [columns]
    No = "number"
    Kind = ""
    Day = "date"
    Item = "line.description"
    Qty = "line.quantity"
    """
    text = "No,Kind,Day,Item,Qty\n1,I,27/11/2026,Cartes,2\n1,I,,Cartes,2\n1,C,28/11/2026,X,1\n"
    first, second = records(tmp_path, text, mapping)
    line = {"description": "Cartes", "quantity": "2"}
    assert first.values == {"number": "1", "date": "2026-11-27", "lines": [line, line]}
    assert second.values["lines"] == [{"description": "X", "quantity": "1"}]


def test_a_line_that_stands_alone_is_a_list_too() -> None:
    row = FieldRecord(2, {"number": "1", "line.description": "X"}, None, None)
    (record,) = joined([row], ())
    assert record.values == {"number": "1", "lines": [{"description": "X"}]}


@pytest.mark.parametrize(
    ("rows", "code", "path", "line"),
    [
        ("A,Luc,,1 rue A\nA,Anne,,2 rue B\n", "import.join.differs", "line1", 3),
        (",Luc,,1 rue A\n", "import.join.key", "", 2),
        ("A,Luc,,1 rue A\n,Anne,,2 rue B\n", "import.join.key", "", 3),
    ],
)
def test_rows_that_do_not_agree_are_refused(
    tmp_path: Path, rows: str, code: str, path: str, line: int
) -> None:
    errors = [record.error for record in records(tmp_path, HEAD + rows, PERSONS) if record.error]
    assert [(error.code, error.path, error.line) for error in errors] == [(code, path, line)]
    assert "rue" not in str(errors[0].message)


def test_people_of_one_company(tmp_path: Path) -> None:
    """The company where there is one, else the person; the first says its e-mail, tags add up."""
    mapping = """
join = "{Company} | {Name}"
first = "email"
split.Labels = ";"
[columns]
Street = "line1"
[fields]
email = "{Email}"
contact.name = "{Name}"
tags = "{Labels}"
"""
    text = (
        "Company,Name,Email,Street,Labels\n"
        "Doyon,Luc,luc@x.example,2 rue B,A; B\n"
        ",Zoé,zoe@x.example,,\n"
        "DOYON,Anne,anne@x.example,,B; C\n"
        "Beta,Paul,p@x.example,2 rue B,\n"
        "Beta,Rose,r@x.example,9 rue C,\n"
    )
    doyon, alone, beta = records(tmp_path, text, mapping)
    assert (doyon.values["email"], doyon.values["tags"]) == ("luc@x.example", ["A", "B", "B", "C"])
    assert doyon.values["contacts"] == [{"name": "Luc"}, {"name": "Anne"}]
    assert alone.values["contacts"] == [{"name": "Zoé"}]
    assert beta.error
    assert (beta.error.path, beta.error.code, beta.error.line) == (
        "line1",
        "import.join.differs",
        6,
    )


def test_where_several_columns_make_the_key_a_row_with_none_of_them_is_refused(
    tmp_path: Path,
) -> None:
    """Who has neither company nor name is nobody of the company above."""
    mapping = """
join = "{Company} | {Name}"
first = "email"
[columns]
Name = "contact.name"
Email = "email"
Street = "line1"
"""
    text = "Company,Name,Email,Street\nDoyon,Luc,luc@x.example,2 rue B\n,,zoe@x.example,\n"
    doyon, nobody = records(tmp_path, text, mapping)
    assert (doyon.error, doyon.values["email"]) == (None, "luc@x.example")
    assert nobody.error
    assert (nobody.error.code, nobody.error.line) == ("import.join.key", 3)
    blank = text.replace("zoe@x.example", "")
    going_on = records(tmp_path, blank, mapping.replace("{Company} | {Name}", "{Company}"))
    assert [record.error for record in going_on] == [None]


def test_a_row_without_a_contact_agrees_in_what_the_first_row_says_too(tmp_path: Path) -> None:
    """Its e-mail would be nowhere; one that has a person keeps theirs there."""
    mapping = """
join = "Company"
first = "email"
[columns]
Name = "contact.name"
Email = "email"
Note = "note.text"
[fields]
contact.email = "{?Name}{Email}"
"""
    head = "Company,Name,Email,Note\nDoyon,Luc,luc@x.example,\n"
    (good,) = records(tmp_path, head + "Doyon,Anne,anne@x.example,A\nDoyon,,,B\n", mapping)
    assert good.error is None
    assert [one["email"] for one in good.values["contacts"]] == ["luc@x.example", "anne@x.example"]
    (bad,) = records(tmp_path, head + "Doyon,,info@x.example,B\n", mapping)
    assert bad.error
    assert (bad.error.code, bad.error.path, bad.error.line) == ("import.join.differs", "email", 3)


def test_a_ragged_row_refuses_its_record(tmp_path: Path) -> None:
    (record,) = records(tmp_path, HEAD + "A,Luc,,1 rue A\nA,Anne\n", PERSONS)
    assert record.error
    assert (record.error.code, record.error.line) == ("input.ragged", 3)


def test_too_many_rows_of_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MOST", 3)
    rows = [FieldRecord(n, {"contact.name": str(n)}, None, n, {"K": "a"}) for n in range(2, 9)]
    (record,) = joined(rows, K)
    assert record.error
    assert record.error.code == "import.join.many"


@given(st.lists(st.sampled_from("abcde"), max_size=40))
def test_each_row_comes_to_its_record_in_the_order_of_the_file(keys: list[str]) -> None:
    rows = [
        FieldRecord(line, {"code": key, "line.description": str(line)}, None, line, {"K": key})
        for line, key in enumerate(keys, 2)
    ]
    patch = pytest.MonkeyPatch()
    patch.setattr(joining, "IN_MEMORY", 3)
    try:
        found = [*joined(rows, K)]
    finally:
        patch.undo()
    assert [record.values["code"] for record in found] == list(dict.fromkeys(keys))
    for record in found:
        lines = [line for line, key in enumerate(keys, 2) if key == record.values["code"]]
        assert [int(item["description"]) for item in record.values["lines"]] == lines
        assert (record.line, record.source) == (lines[0], lines)
