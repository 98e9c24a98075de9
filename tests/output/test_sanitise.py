"""Nothing from data reaches a terminal that it would obey or hide."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.output.sanitise import one_line, printable, printable_json

ATTACKS = {
    "title": "\x1b]0;owned\x07",
    "clear": "\x1b[2J",
    "link": "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;aGk=\x07",
    "dcs": "\x1bP1$r\x1b\\",
    "csi of C1": "\x9b31m",
    "overwrite": "abc\rxyz",
    "backspace": "abc\b\b\b",
    "delete": "a\x7f",
    "right to left": "\u202egnp.exe",
    "isolate": "\u2067a\u2069",
    "mark": "a\u200fb\u200eb\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\ufeff\u2060",
    "separators": "a\u2028b\u2029c",
    "tags": "a\U000e0041\U000e007f",
    "surrogate": "a\udc9bb",
    "null": "\0",
}
everything = st.text(st.characters())


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
def test_attacks_are_shown_as_escapes(text: str) -> None:
    shown = printable(text)
    assert "\\" in shown
    assert is_safe(shown)


def test_the_escapes() -> None:
    assert printable("\x1b\x9b\n\t") == r"\x1b\x9b\x0a\x09"
    assert printable("\u202e\udc80\U000e0041") == r"\u202e\udc80\U000e0041"


@given(everything)
def test_whatever_it_is_the_result_is_safe(text: str) -> None:
    assert is_safe(printable(text))
    assert is_safe(one_line(text))
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    "text", ["", "Imprimerie Été", "漢字", "a\\x1b", "👍🏽", "e\u0301", "\u00a0"]
)
def test_ordinary_text_is_the_same_object(text: str) -> None:
    assert printable(text) is text
    assert one_line(text) is text


def test_line_ends_in_a_cell() -> None:
    assert one_line("Door 2\r\nring\rtwice\n") == "Door 2 ⏎ ring ⏎ twice"
    assert one_line("a\tb") == r"a\x09b"


@given(st.text(st.characters()))
def test_json_stays_the_same_value(text: str) -> None:
    plain = json.dumps({"k": text}, ensure_ascii=False)
    shown = printable_json(plain)
    assert is_safe(shown)
    assert json.loads(shown) == json.loads(plain)


def is_safe(text: str) -> bool:
    """No control, no format character that hides or reorders, no surrogate."""
    return not any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF")
        or unicodedata.bidirectional(char) in ("LRI", "RLI", "FSI", "PDI")
        or char in "\u200b\u200c\u200d\u200e\u200f\u061c\ufeff\u2060"
        for char in text
    )
