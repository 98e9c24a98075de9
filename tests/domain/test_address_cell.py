"""An address in one cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.values.address_text import parse_address
from interop_cli.domain.values.places import country_rules

A = {"line1": "1 rue A", "line2": "", "city": "Québec", "province": "QC", "postal_code": "G1K 4A1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 rue A, Québec QC G1K 4A1", {}),
        ("1 rue A, Québec (Québec) G1K 4A1", {}),
        ("1 rue A, Québec, QC, G1K4A1", {}),
        ("1 rue A, Québec, Québec, G1K 4A1", {}),
        ("1 rue A, Québec, G1K 4A1", {}),
        ("1 rue A\nQuébec QC  G1K 4A1\nCanada", {"country": "CA"}),
        ("1 rue A, Québec QC G1K 4A1, CA", {"country": "CA"}),
        ("1 rue A, Québec QC G1K 4A1 Canada", {"country": "CA"}),
        ("Doyon\n1 rue A\nQuébec QC G1K 4A1", {}),
        ("1 rue A, bureau 200, Québec QC G1K 4A1", {"line2": "bureau 200"}),
        ("Doyon inc.\nLuc Roy\n1 rue A\nQuébec QC G1K 4A1", {"line2": "Luc Roy"}),
        ("Luc Roy\n1 rue A\nbureau 2\nQuébec QC G1K 4A1", {"line2": "bureau 2, Luc Roy"}),
        (
            "Place du Quai\n5e étage\nQuébec QC G1K 4A1",
            {"line1": "Place du Quai", "line2": "5e étage"},
        ),
        ("C.P. 10\n1 rue A\nQuébec QC G1K 4A1", {"line1": "C.P. 10", "line2": "1 rue A"}),
        *(
            (f"{street}, {floor}, Québec QC G1K 4A1", {"line1": street, "line2": floor})
            for street in ("boulevard Charest Est", "Place du Quai")
            for floor in ("3 ème étage", "3 e étage", "3 rd Floor", "2 Local")
        ),
        ("1, rue A, Québec QC G1K 4A1", {"line1": "1, rue A"}),
        ("1 rue A, Québec QC", {"postal_code": ""}),
        (
            "4581 Finch St., Bayshore, CA 94326",
            {
                "line1": "4581 Finch St.",
                "city": "Bayshore",
                "province": "CA",
                "postal_code": "94326",
                "country": "US",
            },
        ),
        (
            "5 Broadway, New York NY 10001-1234, USA",
            {
                "line1": "5 Broadway",
                "city": "New York",
                "province": "NY",
                "postal_code": "10001-1234",
                "country": "US",
            },
        ),
        (
            "2 Water St, St. John's, Newfoundland and Labrador A1C 1A1",
            {
                "line1": "2 Water St",
                "city": "St. John's",
                "province": "NL",
                "postal_code": "A1C 1A1",
            },
        ),
        (
            "3 rue de la Paix, 75002 Paris, France",
            {
                "line1": "3 rue de la Paix",
                "city": "Paris",
                "province": "",
                "postal_code": "75002",
                "country": "FR",
            },
        ),
        (
            "10 Downing Street, London SW1A 2AA, United Kingdom",
            {
                "line1": "10 Downing Street",
                "city": "London",
                "province": "",
                "postal_code": "SW1A 2AA",
                "country": "GB",
            },
        ),
    ],
)
def test_it_is_taken_apart(text: str, expected: dict[str, str]) -> None:
    assert parse_address(text, "CA", "Doyon") == {**A, "country": "", **expected}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Québec",
        "1 rue A",
        "1 rue A Québec QC G1K 4A1",  # where does the street end?
        "1 rue A, Québec",
        "Québec QC G1K 4A1",
        "1 rue A, Toronto ON G1K 4A1",
        "see the file, of Luc",
        "G1K 4A1",
        ", , ,",
        "1 rue A, 2 rue B, G1K 4A1",
    ],
)
def test_what_cannot_be_told_apart(text: str) -> None:
    assert parse_address(text, "CA") is None


@given(st.text("1aQéG4 ,\n()", max_size=40))
def test_nothing_is_lost_or_made_up(text: str) -> None:
    found = parse_address(text, "CA")
    if found is not None:
        provinces = country_rules(found["country"] or "CA").provinces
        assert found["line1"]
        assert found["city"]
        assert not found["province"] or found["province"] in provinces.values()
        kept = "".join(found[name] for name in ("line1", "line2", "city"))
        assert set(kept) <= {*text, " ", ","}


@pytest.mark.parametrize("name", ["Doyon, inc.", "doyon,  INC.", "Doyon, Roy, Lévesque et Cie"])
def test_a_name_with_commas_before_the_street(name: str) -> None:
    found = parse_address(f"{name}\n1 rue A, bureau 2\nQuébec QC G1K 4A1", "CA", name)
    assert found is not None
    assert (found["line1"], found["line2"]) == ("1 rue A", "bureau 2")


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("1234 rue Principale, Québec, QC G1R 3X5", "1234 rue Principale inc."),
        ("Complexe Desjardins, Montréal, QC H5B 1E2", "Complexe Desjardins inc."),
        (
            "1200 avenue McGill College, Bureau 1100, Montréal QC H3B 4G7",
            "1200 avenue McGill College",
        ),
    ],
)
def test_a_client_named_like_its_street_keeps_it(cell: str, name: str) -> None:
    found = parse_address(cell, "CA", name)
    assert found is None or found["line1"] == cell.split(",")[0]


@pytest.mark.parametrize("cell", ["Calle Mayor, 5 piso 2, 28013 Madrid, Espagne"])
def test_a_street_elsewhere_stays_before_what_follows(cell: str) -> None:
    found = parse_address(cell, "CA")
    assert found is not None
    assert found["line1"] == "Calle Mayor"


def test_a_numbered_company_is_no_street() -> None:
    for written, street in (("9012-3456 Québec inc.", "C.P. 10"), ("9012-3456 Québec", "1 rue A")):
        cell = f"{written}\n{street}\nQuébec QC G1K 4A1"
        found = parse_address(cell, "CA", "9012-3456 Québec inc.")
        assert found is not None
        assert found["line1"] == street
