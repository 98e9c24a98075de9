"""The page of ``sales report --html``: whole or not at all, and what a browser shows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sales.conftest import HOSTILE
from tests.support.browser import Seen
from tests.support.cli import Run


def test_the_page_stands_alone_and_excludes_other_forms(filled: Run, tmp_path: Path) -> None:
    for args in (("--json",), ("-o", "csv"), ("--out", "x")):
        done = filled("sales", "report", "--html", "page.html", *args, "--error-format", "json")
        assert (done.code, done.error["code"]) == (2, "usage.report_html")
    assert not (tmp_path / "page.html").exists()
    assert filled("sales", "report", "--html", "page.html") == (0, "", "")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page == filled("sales", "report", "--html", "-").stdout
    assert filled("sales", "report", "--html", "nowhere/page.html").code == 74
    env = {"INTEROP_OUTPUT": "json"}
    assert filled("sales", "report", "--html", "-", env=env).stdout == page


def test_a_page_that_fails_leaves_the_one_before(
    filled: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text("before")
    monkeypatch.setattr(
        "interop_cli.output.charts.page.readers", lambda *_: (_ for _ in ()).throw(OSError(28, ""))
    )
    assert filled("sales", "report", "--html", "page.html").code == 74
    assert (tmp_path / "page.html").read_text() == "before"
    assert [path.name for path in tmp_path.glob("*.tmp*")] == []


@pytest.mark.parametrize(
    ("args", "lang", "heads"),
    [
        ((), "en", ["BOR", "GAL", "BOR"]),
        (("--top", "1"), "fr", ["BOR", "BOR"]),
        (("--by", "year"), "fr", ["2024", "2025", "2026", "2026"]),
        (("--by", "tag"), "en", ["<i>vip</i>", "arts", "<i>vip</i>"]),
        (("--by", "province"), "en", ["CA-ON", "CA-ON"]),
    ],
    ids=["client", "top", "year", "tag", "province"],
)
def test_a_browser_shows_the_page(
    args: tuple[str, ...], lang: str, heads: list[str], filled: Run, tmp_path: Path, seen: Seen
) -> None:
    assert filled("sales", "report", "--html", "p.html", "--lang", lang, *args).code == 0
    seen.open(tmp_path / "p.html")
    assert seen.said == []
    assert seen.asked == [(tmp_path / "p.html").as_uri()]
    assert seen.page.evaluate("document.documentElement.lang") == lang
    assert seen.texts("tbody th") == heads
    assert seen.page.locator("script, img, link, iframe").count() == 0
    charts = seen.page.locator("svg").all()
    assert len(charts) == 2
    for element in [*charts, *seen.page.locator("svg rect.gain").all()]:
        box = element.bounding_box()
        assert box["width"] > 0
        assert box["height"] > 0
    if not args:
        assert seen.texts("tbody td")[0] == HOSTILE
        assert any(HOSTILE in text for text in seen.texts("svg g title"))


# What is read, and the contrast that WCAG asks of text and of what is drawn.
READ = (
    ("td", "color", 4.5),
    ("li", "color", 4.5),
    ("svg text", "fill", 4.5),
    ("svg .mark", "fill", 4.5),
    ("svg .gain", "fill", 3),
    ("svg .loss", "fill", 3),
)


@pytest.mark.parametrize(
    "media", [{"color_scheme": "dark"}, {"color_scheme": "light"}, {"media": "print"}], ids=str
)
def test_it_can_be_read_on_any_ground(
    media: Mapping[str, str], filled: Run, tmp_path: Path, seen: Seen
) -> None:
    assert filled("sales", "report", "--html", "p.html", "--years", "1").code == 0
    seen.page.emulate_media(**media)
    seen.open(tmp_path / "p.html")
    ground = _light(seen, "body", "backgroundColor")
    assert (ground < 0.2) is (media == {"color_scheme": "dark"})
    for selector, name, least in READ:
        light = _light(seen, selector, name)
        assert (max(light, ground) + 0.05) / (min(light, ground) + 0.05) >= least, selector


def _light(seen: Seen, selector: str, name: str) -> float:
    """The relative luminance of a colour, as WCAG counts it."""
    color = seen.page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{name}")
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_narrow_screen_scrolls_the_parts_and_not_the_page(
    filled: Run, tmp_path: Path, seen: Seen
) -> None:
    assert filled("sales", "report", "--html", "p.html").code == 0
    seen.page.set_viewport_size({"width": 360, "height": 640})
    seen.open(tmp_path / "p.html")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
