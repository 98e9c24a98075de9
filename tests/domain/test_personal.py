"""A person in texts: found however they are written, and nobody else with them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.erasure import MARK, USUAL, Traces, blank_contact
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


# What people type: with the marks left out or put in, in capitals, and as other programs write it.
odd = st.sampled_from(
    (
        lambda text: text,
        str.upper,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: "\u00ad".join(text),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text.replace(" ", "\u200b"),
        lambda text: text.replace("e", "ê").replace("a", "À").replace("c", "ç"),
        lambda text: fold(text),
        lambda text: text.replace("ss", "ß").replace("fi", "ﬁ"),
        lambda text: text.translate({code: code + 0xFEE0 for code in range(0x30, 0x7B)}),
    )
)


def is_like(pattern: str, text: str) -> bool:
    """Whether SQL would say so; its LOWER knows ASCII alone."""
    lower = "".join(char.lower() if char.isascii() else char for char in text)
    parts = {"%": ".*", "_": "."}
    found = "".join(parts.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(found, lower, re.DOTALL) is not None


@given(st.lists(words, min_size=1, max_size=3), noise, noise, odd)
def test_the_coarse_search_misses_nothing(
    name: list[str], before: str, after: str, spelt: Callable[[str], str]
) -> None:
    """Whatever the person is found in is found in SQL, or is not written in usual characters."""
    traces = Traces([" ".join(name)], ["a.b@c.ca"], ["+14185550134", "+33145678901"])
    for written in (" ".join(name), "a.b@c.ca", "418-555-0134", "418 55 50 134", "01 45 67 89 01"):
        text = f"{before} {spelt(written)} {after}"
        if traces.in_text(text) and not re.search(f"[^{USUAL}]", text):
            assert any(is_like(pattern, text) for pattern in traces.patterns())


@given(odd)
def test_a_name_is_found_however_it_is_spelt(spelt: Callable[[str], str]) -> None:
    assert MARIE.in_text(f"Voir {spelt('Marie-Ève Roy')}.")


def test_a_name_in_two_fields_of_what_was_sent() -> None:
    sent = {
        "first_name": "Marie-Eve",
        "last_name": "ROY",
        "city": "Roy",
        "x": "MarieÈveRoy",
        "n": 1,
    }
    assert json.loads(MARIE.redacted_payload(json.dumps(sent))) == {
        "first_name": MARK,
        "last_name": MARK,
        "city": MARK,  # as good as a half of the name, there
        "x": MARK,
        "n": 1,
    }
    digits = {"phone": "418555013422", "other": "418555013423"}
    assert json.loads(MARIE.redacted_payload(json.dumps(digits))) == {
        "phone": MARK,
        "other": "418555013423",
    }
    assert MARIE.redacted_payload("/tmp/file.csv") == "/tmp/file.csv"
    assert MARIE.redacted_payload('{"first_name": "Marie-Eve"}') == '{"first_name": "Marie-Eve"}'
