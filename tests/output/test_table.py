"""Tables: widths, translation, kinds, streaming and terminals."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.i18n import set_language
from interop_cli.output import Column, Style, ValueKind
from interop_cli.output.columns import ColumnChoice, choose
from interop_cli.output.style import width
from interop_cli.output.table import NARROWEST, table
from tests.output.terminals import Kept, on_terminal

COLUMNS = [
    Column("code"),
    Column("name"),
    Column("active", ValueKind.BOOL),
    Column("total_cents", ValueKind.MONEY),
    Column("tags", ValueKind.JSON),
    Column("id", ValueKind.INT, table=False),
]
ROWS: list[tuple[Any, ...]] = [
    ("A", "Été 漢字", 1, 123456789, '["x","y"]', 1),
    ("BB", "Door 2\nring", 0, -5, "[]", 2),
    ("C", None, None, None, None, 3),
]


def written(columns: list[Column], rows: list[tuple[Any, ...]], **options: Any) -> str:
    kept = Kept("table", **options)
    kept.output.rows(columns, [rows])
    return kept.out


def test_table() -> None:
    assert written(COLUMNS, ROWS) == (
        "Code  Name           Active         Total  Tags\n"
        "----  -------------  ------  ------------  ----\n"
        "A     Été 漢字       yes     1,234,567.89  x, y\n"
        "BB    Door 2 ⏎ ring  no             -0.05\n"
        "C\n"
    )


def test_no_rows() -> None:
    assert written(COLUMNS[:2], []) == "Code  Name\n----  ----\n"


def test_fields_bring_columns_that_a_table_leaves_out() -> None:
    assert written(COLUMNS, ROWS[:1], fields=["id", "code"]).split() == [
        *("Id", "Code", "--", "----", "1", "A")
    ]


def test_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    set_language("fr")
    try:
        text = written(COLUMNS, ROWS)
    finally:
        set_language("en")
    assert "1\u00a0234\u00a0567,89" in text
    assert "-0,05" in text


def test_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [
        Column("x", header="My title"),
        Column("some_field_cents"),
        Column("contacts", ValueKind.JSON),
    ]
    fields = ["x", "some_field_cents", "contacts.email"]
    header = written(columns, [], fields=fields).splitlines()[0]
    assert header == "My title  Some field  Contacts: E-mail"


def test_off_a_terminal_nothing_is_cut_or_coloured() -> None:
    long = "x" * 500
    text = written([Column("name"), Column("active", ValueKind.BOOL)], [(long, 0)])
    assert long in text
    assert "\x1b" not in text


def test_a_row_wider_than_the_first_ones_is_not_cut_either() -> None:
    lines = "".join(
        table(
            choose([Column("a"), Column("b")], None),
            [[("x", "y")], [("x" * 20, "y")]],
            style=Style(enabled=False),
            bound=1,
        )
    ).splitlines()
    assert lines == ["A  B", "-  -", "x  y", "x" * 20 + "  y"]


def test_rows_are_not_kept() -> None:
    """At the moment a batch is asked for, all but the first rows must have been given out."""
    given_out = 0

    def batches() -> Any:
        for number in range(5):
            assert number < 2 or given_out >= 10 * (number - 1)
            yield [(f"{number}",)] * 10

    for chunk in table(
        choose([Column("a")], None), batches(), style=Style(enabled=False), bound=10
    ):
        given_out += chunk.count("\n")
    assert given_out == 52


cells = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
rows_of_text = st.lists(st.tuples(cells, st.none() | st.integers(0, 10**6), cells), min_size=1)


@given(rows_of_text, st.integers(1, 5), st.booleans())
def test_later_rows_look_like_the_first_ones(
    rows: list[tuple[Any, ...]], bound: int, enabled: bool
) -> None:
    """tabulate draws the first rows and we the rest: the eye must not see where."""
    columns = [Column("a"), Column("n", ValueKind.INT), Column("b", ValueKind.BOOL), Column("c")]
    full = [(a, n, 1, c) for a, n, c in rows]
    widest = [("W" * 30, 10**9, 1, "W" * 30)]  # settles the widths
    choices, style = choose(columns, None), Style(enabled)
    whole = "".join(table(choices, [widest + full], style=style))
    split = "".join(table(choices, [widest, full], style=style, bound=bound))
    assert split == whole


@given(rows_of_text, st.integers(20, 100))
def test_a_table_fits_its_terminal(rows: list[tuple[Any, ...]], room: int) -> None:
    choices = choose([Column("a"), Column("n", ValueKind.INT), Column("c")], None)
    drawn = "".join(table(choices, [rows], style=Style(enabled=False), room=max(room, 30)))
    assert all(width(line) <= max(room, 30) for line in drawn.splitlines())


def fitting(
    columns: list[Column],
    rows: list[tuple[Any, ...]],
    room: int,
    *,
    key: str | None = None,
    asked: bool = False,
) -> tuple[list[list[str]], list[str]]:
    """The words of each line of a table that has ``room``, and the columns that had none."""
    gone: list[ColumnChoice] = []
    text = "".join(
        table(
            choose(columns, None),
            [rows],
            columns=columns,
            style=Style(enabled=False),
            room=room,
            key=key,
            asked=asked,
            left_out=gone.extend,
        )
    )
    lines = [re.split("  +", line.strip()) for line in text.splitlines()]
    return lines, [choice.name for choice in gone]


def test_the_widest_texts_are_cut_and_what_is_whole_is_not() -> None:
    columns = [Column("name"), Column("city"), Column("id", ValueKind.INT)]
    rows = [("n" * 60, "c" * 30, 1234567890)]
    lines, gone = fitting(columns, rows, 56)
    assert lines[2] == ["n" * 23 + "…", "c" * 17 + "…", "1234567890"]
    assert not gone
    lines, gone = fitting(columns, rows, 70, key="city")
    assert lines[2] == ["n" * 25 + "…", "c" * 30, "1234567890"]
    assert not gone


def test_what_was_asked_for_stays_and_is_cut_further() -> None:
    columns = [Column("name"), Column("city"), Column("id", ValueKind.INT)]
    rows = [("n" * 60, "c" * 30, 1234567890)]
    lines, gone = fitting(columns, rows, 10, asked=True)
    assert lines[2] == ["n" * (NARROWEST - 1) + "…", "c" * (NARROWEST - 1) + "…", "1234567890"]
    assert not gone


def test_sentences_and_settings_go_on_below_where_they_have_no_room() -> None:
    columns = [Column("code"), Column("what"), Column("fix")]
    rows = [("backup.age", "No sound backup", "interop db backup FILE"), ("file", "So", None)]
    lines, gone = fitting(columns, rows, 32)
    assert not gone
    assert lines[2:] == [
        ["backup.age", "No sound", "interop"],
        ["backup", "db backup"],
        ["FILE"],
        ["file", "So"],
    ]
    whole, _ = fitting(columns, rows, 80)
    assert whole[2] == [*rows[0]]


def test_an_empty_column_leaves_first_even_where_there_is_but_one_row() -> None:
    columns = [Column("code", rank=1), Column("name", rank=2), Column("note", rank=2)]
    _, gone = fitting(columns, [("A" * 12, "", "n" * 20)], 34)
    assert gone == ["name"]


RANKED = [
    Column("code", rank=1, whole=True),
    Column("name", rank=1),
    Column("active", ValueKind.BOOL, rank=2),
    Column("email", rank=4),
    Column("phone", ValueKind.PHONE, rank=3),
    Column("created_at", ValueKind.TIME, rank=3),
]
OF_RANK = [
    ("A" * 12, "n" * 40, 1, "e" * 30, "+14185550123", "2026-01-05T17:03:00Z"),
    ("B" * 12, "m" * 40, 1, "f" * 30, "+14185550124", "2026-01-06T17:03:00Z"),
]


@pytest.mark.parametrize(
    ("room", "gone"),
    [
        (200, []),
        (119, ["active"]),
        (90, ["active"]),
        (80, ["active", "email"]),
        (60, ["active", "email", "created_at"]),
        (40, ["active", "email", "phone", "created_at"]),
    ],
)
def test_columns_leave_by_rank_and_the_name_gets_the_room(room: int, gone: list[str]) -> None:
    lines, left_out = fitting(RANKED, OF_RANK, room)
    assert left_out == gone
    assert lines[2][0] == "A" * 12
    assert len(lines[2][1]) >= 24
    assert all(len("  ".join(line)) <= room for line in lines)


def test_where_there_is_no_room_a_time_is_its_day() -> None:
    wide, _ = fitting(RANKED, OF_RANK, 200)
    narrow, _ = fitting(RANKED, OF_RANK, 80)
    assert len(wide[2][-1]) == len("2026-01-05 17:03")
    assert narrow[2][-1] in ("2026-01-05", "2026-01-06")  # the zone of this machine


def test_a_title_is_not_cut_where_times_are_days() -> None:
    columns = [Column("code", rank=1), Column("paused_until", ValueKind.TIME, rank=1)]
    lines, _ = fitting(columns, [("A" * 30, "2026-01-05T17:03:00Z")], 40)
    assert lines[0][1] == "Paused until"
    assert lines[2][1].startswith("2026-01-0")


def test_a_later_row_that_is_wider_is_whole_where_codes_are() -> None:
    columns = [Column("code", rank=1, whole=True), Column("name", rank=1)]
    text = "".join(
        table(
            choose(columns, None),
            [[("A", "n" * 60)], [("A" * 15, "m")]],
            style=Style(enabled=False),
            room=40,
            bound=1,
        )
    )
    assert "A" * 15 in text


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
class TestOnTerminal:
    def test_cut_to_the_terminal(self) -> None:
        out, _ = on_terminal(lambda o: o.rows([Column("name")], [[("n" * 100,)]]), columns=30)
        assert out.splitlines()[2] == "n" * 29 + "…"

    def test_columns_beats_the_terminal(self) -> None:
        out, _ = on_terminal(
            lambda o: o.rows([Column("name")], [[("n" * 100,)]]), environ={"COLUMNS": "20"}
        )
        assert out.splitlines()[2] == "n" * 19 + "…"

    def test_columns_without_room_are_named_on_stderr(self) -> None:
        out, err = on_terminal(lambda o: o.rows(RANKED, [OF_RANK]), columns=60)
        assert "e" * 5 not in out
        assert err.strip() == "+3 columns: --fields code,active,email,created_at"
        out, err = on_terminal(
            lambda o: o.rows(RANKED, [OF_RANK]), columns=60, fields=["code", "name", "email"]
        )
        assert "e" * 10 in out
        assert not err

    def test_inactive_rows_are_greyed_and_said_in_words(self) -> None:
        out, _ = on_terminal(lambda o: o.rows(COLUMNS, [ROWS[:2]], dim="active"), columns=120)
        first, second = out.splitlines()[2:]
        assert "\x1b" not in first
        assert second.startswith("\x1b[2mBB ")
        assert second.endswith("\x1b[0m")
        assert " no " in second

    def test_to_a_file_it_is_neither_cut_nor_greyed(self, tmp_path: Any) -> None:
        path = tmp_path / "t.txt"
        rows = [("n" * 100, 0)]
        columns = [Column("name"), Column("active", ValueKind.BOOL)]
        on_terminal(lambda o: o.rows(columns, [rows], dim="active"), out=path, columns=30)
        assert "n" * 100 in path.read_text()
        assert "\x1b" not in path.read_text()
