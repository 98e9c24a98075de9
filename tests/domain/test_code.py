"""Codes: their form, and those made from a name."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError, PydanticKnownError

from interop_cli.domain.values.code import (
    MAX_CODE,
    check_code,
    check_former_code,
    code_key,
    code_stem,
    numbered,
    strip_legal_suffix,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


@pytest.mark.parametrize(
    ("text", "code"), [(" acme ", "ACME"), ("a.b_c-1", "A.B_C-1"), ("9" * 20, "9" * 20)]
)
def test_a_code_is_stored_upper_case(text: str, code: str) -> None:
    assert check_code(text) == code


@pytest.mark.parametrize(
    "text", ["-", ".", "_-.", "A B", "A/B", "É1", "ŒUVRE", "A" * 21, "#1", "@x", "a\nb", "ＡＢ"]
)
def test_a_bad_code(text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        check_code(text)
    assert caught.value.type in ("client.code.format", "text.control")
    assert text not in caught.value.message()


def test_an_accent_is_named() -> None:
    with pytest.raises(PydanticCustomError, match="accents"):
        check_code("MÉDIA")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A" * 21, "a code has at most 20 characters"),
        ("A" * 21 + "/", "a code has at most 20 characters"),
        ("A/" * 10, "a code has only A to Z, 0 to 9, and . _ -"),
        ("東京", "a code has only A to Z, 0 to 9, and . _ -"),
    ],
)
def test_what_is_wrong_with_a_code_is_said(text: str, said: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        check_code(text)
    assert caught.value.message() == said


def test_signs_alone_may_have_been_a_code() -> None:
    """What a database of before says of its clients can be imported."""
    assert [check_former_code(text) for text in ("-", "_-.", "a1")] == ["-", "_-.", "A1"]
    with pytest.raises(PydanticCustomError):
        check_former_code("A/")


def test_an_empty_code_is_missing() -> None:
    with pytest.raises(PydanticKnownError) as caught:
        check_code("  ")
    assert caught.value.type == "missing"


@given(st.text(ALPHABET + ALPHABET.lower(), min_size=1, max_size=MAX_CODE))
def test_every_code_of_the_alphabet(text: str) -> None:
    assume(any(map(str.isalnum, text)))
    assert check_code(text) == text.upper()
    assert check_code(check_code(text)) == check_code(text)


@given(st.text(max_size=30))
def test_what_passes_has_the_form(text: str) -> None:
    try:
        code = check_code(text)
    except (PydanticCustomError, PydanticKnownError):
        return
    assert re.fullmatch(r"[A-Z0-9._-]{1,20}", code)
    assert code_key(code) == code_key(text)


@pytest.mark.parametrize(
    ("name", "stripped"),
    [
        ("Imprimerie Québec inc.", "imprimerie quebec"),
        ("IMPRIMERIE QUEBEC INC", "imprimerie quebec"),
        ("Les Éditions Ltée", "les editions"),
        ("Tremblay & Fils, s.e.n.c.", "tremblay fils"),
        ("Tremblay & Fils S.E.N.C.R.L.", "tremblay fils"),
        ("Acme Co., Ltd.", "acme"),
        ("FISSA Fabrica Inter. Salchichas S.A.", "fissa fabrica inter salchichas"),
        ("Franchi S.p.A.", "franchi"),
        ("9123-4567 Québec inc.", "9123 4567 quebec"),
        ("Inc.", "inc"),
        ("S.E.N.C.", "s e n c"),
        ("Cie Ltée", "cie"),
        ("Incroyable", "incroyable"),
        ("S.A. Martin", "s a martin"),
        ("", ""),
    ],
)
def test_legal_suffixes(name: str, stripped: str) -> None:
    assert strip_legal_suffix(name) == stripped


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Imprimerie Québec inc.", "IMPRIMERIE"),
        ("La maison d'Asie", "MAISONASIE"),
        ("Mère Paillarde", "MERE"),
        ("B's Beverages", "BSBEVERAGES"),
        ("The Big Cheese", "BIGCHEESE"),
        ("Anticonstitutionnellement", "ANTICONSTITU"),
        ("Grand Comptes Suite", "GRANDCOMPTES"),  # twelve, and no more
        ("Grand Comptoir Un", "GRAND"),
        ("Les", "LES"),
        ("東京印刷", "CLIENT"),
        ("!!!", "CLIENT"),
        ("Œuvre", "OEUVRE"),
    ],
)
def test_stems(name: str, stem: str) -> None:
    assert code_stem(name) == stem


def test_numbers_fit() -> None:
    assert numbered("IMPRIM", 1) == "IMPRIM-1"
    assert numbered("A" * 20, 1234) == "A" * 15 + "-1234"


@given(st.text(max_size=60), st.integers(1, 10**9))
def test_a_generated_code_is_a_code(name: str, n: int) -> None:
    stem = code_stem(name)
    assert 1 <= len(stem) <= 12
    code = numbered(stem, n)
    assert check_code(code) == code
    assert code.endswith(f"-{n}")
