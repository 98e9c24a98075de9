"""Which clients are probably one: the score, its reasons, and what is never proposed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.merging import (
    FREE_MAIL,
    MAX_BLOCK,
    WEIGHTS,
    Candidate,
    blocks,
    candidate,
    compared,
    pairs,
)


def made(number: int, name: str, **values: Any) -> Candidate:
    fields = {"emails": (), "phones": (), "postal_codes": (), **values}
    return candidate(number, f"C-{number}", name, **fields)


def test_every_reason_and_its_worth() -> None:
    one = made(
        1,
        "Imprimerie Boréale inc.",
        emails=["a@b.ca"],
        phones=["+14185550134;ext=2"],
        postal_codes=["G1K 7X2"],
    )
    other = made(
        2,
        "IMPRIMERIE BOREALE LTÉE",
        emails=["A@B.CA"],
        phones=["+14185550134"],
        postal_codes=["g1k7x2"],
    )
    (pair,) = pairs([one, other])
    assert pair.score == 100
    assert pair.reasons == ("same_name", "same_email", "same_phone", "same_postal_code")
    assert (pair.one.code, pair.other.code) == ("C-1", "C-2")


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        ({"name": "Éditions Boréal s.e.n.c."}, {"name": "Editions Boreal enr."}, ["same_name"]),
        ({"name": "X", "emails": ["a@b.ca"]}, {"name": "Y", "emails": ["a@b.ca"]}, ["same_email"]),
        ({"name": "X", "emails": ["a@b.ca"]}, {"name": "Y", "emails": ["c@b.ca"]}, ["same_domain"]),
        ({"name": "X", "emails": ["a@gmail.com"]}, {"name": "Y", "emails": ["b@gmail.com"]}, None),
        (
            {"name": "X", "postal_codes": ["G1K 7X2"]},
            {"name": "Y", "postal_codes": ["G1K7X2"]},
            ["same_postal_code"],
        ),
        ({"name": "X"}, {"name": "Y"}, None),
        ({"name": "X", "bill_to_id": 2}, {"name": "X"}, None),
        ({"name": "X"}, {"name": "X", "bill_to_id": 1}, None),
    ],
)
def test_one_reason_at_a_time(
    one: dict[str, Any], other: dict[str, Any], reasons: list[str] | None
) -> None:
    pair = compared(made(1, **one), made(2, **other), 1)
    assert (None if pair is None else list(pair.reasons)) == reasons
    if pair is not None and reasons is not None:
        assert pair.score == WEIGHTS[reasons[0]]


def test_the_more_alike_two_names_the_higher_the_score() -> None:
    base = made(1, "Imprimerie Boréale du Quai")
    scores = [
        getattr(compared(base, made(2, name), 1), "score", 0)
        for name in ("Imprimerie Boreale du Quay", "Imprimerie Boréal Quai", "Boulangerie Dupuis")
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1] > scores[2] == 0


def test_words_in_another_order_are_the_same_words() -> None:
    pair = compared(made(1, "Boréal Éditions"), made(2, "Éditions Boréal inc."), 1)
    assert pair is not None
    assert (pair.score, pair.reasons) == (50, ("similar_name",))


def test_a_typo_is_found_by_the_other_word() -> None:
    found = pairs([made(1, "Papeterie Zwicky"), made(2, "Papetterie Zwicky")], min_score=30)
    assert [pair.reasons for pair in found] == [("similar_name",)]


def test_only_the_pairs_of_some_clients() -> None:
    three = [made(n, "Presse") for n in (1, 2, 3)]
    assert len(pairs(three)) == 3
    assert [(p.one.id, p.other.id) for p in pairs(three, only=frozenset({3}))] == [(1, 3), (2, 3)]


def test_a_name_that_thousands_have_does_not_take_hours() -> None:
    many = [made(n, "Dépanneur", postal_codes=["G1K 7X2"]) for n in range(3000)]
    sizes = [len(block) for block in blocks(many)]
    assert max(sizes) <= MAX_BLOCK
    # Everyone still meets somebody.
    assert {found.id for block in blocks(many) for found in block} == set(range(3000))


def test_no_mail_service_is_somebody_s_domain() -> None:
    assert all(domain == domain.lower() and "." in domain for domain in FREE_MAIL)
    assert made(1, "X", emails=["a@videotron.ca", "b@presse.ca"]).domains == {"presse.ca"}


names = st.lists(st.sampled_from(["imprimerie", "boréal", "inc.", "quai", "ltée"]), min_size=1)


@given(st.lists(st.tuples(names, st.sampled_from(["", "G1K 7X2", "H2X 1Y4"])), max_size=8))
def test_blocks_lose_no_pair_that_shares_something(given_: list[tuple[list[str], str]]) -> None:
    """All pairs compared one by one, where they share a word, a name or a postal code."""
    all_of_them = [
        made(n, " ".join(words), postal_codes=[code] if code else [])
        for n, (words, code) in enumerate(given_)
    ]
    expected = {
        (p.one.id, p.other.id): p.score
        for n, one in enumerate(all_of_them)
        for other in all_of_them[n + 1 :]
        if one.core == other.core or one.postal_codes & other.postal_codes
        if (p := compared(one, other, 15)) is not None
    }
    found = {(p.one.id, p.other.id): p.score for p in pairs(all_of_them, min_score=15)}
    assert expected.items() <= found.items()
