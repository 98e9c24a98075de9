"""What a field is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.inputs.mapping import ColumnFault
from interop_cli.inputs.mapping.expressions import REST, Cell, parse_template

ROW = {"Company": "Doyon", "First": "Anne", "Last": "Roy", "Nick": "A", "Fax": "1", "City": "Alma"}


def rendered(text: str, **changes: str) -> str:
    row = {**ROW, **changes}
    return parse_template(text).render(lambda cell: row.get(cell.column, ""))[0]


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("{Company} | {First} {Last}", {}, "Doyon"),
        ("{Company} | {First} {Last}", {"Company": ""}, "Anne Roy"),
        ("{Company}|{First} {Last}", {"Company": "", "First": ""}, "Roy"),
        ("{Company}|{First} {Last}", {"Company": "", "Last": ""}, "Anne"),
        ("{Company} | {First} | Nobody", {"Company": "", "First": ""}, "Nobody"),
        ("{First} ({Nick}) {Last}", {}, "Anne (A) Roy"),
        ("{First} ({Nick}) {Last}", {"Nick": ""}, "Anne Roy"),
        ("{First} ({Nick})", {"Nick": ""}, "Anne"),
        ("({Nick})", {}, "(A)"),
        ("Fax: {Fax}", {}, "Fax: 1"),
        ("Fax: {Fax}", {"Fax": ""}, ""),
        ("{City}, Fax: {Fax}", {"City": ""}, "Fax: 1"),
        ("{City}, Fax: {Fax}", {"Fax": ""}, "Alma"),
        ("{Last}, {First} M.", {"First": ""}, "Roy"),
        ("{?Nick}{Fax} | {City}", {}, "1"),
        ("{?Nick}{Fax} | {City}", {"Nick": ""}, "Alma"),
        ("{?Nick}yes", {"Nick": ""}, ""),
        ("CA", {}, "CA"),
        ("{{{First}}} || x", {}, "{Anne} | x"),
        ("{ First }", {}, "Anne"),
    ],
)
def test_what_comes_of_it(text: str, changes: dict[str, str], expected: str) -> None:
    assert rendered(text, **changes) == expected


def test_the_parts_of_a_cell_and_its_place() -> None:
    cells = [*parse_template("{E-mail[2]} {E-mail[*]} {#3} {A[b]}").cells()]
    assert cells == [Cell("E-mail", 2), Cell("E-mail", REST), Cell("#3"), Cell("A[b]")]


def test_a_constant_is_the_mappings_own() -> None:
    constant, column = parse_template("CA"), parse_template("{City}")
    assert constant.render(lambda _cell: "") == ("CA", False)
    assert column.render(lambda _cell: "Alma") == ("Alma", True)
    assert (constant.sole, column.sole) == (None, Cell("City"))


@pytest.mark.parametrize("text", ["{", "}", "{}", "{ }", "{?}", "a {b", "{a{b}}"])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(ColumnFault):
        parse_template(text)


@given(st.text("{}|[]# ab1*", max_size=20), st.text("ab ", max_size=4))
def test_any_text_is_read_or_refused(text: str, value: str) -> None:
    try:
        template = parse_template(text)
    except ColumnFault:
        return
    found, given_by_column = template.render(lambda _cell: value.strip())
    assert found == found.strip()
    assert given_by_column <= any(template.cells())
