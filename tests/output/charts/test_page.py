"""The page of a report, as text: whole, closed to the network, and with nothing unescaped."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.i18n import set_language
from interop_cli.output.charts import Bar, Chart, Drawing
from interop_cli.output.charts.page import MOST_BARS, html

COLUMNS = [Column("key"), Column("name"), Column("amount_cents", ValueKind.MONEY)]
ALLOWED = set(
    "html head meta title style body main h1 h2 section div svg desc clippath rect text path g p"
    " table caption thead tbody tr th td ul li".split()
)


class Reader(HTMLParser):
    """Which elements there are, and what is written in them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def made(*bars: Bar, title: str = "Sales", note: str = "Before taxes.") -> str:
    charts = [Chart("CAD", list(bars))] if bars else []
    rows = [(bar.label, bar.label, bar.cents) for bar in bars]
    return "".join(html(Drawing(title, "Client", charts, [note]), COLUMNS, rows, None))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@given(st.text(), st.text(), st.text(), st.integers(-(10**15), 10**15), st.booleans())
def test_data_never_becomes_markup(
    label: str, title: str, note: str, cents: int, stale: bool
) -> None:
    reader = read(made(Bar(label, cents, stale), title=title, note=note))
    assert {tag for tag, _ in reader.found} <= ALLOWED
    for tag, attrs in reader.found:
        assert not {name for name in attrs if name.startswith("on") or name in ("href", "src")}, tag


def test_a_hostile_name_is_text() -> None:
    name = "</title><script>alert(1)</script>\"'&amp;"
    page = made(Bar(name, 100), title=name, note=name)
    assert "<script" not in page
    # title, h1, title and desc of the chart, caption, title of the bar, two cells, the remark
    assert [name in text for text in read(page).texts].count(True) == 9


def test_it_reads_aloud() -> None:
    reader = read(made(Bar("A", 100), Bar("B", 50)))
    assert reader.all("html") == [{"lang": "en"}]
    assert len(reader.all("caption")) == 1
    assert [attrs["scope"] for attrs in reader.all("th")] == ["col"] * 3 + ["row"] * 2
    (svg,) = reader.all("svg")
    assert svg["role"] == "img"
    ids = {attrs["id"] for _, attrs in reader.found if "id" in attrs}
    assert set(str(svg["aria-labelledby"]).split()) <= ids
    assert "2 bars, together $1.50; the longest: A, $1.00." in reader.texts


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    page = made(Bar("A", 100))
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    seal = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = read(page).all("meta")[1]
    assert policy == {
        "http-equiv": "Content-Security-Policy",
        "content": f"default-src 'none'; style-src 'sha256-{seal}'; base-uri 'none';"
        " form-action 'none'",
    }
    assert not re.search(r"https?:|url\((?!#)|@import|style=", page)


def test_the_chart_has_the_first_bars_and_the_table_all() -> None:
    reader = read(made(*(Bar(f"K{n}", n) for n in range(MOST_BARS + 2))))
    assert len(reader.all("rect")) == MOST_BARS + 1 - 1  # a clip, and no bar for zero
    assert len(reader.all("tr")) == 1 + MOST_BARS + 2
    assert "2 more are in the table." in reader.texts


def test_nothing_sold_is_a_page_too() -> None:
    reader = read(made())
    assert not reader.all("svg")
    assert len(reader.all("tr")) == 1


def test_it_speaks_french() -> None:
    set_language("fr")
    try:
        reader = read(made(Bar("A", 123456)))
    finally:
        set_language("en")
    assert reader.all("html") == [{"lang": "fr"}]
    assert {"Montant", "1\u00a0234,56", "1\u00a0234,56\u00a0$"} <= set(reader.texts)


@pytest.mark.parametrize("cents", [(1,), (0,), (-1,), (10**15, -(10**15)), (3, -1, 0)])
def test_every_bar_is_inside_the_picture(cents: tuple[int, ...]) -> None:
    reader = read(made(*(Bar(f"K{n}", value) for n, value in enumerate(cents))))
    (svg,) = reader.all("svg")
    _, _, wide, high = map(float, str(svg["viewbox"]).split())
    drawn = [attrs for attrs in reader.all("rect") if "class" in attrs]
    assert len(drawn) == sum(value != 0 for value in cents)
    for attrs in drawn:
        x, y, w, h = (float(str(attrs[name])) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= wide + 1
        assert y + h <= high
