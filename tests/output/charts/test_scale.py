"""The marks of an axis."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.output.charts.scale import ticks


@given(st.integers(-(10**16), 0), st.integers(0, 10**16), st.integers(-1, 12))
def test_marks_are_round_even_and_few_and_zero_is_one(low: int, high: int, most: int) -> None:
    marks = ticks(low, high, most)
    assert 0 in marks
    assert marks == sorted(set(marks))
    assert low <= marks[0]
    assert marks[-1] <= high
    assert len(marks) <= max(most, 1)
    if len(marks) > 1:
        (step,) = {after - before for before, after in pairwise(marks)}
        assert str(step).rstrip("0") in {"1", "2", "5"}
        # There is no room for another at either end.
        assert marks[0] - step < low
        assert marks[-1] + step > high


@pytest.mark.parametrize(
    ("low", "high", "most", "marks"),
    [
        (0, 0, 5, [0]),
        (0, 100, 5, [0, 50, 100]),
        (0, 99, 5, [0, 20, 40, 60, 80]),
        (-250, 1000, 6, [0, 500, 1000]),
        (-500, 1000, 6, [-500, 0, 500, 1000]),
        (-7, 7, 1, [0]),
    ],
)
def test_examples(low: int, high: int, most: int, marks: list[int]) -> None:
    assert ticks(low, high, most) == marks
