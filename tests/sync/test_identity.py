"""The links of a target belong to one system: nothing is read or written in another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interop_cli.store.store import Store
from interop_cli.store.sync.targets import target_named
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryRemote
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Run
from tests.support.stores import add_client, store
from tests.sync.conftest import create
from tests.sync.support import keep, links, memory
from tests.sync.test_qbo import Books

__all__ = ["store"]

OTHER = "9130350000000002"

RUNS = (
    ("sync", "push"),
    ("sync", "push", "A"),
    ("sync", "plan"),
    ("sync", "pull"),
    ("sync", "link"),
    ("sync", "link", "A", "1001"),
)


@pytest.fixture
def pushed(crm: Run, portal: FakeHubSpot) -> Run:
    """A client that is in the portal, edited since."""
    create(crm, "A")
    assert crm("sync", "push").code == 0
    assert crm("client", "edit", "A", "--phone", "418 555-0199").code == 0
    return crm


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_no_run_goes_to_another_portal(
    pushed: Run, portal: FakeHubSpot, run: tuple[str, ...]
) -> None:
    held = portal.held()
    portal.portal_id += 1
    portal.calls.clear()
    refused = pushed(*run, "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.remote.other")
    assert "8081001" in refused.error["message"]
    assert "8081002" in refused.error["message"]
    assert "--new-remote" in refused.error["hint"]
    assert [call.path.rsplit("/", 1)[1] for call in portal.calls] == ["details"]
    assert portal.held() == held


def test_a_write_with_auto_push_stands_and_is_told(pushed: Run, portal: FakeHubSpot) -> None:
    pushed("config", "set", "sync.auto", "true", "-q")
    held = portal.held()
    portal.portal_id += 1
    edited = pushed("client", "edit", "A", "--city", "Gaspé", "--json")
    assert (edited.code, edited.json["changed"]) == (0, 1)
    assert "8081002" in edited.stderr
    assert portal.held() == held


def test_another_portal_takes_a_word_and_then_begins_anew(pushed: Run, portal: FakeHubSpot) -> None:
    portal.portal_id += 1
    before = pushed("sync", "targets", "--json").json
    refused = pushed("sync", "connect", "crm", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.remote.other")
    assert pushed("sync", "targets", "--json").json == before
    portal.calls.clear()
    met = pushed("sync", "connect", "crm", "--new-remote", "--json")
    assert (met.code, met.json["remote"], met.json["detached"]) == (0, "HubSpot 8081002", 1)
    blind = pushed("sync", "push", "--json")  # it holds a company already
    assert (blind.code, blind.error["code"]) == (5, "sync.first_contact")
    assert portal.writes() == []
    assert pushed("sync", "connect", "crm", "--json").json["detached"] == 0


def test_a_token_of_another_portal_is_not_kept(
    crm: Run, portal: FakeHubSpot, tmp_path: Path
) -> None:
    before = {
        path: path.read_text() for path in tmp_path.rglob("*") if path.parent.name == "secrets"
    }
    assert before
    portal.portal_id += 1
    other = crm("sync", "connect", "crm", "--token-stdin", "--json", stdin=f"{portal.token}")
    assert other.code == 5
    assert {path: path.read_text() for path in before} == before


class TestBooks:
    @pytest.fixture
    def books(self, invoke: Run, sqlite_ready_url: str) -> Iterator[Books]:
        with FakeQuickBooks() as company:
            books = Books(invoke, company, INTEROP_DB=sqlite_ready_url)
            books.configure()
            books.create("A", "Alpha")
            books.push()
            yield books
            assert not company.violations

    def test_a_setting_does_not_lead_into_a_stranger_s_books(self, books: Books) -> None:
        books.fake.calls.clear()
        setting = f"realm_id={OTHER}"
        refused = books("sync", "connect", "books", "--set", setting, "--json", code=5)
        assert refused.error["code"] == "sync.remote.other"
        assert f"Company {OTHER}" in refused.error["message"]
        assert books.fake.writes() == []
        (target,) = books("sync", "targets", "--json").json
        assert target["settings"]["realm_id"] != OTHER
        books("sync", "push")

    def test_the_word_for_it(self, books: Books) -> None:
        met = books(
            "sync", "connect", "books", "--set", f"realm_id={OTHER}", "--new-remote", "--json"
        )
        assert (met.json["remote"], met.json["detached"]) == (f"Company {OTHER}", 1)
        (target,) = books("sync", "targets", "--json").json
        assert (target["settings"]["realm_id"], target["remote"]) == (OTHER, f"Company {OTHER}")


def test_another_folder_is_another_system(interop: Run, tmp_path: Path) -> None:
    create(interop, "A")
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    interop("sync", "add", "files", "file", "--set", "profile=csv", "--set", f"folder={one}")
    assert interop("sync", "connect", "files", "--json").json["remote"] == str(one)
    assert interop("sync", "export", "files", "--all", "-q").code == 0
    moved = interop("sync", "connect", "files", "--set", f"folder={other}", "--json")
    assert (moved.code, moved.error["code"]) == (5, "sync.remote.other")
    anew = ("sync", "connect", "files", "--set", f"folder={other}", "--new-remote", "--json")
    assert interop(*anew).json["detached"] == 1
    assert interop("sync", "export", "files", "--all", "-q").code == 0
    assert list(other.iterdir())


def test_a_target_of_before_learns_who_it_is_at_the_next_run(store: Store) -> None:
    remote = MemoryRemote()
    add_client(store, code="A")
    assert memory(store, remote).target.remote is None
    keep(store, remote)
    assert target_named(store.conn, "books").remote == "memory-1"


def test_what_a_person_excluded_stays_so(store: Store) -> None:
    from interop_cli.domain.sync.records import RemoteIdentity
    from interop_cli.sync.target import connected

    remote = MemoryRemote()
    kept, left = add_client(store, code="A"), add_client(store, "Autre", code="B")
    keep(store, remote)
    store.run(
        lambda uow: uow.links.compare_and_set(1, "client", left, state="excluded"),
        operation="sync.unlink",
    )
    other = RemoteIdentity("memory-2", "Other")
    assert connected(memory(store, remote), other, empty=False) == 1
    assert set(links(store)) == {left}
    assert kept != left
