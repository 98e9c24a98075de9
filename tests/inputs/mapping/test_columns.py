"""Columns of foreign files and our fields."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import ConfigError, InteropError, InvalidData, IoFailure, UsageError
from interop_cli.inputs.delimited import csv_layout
from interop_cli.inputs.mapping import Fields
from interop_cli.inputs.mapping.columns import ColumnMap, parse_pairs
from interop_cli.inputs.mapping.loading import load_map
from interop_cli.inputs.source import open_source

KNOWN = ("uid", "code", "name", "line1", "city", "postal_code", "contact.name", "contact.email")


def nested(name: str) -> bool:
    return name.startswith(("contact2.", "address."))


def placed(
    said: ColumnMap,
    header: list[str],
    known: Collection[str],
    accepts: Callable[[str], bool] | None = None,
    ignored: Collection[str] = (),
    **options: Any,
) -> list[str | None]:
    """The field of each column."""
    return said.place(header, Fields(known, ignored, accepts), **options).targets


def refused(pairs: list[str], columns: list[str], **options: Any) -> InteropError:
    with pytest.raises(InteropError) as caught:
        placed(parse_pairs(pairs), columns, KNOWN, file="clients.csv", **options)
    return caught.value


def loaded(text: str | bytes, folder: Path) -> ColumnMap:
    path = folder / "map.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_map(str(path))


def wrong(text: str | bytes, folder: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        loaded(text, folder)
    assert caught.value.data["file"] == str(folder / "map.toml")
    assert "map.toml" in str(caught.value)
    return caught.value


def test_columns_named_as_fields_are_those_fields() -> None:
    columns = ["Code", " NAME ", "Postal Code", "contact.Name", "city"]
    assert placed(ColumnMap(), columns, KNOWN) == [
        "code",
        "name",
        "postal_code",
        "contact.name",
        "city",
    ]


def test_what_the_user_says_comes_first() -> None:
    columns = parse_pairs(["Nom=name", "name=contact.name", "Téléc.="])
    assert placed(columns, ["Nom", "name", "Téléc.", "code"], KNOWN) == [
        "name",
        "contact.name",
        None,
        "code",
    ]


def test_names_are_compared_without_case_and_accents() -> None:
    assert placed(parse_pairs(["societe=name"]), ["SOCIÉTÉ"], KNOWN) == ["name"]
    assert placed(parse_pairs(["A=name", "a=code"]), ["a", "A"], KNOWN) == ["code", "name"]


def test_the_reason_of_a_reject_is_never_read() -> None:
    columns = ["code", "Reject_Reason"]
    assert placed(ColumnMap(), columns, (*KNOWN, "reject_reason")) == ["code", None]
    assert placed(parse_pairs(["reject_reason=name"]), columns, KNOWN) == ["code", None]
    assert placed(parse_pairs(["reject_reason=name"]), ["code"], KNOWN) == ["code"]


def test_fields_that_are_not_listed_are_asked_for() -> None:
    columns = ["code", "Contact2.email", "address.line1", "ID"]
    targets = placed(ColumnMap(), columns, KNOWN, accepts=nested, ignored=["id"])
    assert targets == ["code", "contact2.email", "address.line1", None]
    assert placed(parse_pairs(["X=address.city"]), ["X"], KNOWN, accepts=nested) == ["address.city"]


@pytest.mark.parametrize(
    ("pairs", "columns", "code", "hint"),
    [
        ([], ["code", "nmae"], "import.column.unknown", "name"),
        ([], ["code", "id"], "import.column.unknown", "--map 'id='"),
        ([], ["code", "D"], "import.column.unknown", "--map 'D='"),
        ([], ["code", "Télécopieur"], "import.column.unknown", "--map 'Télécopieur='"),
        (["Nom=name"], ["code", "nom2"], "import.column.missing", "nom2"),
        (["Nom="], ["code"], "import.column.missing", None),
        ([], ["name", "Name"], "import.column.twice", None),
        (["Nom=name"], ["Nom", "name"], "import.column.twice", None),
        (["A=contact.name", "B=contact.name"], ["A", "B"], "import.column.twice", None),
        ([], ["contact3.email", "code"], "import.column.unknown", "contact.email"),
    ],
)
def test_columns_that_cannot_be_placed(
    pairs: list[str], columns: list[str], code: str, hint: str | None
) -> None:
    error = refused(pairs, columns, accepts=nested)
    assert isinstance(error, InvalidData)
    assert (error.code, error.data) == (code, {"file": "clients.csv", "line": 1})
    assert (hint or "None") in str(error.hint)


def test_a_first_line_that_is_no_header_is_not_shown() -> None:
    """It is data about people."""
    error = refused([], ["Zacharie Ouimet", "ACME", "Laval"])
    assert error.code == "import.column.unknown"
    assert "Zacharie" not in f"{error} {error.hint} {error.details} {error.data}"


def test_one_object_need_not_have_every_column() -> None:
    columns = parse_pairs(["Nom=name", "Ville=city"])
    assert placed(columns, ["Nom"], KNOWN, partial=True) == ["name"]
    assert refused(["Ville=city"], ["code"]).code == "import.column.missing"


def test_a_field_that_does_not_exist(tmp_path: Path) -> None:
    error = refused(["Nom=nmae"], ["Nom"])
    assert isinstance(error, UsageError)
    assert "name" in str(error.hint)
    for text in ('[columns]\nNom = "nmae"', '[defaults]\nnmae = "x"'):
        with pytest.raises(ConfigError) as caught:
            placed(loaded(text, tmp_path), ["Nom"], KNOWN)
        assert caught.value.code == "import.map.field"
        assert "map.toml" in str(caught.value)


@pytest.mark.parametrize("pair", ["name", "=name", " =name", ""])
def test_what_is_no_pair(pair: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pairs(["A=name", pair])
    assert caught.value.code == "import.map.pair"


def test_a_column_is_named_once() -> None:
    with pytest.raises(UsageError):
        parse_pairs(["A=name", "A=code"])


def test_a_column_may_hold_an_equals_sign() -> None:
    assert parse_pairs(["a=b=name"]).columns == {"a=b": "name"}


def test_defaults_are_text(tmp_path: Path) -> None:
    text = '[defaults]\ncity = "Laval"\nname = "x"\nprospect = true\nterms = 30\n'
    columns = loaded(text, tmp_path)
    assert columns.defaults == {"city": "Laval", "name": "x", "prospect": "true", "terms": "30"}


def test_a_whole_file(tmp_path: Path) -> None:
    text = '\ufeffkey = "email"\n[columns]\n"Nom légal" = "name"\nFax = ""\n'
    path = str(tmp_path / "map.toml")
    assert loaded(text, tmp_path) == ColumnMap({"Nom légal": "name", "Fax": ""}, {}, "email", path)
    assert loaded("", tmp_path) == ColumnMap(file=path)


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("colums = {}", "import.map.unknown", "colums"),
        ('key = "name"', "import.map.value", "key"),
        ("key = 1", "import.map.value", "key"),
        ("key = [1]", "import.map.value", "key"),
        ("columns = 1", "import.map.value", "columns"),
        ("[columns]\nFax = 1", "import.map.value", "columns.Fax"),
        ("[columns.Fax]\na = 1", "import.map.value", "columns.Fax"),
        ("[defaults]\ncity = 1.5", "import.map.value", "defaults.city"),
        ("[[defaults]]\ncity = 1.5", "import.map.value", "defaults"),
    ],
)
def test_what_a_file_may_not_say(text: str, code: str, key: str, tmp_path: Path) -> None:
    error = wrong(text, tmp_path)
    assert (error.code, error.data["key"]) == (code, key)
    assert key in str(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("key =", 1),
        ('a = "secret"\n\nb = "secret\n', 3),
        ('key = "code"\nkey = "secret"', 2),
        (b"\xff", None),
        ("a = " + "[" * 100_000, None),
        (b"#" * 2_000_000, None),
    ],
)
def test_what_is_no_toml(text: str | bytes, line: int | None, tmp_path: Path) -> None:
    error = wrong(text, tmp_path)
    assert (error.code, error.data["line"]) == ("import.map.file", line)
    assert "secret" not in f"{error} {error.data}"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        try:
            loaded(text.encode("utf-8", "surrogatepass"), Path(folder))
        except ConfigError as error:
            assert error.code.startswith("import.map.")  # noqa: PT017


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name, code in (("no.toml", "input.missing"), (".", "input.not_a_file")):
        with pytest.raises(IoFailure) as caught:
            load_map(str(tmp_path / name))
        assert caught.value.code == code


def test_northwind(shared_data: Path) -> None:
    columns = load_map("northwind")
    with open_source(str(shared_data / "northwind" / "customers.csv"), None) as source:
        names = csv_layout(source).header
    known = ("code", "name", "line1", "city", "province", "postal_code", "country", "phone")
    targets = placed(columns, names, known, accepts=lambda name: name.startswith("contact."))
    assert dict(zip(names, targets, strict=True)) == {
        "CustomerID": "code",
        "CompanyName": "name",
        "ContactName": "contact.name",
        "ContactTitle": "contact.title",
        "Address": "line1",
        "City": "city",
        "Region": "province",
        "PostalCode": "postal_code",
        "Country": "country",
        "Phone": "phone",
        "Fax": None,
    }
    assert columns.key == "code"
