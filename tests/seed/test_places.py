"""Places: what the domain knows of postal codes and phones agrees with the tables."""

from __future__ import annotations

import pytest

from interop_cli.domain.values.places import country_rules
from interop_cli.seed import chance, places
from interop_cli.seed.chance import Draw
from interop_cli.seed.places import Place

ALL = sorted({*places.cities("fr"), *places.cities("en"), *places.counties()}, key=lambda p: p.city)


@pytest.mark.parametrize("place", ALL, ids=lambda place: place.city)
def test_postal_codes_lie_in_the_province(place: Place) -> None:
    rules = country_rules(place.country)
    for postal in place.postal:
        code = chance.postal_code(postal, Draw(1)) if place.country == "CA" else postal
        assert rules.fits_form(code), code
        assert place.province is None or rules.fits_province(code, place.province), code
        if place.province == "QC":
            assert code[0] in "GHJ"


def test_no_city_twice() -> None:
    assert len({place.city for place in ALL}) == len(ALL)


def test_quebec_is_nearly_everywhere() -> None:
    for language in ("fr", "en"):
        cities = places.cities(language)
        share = sum(place.province == "QC" for place in cities) / len(cities)
        assert 0.85 < share < 0.99


def test_addresses_are_written_as_people_write_them() -> None:
    by_name = {place.city: place for place in ALL}
    draw = Draw(1)
    assert ", " in places.site(by_name["Québec"], "fr", draw).line1
    assert ", " not in places.site(by_name["Québec"], "en", draw).line1
    assert places.site(by_name["Paris"], "fr", draw).postal_code in by_name["Paris"].postal
    assert places.phone(by_name["Paris"], "fr", draw).startswith("01 99 00 ")
    assert "555" in places.phone(by_name["Burlington"], "en", draw)
