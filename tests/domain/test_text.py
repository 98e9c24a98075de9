"""Cleaning and folding of text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from interop_cli.domain.values.text import clean, clean_lines, clean_value, fold, nfc, words


def test_clean_takes_off_surrounding_spaces_only() -> None:
    assert clean("  Wolski  Zajazd\n") == "Wolski  Zajazd"


def test_clean_composes() -> None:
    assert clean("Que\u0301bec") == "Québec" == nfc("Que\u0301bec")


@pytest.mark.parametrize(
    "char", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\t", "\n", "\ud800"]
)
def test_clean_refuses_controls(char: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        clean(f"a{char}b")
    assert caught.value.type == "text.control"
    assert f"U+{ord(char):04X}" in caught.value.message()


@pytest.mark.parametrize("char", ["\u00a0", "\u202f", "\u2009", "\u3000"])
def test_other_spaces_are_spaces(char: str) -> None:
    assert clean(f"{char}G1K{char}4A1 {char}") == clean_value(f"G1K{char}4A1") == "G1K 4A1"


@pytest.mark.parametrize("char", ["\u200b", "\ufeff", "\u2060"])
def test_spaces_without_a_width_are_left_away(char: str) -> None:
    assert clean(f"{char} Doyon{char} & fils{char}") == "Doyon & fils"
    assert clean_lines(f"un{char}\ndeux{char}") == "un\ndeux"


def test_prose_keeps_its_no_break_spaces() -> None:
    assert clean_lines("Attention\u00a0:\nfragile") == "Attention\u00a0:\nfragile"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'111", "111"),
        (" ''G1K 4A1", "G1K 4A1"),
        ("\u202a+1 418 555-0101\u202c", "+1 418 555-0101"),
        ("AB\u00adC", "ABC"),
        ("O'Neil", "O'Neil"),
        ("'", ""),
    ],
)
def test_a_value_has_nothing_that_only_a_spreadsheet_or_a_page_needs(text: str, value: str) -> None:
    assert clean_value(text) == value


@pytest.mark.parametrize("char", ["\u202e", "\u200d", "\u200f", "\u00ad", "\U0001f600"])
def test_clean_keeps_invisible_data(char: str) -> None:
    assert clean(f"a{char}b") == f"a{char}b"


def test_clean_lines_keeps_lines() -> None:
    assert clean_lines(" un\r\ndeux\rtrois\tfin\n") == "un\ndeux\ntrois\tfin"
    with pytest.raises(PydanticCustomError):
        clean_lines("un\x1bdeux")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Québec   Éclair ", "quebec eclair"),
        ("ŒUVRE Æther STRASSE straße", "oeuvre aether strasse strasse"),
        ("Smørrebrød Łódź", "smorrebrod lodz"),
        ("ACME", "acme"),
        ("ﬁn № ２", "fin no 2"),
        ("İstanbul", "istanbul"),
        ("a\u200bb\u00adc", "abc"),
        ("東京", "東京"),
        ("Ελλάς", "ελλασ"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_fold_is_stable_and_blind_to_form_and_case(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFD", text)) == once
    assert fold(text.casefold()) == once
    assert once == " ".join(once.split())


@given(
    st.one_of(
        st.text(st.characters(max_codepoint=127)),
        st.text(st.characters(max_codepoint=0x24F)),
        st.text(st.sampled_from("aA1 éÉÀçœŒæÆßøłđðþıİĳŀŉſǆ²½ª\u00a0\u00ad\u00a8\u0085-_'")),
    )
)
def test_the_short_way_is_the_long_way(text: str) -> None:
    # The mark forces the long way and folds to nothing.
    assert fold(text) == fold(text + "\u0301")
    # So does this letter, which stays what it is.
    assert words(text + " 東") == f"{words(text)} 東".strip()


def test_every_latin_letter_takes_the_short_way_to_the_same_end() -> None:
    for codepoint in range(0x250):
        assert fold(f"a{chr(codepoint)}b") == fold(f"a{chr(codepoint)}\u0301b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Œuvre & Fils (1998) inc.", "l oeuvre fils 1998 inc"),
        ("  --  ", ""),
        ("A_B-C", "a b c"),
        ("info@exemple.ca", "info exemple ca"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_are_tokens(text: str) -> None:
    found = words(text)
    assert words(found) == found
    assert all(token.isalnum() for token in found.split())
