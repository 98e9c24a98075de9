"""Addresses: what a country requires, provinces, postal codes, warnings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.address import Address
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context, Policy
from interop_cli.domain.values.places import country_codes, country_rules

MONTREAL = {"line1": "12 rue Saint-Denis", "city": "Montréal", "postal_code": "H2X 1Y4"}


def build(rules: Context | None = None, /, **values: Any) -> Address:
    return Address.build(MONTREAL | values, Context() if rules is None else rules)


def faults(rules: Context | None = None, /, **values: Any) -> dict[str, str]:
    """Field -> code of a refused address."""
    with pytest.raises(InvalidData) as caught:
        build(rules, **values)
    return {e.path: e.code for e in caught.value.details}


def warned(rules: Context) -> list[tuple[str, str]]:
    return [(warning.path, warning.code) for warning in rules.warnings]


def test_a_quebec_address() -> None:
    rules = Context()
    address = build(rules, province="Québec", country="Canada", postal_code="h2x1y4")
    assert (address.province, address.postal_code, address.country) == ("QC", "H2X 1Y4", "CA")
    assert (address.line1, address.city) == ("12 rue Saint-Denis", "Montréal")
    assert warned(rules) == []


def test_the_user_s_spelling_of_street_and_city_stays() -> None:
    address = build(line1=" 12  RUE st-denis ", city="montreal")
    assert (address.line1, address.city) == ("12  RUE st-denis", "montreal")


@pytest.mark.parametrize(
    "name", ["QC", "qc", "Québec", "quebec", "QUÉBEC", "Quebec", "PQ", "P.Q.", "Qué."]
)
def test_spellings_of_a_province(name: str) -> None:
    assert build(province=name).province == "QC"


@pytest.mark.parametrize(
    ("name", "code", "postal"),
    [
        ("Ontario", "ON", "K1A 0B1"),
        ("Ont.", "ON", "M5V 2T6"),
        ("Colombie-Britannique", "BC", "V5K 0A1"),
        ("C.-B.", "BC", "V5K 0A1"),
        ("Nouvelle-Écosse", "NS", "B3H 4R2"),
        ("Î.-P.-É.", "PE", "C1A 1A1"),
        ("T.-N.-L.", "NL", "A1A 1A1"),
        ("New Brunswick", "NB", "E1A 1A1"),
    ],
)
def test_other_provinces_of_canada(name: str, code: str, postal: str) -> None:
    rules = Context()
    assert build(rules, province=name, postal_code=postal).province == code
    assert warned(rules) == []


def test_required_in_canada() -> None:
    assert faults(line1="", city=None, postal_code=" ") == {
        "line1": "field.missing",
        "city": "field.missing",
        "postal_code": "field.missing",
    }


def test_an_empty_address_has_no_fault_of_province_or_country() -> None:
    with pytest.raises(InvalidData) as caught:
        Address.build({}, Context())
    found = {e.path for e in caught.value.details}
    assert found == {"line1", "city", "postal_code"}


def test_province_and_postal_code_not_required_everywhere() -> None:
    address = build(country="France", postal_code="75001", city="Paris")
    assert (address.province, address.postal_code, address.country) == (None, "75001", "FR")
    cork = build(country="Irlande", city="Cork", province="Co. Cork", postal_code="")
    assert (cork.province, cork.postal_code) == ("Co. Cork", None)
    assert faults(country="FR", postal_code="") == {"postal_code": "field.missing"}
    assert faults(country="VE", postal_code="1081") == {"province": "field.missing"}


def test_a_province_found_by_the_postal_code_is_said() -> None:
    rules = Context()
    assert build(rules, postal_code="M5V 2T6").province == "ON"
    assert warned(rules) == [("province", "address.province.filled")]
    assert rules.warnings[0].message.params == {"province": "ON"}


@pytest.mark.parametrize(
    ("country", "postal", "province"),
    [("IT", "10100", "TO"), ("ES", "28023", "M"), ("MX", "05021", "CDMX"), ("US", "97403", "OR")],
)
def test_a_province_found_elsewhere(country: str, postal: str, province: str) -> None:
    assert build(country=country, postal_code=postal).province == province


def test_the_default_province() -> None:
    # K1A is shared by Ontario and Quebec; the default may stand.
    assert build(postal_code="K1A 0B1").province == "QC"
    assert build(Context(Policy(province="ON")), postal_code="K1A 0B1").province == "ON"
    # X9Z lies in no province that is known, and not in the default one.
    assert faults(postal_code="X9Z 1A1") == {"province": "field.missing"}
    # The default province is of the default country only.
    assert faults(Context(Policy(country="US")), country="CA", postal_code="K1A 0B1") == {
        "province": "field.missing"
    }


def test_the_default_country() -> None:
    assert build().country == "CA"
    assert build(Context(Policy(country="FR")), postal_code="75001").country == "FR"
    assert faults(country="Atlantis") == {"country": "address.country.unknown"}


@pytest.mark.parametrize(
    "postal", ["T2F 8M4", "V3F 2K1", "H2X 1Y", "H2X1Y44", "D1A 1A1", "12345", "H2X 1O4"]
)
def test_an_impossible_postal_code_of_canada(postal: str) -> None:
    rules = Context()
    found = faults(rules, province="QC", postal_code=postal)
    assert found == {"postal_code": "address.postal_code.format"}
    lax = Context(Policy(allow_mismatch=True))
    address = build(lax, province="QC", postal_code=postal)
    assert address.province == "QC"
    assert warned(lax) == [("postal_code", "address.postal_code.format")]


def test_a_postal_code_of_another_province() -> None:
    found = faults(province="QC", postal_code="M5V 2T6")
    assert found == {"postal_code": "address.postal_code.mismatch"}
    lax = Context(Policy(allow_mismatch=True))
    assert build(lax, province="QC", postal_code="m5v-2t6").postal_code == "M5V 2T6"
    assert warned(lax) == [("postal_code", "address.postal_code.mismatch")]
    assert build(province="QC", postal_code="K1A 0B1").province == "QC"
    assert faults(country="US", province="CA", postal_code="10001") == {
        "postal_code": "address.postal_code.mismatch"
    }


def test_an_unknown_province() -> None:
    assert faults(province="Bavière") == {"province": "address.province.unknown"}
    assert faults(Context(Policy(allow_mismatch=True)), province="Bavière") == {
        "province": "address.province.unknown"
    }
    rules = Context()
    assert build(rules, country="VE", province="DF", postal_code="1081").province == "DF"
    assert warned(rules) == [("province", "address.province.unknown")]
    # A country without a list of provinces gives no ground for a warning.
    silent = Context()
    wight = build(silent, country="UK", province="Isle of Wight", postal_code="PO31 7PJ")
    assert (wight.province, warned(silent)) == ("Isle of Wight", [])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"postal_code": "12345"},
            "does not have the form of a postal code of CA, such as H3Z 2Y7",
        ),
        ({"postal_code": "M5V 2T6"}, "is not a postal code of QC"),
        ({"province": "Bavière"}, "is not a province of CA"),
    ],
)
def test_what_is_wrong_with_a_place_is_said(values: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidData) as caught:
        build(**{"province": "QC", **values})
    assert [str(detail.message) for detail in caught.value.details] == [said]
    lenient = Context(Policy(strict_countries=frozenset()))
    build(lenient, **{"province": "QC", **values})
    assert [str(warning.message) for warning in lenient.warnings] == [said]


def test_a_place_that_is_kept_is_not_checked_again() -> None:
    rules = Context().keeping({"province", "postal_code", "country"})
    address = build(rules, province="Bavière", postal_code="12345", country="CA")
    assert (address.province, address.postal_code, rules.warnings) == ("Bavière", "12345", [])


def test_elsewhere_old_data_gets_in_with_a_warning() -> None:
    rules = Context().at(7, "FURIB").under("address.")
    assert build(rules, country="Portugal", postal_code="1675").postal_code == "1675"
    (warning,) = rules.warnings
    assert (warning.path, warning.code) == ("address.postal_code", "address.postal_code.format")
    assert (warning.line, warning.key) == (7, "FURIB")
    rio = Context()
    build(rio, country="BR", province="RJ", postal_code="05454-876")
    assert warned(rio) == [("postal_code", "address.postal_code.mismatch")]
    assert faults(
        Context(Policy(strict_countries=frozenset({"PT"}))), country="PT", postal_code="1675"
    ) == {"postal_code": "address.postal_code.format"}


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("BE", "B-1180", "1180"),
        ("SE", "S-958 22", "958 22"),
        ("SE", "SE-958 22", "958 22"),
        ("FR", "F-75001", "75001"),
        ("FR", "f 75001", "75001"),
        ("CH", "CH-1203", "1203"),
        ("DE", "D-12209", "12209"),
        ("LV", "LV-1010", "LV-1010"),  # here it is part of the code
        ("AI", "AI-2640", "AI-2640"),
        ("AR", "B1636", "B1636"),
        ("DE", "D-12", "D-12"),  # what is left is no postal code either
        ("DE", "F-12209", "F-12209"),  # another country's sign is a doubt, not a habit
        ("GB", "sw7 1rz", "SW7 1RZ"),
        ("US", "97403-1234", "97403-1234"),
        ("PL", "01-012", "01-012"),
    ],
)
def test_a_sign_of_the_country_is_dropped(country: str, typed: str, stored: str) -> None:
    assert build(country=country, postal_code=typed, province="").postal_code == stored


def test_texts_are_cleaned_and_emptied() -> None:
    address = build(label=" Quai  2 ", attention="", line2=" ", instructions=" a\r\nb ")
    assert (address.label, address.attention, address.line2) == ("Quai  2", None, None)
    assert address.instructions == "a\nb"
    assert faults(line2="a\x1b[2J") == {"line2": "text.control"}
    assert faults(city="x" * 201) == {"city": "text.too_long"}
    assert faults(colour="red") == {"colour": "field.extra_forbidden"}


def test_a_phone_is_read_in_the_address_s_country() -> None:
    paris = {"country": "FR", "postal_code": "75001"}
    assert build(**paris, phone="01 42 68 53 00").phone == "+33142685300"
    assert build(phone="514 555-0123 poste 3").phone == "+15145550123;ext=3"
    rules = Context()
    assert build(rules, province="QC", phone="911").phone == "911"
    assert warned(rules) == [("phone", "phone.invalid")]


@pytest.mark.parametrize("value", [True, "oui", "1"])
def test_main(value: object) -> None:
    assert build(main=value).main is True
    assert build(main="").main is False


@given(
    st.sampled_from(country_codes()),
    st.text("AHKZ019 -", max_size=8),
    st.sampled_from(["", "QC", "CA", "Táchira"]),
)
def test_a_checked_address_passes_again_unchanged(country: str, postal: str, province: str) -> None:
    lax = Context(Policy(allow_mismatch=True))
    try:
        address = build(lax, country=country, postal_code=postal, province=province)
    except InvalidData:
        return
    assert Address.build(address.model_dump(), Context(Policy(allow_mismatch=True))) == address
    assert address.revise({}, Context()) == address
    rules = country_rules(address.country)
    assert address.province or not rules.requires_province
    assert address.postal_code or not rules.requires_postal
    if province and not lax.warnings and rules.provinces:
        assert address.province in rules.provinces.values()


@given(
    st.from_regex(
        r"[ABCEGHJKLMNPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] ?[0-9][ABCEGHJ-NPRSTV-Z][0-9]", fullmatch=True
    )
)
def test_all_codes_of_canada_s_form_are_stored_alike(postal: str) -> None:
    lax = Context(Policy(allow_mismatch=True))
    stored = build(lax, province="QC", postal_code=postal.lower()).postal_code
    assert stored == f"{postal[:3]} {postal[-3:]}"
    assert ("postal_code", "address.postal_code.format") not in warned(lax)
    in_quebec = postal[0] in "GHJ" or postal.startswith("K1A")
    assert (warned(lax) == []) == in_quebec


@pytest.mark.parametrize("end", ["\n", "\r\n", "\v", "\u2028", " \n\n "])
def test_a_street_of_two_lines(end: str) -> None:
    address = build(line1=f"1 rue A{end}bureau 200")
    assert (address.line1, address.line2) == ("1 rue A", "bureau 200")


@pytest.mark.parametrize(
    ("street", "below", "line2"),
    [
        ("1 rue A\nbureau 200\n3e étage", None, "bureau 200, 3e étage"),
        ("1 rue A\nbureau 200", "porte B", "bureau 200, porte B"),
        ("1 rue A\nbureau 200", "Bureau  200", "Bureau  200"),
        ("1 rue A", "bureau 200\n3e étage", "bureau 200, 3e étage"),
        ("1 rue A\n", "bureau 200", "bureau 200"),
        ("\n1 rue A\n", "", None),
    ],
)
def test_lines_of_a_street(street: str, below: str | None, line2: str | None) -> None:
    address = build(line1=street, line2=below)
    assert (address.line1, address.line2) == ("1 rue A", line2)


def test_a_street_of_two_lines_revises_both_and_says_the_same_twice() -> None:
    address = build(line1="1 rue A", line2="bureau 200")
    same = address.revise({"line1": "1 rue A\r\nbureau 200"}, Context())
    assert same.__dict__ == address.__dict__
    moved = address.revise({"line1": "2 rue B\nbureau 300"}, Context())
    assert (moved.line1, moved.line2) == ("2 rue B", "bureau 300")


def test_other_fields_have_one_line() -> None:
    assert faults(city="Montréal\nQuébec") == {"city": "text.control"}


def test_the_apostrophe_of_a_spreadsheet_goes() -> None:
    address = build(
        line1="'12 rue A", line2="'200", city="'s-Gravenhage", postal_code="'H2X 1Y4", phone="'111"
    )
    assert (address.line1, address.line2, address.city) == ("12 rue A", "200", "'s-Gravenhage")
    assert (address.postal_code, address.phone) == ("H2X 1Y4", "111")
    assert build(line1="'t Veld 3").line1 == "'t Veld 3"


@pytest.mark.parametrize("postal", ["H2X\u00a01Y4", "H2X\u202f1Y4", "H2X\u200b1Y4", "'H2X1Y4"])
def test_invisible_characters_of_a_postal_code(postal: str) -> None:
    assert build(postal_code=postal).postal_code == "H2X 1Y4"


@pytest.mark.parametrize(("country", "postal"), [("CA", "H2X 1Y"), ("US", "123"), ("CA", "0000")])
def test_a_bad_postal_code_is_one_fault(country: str, postal: str) -> None:
    assert faults(country=country, postal_code=postal) == {
        "postal_code": "address.postal_code.format"
    }


def test_a_province_is_still_missing_beside_a_postal_code_that_only_warns() -> None:
    assert faults(Context(Policy(allow_mismatch=True)), country="US", postal_code="123") == {
        "province": "field.missing"
    }
