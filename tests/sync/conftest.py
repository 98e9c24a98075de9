"""A database, a fake portal, and the command line that knows both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryConnector, MemoryRemote
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Result, Run


@pytest.fixture
def portal() -> Iterator[FakeHubSpot]:
    """A HubSpot portal with nothing in it."""
    with FakeHubSpot() as fake:
        yield fake
        assert not fake.violations


@pytest.fixture
def company() -> Iterator[FakeQuickBooks]:
    """A company in QuickBooks with nothing in it."""
    with FakeQuickBooks() as fake:
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


@pytest.fixture
def crm(interop: Run, portal: FakeHubSpot) -> Run:
    """The same with the target configured and connected."""
    assert interop("sync", "add", "crm", "hubspot").code == 0
    connected = interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
    assert connected.code == 0, connected.stderr
    portal.calls.clear()
    return interop


@pytest.fixture
def books(interop: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryRemote]:
    """An accounting target ``books`` in memory."""
    from interop_cli import connectors

    monkeypatch.setitem(connectors.KINDS, "memory", ("tests.fakes.memory", "MemoryConnector"))
    remote = MemoryConnector.remotes["books"] = MemoryRemote()
    assert interop("sync", "add", "books", "memory").code == 0
    assert interop("sync", "connect", "books").code == 0
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
