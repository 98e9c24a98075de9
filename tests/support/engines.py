"""The storage engines a test runs on. A new engine is a new row in ``ENGINES``."""

from __future__ import annotations

from pathlib import Path

import pytest

ENGINES = ("sqlite", "postgres")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine this run of the test is about."""
    return str(request.param)


@pytest.fixture
def engine_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A value for ``--db``: an empty place on each engine in turn."""
    if engine == "sqlite":
        return str(tmp_path / "interop.db")
    return str(request.getfixturevalue("postgres_url"))
