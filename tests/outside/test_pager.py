"""The pager: on a terminal, for what is longer than the screen, and never in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.outside import environment, finish, start
from tests.support.terminal import on_terminal
from tests.support.warm import warm_command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
WANTED = {"NO_PAGER": "", "NO_COLOR": "1"}
# Says that it was there, and passes on what it reads.
MARKING = f"""#!{sys.executable}
import os, sys
print("PAGER", os.environ.get("LESS"), flush=True)
sys.stdout.write(sys.stdin.read())
"""
# Reads one line and leaves.
QUITTING = f"""#!{sys.executable}
import os
print(os.read(0, 4).decode(), "ENOUGH", flush=True)
"""
# Waits for the person, whom Ctrl-C does not drive out.
WAITING = f"""#!{sys.executable}
import signal, sys, time
pressed = []
signal.signal(signal.SIGINT, lambda *_: pressed.append(print("INTERRUPTED", flush=True)))
print("READ", sys.stdin.read().count("\\n"), flush=True)
while not pressed:
    time.sleep(0.01)
print("GONE", flush=True)
"""


@pytest.fixture(scope="module")
def _many(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("many")))
    rows = "".join(f"P-{n:04},Client {n},1 rue A,Québec,G1K 4A1\n" for n in range(3000))
    lines = f"code,name,line1,city,postal_code\n{rows}".encode()
    words = ["--db", str(path), "client", "import", "-", "--format", "csv", "-q"]
    subprocess.run([*warm_command(), *words], input=lines, check=True)
    return path


@pytest.fixture
def many(_many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database of many clients, which the environment names."""
    monkeypatch.setenv("INTEROP_DB", str(shutil.copy(_many, tmp_path / "interop.db")))
    return tmp_path


def pager(folder: Path, text: str) -> str:
    path = folder / "pager"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_what_is_longer_than_the_screen_goes_to_the_pager(many: Path) -> None:
    env = {**WANTED, "PAGER": pager(many, MARKING)}
    with on_terminal("client", "list", env=env) as session:
        assert session.end() == 0
    assert session.shown.startswith("PAGER FRX\nCode")
    assert session.shown.count("P-") == 3000
    with on_terminal("client", "list", env={**env, "LESS": "S"}) as session:
        assert session.end() == 0
    assert session.shown.startswith("PAGER S\n")


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["client", "list", "--limit", "5"], {}),
        (["client", "list", "--no-pager"], {}),
        (["--no-pager", "client", "list"], {}),
        (["client", "list", "--no-input"], {}),
        (["client", "list"], {"NO_PAGER": "1"}),
        (["client", "list"], {"PAGER": "cat"}),
        (["client", "list"], {"PAGER": ""}),
        (["client", "list"], {"PAGER": "there-is-no-such-program"}),
        (["client", "list"], {"TERM": "dumb"}),
    ],
)
def test_no_pager(words: list[str], env: dict[str, str], many: Path) -> None:
    env = {**WANTED, "PAGER": pager(many, MARKING), **env}
    with on_terminal(*words, env=env) as session:
        assert session.end() == 0
    assert session.shown.startswith("Code")


def test_never_into_a_pipe_or_a_file(many: Path) -> None:
    env = environment(TERM="xterm", PAGER=pager(many, MARKING), **WANTED)
    code, out, _err = finish(start("client", "list", env=env))
    assert (code, out[:4]) == (0, "Code")
    with on_terminal(
        "client", "list", "--out", many / "list.txt", env={**WANTED, "PAGER": str(many / "pager")}
    ) as session:
        assert (session.end(), session.shown) == (0, "")


def test_a_person_who_leaves_early_has_read_enough(many: Path) -> None:
    env = {**WANTED, "PAGER": pager(many, QUITTING)}
    with on_terminal("client", "list", env=env) as session:
        assert session.end() == 0
    assert session.shown == "Code ENOUGH\n"


def test_ctrl_c_is_for_the_pager(many: Path) -> None:
    env = {**WANTED, "PAGER": pager(many, WAITING)}
    with on_terminal("client", "list", env=env) as session:
        session.expect("READ 3002")
        session.type("\x03")
        assert session.end() == 0
    # Where Ctrl-C comes before the pager's line has ended, the end of that line stands behind.
    assert session.shown.replace("\n", "") == "READ 3002INTERRUPTEDGONE"


@pytest.mark.skipif(shutil.which("less") is None, reason="needs less")
def test_less_is_what_there_is(many: Path) -> None:
    with on_terminal("client", "list", env={**WANTED}) as session:
        session.expect("P-0010")
        session.type("q")
        assert session.end() == 0
    assert "P-0100" not in session.shown
