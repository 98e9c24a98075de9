"""The site of the documentation: it builds, in both languages, and no link of it leads nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT


class Page(HTMLParser):
    """Where a page's links lead, and what of it can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        for name in ("id", "name"):
            self.names.add(found.get(name) or "")
        link = found.get("src" if tag in ("img", "script") else "href")
        if link:
            self.links.append(link)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_no_link_of_the_site_leads_nowhere(site: Path) -> None:
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) >= 28
    dead = []
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or parts.path.startswith("/"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            there = target.exists() and (
                not parts.fragment or known is None or unquote(parts.fragment) in known.names
            )
            if not there:
                dead.append(f"{path.relative_to(site)}: {link}")
    assert not dead


def test_every_page_has_its_french(site: Path) -> None:
    english = {path.name for path in site.glob("*.html")} - {"404.html"}
    assert {path.name for path in (site / "fr").glob("*.html")} == english
    for name in english - {"connectors.html"}:
        assert 'lang="fr"' in (site / "fr" / name).read_text("utf-8")[:400]


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        loaded = Page(path.read_text("utf-8")).links
        assert not [one for one in loaded if "fonts.g" in one], path
