"""The guard against formulas in CSV cells, and its undoing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.values.text import NO_VALUE
from interop_cli.output import guard, unguard
from interop_cli.output.sanitise import guard_cell

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
# As wide as text can be, and thick with what the guard looks at.
WORDS = st.tuples(st.text("'", max_size=3), st.sampled_from(sorted(NO_VALUE))).map("".join)
cells = st.one_of(st.text(), st.text(st.sampled_from("'=+-@\t\r\n\0＝a ")), WORDS)


@given(cells)
def test_unguard_undoes_guard(cell: str) -> None:
    assert unguard(guard(cell, words=True)) == cell


@given(cells)
def test_a_guarded_cell_starts_no_formula(cell: str) -> None:
    assert not guard(cell).startswith(tuple(TRIGGERS))


@pytest.mark.parametrize("sign", TRIGGERS)
def test_every_trigger_is_guarded(sign: str) -> None:
    assert guard(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("cell", ["", "a=b", "'t Hooft", "'", "''", " =1", "Été", "''a"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert guard(cell) == cell
    assert unguard(cell) == cell


def test_a_word_for_nothing_is_told_from_nothing() -> None:
    assert guard("NULL", words=True) == "'NULL"
    assert guard("NULL") == "NULL"
    assert guard("'#N/A", words=True) == "''#N/A"
    assert guard("Nullarbor") == "Nullarbor"


def test_what_looks_guarded_is_guarded_once_more() -> None:
    assert guard("'=x") == "''=x"
    assert unguard("''=x") == "'=x"
    assert guard("''=x") == "'''=x"


@given(cells)
def test_unguard_undoes_what_a_workbook_gets(cell: str) -> None:
    assert unguard(guard_cell(cell, words=True)) == cell
    assert cell in NO_VALUE or unguard(guard_cell(cell)) == cell


def test_a_workbook_guards_no_formula() -> None:
    assert [*map(guard_cell, ("=x", "'=x", "'t Hooft", "NULL"))] == [
        "=x",
        "''=x",
        "'t Hooft",
        "NULL",
    ]
    assert guard_cell("NULL", words=True) == "'NULL"
