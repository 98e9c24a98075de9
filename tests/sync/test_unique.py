"""Unique values that change hands: names, codes and e-mails arrive in one push, or it is said why
not.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from interop_cli.store.store import Store
from interop_cli.sync.report import ERROR
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryRemote
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Run
from tests.support.stores import add_client, store
from tests.sync.conftest import LeftOnce, connect, create
from tests.sync.support import edit, keep, links, reasons, statuses
from tests.sync.test_qbo import Books, books, fake

__all__ = ["books", "fake", "store"]


class Killed(BaseException):
    """The process ends here."""


def made(store: Store, count: int, remote: MemoryRemote) -> None:
    """Clients C-0, C-1… of the names 0, 1…, all there."""
    for n in range(count):
        add_client(store, f"Name {n}", code=f"C-{n}")
    keep(store, remote)
    remote.calls.clear()


def names(store: Store, remote: MemoryRemote) -> list[str]:
    """The names there, in the order of our clients."""
    found = links(store)
    return [remote.rows[found[key]["remote_id"]].values["name"] for key in sorted(found)]


def shuffled(store: Store, order: list[int]) -> list[str]:
    """Give C-n the name order[n]: our own names need not be unique."""
    for n, other in enumerate(order):
        edit(store, f"C-{n}", name=f"Name {other}")
    return [f"Name {other}" for other in order]


@pytest.fixture(params=[True, False], ids=["versions", "no versions"])
def remote(request: pytest.FixtureRequest) -> MemoryRemote:
    return MemoryRemote(versions=request.param)


@pytest.mark.parametrize("order", [[1, 0], [1, 2, 0], [2, 0, 1], [1, 0, 3, 2], [3, 2, 1, 0, 5, 4]])
def test_32_names_that_are_exchanged_arrive_in_one_push(
    store: Store, remote: MemoryRemote, order: list[int]
) -> None:
    made(store, len(order), remote)
    wanted = shuffled(store, order)
    report = keep(store, remote)
    assert set(statuses(report).values()) == {"ok"}
    assert names(store, remote) == wanted
    assert {link["state"] for link in links(store).values()} == {"in_sync"}
    remote.calls.clear()
    assert not keep(store, remote).lines
    assert not remote.calls


def test_32_a_long_round_takes_few_calls(store: Store, remote: MemoryRemote) -> None:
    made(store, 24, remote)
    wanted = shuffled(store, [*range(1, 24), 0])
    assert set(statuses(keep(store, remote)).values()) == {"ok"}
    assert names(store, remote) == wanted


def test_a_new_client_takes_the_name_that_another_gives_up(
    store: Store, remote: MemoryRemote
) -> None:
    made(store, 2, remote)
    edit(store, "C-0", name="Renamed")
    add_client(store, "Name 0", code="C-2")
    assert statuses(keep(store, remote)) == {"C-0": "ok", "C-2": "ok"}
    assert names(store, remote) == ["Renamed", "Name 1", "Name 0"]


def test_a_name_that_is_kept_is_told_at_every_push_until_it_is_mended(
    store: Store, remote: MemoryRemote
) -> None:
    made(store, 2, remote)
    edit(store, "C-1", name="NAME 0")
    for _again in range(2):
        report = keep(store, remote)
        (line,) = report.lines.values()
        assert (line.code, line.status, report.failed) == ("C-1", ERROR, 1)
        assert line.reason is not None
        assert (line.reason.code, line.reason.field) == ("sync.value_taken", "name")
        assert line.reason.message.params == {"code": "C-0"}
    assert not remote.writes()
    edit(store, "C-0", name="Another")
    assert set(statuses(keep(store, remote)).values()) == {"ok"}
    assert names(store, remote) == ["Another", "NAME 0"]


def test_who_cannot_give_up_his_name_holds_up_who_takes_it(
    store: Store, remote: MemoryRemote
) -> None:
    made(store, 3, remote)
    remote.refuse = lambda payload: "city" if payload["city"] == "Nowhere" else None
    edit(store, "C-0", name="New", city="Nowhere")
    edit(store, "C-1", name="Name 0")
    edit(store, "C-2", name="Name 1")
    report = keep(store, remote)
    told = {"C-0": "memory.refused", "C-1": "sync.value_taken", "C-2": "sync.value_taken"}
    assert reasons(report) == told
    assert reasons(keep(store, remote)) == told
    assert names(store, remote) == ["Name 0", "Name 1", "Name 2"]
    edit(store, "C-0", city="Québec")
    assert set(statuses(keep(store, remote)).values()) == {"ok"}
    assert names(store, remote) == ["New", "Name 0", "Name 1"]


POINTS = ["claimed", "answered", "settled"]


@pytest.mark.parametrize(("point", "nth"), list(itertools.product(POINTS, [1, 2, 3])))
@pytest.mark.parametrize("versions", [True, False])
def test_killed_on_the_way_the_next_push_ends_it(
    store: Store, point: str, nth: int, versions: bool
) -> None:
    remote = MemoryRemote(versions=versions)
    made(store, 3, remote)
    wanted = shuffled(store, [1, 2, 0])
    reached = 0

    def fault(at: str) -> None:
        nonlocal reached
        reached += at == point
        if at == point and reached == nth:
            raise Killed

    with pytest.raises(Killed):
        keep(store, remote, fault=fault, owner="gone")
    keep(store, remote, lives=lambda owner, _until, _now: owner != "gone")
    assert names(store, remote) == wanted
    assert {link["state"] for link in links(store).values()} == {"in_sync"}


def test_somebody_there_who_changes_a_name_meanwhile_is_asked(store: Store) -> None:
    remote = MemoryRemote(versions=False)
    made(store, 2, remote)
    shuffled(store, [1, 0])
    remote.edit(links(store)[1]["remote_id"], name="Theirs")
    report = keep(store, remote)
    assert reasons(report)["C-0"] == "sync.conflict"
    assert remote.rows[links(store)[1]["remote_id"]].values["name"] == "Theirs"


# -- through the command line ---------------------------------------------------------------------


def people(portal: FakeHubSpot) -> dict[str, str | None]:
    """The e-mails there, by first name."""
    return {row["firstname"]: row.get("email") for row in portal.live("contacts").values()}


@pytest.fixture
def three(interop: Run, portal: FakeHubSpot, left_once: LeftOnce) -> Run:
    """Three contacts with e-mails, in the portal."""

    def furnish() -> None:
        connect(interop, portal)
        create(interop, "A")
        for name in ("Ann", "Bob", "Cid"):
            mail = f"{name.lower()}@client.example"
            interop("contact", "create", "A", "--name", f"{name} Roy", "--email", mail, "-q")
        assert interop("sync", "push", "-q").code == 0

    left_once("three in the portal", furnish, portal)
    portal.calls.clear()
    return interop


def mail(crm: Run, number: int, address: str) -> None:
    done = crm("contact", "edit", str(number), "--email", address, "-q")
    assert done.code == 0, done.stderr


@pytest.mark.parametrize("order", [[1, 0, 2], [1, 2, 0], [2, 0, 1]])
def test_32_emails_that_are_exchanged_arrive_in_one_push(
    three: Run, portal: FakeHubSpot, order: list[int]
) -> None:
    who = ["ann", "bob", "cid"]
    for n in range(3):
        mail(three, n + 1, f"free{n}@client.example")
    for n, other in enumerate(order):
        mail(three, n + 1, f"{who[other]}@client.example")
    done = three("sync", "push", "--json")
    assert done.code == 0, done.stdout
    found = people(portal)
    assert [found[name] for name in ("Ann", "Bob", "Cid")] == [
        f"{who[other]}@client.example" for other in order
    ]
    assert three("sync", "push", "--json").json["matched"] == 0


def test_32_an_email_that_is_handed_on_arrives_in_one_push(three: Run, portal: FakeHubSpot) -> None:
    mail(three, 2, "new@client.example")
    mail(three, 1, "bob@client.example")
    assert three("sync", "push", "-q").code == 0
    assert people(portal)["Ann"] == "bob@client.example"
    assert people(portal)["Bob"] == "new@client.example"


def test_who_leaves_hands_his_email_to_who_follows(three: Run, portal: FakeHubSpot) -> None:
    create(three, "B")
    assert three("contact", "deactivate", "1", "-q").code == 0
    three("contact", "create", "B", "--name", "Dan Roy", "--email", "ann@client.example", "-q")
    done = three("sync", "push", "--json")
    assert done.code == 0, done.stdout
    assert people(portal)["Dan"] == "ann@client.example"
    assert people(portal)["Ann"] is None
    assert three("sync", "push", "--json").json["matched"] == 0


def test_32_names_in_the_books_that_are_exchanged_arrive_in_one_push(
    books: Books, fake: FakeQuickBooks
) -> None:
    for n in range(3):
        books.create(f"C-{n}", f"Name {n}")
    books.push()
    for n, other in enumerate([1, 2, 0]):
        books("client", "edit", f"C-{n}", "--name", f"Name {other}", "-q")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    held: dict[str, Any] = fake.held()
    assert [held[key]["DisplayName"] for key in sorted(held, key=int)] == [
        "Name 1",
        "Name 2",
        "Name 0",
    ]
    assert books.push() == {}


def test_in_the_books_an_inactive_client_gives_his_name_up(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("OLD", "Papeterie")
    books.push()
    books("client", "deactivate", "OLD", "-q")
    books.create("NEW", "Papeterie")
    assert {item["status"] for item in books.push().values()} == {"ok"}
    active = [row for row in fake.held().values() if row["Active"]]
    assert [row["DisplayName"] for row in active] == ["Papeterie"]


def test_two_of_one_name_are_told_by_plan_push_and_status(
    books: Books, fake: FakeQuickBooks
) -> None:
    books.create("A", "Papeterie")
    books.create("B", "papeterie")
    for offline in (["--offline"], []):
        rows = books("sync", "plan", *offline, "-o", "json").json
        assert [(row["code"], row["action"], row["reason"], row["field"]) for row in rows] == [
            ("A", "create", None, None),
            ("B", "blocked", "sync.value_taken", "name"),
        ]
    assert books.push(code=68)["B"]["error"]["code"] == "sync.value_taken"
    assert books.push(code=68)["B"]["error"]["code"] == "sync.value_taken"
    assert len(fake.held()) == 1
    assert books.status()["blocked"] == 1
