"""Chance that is the same everywhere."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.seed.chance import Draw, walk, weighted


@given(st.integers(1, 500), st.integers(0, 10_000))
def test_a_walk_meets_every_number_once(size: int, seed: int) -> None:
    assert sorted(walk(size, Draw(seed))) == list(range(size))


def test_walks_of_different_seeds_differ() -> None:
    assert next(walk(1_000_000, Draw(1))) != next(walk(1_000_000, Draw(2)))


def test_picks_stay_within_the_items() -> None:
    draw = Draw(3)
    assert {draw.pick("abc") for _ in range(200)} == set("abc")
    assert {draw.below(3) for _ in range(200)} == {0, 1, 2}


def test_only_the_promised_sequence_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all else of ``Random`` gone, the generator still works."""
    from interop_cli.seed import clients

    class Bare:
        def __init__(self, seed: int, whole: type[random.Random] = random.Random) -> None:
            self.random = whole(seed).random

    expected = list(clients(50, 1))
    monkeypatch.setattr(random, "Random", Bare)
    assert list(clients(50, 1)) == expected


def test_weights() -> None:
    assert weighted({"a": 2, "b": 1, "c": 0}) == ("a", "a", "b")
