"""Colour, decided for each stream, and the width of text."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.output import Output, Style
from interop_cli.output.style import _NARROW, clip, terminal_width, width
from tests.output.terminals import Kept, on_terminal

SGR = "\x1b["


def show_card(output: Output) -> None:
    output.record({"code": "A"}, card=lambda obj, style: [style.bold(obj["code"])])


# flag, environment, coloured on a terminal, coloured off it
TRUTH = [
    ("auto", {"TERM": "xterm"}, True, False),
    ("auto", {}, True, False),
    ("auto", {"NO_COLOR": "1"}, False, False),
    ("auto", {"NO_COLOR": ""}, True, False),
    ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ("auto", {"FORCE_COLOR": "1"}, True, True),
    ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
    ("auto", {"FORCE_COLOR": ""}, True, False),
    ("auto", {"TERM": "dumb"}, False, False),
    ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
    ("never", {"FORCE_COLOR": "1"}, False, False),
]


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("color", "environ", "on", "off"), TRUTH)
def test_colour_truth_table(color: str, environ: dict[str, str], on: bool, off: bool) -> None:
    out, err = on_terminal(show_card, color=color, environ=environ)
    assert (SGR in out) is on
    kept = Kept(color=color, environ=environ)
    show_card(kept.output)
    assert (SGR in kept.out) is off
    _, err = on_terminal(fail, color=color, environ=environ)
    assert (SGR in err) is on
    kept = Kept(color=color, environ=environ)
    fail(kept.output)
    assert (SGR in kept.err) is off


def fail(output: Output) -> None:
    output.error(NotFound("x", msg("No.")))


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_each_stream_on_its_own() -> None:
    from tests.output.terminals import terminal

    kept = Kept()
    with terminal() as (stream, shown):
        output = Output(stdout=kept.output._stdout, stderr=stream, environ={})
        show_card(output)
        fail(output)
        assert SGR in shown()
    assert SGR not in kept.out


@given(st.text(st.characters()))
def test_data_cannot_pass_for_a_style(text: str) -> None:
    style = Style(enabled=True)
    line = style.render(f"{text}{style.red(text)}{text}")
    assert re.findall("[\x00-\x1f\x7f-\x9f]+[^m]*m?", line)[:1] in ([], ["\x1b[31m"])
    assert line.count("\x1b") == (2 if text else 0)


def test_a_style_of_data_is_escaped() -> None:
    style = Style(enabled=True)
    assert style.render("\x1b[31mred\x1b[0m") == r"\x1b[31mred\x1b[0m"
    other = Style(enabled=True)
    assert "\x1b[1m" not in style.render(other.bold("x"))


def test_styles_when_off_change_nothing() -> None:
    style = Style(enabled=False)
    for dress in (style.bold, style.dim, style.red, style.yellow, style.cyan):
        assert dress("x") == "x"


def test_pad_counts_what_is_seen() -> None:
    style = Style(enabled=True)
    assert style.render(style.pad(style.bold("漢"), 4)) == "\x1b[1m漢\x1b[0m  "


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("\x1b", 4)]
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


def test_what_is_measured_by_ourselves_takes_what_the_library_says() -> None:
    narrow = [char for char in map(chr, range(0x10000)) if _NARROW.fullmatch(char)]
    assert {"é", "œ", "’", "…", "⌂", "★"} < {*narrow}
    assert {char: wcswidth(char) for char in narrow} == dict.fromkeys(narrow, 1)
    assert wcswidth("".join(narrow)) == len(narrow)


@given(st.text(), st.integers(1, 12))
def test_clip_fits(text: str, columns: int) -> None:
    cut = clip(text, columns)
    assert width(cut) <= columns
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


def test_terminal_width() -> None:
    assert terminal_width({"COLUMNS": "132"}, None) == 132
    assert terminal_width({"COLUMNS": "0"}, None) == 80
    assert terminal_width({"COLUMNS": "wide"}, None) == 80
