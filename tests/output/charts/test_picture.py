"""Pictures, SVG by us and PNG by matplotlib: same bytes, names as data, nothing on another."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from interop_cli.domain.errors import ConfigError, UsageError
from interop_cli.i18n import set_language
from interop_cli.output.charts import Bar, Chart, Drawing, picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "A  $x^{2$ <b>&\"'</b> \x1b[2J\nŒuvre é  ]]>\\frac"


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("matplotlib", reason="the extra 'charts' is not installed")


def drawing(*charts: Chart, title: str = "Sales by year") -> Drawing:
    return Drawing(title, "Year", charts, ["Before taxes."])


def chart_of(*cents: int, currency: str = "CAD") -> Chart:
    return Chart(currency, [Bar(str(2000 + n), value) for n, value in enumerate(cents)])


def texts(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)  # raises where it is not well-formed
    return ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_data_gives_the_same_bytes(form: str, request: pytest.FixtureRequest) -> None:
    if form == "png":
        request.getfixturevalue("library")
    asked = drawing(chart_of(100, -50, 0), chart_of(7, currency="USD"))
    first = picture.draw(asked, form)
    assert first == picture.draw(asked, form)
    assert not re.search(rb"20\d\d-\d\d-\d\d", first)


def test_a_png_is_one(library: Any) -> None:
    assert picture.draw(drawing(chart_of(1)), "png").startswith(b"\x89PNG\r\n\x1a\n")


def test_an_svg_says_everything_in_text() -> None:
    found = texts(picture.draw(drawing(chart_of(123456, 0, -50)), "svg"))
    for text in (
        "Sales by year",
        "Year",
        "Amount (CAD)",
        "Before taxes.",
        "2000",
        "$1,234.56",
        "$0.00",
        "-$0.50",
        "$1,000.00",
    ):
        assert text in found


def test_names_are_data() -> None:
    chart = Chart("CAD", [Bar(HOSTILE, 100, stale=True)])
    found = texts(picture.draw(drawing(chart, title=HOSTILE), "svg"))
    shown = "$x^{2$ <b>&\"'</b> \\x1b[2J"  # a label is cut
    assert [shown in text for text in found].count(True) == 2


def test_the_users_own_style_does_not_count(tmp_path: Any, library: Any) -> None:
    asked = drawing(chart_of(100, 50))
    before = picture.draw(asked, "png")
    with library.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert picture.draw(asked, "png") == before
        assert library.rcParams["font.size"] == 30


def test_amounts_follow_the_language() -> None:
    set_language("fr")
    try:
        found = texts(picture.draw(drawing(chart_of(123456)), "svg"))
    finally:
        set_language("en")
    assert "1\u00a0234,56\u00a0$" in found
    assert "Montant (CAD)" in found


@pytest.mark.parametrize(
    "chart",
    [
        chart_of(5),
        chart_of(0),
        chart_of(-(10**15), 10**15),
        Chart("CAD", [Bar(f"K{n}  " + "W" * 60, 10**n, n % 2 == 0) for n in range(15)]),
        chart_of(*range(1, 51)),
        chart_of(*range(-25, 25), currency="CHF"),
    ],
    ids=["one", "zero", "huge", "long names", "fifty", "both sides"],
)
def test_nothing_lies_on_anything_else(
    chart: Chart, monkeypatch: pytest.MonkeyPatch, library: Any
) -> None:
    figures: list[Any] = []
    saved = picture._saved
    monkeypatch.setattr(
        picture, "_saved", lambda figure, *rest: (figures.append(figure), saved(figure, *rest))[1]
    )
    picture.draw(drawing(chart), "png")
    boxes = _boxes(figures[0])
    page = figures[0].bbox
    for name, box in boxes:
        assert page.x0 <= box.x0, name
        assert box.x1 <= page.x1, name
        assert page.y0 <= box.y0, name
        assert box.y1 <= page.y1, name
    for index, (name, box) in enumerate(boxes):
        for other, second in boxes[index + 1 :]:
            wide = min(box.x1, second.x1) - max(box.x0, second.x0)
            high = min(box.y1, second.y1) - max(box.y0, second.y0)
            assert wide <= 0.5 or high <= 0.5, (name, other)


def _boxes(figure: Any) -> list[tuple[str, Any]]:
    """What is written and drawn, with the place it takes."""
    (axes,) = figure.axes
    labels = [*figure.texts, *axes.get_yticklabels(), *axes.get_xticklabels(), axes.xaxis.label]
    shown = [artist for artist in [*labels, *axes.patches] if artist.get_visible()]
    boxes = [(getattr(a, "get_text", lambda: "bar")(), a.get_window_extent()) for a in shown]
    return [(name, box) for name, box in boxes if box.width and box.height]


def test_bars_stand_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    svg = ET.fromstring(picture.draw(drawing(chart_of(3, 2, 1)), "svg"))
    rows = {}
    for element in svg.iter(f"{SVG}text"):
        text = "".join(element.itertext()).strip()
        if re.fullmatch(r"200\d", text):
            rows[text] = _height(element)
    assert list(rows) == ["2000", "2001", "2002"]
    assert all(above < below for above, below in pairwise(rows.values()))


def _height(element: ET.Element) -> float:
    moved = re.search(r"translate\([-\d.]+ ([-\d.]+)\)", element.get("transform", ""))
    return float(moved[1] if moved else element.get("y", "nan"))


def test_more_bars_than_can_be_looked_at_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        picture.draw(drawing(chart_of(*range(picture.MOST_BARS + 1))), "svg")
    assert caught.value.code == "charts.bars"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert texts(picture.draw(drawing(chart_of(1)), "svg"))
    with pytest.raises(ConfigError) as caught:
        picture.draw(drawing(chart_of(1)), "png")
    assert caught.value.code == "charts.missing"
