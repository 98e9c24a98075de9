"""The storage engines a test runs on. A new engine is a new row in ``ENGINES``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine this run of the test is about; a file's tests go engine by engine."""
    return str(request.param)


@pytest.fixture
def engine_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A value for ``--db``: an empty place on each engine in turn."""
    if engine == "sqlite":
        return str(tmp_path / "interop.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ready_url(engine: str, request: pytest.FixtureRequest) -> str:
    """A value for ``--db``: a database as ``db init`` leaves it, on each engine in turn."""
    return str(request.getfixturevalue(f"{engine}_ready_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our schema and nothing in it, to copy."""
    from interop_cli.store.engines.create import create_database

    path = tmp_path_factory.mktemp("template") / "interop.db"
    create_database(str(path), "2026-01-01T00:00:00Z", lock_timeout=30)
    return path


@pytest.fixture
def sqlite_ready_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A copy of the template that this test has for itself."""
    return str(shutil.copy(sqlite_template, tmp_path / "interop.db"))  # with its mode, 0600
