"""A database for each example of a property, on each engine."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interop_cli.store.store import Store
from tests.support.stores import open_store

NewStore = Callable[[], Store]


@pytest.fixture
def new_location(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """A function that makes a database as ``db init`` leaves it; its value for ``--db``."""
    numbers = itertools.count(1)
    if engine == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        return lambda: str(shutil.copy(template, tmp_path / f"{next(numbers)}.db"))
    from tests.support.postgres import FOLDER, url_of

    server = request.getfixturevalue("postgres_server")
    name = request.getfixturevalue("postgres_template")
    folder = request.config.stash[FOLDER]
    return lambda: url_of(folder, server(name))


@pytest.fixture
def new_store(new_location: Callable[[], str]) -> Iterator[NewStore]:
    """A function that makes a database and opens it."""
    opened: list[Store] = []

    def new() -> Store:
        store = open_store(new_location())
        opened.append(store)
        return store

    yield new
    for store in opened:
        store.close()
