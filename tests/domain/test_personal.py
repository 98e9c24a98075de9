"""A person in texts: found however they are written, and nobody else with them."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.erasure import MARK, Traces, blank_contact
from interop_cli.domain.values.text import fold

MARIE = Traces(["Marie-Ève Roy"], ["meve.roy@presse.ca"], ["+14185550134;ext=22"])


@pytest.mark.parametrize(
    "text",
    [
        "Marie-Ève Roy",
        "marie eve roy",
        "MARIE-EVE  ROY",
        "Roy, Marie-Ève",
        "ROY MARIE EVE",
        "(Marie‑Ève Roy)",
        unicodedata.normalize("NFD", "Marie-Ève Roy"),
        "x: Marie-Ève\nRoy.",
        "meve.roy@presse.ca",
        "MEVE.ROY@PRESSE.CA",
        "<meve.roy@presse.ca>",
        "4185550134",
        "418-555-0134",
        "(418) 555-0134",
        "+1 418 555 0134",
        "1.418.555.0134",
        "418 555-0134 poste 22",
        "+14185550134;ext=22",
        "tel:+14185550134",
        "14185550134 4185550134",
    ],
)
def test_found_however_it_is_written(text: str) -> None:
    assert MARIE.in_text(text)
    left = MARIE.redacted(f"a {text} b")
    assert not MARIE.in_text(left)
    assert left.startswith("a ")
    assert left.endswith(" b")
    assert not any(part in fold(left) for part in ("marie", "0134", "meve"))


@pytest.mark.parametrize(
    "text",
    [
        "Marie-Ève Royer",
        "Anne-Marie-Ève Royal",
        "Marie Roy",
        "M. Roy",
        "roy@presse.ca",
        "xmeve.roy@presse.ca",
        "meve.roy@presse.car",
        "meve.roy@presse.ca.example",
        "94185550134",
        "41855501345",
        "418-555-0135",
        "",
        "…",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert MARIE.redacted(text) == text


def test_an_extension_goes_with_its_number() -> None:
    assert MARIE.redacted("au 418 555-0134, poste 22 svp") == f"au {MARK} svp"
    french = Traces(phones=["+33145678901"])
    assert french.redacted("01 45 67 89 01 ou +33 (0)1 45 67 89 01") == f"{MARK} ou {MARK}"
    assert Traces(phones=["12-34"]).redacted("12-34") == "12-34"  # too short to be anybody's


def test_json_stays_json() -> None:
    text = json.dumps({"to": ["Marie-Ève Roy"], "n": 1, "Roy, Marie-Eve": None})
    after = json.loads(MARIE.redacted(text))
    assert after == {"to": [MARK], "n": 1, MARK: None}
    assert MARIE.redacted('{"a": 1}') == '{"a": 1}'
    assert MARIE.redacted("{Marie-Ève Roy") == f"{{{MARK}"


def test_a_row_without_the_person() -> None:
    row = {
        "attention": "Marie-Ève Roy",
        "line1": "1 rue Marie-Ève Roy",
        "email": None,
        "id": 3,
        "code": "meve.roy@presse.ca",
        "name": "marie eve roy",
    }
    assert MARIE.redacted_row(row, frozenset({"code"})) == {
        "attention": None,
        "line1": f"1 rue {MARK}",
        "email": None,
        "id": 3,
        "code": "meve.roy@presse.ca",
        "name": MARK,
    }
    assert blank_contact(7, {"name": "X", "email": "x@y.ca", "version": 3}) == {
        "name": "#7",
        "email": None,
        "version": 3,
    }


def test_what_others_have_is_taken_off_the_list_however_it_is_spelt() -> None:
    left = MARIE.without(Traces(["marie eve ROY"], ["MEVE.ROY@presse.ca"], ["+14185550134"]))
    assert not left
    assert MARIE.nameless().in_text("meve.roy@presse.ca")
    assert not MARIE.nameless().in_text("Marie-Ève Roy")


words = st.text(st.sampled_from("aeéÈçœ'-ßBz"), min_size=1, max_size=6).filter(
    lambda word: bool(fold(word).strip("'-"))
)
noise = st.text(st.sampled_from("abéÈ 1.\n{[\"'@-"), max_size=20)


@given(st.lists(words, min_size=2, max_size=3), noise, noise)
def test_nothing_of_a_name_is_left_in_any_text(name: list[str], before: str, after: str) -> None:
    traces = Traces([" ".join(name)])
    text = f"{before} {' '.join(name).upper()} {after}"
    left = traces.redacted(text)
    assert MARK in left
    assert not traces.in_text(left)


@given(st.lists(words, min_size=1, max_size=3), noise, noise)
def test_the_coarse_search_misses_nothing(name: list[str], before: str, after: str) -> None:
    """What SQL looks for (ASCII lower case) is in every text in which the person is found."""
    traces = Traces([" ".join(name)], ["a.b@c.ca"], ["+14185550134", "+33145678901"])
    for written in (
        " ".join(name),
        " ".join(name).upper(),
        "A.B@C.CA",
        "418-555-0134",
        "01 45 67 89 01",
    ):
        text = f"{before} {written} {after}"
        lower = "".join(char.lower() if char.isascii() else char for char in text)
        if traces.in_text(text):
            assert any(part in lower for part in traces.fragments())
