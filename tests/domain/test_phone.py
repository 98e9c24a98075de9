"""Telephone numbers: reading, storing, showing; the short way equals the long one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interop_cli.domain.rules import Context
from interop_cli.domain.values.phone import _parse, format_phone, normalize_phone, read_phone


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("514 555-0123", "+15145550123"),
        ("(514) 555-0123", "+15145550123"),
        ("1-800-267-2001", "+18002672001"),
        ("+1 514.555.0123", "+15145550123"),
        ("5145550123", "+15145550123"),
        ("514 555-0123 poste 22", "+15145550123;ext=22"),
        ("514 555-0123, Poste : 22", "+15145550123;ext=22"),
        ("514-555-0123 p. 22", "+15145550123;ext=22"),
        ("514-555-0123p22", "+15145550123;ext=22"),
        ("514-555-0123 po. 22", "+15145550123;ext=22"),
        ("514 555-0123 ext. 22", "+15145550123;ext=22"),
        ("514 555-0123 x22", "+15145550123;ext=22"),
        ("514 555-0123 #5", "+15145550123;ext=5"),
        ("+33 1 42 68 53 00", "+33142685300"),
        ("+15145550123;ext=22", "+15145550123;ext=22"),
    ],
)
def test_read_in_canada(text: str, stored: str) -> None:
    assert normalize_phone(text, "CA") == (stored, True)


@pytest.mark.parametrize(
    ("text", "country", "stored"),
    [
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("(206) 555-4112", "US", "+12065554112"),
        ("0921-12 34 65", "SE", "+46921123465"),
        ("514 555-0123", "FR", None),
    ],
)
def test_read_elsewhere(text: str, country: str, stored: str | None) -> None:
    assert normalize_phone(text, country) == ((stored, True) if stored else (text, False))


@pytest.mark.parametrize(
    "text", ["555-0123", "911", "demander à Luc", "(171) 555-7788", "0", "+", "1" * 60]
)
def test_kept_as_typed(text: str) -> None:
    assert normalize_phone(f" {text} ", "CA") == (text, False)
    assert format_phone(text) == text


def test_a_warning_without_the_number() -> None:
    rules = Context().at(3, "ACME")
    assert read_phone("phone", "911", "CA", rules) == "911"
    (warning,) = rules.warnings
    assert (warning.path, warning.code, warning.line, warning.key) == (
        "phone",
        "phone.invalid",
        3,
        "ACME",
    )
    assert "911" not in str(warning.message)
    read_phone("phone", "514 555-0123", "CA", rules)
    assert len(rules.warnings) == 1


separator = st.sampled_from(["", " ", "-", "."])
extension = st.one_of(
    st.just(""), st.from_regex(r",? (poste|ext\.|ext|p\.|x|#) ?[0-9]{1,8}", fullmatch=True)
)


@st.composite
def north_american(draw: st.DrawFn) -> str:
    start = draw(st.sampled_from(["", "1", "+1", "1 ", "+1 ", "1-", "+1."]))
    area, exchange = (draw(st.integers(100, 999)) for _ in range(2))
    line = draw(st.integers(0, 9999))
    if draw(st.booleans()):
        area_code = f"({area}){draw(st.sampled_from(['', ' ']))}"
    else:
        area_code = f"{area}{draw(separator)}"
    return f"{start}{area_code}{exchange}{draw(separator)}{line:04}{draw(extension)}"


@given(north_american(), st.sampled_from(["CA", "US"]))
@example("5233512345", "CA")
@example("5244991234", "US")
@example("(900) 555-0123", "CA")
@example("600 700-0123", "CA")
@example("268 464 0000", "CA")
@example("+1 (514)5550123, poste 0000000", "CA")
def test_the_short_way_is_the_long_way(text: str, country: str) -> None:
    assert normalize_phone(text, country) == _parse(text, country)


@given(
    st.one_of(
        north_american(),
        st.text(max_size=40),
        st.from_regex(r"\+?[0-9 ()-]{5,18}( poste [0-9]{1,5})?", fullmatch=True),
    ),
    st.sampled_from(["CA", "FR", "GB", "IT"]),
    st.sampled_from(["fr", "en"]),
)
def test_what_is_stored_reads_back(text: str, country: str, lang: str) -> None:
    try:
        stored, valid = normalize_phone(text, country)
    except ValueError:
        return
    assert normalize_phone(stored, country) == (stored, valid)
    if valid:
        assert normalize_phone(stored, "CA") == (stored, True)
        assert normalize_phone(format_phone(stored, lang), "CA") == (stored, True)


def test_shown_to_people() -> None:
    assert format_phone("+15145550123", "fr") == "514 555-0123"
    assert format_phone("+15145550123") == "514-555-0123"
    assert format_phone("+15145550123;ext=22", "fr") == "514 555-0123, poste 22"
    assert format_phone("+15145550123;ext=22", "en") == "514-555-0123 ext. 22"
    assert format_phone("+33142685300", "fr") == "+33 1 42 68 53 00"


@pytest.mark.parametrize(
    "text", ["5145550123", "(514) 555-0123", "+1 514 555-0123", "1-514-555-0123"]
)
@pytest.mark.parametrize("after", ["", " poste 07", ", poste 07", " ext. 07", " p. 07", " x07"])
def test_plain_numbers_take_the_short_way(
    text: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("interop_cli.domain.values.phone._parse")
    stored = "+15145550123;ext=07" if after else "+15145550123"
    assert normalize_phone(text + after, "CA") == (stored, True)
