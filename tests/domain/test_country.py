"""Countries by their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interop_cli.domain.values import places
from interop_cli.domain.values.places import country_code, country_codes, country_name

DATA = json.loads(
    (Path(places.__file__).parent.parent / "data" / "countries.json").read_text("utf-8")
)


@pytest.mark.parametrize("code", sorted(DATA))
def test_each_country_is_known_by_all_its_names(code: str) -> None:
    entry = DATA[code]
    for name in (code, code.lower(), entry["alpha3"], entry["en"], entry["fr"], *entry["others"]):
        assert country_code(name) == code, name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("États-Unis", "US"),
        ("etats unis", "US"),
        ("ÉTATS-UNIS D'AMÉRIQUE", "US"),
        ("United States of America", "US"),
        ("UK", "GB"),
        ("Royaume-Uni", "GB"),
        ("Écosse", "GB"),
        ("Allemagne", "DE"),
        ("The Netherlands", "NL"),
        ("The Gambia", "GM"),
        ("Côte d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("Saint Lucia", "LC"),
        ("Trinidad and Tobago", "TT"),
        (" canada ", "CA"),
        ("can", "CA"),
        ("FRA", "FR"),
        ("Saint Pierre and Miquelon", "PM"),
        ("Korea, Republic of", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("Corée, République de", "KR"),
        ("Brunei Darussalam", "BN"),
        ("Lao People's Democratic Republic", "LA"),
        ("Moldova, Republic of", "MD"),
        ("Bolivia (Plurinational State of)", "BO"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Micronesia, Federated States of", "FM"),
        ("Virgin Islands, U.S.", "VI"),
        ("Iran, République islamique d'", "IR"),
        ("les Pays-Bas", "NL"),
        ("Canada (CA)", "CA"),
        ("CA - Canada", "CA"),
        ("'FR", "FR"),
    ],
)
def test_common_names(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text", ["", "Atlantis", "XX", "EU", "Québec", "ZZ", "C A", "Canada (US)", "le", "()"]
)
def test_no_country(text: str) -> None:
    assert country_code(text) is None


def test_names() -> None:
    assert country_name("US", "fr") == "États-Unis"
    assert country_name("US", "en") == "United States"
    assert country_name("??", "en") == "??"
    assert len(country_codes()) == 250
