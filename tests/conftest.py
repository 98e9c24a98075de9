"""What every test stands on: a private home, a fixed zone and language, and the shared fixtures."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = tuple(
    f"tests.support.{name}"
    for name in ("postgres", "engines", "cli", "stores", "many_stores", "browser")
)

ROOT = Path(__file__).resolve().parent.parent

# `dev` looks for something new each time, `ci` gives the same verdict for the same code.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
settings.register_profile(
    "long", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("dev")

CLEARED_PREFIXES = ("INTEROP_", "XDG_", "LC_", "PG")
CLEARED = ("CI", "COLUMNS", "FORCE_COLOR", "LANG", "LANGUAGE", "LESS", "NO_COLOR", "PAGER", "TERM")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the expectations of tests/cli/*.txt"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have each worker load the tests in turn, each beginning at another place.

    pytest compiles the tests itself, 10 s in a new clone: each worker compiles its share of them,
    and finds the others' compiled.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    paths = sorted(Path(__file__).parent.rglob("test_*.py"))
    first = len(paths) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for path in paths[first:] + paths[:first]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # told of when collected
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Have the collector of cycles look past what is there for good: the tests, the libraries."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # as in a process of the program


@pytest.fixture(autouse=True)
def isolation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the test away from the user's data, settings, language and zone; the private home."""
    for name in list(os.environ):
        if name.startswith(CLEARED_PREFIXES) or name in CLEARED:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / f".{name.lower()}"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("NO_PAGER", "1")  # those who test it say otherwise
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        _apply_zone()
        yield home
    _apply_zone()


def _apply_zone() -> None:
    if hasattr(time, "tzset"):  # Windows has none
        time.tzset()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds ``interop_cli/`` and ``tests/``."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that nobody here wrote (``../shared/data``); the test is skipped without it."""
    for base in (ROOT.parent, ROOT.parent.parent):
        folder = base / "shared" / "data"
        if folder.is_dir():
            return folder
    pytest.skip("the shared sample data (../shared/data) is not on this machine")
