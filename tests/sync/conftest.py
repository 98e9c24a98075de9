"""A database, a fake portal, and the command line that knows both."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryConnector, MemoryRemote
from tests.fakes.qbo import FakeQuickBooks
from tests.fakes.server import Door
from tests.support.cli import Result, Run


@pytest.fixture(scope="session")
def _doors() -> Iterator[tuple[Door, Door]]:
    """Where portals and companies answer: a token is for one address only."""
    doors = Door(), Door()
    yield doors
    for door in doors:
        door.close()


@pytest.fixture
def portal(_doors: tuple[Door, Door]) -> Iterator[FakeHubSpot]:
    """A HubSpot portal with nothing in it."""
    fake = FakeHubSpot().behind(_doors[0])
    yield fake
    assert not fake.violations


@pytest.fixture
def company(_doors: tuple[Door, Door]) -> Iterator[FakeQuickBooks]:
    """A company in QuickBooks with nothing in it."""
    fake = FakeQuickBooks().behind(_doors[1])
    yield fake
    assert not fake.violations


@pytest.fixture
def interop(
    invoke: Run, sqlite_ready_url: str, portal: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """The command line on a database of its own; the target ``crm`` is the portal."""
    monkeypatch.setenv("INTEROP_DB", sqlite_ready_url)
    monkeypatch.setenv("INTEROP_CRM_BASE_URL", portal.url)
    monkeypatch.setenv("INTEROP_TODAY", "2026-11-24")  # waiting takes no time
    monkeypatch.setenv("INTEROP_NO_KEYRING", "1")

    def interop(*args: object, **how: Any) -> Result:
        return invoke(*args, **how)

    return interop


class Left(NamedTuple):
    """What a test left behind: the files of its folder, its database on a server, the portal."""

    files: Path
    database: str | None
    portal: dict[str, Any] | None


LeftOnce = Callable[..., None]


@pytest.fixture(scope="session")
def _left() -> dict[str, Left]:
    return {}


@pytest.fixture
def left_once(_left: dict[str, Left], tmp_path: Path, request: pytest.FixtureRequest) -> LeftOnce:
    """A function that has a test begin with what many begin with.

    ``left_once(name, work, portal)``: ``work`` is done the first time; later its database, the
    files of its home and what the portal has are copied. The database is that of ``INTEROP_DB``.
    One thing may be left after another.
    """
    so_far: list[str] = []

    def left_once(name: str, work: Callable[[], object], portal: FakeHubSpot | None = None) -> None:
        url, new = urlsplit(os.environ["INTEROP_DB"]), None
        if url.scheme == "postgresql":
            new = request.getfixturevalue("postgres_server")
        so_far.append(name)
        name = " ".join((url.scheme, *so_far))
        database = url.path.removeprefix("/")
        if name not in _left:
            work()
            files = request.getfixturevalue("tmp_path_factory").mktemp("left")
            shutil.copytree(tmp_path, files, dirs_exist_ok=True)
            _left[name] = Left(files, new and new(database), portal and portal.state())
            return
        left = _left[name]
        shutil.copytree(left.files, tmp_path, dirs_exist_ok=True)
        if new:
            new.drop(database)
            new(left.database, database)
        if portal:
            portal.become(left.portal)

    return left_once


@pytest.fixture
def crm(interop: Run, portal: FakeHubSpot, left_once: LeftOnce) -> Run:
    """The same with the target configured and connected."""
    left_once("crm", lambda: connect(interop, portal), portal)
    portal.calls.clear()
    return interop


def connect(interop: Run, portal: FakeHubSpot) -> None:
    """Configure the target ``crm`` and connect it."""
    assert interop("sync", "add", "crm", "hubspot").code == 0
    connected = interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
    assert connected.code == 0, connected.stderr


@pytest.fixture
def books(
    interop: Run, monkeypatch: pytest.MonkeyPatch, left_once: LeftOnce
) -> Iterator[MemoryRemote]:
    """An accounting target ``books`` in memory."""
    from interop_cli import connectors

    monkeypatch.setitem(connectors.KINDS, "memory", ("tests.fakes.memory", "MemoryConnector"))
    remote = MemoryConnector.remotes["books"] = MemoryRemote()

    def connect() -> None:
        assert interop("sync", "add", "books", "memory").code == 0
        assert interop("sync", "connect", "books").code == 0

    left_once("books", connect)
    remote.calls.clear()
    yield remote
    MemoryConnector.remotes.clear()


def create(interop: Run, code: str, name: str | None = None, **options: str) -> None:
    """Create a client with the command line."""
    more = [
        word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)
    ]
    done = interop(
        "client",
        "create",
        name or f"Client {code}",
        "--code",
        code,
        "--line1",
        "12, rue du Quai",
        "--city",
        "Québec",
        "--postal-code",
        "G1K 7X2",
        *more,
    )
    assert done.code == 0, done.stderr


def files_under(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [Path(root) / name for root, _dirs, names in os.walk(folder) for name in names]
