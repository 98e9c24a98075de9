"""Secrets: where they are kept, and that they are found nowhere else on any failing path."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interop_cli.connectors.secrets import TargetSecrets, parsed, variable
from interop_cli.domain.errors import ConfigError, Denied, InvalidData
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.server import Reply
from tests.support.cli import Run
from tests.support.outside import PATIENCE
from tests.sync.conftest import files_under

CANARY = "pat-canary-7f3a9c1e5b2d"


def secrets(tmp_path: Path, **environ: str) -> TargetSecrets:
    off = {"INTEROP_NO_KEYRING": "1", **environ}
    return TargetSecrets("crm", "0011", ("token",), off, tmp_path / "secrets")


def test_a_secret_is_kept_in_a_private_file(tmp_path: Path) -> None:
    kept = secrets(tmp_path)
    assert (kept.read(), kept.place) == (None, "-")
    old = os.umask(0)
    try:
        kept.save({"token": CANARY})
    finally:
        os.umask(old)
    assert (kept.read(), kept.place) == ({"token": CANARY}, "file")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in kept.path.parent.iterdir()] == ["0011.json"]
    kept.forget()
    assert kept.read() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    kept = secrets(tmp_path)
    kept.save({"token": CANARY})
    kept.path.chmod(mode)
    with pytest.raises(Denied) as refused:
        kept.read()
    assert CANARY not in repr(refused.value.__dict__)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_a_damaged_secret_is_said_without_any_of_it(tmp_path: Path, text: str) -> None:
    kept = secrets(tmp_path)
    kept.save({"token": CANARY})
    kept.path.write_text(text + CANARY if text == "{" else text)
    with pytest.raises(ConfigError) as refused:
        kept.read()
    assert refused.value.code == "sync.secret.file"
    assert CANARY not in repr(refused.value.__dict__)


def test_a_file_named_in_the_environment_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    file.write_text(CANARY + "\n")
    file.chmod(0o600)
    assert variable("my-crm", "TOKEN_FILE") == "INTEROP_MY_CRM_TOKEN_FILE"
    kept = secrets(tmp_path, INTEROP_CRM_TOKEN_FILE=str(file))
    assert (kept.read(), kept.place) == ({"token": CANARY}, "environment")
    kept.save({"token": "rotated-0123456789"})
    assert kept.read() == {"token": "rotated-0123456789"}


def test_the_keyring_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring: dict[tuple[str, str], str] = {}

    class Keyring:
        """A keyring in memory, as the module ``keyring`` gives one."""

        @staticmethod
        def get_keyring() -> object:
            return object()

        @staticmethod
        def get_password(service: str, name: str) -> str | None:
            return ring.get((service, name))

        @staticmethod
        def set_password(service: str, name: str, value: str) -> None:
            ring[service, name] = value

        @staticmethod
        def delete_password(service: str, name: str) -> None:
            del ring[service, name]

    monkeypatch.setattr("interop_cli.connectors.secrets._keyring", lambda _environ: Keyring)
    kept = secrets(tmp_path)
    kept.save({"token": CANARY})
    assert kept.read() == {"token": CANARY}
    assert kept.place == "keyring"
    assert not kept.path.exists()
    kept.forget()
    assert ring == {}


@pytest.mark.parametrize(
    "text", ["", "two words", "line\nbreak", "é", "{", '{"other": "x"}', '{"token": 3.5, "x": []}']
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidData) as refused:
        parsed(text, ("token",))
    assert not text or text not in str(refused.value)


def test_only_one_at_a_time_is_alone_with_a_secret(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with secrets(tmp_path).locked():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.fixture
def portal() -> Iterator[FakeHubSpot]:
    with FakeHubSpot() as fake:
        fake.token = CANARY  # type: ignore[misc]
        yield fake


ECHO = {"kind": "echo"}
FAILURES: list[dict[str, Any]] = [
    {**ECHO, "reply": Reply(status)} for status in (200, 400, 401, 403, 404, 409, 429, 500, 503)
] + [
    {"kind": "drop"},
    {"kind": "close"},
    {"kind": "garbage"},
    {"kind": "half"},
    {"kind": "redirect", "reply": Reply(302, None, {"Location": f"http://127.0.0.1:9/{CANARY}"})},
    {"kind": "reply", "reply": Reply(429, {"policyName": "DAILY"})},
]


@pytest.mark.parametrize("form", ["text", "json"])
def test_22_the_canary_is_found_nowhere(
    invoke: Run,
    portal: FakeHubSpot,
    sqlite_ready_url: str,
    tmp_path: Path,
    isolation: Path,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Acceptance 22: not in output, log, journal, database, traceback or argument lists."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {
        "INTEROP_DB": sqlite_ready_url,
        "INTEROP_CRM_BASE_URL": portal.url,
        "INTEROP_NO_KEYRING": "1",
        "INTEROP_TODAY": "2026-11-24",
    }
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    said: list[str] = []

    def interop(*args: str, stdin: str = "") -> int:
        result = invoke(*args, "-v", "--debug", "--error-format", form, env=env, stdin=stdin)
        said.append(result.stdout + result.stderr)
        return result.code

    interop(
        "client",
        "create",
        "Alpha",
        "--code",
        "A",
        "--line1",
        "1",
        "--city",
        "Québec",
        "--postal-code",
        "G1K 7X2",
    )
    interop("sync", "add", "crm", "hubspot")
    assert interop("sync", "connect", "crm", "--token-stdin", stdin=f"{CANARY} two") == 65
    assert interop("sync", "connect", "crm", "--token-stdin", stdin=f"{{{CANARY}") == 65
    assert interop("sync", "connect", "crm", "--token-stdin", stdin=CANARY) == 0
    for number, failure in enumerate(FAILURES):
        portal.mishaps.clear()
        portal.fail(times=20, **failure)
        interop("client", "edit", "A", "--terms", f"net{number}", "--city", f"City {number}")
        for verb in ("push", "plan", "pull", "link"):
            interop("sync", verb, *(["--full"] if verb == "pull" else []))
        interop("sync", "retry")
        interop("sync", "connect", "crm")
        interop("sync", "retry")
    portal.mishaps.clear()
    assert interop("sync", "push", "--allow-create") == 0
    for command in (
        ("sync", "targets", "--json"),
        ("sync", "log", "--json"),
        ("sync", "status", "--json"),
        ("journal", "list", "--json"),
        ("journal", "show", "2", "--json"),
        ("client", "show", "A"),
        ("db", "info"),
        ("config", "list"),
        ("sync", "fields", "crm"),
    ):
        interop(*command)
    assert not [text for text in said if CANARY in text]
    kept = [path for path in files_under(isolation) if CANARY.encode() in path.read_bytes()]
    assert [path.suffix for path in kept] == [".json"]
    elsewhere = [path for path in files_under(tmp_path) if path not in kept]
    assert len([path for path in elsewhere if path.parent == scratch]) > 10  # the tracebacks
    assert not [path for path in elsewhere if CANARY.encode() in path.read_bytes()]


def test_the_canary_is_in_no_list_of_processes(
    portal: FakeHubSpot, sqlite_ready_url: str, tmp_path: Path, run: Run
) -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("this system has no /proc")
    env = {
        "INTEROP_DB": sqlite_ready_url,
        "INTEROP_CRM_BASE_URL": portal.url,
        "INTEROP_NO_KEYRING": "1",
    }
    run("sync", "add", "crm", "hubspot", env=env)
    portal.fail("sleep", seconds=1.0)
    child = subprocess.Popen(  # by its own name, and not as a fork of another
        [sys.executable, "-m", "interop_cli", "sync", "connect", "crm", "--token-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **env},
        cwd=tmp_path,
    )
    assert child.stdin is not None
    child.stdin.write(CANARY.encode())
    child.stdin.close()
    while not portal.calls:
        assert child.poll() is None
    seen = b""
    for name in ("cmdline", "environ"):
        seen += Path(f"/proc/{child.pid}/{name}").read_bytes()
    assert b"sync\x00connect" in seen
    assert CANARY.encode() not in seen
    assert child.wait(PATIENCE) == 0
