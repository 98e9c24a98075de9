"""A real browser without a window, where the machine has one: Chromium, Chrome or Edge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
CHANNELS = ("chrome", "msedge")  # where they are installed on macOS and Windows


@dataclass
class Seen:
    """A page as the browser shows it, and what it said and asked for on the way."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path) -> None:
        """Show a file."""
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append("dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri(), wait_until="load")

    def texts(self, selector: str) -> list[str]:
        """What stands in each element, as a person would copy it."""
        found: list[str] = self.page.locator(selector).all_text_contents()
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A window of the browser, driven by playwright; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as driver:
        started = _started(driver.chromium, api.Error)
        if started is None:
            pytest.skip("no Chromium, Chrome or Edge here (Debian: apt-get install chromium)")
        # One window, and in it a tab that stays: a window of its own for each costs twice as much.
        window = started.new_context()
        window.new_page()
        yield window
        started.close()


def _started(chromium: Any, failure: type[Exception]) -> Any:
    """The first that is there; one that is there and does not start is an error."""
    for name in NAMES:
        if path := shutil.which(name):
            return chromium.launch(executable_path=path, args=["--disable-background-networking"])
    for channel in CHANNELS:
        try:
            return chromium.launch(channel=channel)
        except failure:
            continue
    return None


@pytest.fixture
def seen(browser: Any) -> Iterator[Seen]:
    """An empty tab."""
    page = browser.new_page()
    try:
        yield Seen(page)
    finally:
        page.close()
