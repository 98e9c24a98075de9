"""kill -9 at random moments of a batch of thousands: all or nothing, and what was said is so.

The page cache survives the death of a process, so this says nothing of power cuts.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.forks import Command, run_all
from tests.support.outside import Content, content, environment, finish, sound, start

ROWS, MOST = 2500, 10_000  # the more of them, the longer each moment of the work; and each run
# The clock stands still, so that two runs write the very same rows.
CLOCK = {"INTEROP_TODAY": "2026-03-02"}


@pytest.fixture(scope="session")
def crowd(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``crowd.db``, which holds some clients, and their ``codes`` and ``csv``."""
    return _gathered(ROWS, sqlite_template, tmp_path_factory.mktemp("crowd"))


@pytest.fixture(scope="session")
def large_crowd(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 10,000 clients."""
    return _gathered(MOST, sqlite_template, tmp_path_factory.mktemp("crowd"))


def _gathered(rows: int, template: Path, folder: Path) -> Path:
    path = folder / "crowd.db"
    shutil.copy(template, path)
    done = finish(start("--db", path, "db", "seed", "--clients", rows, "-q"))
    assert done == (0, "", "")
    code, codes, _err = finish(start("--db", path, "client", "list", "--all", "-o", "codes"))
    assert code == 0
    (folder / "codes").write_text(codes)
    lines = [f"{code},net{n % 60},C{n}\n" for n, code in enumerate(codes.split())]
    (folder / "csv").write_text("code,terms,external_id\n" + "".join(lines))
    return folder


WORK = {
    "deactivate": ["client", "deactivate", "-", "-y", "--max-affected", MOST, "--json"],
    "import": ["client", "import", "-", "--key", "code", "--json"],
}
INPUT = {"deactivate": "codes", "import": "csv"}


class Campaign:
    """Kill one command again and again, each time on a fresh copy of the crowd."""

    def __init__(self, crowd: Path, folder: Path, what: str) -> None:
        self.crowd, self.folder, self.what = crowd, folder, what
        self.before = content(str(crowd / "crowd.db"))
        begun = time.monotonic()
        path = self._copy("whole")
        code, out, _err = self._run(path, None)
        assert (code, json.loads(out)["operation"]) == (0, f"client.{what}")
        self.seconds = time.monotonic() - begun
        self.after = content(str(path))
        assert self.after != self.before
        self.outcomes: list[bool] = []
        self.hot = 0
        """How many kills left a journal for the next program to play back."""

    def kill(self, times: int, seed: int) -> None:
        """At ``times`` moments, spread evenly over the time that the command takes.

        And a little beyond: a busy machine is slower than when the time was taken.
        """
        chance = random.Random(seed)
        said: list[tuple[Path, bool]] = []
        for turn in range(times):
            path = self._copy(f"killed-{turn}")
            code, out, _err = self._run(path, chance.uniform(0, 1.5 * self.seconds))
            assert code in (0, 137)
            said.append((path, _acknowledged(out)))
            self.hot += Path(f"{path}-journal").exists()
        self._judge(said)

    def _copy(self, name: str) -> Path:
        return Path(shutil.copy(self.crowd / "crowd.db", self.folder / f"{name}.db"))

    def _run(self, path: Path, delay: float | None) -> tuple[int, str, str]:
        with (self.crowd / INPUT[self.what]).open("rb") as stdin:
            # Warm, so that nearly all of the time that it takes is the work.
            process = start("--db", path, *WORK[self.what], stdin=stdin, env=environment(**CLOCK))
            if delay is not None:
                time.sleep(delay)
                process.kill()
            return finish(process)

    def _judge(self, said: list[tuple[Path, bool]]) -> None:
        """The program itself is the first to open what is left; then SQLite alone looks."""
        commands = [
            Command(["--db", str(path), *check])
            for path, _said in said
            for check in (["journal", "verify", "--json"], ["db", "check", "--json"])
        ]
        for answer in run_all(commands, self.folder):
            assert (answer.code, answer.stdout) == (0, "[]\n"), answer
        for path, acknowledged in said:
            found = content(str(path))
            whole = self._is_whole(found)
            assert whole or found == self.before, f"half of it is in {path}"
            assert whole or not acknowledged, "what was said is not so"
            sound(path)
            self.outcomes.append(whole)
            path.unlink()

    def _is_whole(self, found: Content) -> bool:
        return found == self.after


def _acknowledged(out: str) -> bool:
    try:
        return bool(json.loads(out)["operation_id"])
    except ValueError:
        return False


@pytest.mark.parametrize("what", list(WORK))
def test_killed(what: str, crowd: Path, tmp_path: Path) -> None:
    Campaign(crowd, tmp_path, what).kill(10, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("what", list(WORK))
def test_killed_a_hundred_times(what: str, large_crowd: Path, tmp_path: Path) -> None:
    campaign = Campaign(large_crowd, tmp_path, what)
    for seed in range(10):
        campaign.kill(10, seed)
    # The kills were spread over the whole of the work, the writing of the pages included.
    assert True in campaign.outcomes
    assert False in campaign.outcomes
    assert campaign.hot > 0


def test_killed_on_a_server(postgres_shop: str, invoke: Run) -> None:
    """The server takes back what a client that died had begun."""
    assert invoke("db", "seed", "--clients", 1500, "-q").code == 0
    codes = invoke("client", "list", "-o", "codes").stdout.encode()
    before = content(postgres_shop)
    chance = random.Random(1)
    for _ in range(4):
        process = start("client", "deactivate", "-", "-y", "--max-affected", 5000, "--json")
        assert process.stdin
        process.stdin.write(codes)
        process.stdin.close()
        process.stdin = None
        time.sleep(chance.uniform(0, 1.3))
        process.kill()
        _code, out, _err = finish(process)
        # The next writer waits for the server to notice.
        assert invoke("config", "set", "defaults.terms", f"net{len(before['change'])}").code == 0
        assert invoke("journal", "verify", "--json")[:2] == (0, "[]\n")
        found = content(postgres_shop)
        retired = sum(
            row != old for row, old in zip(found["client"], before["client"], strict=True)
        )
        assert retired in (0, len(codes.split()))
        assert retired or not _acknowledged(out)
        before = found
        if retired:
            codes_again = invoke(
                "client", "activate", "-", "-y", "--max-affected", 5000, stdin=codes
            )
            assert codes_again.code == 0
            before = content(postgres_shop)
