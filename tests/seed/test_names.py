"""Names: no two the same, in the language and at the place they speak of."""

from __future__ import annotations

import re
import sys
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.values.code import strip_legal_suffix
from interop_cli.seed.chance import Draw
from interop_cli.seed.clients import Named, combinations, names
from interop_cli.seed.words import Family, families, plenty, slug


def made(count: int, seed: int) -> list[Named]:
    return [*islice(names(Draw(seed)), count)]


def test_names_differ_even_without_their_legal_form() -> None:
    found = made(20_000, 5)
    assert len({strip_legal_suffix(who.name + who.form) for who in found}) == len(found)
    assert len({who.slug for who in found}) == len(found)


def test_three_of_four_are_french() -> None:
    french = sum(who.language == "fr" for who in made(5000, 1))
    assert 0.70 < french / 5000 < 0.80


def test_slugs_are_domain_labels() -> None:
    label = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
    longest = 63
    for who in made(5000, 2):
        assert label.fullmatch(who.slug), who
        assert len(who.slug) <= longest, who
        assert re.fullmatch("[A-Z0-9]{3,6}", who.stem), who


@given(st.text(max_size=40))
def test_a_slug_has_no_other_signs_of_french(text: str) -> None:
    assert not set(slug(text)) & set(" '&,.éÉçœA")


def test_a_village_is_where_its_name_says() -> None:
    towns = [who for who in made(2000, 1) if who.tag == "municipal"]
    assert len(towns) > 20
    for who in towns:
        assert who.place is not None
        assert who.name == f"Municipalité de {who.place.city}"
        assert who.place.postal[0][1] == "0", "the country has a zero in its postal codes"


def test_clubs_elide_before_a_vowel() -> None:
    clubs = {who.name for who in made(20_000, 1) if who.name.startswith("Club de ")}
    assert any(" d'A" in name for name in clubs)
    assert not [name for name in clubs if re.search(r" de [AEIOUÉ]", name)]


@pytest.mark.parametrize("family", [plenty(), *(family for family, _weight in families())])
def test_a_family_names_each_client_once(family: Family) -> None:
    stream = combinations(family, Draw(1))
    found = [who.name for who in islice(stream, 2000)]
    assert len(found) > 40
    assert len(set(found)) == len(found)


def test_a_family_that_has_no_names_left_is_stood_in_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys.modules[names.__module__], "combinations", lambda _family, _draw: iter(())
    )
    found = {who.name for who in made(500, 1)}
    assert len(found) == 500
    assert all(re.fullmatch(r"9\d{3}-\d{4} Québec", name) for name in found)
