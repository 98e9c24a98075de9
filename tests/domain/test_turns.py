"""Turns: any way in which values change hands is put in an order that the remote takes."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.sync.plan import Todo
from interop_cli.domain.sync.turns import TURNS, Part, Turns, turns


def part(local_id: int, takes: str | None, **more: object) -> Part:
    return Part(local_id, f"C-{local_id}", Todo.UPDATE, {"name": takes}, **more)  # type: ignore[arg-type]


def played(found: Turns, parts: list[Part], held: Mapping[tuple[str, str], int]) -> dict[int, str]:
    """What each record holds in the end; a value that is not free when it is taken is refused."""
    holds = {local_id: value for (_name, value), local_id in held.items()}
    takes = {one.id: one.takes["name"] for one in parts}
    for local_id in found.aside:
        holds[local_id] = f"aside {local_id}"
    for wave in found.waves:
        before = set(holds.values())
        for local_id in wave:
            value = takes[local_id]
            if value is None:
                holds.pop(local_id, None)
                continue
            assert value not in before or holds.get(local_id) == value, (local_id, value)
            holds[local_id] = value
        assert len(set(holds.values())) == len(holds)
    return holds


def test_a_giver_goes_before_a_taker() -> None:
    parts = [part(1, "b"), part(2, "c")]
    found = turns(parts, {("name", "a"): 1, ("name", "b"): 2})
    assert (found.waves, found.aside) == ([[2], [1]], {})


def test_of_a_circle_one_steps_aside() -> None:
    parts = [part(1, "b"), part(2, "c"), part(3, "a")]
    held = {("name", "a"): 1, ("name", "b"): 2, ("name", "c"): 3}
    found = turns(parts, held)
    assert len(found.aside) == 1
    assert played(found, parts, held) == {1: "b", 2: "c", 3: "a"}


def test_a_value_that_is_kept_blocks_and_so_does_whoever_waits_for_that() -> None:
    parts = [part(1, "b"), part(2, "z")]
    found = turns(parts, {("name", "b"): 2, ("name", "z"): 9})
    assert {key: one.holder for key, one in found.blocked.items()} == {2: 9, 1: 2}
    assert not found.waves


def test_of_two_that_take_one_value_the_first_gets_it() -> None:
    found = turns([part(1, "x"), part(2, "x")], {})
    assert (found.waves, found.blocked[2].holder) == ([[1]], 1)


def test_a_long_chain_takes_few_waves() -> None:
    count = 300
    parts = [part(n, str((n + 1) % count)) for n in range(count)]
    held = {("name", str(n)): n for n in range(count)}
    found = turns(parts, held)
    assert len(found.waves) <= TURNS + 1
    assert played(found, parts, held) == {n: str((n + 1) % count) for n in range(count)}


def test_a_payer_that_wants_the_name_of_whom_it_pays_for() -> None:
    payer = Part(1, "P", Todo.CREATE, {"name": "a"})
    child = Part(2, "C", Todo.UPDATE, {"name": "b"}, waits="P")
    found = turns([payer, child], {("name", "a"): 2})
    assert found.aside == {2: ("name",)}
    assert [one for wave in found.waves for one in wave] == [1, 2]


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)))
def test_any_permutation_arrives(order: list[int], some: set[int]) -> None:
    parts = [part(n, str(order[n])) for n in range(12) if n != order[n]]
    held = {("name", str(n)): n for n in range(12)}
    assert played(turns(parts, held), parts, held) == {n: str(order[n]) for n in range(12)}
    # Some stay as they are: what waits for them is blocked, and nothing is refused.
    parts = [one for one in parts if one.id not in some]
    found = turns(parts, held)
    played(found, parts, held)
    assert {one.id for one in parts} == set(found.blocked) | {n for w in found.waves for n in w}
