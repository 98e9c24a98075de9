"""The fixtures that the other tests stand on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from interop_cli.i18n import language
from tests.support.cli import Run
from tests.support.warm import cold_program, install, warm_program


def test_both_ways_to_run_give_the_same(run: Run, invoke: Run) -> None:
    french = {"INTEROP_LANG": "fr"}
    for words in (["--version"], ["help", "filters"], ["--no-such-option"]):
        assert invoke(*words, env=french) == run(*words, env=french)
    assert invoke("--no-such-option").code == 2
    assert language() == "en"


@pytest.mark.skipif(os.name == "nt", reason="only a POSIX system forks")
@pytest.mark.parametrize(
    ("words", "env", "stdin"),
    [
        (["--version"], {}, b""),
        (["help", "filters"], {"INTEROP_LANG": "fr", "COLUMNS": "60"}, b""),
        (["help", "filters"], {"INTEROP_LANG": "fr", "PYTHONIOENCODING": "ascii"}, b""),
        (["--no-such-option"], {"LC_ALL": "C.UTF-8"}, b""),
        (["--db", "x.db", "client", "list"], {"HOME": "elsewhere"}, b""),
        (["--db", "x.db", "db", "init", "--json"], {}, b""),
        (["config", "set", "places.key", "-"], {"INTEROP_NO_KEYRING": "1"}, "clé\n".encode()),
        (["client", "show", "Œuvre 'a b'\n", ""], {"INTEROP_LANG": "fr"}, b""),
    ],
)
def test_a_warm_start_gives_what_a_cold_one_gives(
    words: list[str], env: dict[str, str], stdin: bytes, tmp_path: Path
) -> None:
    def answer(kind: str, program: str) -> tuple[int, bytes, bytes, list[str]]:
        path = install(program, tmp_path / kind)
        done = subprocess.run(
            [path, *words],
            input=stdin,
            capture_output=True,
            cwd=path.parent,
            env={**os.environ, "LC_ALL": "", "LANG": "C.UTF-8", **env},
            check=False,
        )
        files = sorted(found.name for found in path.parent.iterdir())
        return done.returncode, done.stdout, done.stderr, files

    warm = answer("warm", warm_program())
    assert warm == answer("cold", cold_program())
    assert b"without an exit code" not in warm[2]


@pytest.mark.skipif(os.name == "nt", reason="only a POSIX system forks")
def test_warm_commands_run_at_the_same_time(tmp_path: Path) -> None:
    """One that waits for its input keeps no other from running, as in a pipe."""
    program = install(warm_program(), tmp_path / "bin")
    waiting = subprocess.Popen(
        [program, "config", "set", "places.key", "-"],
        stdin=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "", "INTEROP_NO_KEYRING": "1"},
    )
    another = subprocess.run(
        [program, "--version"], env={**os.environ, "LC_ALL": ""}, timeout=60, check=False
    )
    assert another.returncode == 0
    assert waiting.poll() is None
    waiting.communicate(b"AIza-fake\n", timeout=60)
    assert waiting.returncode == 0


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
