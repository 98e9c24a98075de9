"""Every ``tests/cli/*.txt`` is a test; how they are written stands in ``support/transcript.py``.

``pytest tests/test_transcripts.py --update`` writes down what the program answers now: read the
difference before you commit it.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from interop_cli.system import current_user
from tests.support.engines import ENGINES
from tests.support.postgres import CLUSTER, lent
from tests.support.postgres import FOLDER as FOLDER_OF_SERVER
from tests.support.terminal import ON
from tests.support.transcript import (
    Step,
    Transcript,
    matches,
    parse,
    plain_commands,
    run_step,
    updated,
)
from tests.support.warm import cold_program, install, warm_program

FOLDER = Path(__file__).parent / "cli"
TODAY = "2026-03-02"


def cases() -> list[object]:
    """One case a file and engine."""
    found = []
    for path in sorted(FOLDER.glob("**/*.txt")):
        name = path.relative_to(FOLDER).with_suffix("").as_posix()
        engines = parse(path.read_text("utf-8")).declared("engines", "sqlite")
        found += [pytest.param(path, engine, id=f"{name}-{engine}") for engine in engines]
    return found


@pytest.fixture
def shell_env(tmp_path: Path, isolation: Path, root: Path) -> dict[str, str]:
    """The environment of a command: ``bin`` on the PATH, a fixed day, English."""
    env = {name: value for name, value in os.environ.items() if name != "LC_ALL"}
    return env | {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "INTEROP_TODAY": TODAY,
        "FIXTURES": str(root / "fixtures"),
    }


@dataclass(frozen=True)
class Beginning:
    """What a first step left, for the transcripts that begin with the same: files, a database."""

    files: Path
    database: str

    def come_back(self, tmp_path: Path) -> None:
        """Put the files where the step would have made them."""
        for name in PLACES:
            shutil.copytree(self.files / name, tmp_path / name, symlinks=True, dirs_exist_ok=True)


PLACES = ("work", "home")
Beginnings = dict[tuple[str, str], Beginning]


@pytest.fixture(scope="session")
def beginnings() -> Beginnings:
    """Of each engine and first step that made a database and said nothing."""
    return {}


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], str]]:
    """A function that gives a place for a database on an engine, empty or like a former one."""
    with ExitStack() as ending:

        def place(engine: str, like: str) -> str:
            if engine == "sqlite":
                return "interop.db"
            if not like:
                return str(request.getfixturevalue("postgres_url"))
            server = request.getfixturevalue("postgres_server")
            return ending.enter_context(lent(server, like, request.config.stash[FOLDER_OF_SERVER]))

        yield place


def _kept(engine: str, url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Beginning:
    files = request.getfixturevalue("tmp_path_factory").mktemp("beginning")
    for name in PLACES:
        shutil.copytree(tmp_path / name, files / name, symlinks=True)
    if engine == "sqlite":
        return Beginning(files, "")
    name = url.partition("@/")[2].partition("?")[0]
    return Beginning(files, request.getfixturevalue("postgres_server")(name))


@pytest.mark.skipif(os.name == "nt", reason="transcripts are written for a POSIX shell")
@pytest.mark.parametrize(("path", "engine"), cases())
def test_transcript(
    path: Path,
    engine: str,
    shell_env: dict[str, str],
    tmp_path: Path,
    beginnings: Beginnings,
    place: Callable[[str, str], str],
    request: pytest.FixtureRequest,
) -> None:
    transcript = parse(path.read_text("utf-8"))
    cold = "cold" in transcript.declared("start")
    install(cold_program() if cold else warm_program(), tmp_path / "bin")
    install(ON, tmp_path / "bin", "on")
    if "shared" in transcript.declared("needs"):
        shell_env["SHARED"] = str(request.getfixturevalue("shared_data"))
    folder = tmp_path / "work"
    folder.mkdir()
    first = transcript.steps[0]
    begun = None if cold or CLUSTER else beginnings.get((engine, first.script))
    shell_env["INTEROP_DB"] = place(engine, begun.database if begun else "")

    def run(step: Step) -> Step:
        if step is not first or begun is None:
            return run_step(step, folder, shell_env, warm=not cold)
        begun.come_back(tmp_path)
        return replace(step, expected=[], code=0)

    steps = []
    for step in transcript.steps:
        steps.append((step, actual := run(step)))
        silent = (actual.expected, actual.code) == ([], 0)
        if step is first and begun is None and silent and "db init" in step.script and not CLUSTER:
            beginnings[engine, step.script] = _kept(
                engine, shell_env["INTEROP_DB"], tmp_path, request
            )
    wrong = [(step, actual) for step, actual in steps if not _same(step, actual)]
    if wrong and request.config.getoption("--update"):
        _rewrite(path, transcript, steps)
    elif wrong:
        pytest.fail("\n".join(_difference(path, *pair) for pair in wrong), pytrace=False)


def test_nobody_who_runs_the_tests_is_in_a_transcript() -> None:
    """Not root either: an answer with a name in it is true for one user only."""
    found = []
    for path in sorted(FOLDER.glob("**/*.txt")):
        transcript = parse(path.read_text("utf-8"))
        typed = "\n".join(line for step in transcript.steps for line in step.command)
        for name in {"root", current_user().name}:
            word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
            if word.search(typed):  # somebody of the story
                continue
            answers = [line for step in transcript.steps for line in step.expected]
            found += [f"{path.name}: {line}" for line in answers if word.search(line)]
    assert not found, "write <...> for who it was"


def _same(step: Step, actual: Step) -> bool:
    return step.code == actual.code and matches(step.expected, actual.expected)


def _rewrite(path: Path, transcript: Transcript, steps: list[tuple[Step, Step]]) -> None:
    new = [step if _same(step, actual) else updated(step, actual) for step, actual in steps]
    path.write_text(Transcript(new, transcript.below).text(), "utf-8")


def _difference(path: Path, step: Step, actual: Step) -> str:
    lines = difflib.unified_diff(
        list(step.lines())[len(step.above) :],
        list(actual.lines())[len(actual.above) :],
        f"{path.name}:{step.line} expected",
        "answered",
        lineterm="",
        n=100,
    )
    return "\n".join(lines)


def test_transcripts_exist() -> None:
    assert cases(), "tests/cli holds no transcript"


def test_engines_are_known() -> None:
    for path in FOLDER.glob("**/*.txt"):
        assert set(parse(path.read_text("utf-8")).declared("engines")) <= set(ENGINES), path


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ([], [], True),
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b", "c"], True),
        (["a", "..."], ["a"], True),
        (["...", "c"], ["a", "c"], True),
        (["...", "c"], ["a", "d"], False),
        (["id <...> at <...>Z"], ["id 7 at 2026-01-01T00:00:00Z"], True),
        (["id <...>."], ["id 7", "."], False),
        (["a.c"], ["abc"], False),
        (["a..."], ["abc"], False),
    ],
)
def test_wildcards(expected: list[str], actual: list[str], same: bool) -> None:
    assert matches(expected, actual) is same


def test_a_plain_command_has_the_words_that_a_shell_would_give_it() -> None:
    plain = {
        step.script: commands
        for path in FOLDER.glob("**/*.txt")
        for step in parse(path.read_text("utf-8")).steps
        if (commands := plain_commands(step.script)) is not None
    }
    assert len(plain) > 500
    assert max(map(len, plain.values())) > 2
    # Functions of these names tell what they are called with.
    told = (
        'interop() { printf "%s\\0" "$#" "$@"; }',
        'on() { printf "%s " "$1"; shift 2; interop "$@"; }',
        *plain,
    )
    asked = subprocess.run(
        ["sh", "-c", "\n".join(told)], capture_output=True, text=True, check=True
    )
    said = [
        f"{command.columns} " * bool(command.columns)
        + "".join(f"{word}\0" for word in (len(command.words), *command.words))
        for commands in plain.values()
        for command in commands
    ]
    assert asked.stdout == "".join(said)


def test_plain_commands_end_with_the_first_that_fails(tmp_path: Path) -> None:
    (step,) = parse("$ interop --version && interop nonsense && interop --version\n").steps
    ended = run_step(step, tmp_path, os.environ, warm=True)
    assert ended.code == 2
    assert [line.startswith("interop ") for line in ended.expected].count(True) == 1


@pytest.mark.parametrize(
    "script",
    [
        "interop list | head", "interop list > file", "interop list < file", "interop list; true",
        "interop list && true", "interop list || interop list", "on interop list",
        "interop list &", "interop list $X", 'interop list "$X"',
        "interop list *.csv", "interop list a?", "interop list [a]", "interop list ~",
        "interop list `x`", 'interop list "`x`"', "interop list \\a", 'interop list "\\a"',
        "interop list # a", "interop list\ntrue", "(interop list)", "X=1 interop list", "ls",
        "interop list 'a", "on 80 ls", "interop list {a,b}", "interop2 list",
    ],
)  # fmt: skip
def test_where_a_shell_does_more_it_is_asked(script: str) -> None:
    assert plain_commands(script) is None


def test_a_transcript_is_read_and_written_as_it_stands() -> None:
    text = (
        "# engines: sqlite\n\n$ one\nout\n\nmore\n# not a comment\n? 5\n\n# next\n$ two\n> go on\n"
        "\n# end\n"
    )
    transcript = parse(text)
    one, two = transcript.steps
    assert (one.expected, one.code) == (["out", "", "more", "# not a comment"], 5)
    assert (two.script, two.expected, two.above) == ("two\ngo on", [], ["", "# next"])
    assert transcript.declared("engines") == ["sqlite"]
    assert transcript.text() == text
    with pytest.raises(ValueError, match="without a command"):
        parse("# nothing\n")


def test_a_step_reports_output_and_exit_code(tmp_path: Path) -> None:
    step = parse("$ echo out; echo err >&2; exit 5\n").steps[0]
    actual = run_step(step, tmp_path, dict(os.environ))
    assert (actual.expected, actual.code) == (["out", "err"], 5)
    assert not _same(step, actual)
    assert list(updated(parse("$ x\no<...>\n").steps[0], actual).expected) == ["o<...>", "err"]
