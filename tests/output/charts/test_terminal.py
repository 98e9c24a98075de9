"""Bars of characters: never wider than the terminal, in order, as long as their amounts say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.i18n import set_language
from interop_cli.output.charts import (
    BLOCKS,
    Bar,
    Chart,
    Drawing,
    Ruler,
    amount,
    draw_bars,
    has_blocks,
)
from interop_cli.output.style import Style, width
from tests.output.terminals import Kept, on_terminal

PLAIN = Style(enabled=False)
amounts = st.integers(-(10**15), 10**15)
bars = st.builds(Bar, st.text(max_size=40), amounts, st.booleans())
charts = st.builds(
    Chart, st.sampled_from(["CAD", "USD", "CHF"]), st.lists(bars, min_size=1, max_size=12)
)
drawings = st.builds(
    Drawing,
    st.text(max_size=90),
    st.just("Year"),
    st.lists(charts, max_size=3),
    st.lists(st.text(max_size=90), max_size=2),
)


def drawn(chart: Chart, columns: int = 60, *, blocks: bool = True) -> list[str]:
    """The lines of the bars alone."""
    lines = list(draw_bars(Drawing("Sales", "Year", [chart]), PLAIN, columns, blocks=blocks))
    return lines[1 : 1 + len(chart.bars)]


def chart_of(*cents: int) -> Chart:
    return Chart("CAD", [Bar(str(2020 + n), value) for n, value in enumerate(cents)])


@given(drawings, st.integers(1, 200), st.booleans(), st.booleans())
def test_no_line_is_wider_than_the_terminal(
    drawing: Drawing, columns: int, blocks: bool, color: bool
) -> None:
    style = Style(color)
    for line in draw_bars(drawing, style, columns, blocks=blocks):
        assert style.width(line) <= columns
        assert "\n" not in style.render(line)


@given(charts, st.integers(80, 200))
def test_every_bar_has_its_line_with_its_amount_and_the_sum_follows(
    chart: Chart, columns: int
) -> None:
    lines = list(draw_bars(Drawing("Sales", "Year", [chart]), PLAIN, columns, blocks=True))
    texts = [amount(bar.cents, chart.currency) for bar in chart.bars]
    if len(texts) > 1:
        texts.append(amount(sum(bar.cents for bar in chart.bars), chart.currency))
    assert len(lines) == 1 + len(texts)
    assert all(text in line for text, line in zip(texts, lines[1:], strict=True))


@given(st.lists(amounts, min_size=2, max_size=12), st.booleans(), st.integers(8, 160))
def test_a_larger_amount_has_no_shorter_bar(cents: list[int], blocks: bool, room: int) -> None:
    ruler = Ruler.of(chart_of(*cents), room, blocks=blocks)
    found = {value: ruler.bar(value, PLAIN) for value in cents}
    for value, text in found.items():
        assert width(text) <= room
        assert bool(re.search(r"[█▏▎▍▌▋▊▉▐#]", text)) is (value != 0)
    for sign in (1, -1):
        ours = sorted(value * sign for value in cents if value * sign > 0)
        sizes = [_size(found[value * sign]) for value in ours]
        assert sizes == sorted(sizes)


def _size(bar: str) -> float:
    eighths = {char: n / 8 for n, char in enumerate(BLOCKS[1:8], start=1)}
    return sum({"█": 1, "#": 1, "▐": 0.5}.get(char, eighths.get(char, 0)) for char in bar)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=12), st.integers(8, 160))
def test_the_longest_bar_fills_the_line(cents: list[int], room: int) -> None:
    ruler = Ruler.of(chart_of(*cents), room, blocks=True)
    assert ruler.bar(max(cents), PLAIN) == "█" * room


def test_half_the_amount_has_half_the_bar() -> None:
    ruler = Ruler.of(chart_of(100, 50, 0), 40, blocks=True)
    assert [ruler.bar(cents, PLAIN) for cents in (50, 25, 1, 0)] == ["█" * 20, "█" * 10, "▍", ""]


def test_what_is_negative_lies_left_of_an_axis() -> None:
    lines = drawn(chart_of(20000, 0, -10000), 40)
    axes = {line.index("│") for line in lines}
    assert len(axes) == 1
    (axis,) = axes
    assert "█" in lines[0][axis:]
    assert "█" not in lines[0][:axis]
    assert lines[1].endswith("│")
    assert "█" in lines[2][:axis]
    assert lines[2].endswith("│")


def test_without_blocks_there_are_plain_characters_only() -> None:
    lines = drawn(chart_of(20000, 1, -10000), 40, blocks=False)
    assert all(line.isascii() for line in lines)
    assert re.fullmatch(r"2020 +\$200\.00 +\|#+", lines[0])
    assert re.fullmatch(r"2021 +\$0\.01 +\|#", lines[1])
    assert re.fullmatch(r"2022 +-\$100\.00 +#+\|", lines[2])


@pytest.mark.parametrize(
    ("encoding", "blocks"),
    [
        ("utf-8", True),
        ("UTF8", True),
        (None, True),
        ("ascii", False),
        ("cp1252", False),
        ("latin-1", False),
        ("no such", False),
    ],
)
def test_encodings(encoding: str | None, blocks: bool) -> None:
    assert has_blocks(encoding) is blocks


def test_a_mark_of_what_is_stale_survives_a_long_name() -> None:
    chart = Chart("CAD", [Bar("ACME  " + "long " * 30, 100, stale=True), Bar("B  short", 50)])
    first, second = drawn(chart, 70)
    assert re.search(r"…\*  ", first)
    assert "*" not in second


def test_a_long_name_leaves_room_for_its_amount_and_its_bar() -> None:
    (line,) = drawn(Chart("CAD", [Bar("ACME  " + "long " * 30, 123456789)]), 45)
    assert re.search(r"…  \$1,234,567\.89  █{13}$", line)


def test_a_name_moves_no_cursor_and_no_line() -> None:
    chart = Chart("CAD", [Bar("A  x\x1b[2J\ny\u202e", 100)])
    (line,) = drawn(chart, 100)
    assert PLAIN.render(line).startswith("A  x\\x1b[2J ⏎ y\\u202e")


def test_nothing_to_draw_has_a_title_and_its_remarks() -> None:
    lines = list(draw_bars(Drawing("Sales", "Client", [], ["None."]), PLAIN, 40, blocks=True))
    assert lines == ["Sales", "", "None."]


def test_amounts_follow_the_language() -> None:
    set_language("fr")
    try:
        (line,) = drawn(chart_of(123456))
    finally:
        set_language("en")
    assert "1\u00a0234,56\u00a0$" in line


DRAWING = Drawing("Sales", "Year", [chart_of(20000, -10000)])


def test_a_terminal_says_how_wide_and_shows_colour() -> None:
    shown, _ = on_terminal(lambda output: output.drawing(DRAWING), columns=50)
    assert "\x1b[36m█" in shown
    assert "\x1b[31m" in shown
    bare = re.sub(r"\x1b\[\d+m", "", shown)
    assert max(map(width, bare.splitlines())) == 50
    shown, _ = on_terminal(
        lambda output: output.drawing(DRAWING), columns=50, environ={"NO_COLOR": "1"}
    )
    assert "\x1b" not in shown


def test_elsewhere_it_is_as_wide_as_columns_says_and_plain() -> None:
    kept = Kept(environ={"COLUMNS": "44"})
    kept.output.drawing(DRAWING)  # a stream of latin-1 has no blocks
    assert max(map(width, kept.out.splitlines())) == 44
    assert "#" in kept.out
    assert "\x1b" not in kept.out
    kept = Kept()
    kept.output.drawing(DRAWING)
    assert max(map(width, kept.out.splitlines())) == 80
