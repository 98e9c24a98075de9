"""The fixtures that the other tests stand on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interop_cli.i18n import language
from tests.support.cli import Run


def test_both_ways_to_run_give_the_same(run: Run, invoke: Run) -> None:
    french = {"INTEROP_LANG": "fr"}
    for words in (["--version"], ["help", "filters"], ["--no-such-option"]):
        assert invoke(*words, env=french) == run(*words, env=french)
    assert invoke("--no-such-option").code == 2
    assert language() == "en"


def test_the_environment_of_the_machine_is_out_of_sight(isolation: Path) -> None:
    assert os.environ["HOME"] == str(isolation)
    assert not any(name.startswith("INTEROP_") for name in os.environ)
    assert "CI" not in os.environ


def test_each_engine_gives_an_empty_place(engine: str, engine_url: str) -> None:
    if engine == "sqlite":
        assert not Path(engine_url).exists()
        return
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(engine_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchone() == (0,)
        connection.execute("CREATE TABLE left_behind (id integer)")


@pytest.mark.parametrize("time", [1, 2])
def test_nothing_is_left_from_another_test(postgres_url: str, time: int) -> None:
    test_each_engine_gives_an_empty_place("postgres", postgres_url)


def test_each_engine_gives_a_database_that_is_ready(ready_url: str) -> None:
    from interop_cli.store.engines.open import open_database

    connection = open_database(ready_url)
    assert connection.query("SELECT count(*) AS n FROM client")[0]["n"] == 0
    connection.close()
