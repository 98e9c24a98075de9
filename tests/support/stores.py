"""A store to write to, on each engine, and what it holds as plain values."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.rules import Context
from interop_cli.services.clients import card
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.open import open_database
from interop_cli.store.engines.sqlite import SqliteConnection
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import TABLES

Fill = Callable[[Store], None]
Dump = dict[str, list[tuple[Any, ...]]]
NOW = "2026-11-24T12:00:00Z"


def open_store(url: str, *, patience: float = 30) -> Store:
    """A store as the program would open it, with a clock that stands still."""
    conn = open_database(url, lock_timeout=patience)
    return Store(conn, lambda: "2026-11-24", lambda: NOW, "tester", "test")


@pytest.fixture
def store(ready_url: str) -> Iterator[Store]:
    """An empty database on each engine in turn."""
    store = open_store(ready_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def filled(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Fill], Store]]:
    """A function that makes what the tests of a file share on each engine, and only read."""
    with ExitStack() as ending:
        if engine == "sqlite":
            template = request.getfixturevalue("sqlite_template")
            url = str(shutil.copy(template, tmp_path_factory.mktemp("filled") / "interop.db"))
        else:
            from tests.support.postgres import FOLDER, lent

            server = request.getfixturevalue("postgres_server")
            name = request.getfixturevalue("postgres_template")
            url = ending.enter_context(lent(server, name, request.config.stash[FOLDER]))
        store = open_store(url)
        ending.callback(store.close)

        def filled(fill: Fill) -> Store:
            fill(store)
            store.conn.write = _no_writing  # type: ignore[method-assign]
            return store

        yield filled


def _no_writing(**_options: object) -> Any:
    pytest.fail("the tests of this file share one store: those that write ask for their own")


def dump(conn: Connection) -> Dump:
    """Every entity without version and times: what an undo must bring back exactly."""
    found = {}
    for table in TABLES.values():
        names = ", ".join(("id", *table.columns))
        rows = conn.query(f"SELECT {names} FROM {table.name} ORDER BY id")
        found[table.name] = [tuple(row.values()) for row in rows]
    rows = conn.query("SELECT client_id, words FROM client_search ORDER BY client_id")
    found["client_search"] = [tuple(row.values()) for row in rows]
    return found


def add_client(store: Store, name: str = "Imprimerie Boréale", **values: Any) -> int:
    """Create a client through its service; its id."""
    fields = {
        "name": name,
        "line1": "12, rue du Quai",
        "city": "Québec",
        "postal_code": "G1K 7X2",
        **values,
    }
    outcome, _ = store.run(
        lambda uow: card.create(uow, fields, Context()), operation="client.create"
    )
    return int(outcome.items[0]["id"])


def all_text(conn: Connection) -> str:
    """All that is stored, in lower case: the bytes of the files, or all a server has as text."""
    if isinstance(conn, SqliteConnection):
        files = sorted(conn.path.parent.glob(f"{conn.path.name}*"))
        return b"".join(map(Path.read_bytes, files)).decode("utf-8", "replace").lower()
    rows = conn.query(
        "SELECT CAST(most_common_vals AS TEXT) AS a, CAST(histogram_bounds AS TEXT) AS b"
        " FROM pg_stats WHERE schemaname = current_schema()"
    )
    for table in sorted(conn.tables()):
        rows += conn.query(f"SELECT * FROM {table}")
    values = [value for row in rows for value in row.values()]
    return "\n".join(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in values
    ).lower()
