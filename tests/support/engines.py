"""The storage engines a test runs on. A new engine is a new row in ``ENGINES``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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


MadeOnce = Callable[[str, Callable[[str], object]], str]


@pytest.fixture(scope="session")
def _made() -> dict[tuple[str, str], str]:
    return {}


@pytest.fixture
def made_once(
    engine: str, _made: dict[tuple[str, str], str], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[MadeOnce]:
    """A function that gives a test its own copy of what all of that name begin with.

    ``made_once(name, fill)``: the address; ``fill`` is called with one of a database that is ready,
    the first time, and leaves no connection to it open.
    """
    get = request.getfixturevalue
    with ExitStack() as ending:

        def on_sqlite(name: str, fill: Callable[[str], object]) -> str:
            if (engine, name) not in _made:
                folder = get("tmp_path_factory").mktemp("once")
                template = str(shutil.copy(get("sqlite_template"), folder / "interop.db"))
                fill(template)
                assert not list(folder.glob("*-wal")), "a connection is still open"
                _made[engine, name] = template
            place = tmp_path / "interop.db"
            assert not place.exists(), "this test has a database already"
            return str(shutil.copy(_made[engine, name], place))

        def on_postgres(name: str, fill: Callable[[str], object]) -> str:
            from tests.support.postgres import FOLDER, lent, url_of

            server, folder = get("postgres_server"), request.config.stash[FOLDER]
            if (engine, name) not in _made:
                template = server(get("postgres_template"))
                fill(url_of(folder, template))
                _made[engine, name] = template
            return ending.enter_context(lent(server, _made[engine, name], folder))

        yield on_sqlite if engine == "sqlite" else on_postgres
