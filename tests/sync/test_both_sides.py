"""Where the remote has no versions it is read before it is written over: nobody's work is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from interop_cli.domain.sync.link import LinkState
from interop_cli.store.store import Store
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryRemote
from tests.fakes.server import Door, Reply
from tests.support.cli import Run
from tests.support.stores import add_client, store
from tests.sync.conftest import create
from tests.sync.support import edit, keep, links, reasons, statuses

__all__ = ["store"]


@pytest.fixture
def pushed(crm: Run, portal: FakeHubSpot) -> Run:
    """Two clients that are in the portal."""
    for code in ("A", "B"):
        create(crm, code, phone="418 555-0100")
    assert crm("sync", "push").code == 0
    portal.calls.clear()
    return crm


def remote_id(portal: FakeHubSpot, code: str) -> str:
    return next(key for key, row in portal.live().items() if row["name"] == f"Client {code}")


def test_a_field_that_both_sides_changed_is_a_conflict_in_plan_and_push(
    pushed: Run, portal: FakeHubSpot
) -> None:
    theirs = remote_id(portal, "A")
    portal.edit(theirs, phone="418-555-0777")
    pushed("client", "edit", "A", "--phone", "418 555-0199", "--city", "Lévis", "-q")
    pushed("client", "edit", "B", "--phone", "418 555-0188", "-q")
    (planned,) = pushed("sync", "plan", "A", "--json").json
    assert (planned["action"], planned["reason"], planned["field"]) == (
        "blocked",
        "sync.conflict",
        "phone",
    )
    done = pushed("sync", "push", "--json")
    assert done.code == 68
    found = {item["code"]: item["status"] for item in done.json["items"]}
    assert found == {"A": "error", "B": "ok"}
    assert portal.live()[theirs]["phone"] == "418-555-0777"
    assert portal.live()[theirs]["city"] == "Québec"  # nothing of it goes before it is decided
    assert portal.live()[remote_id(portal, "B")]["phone"] == "418-555-0188"
    again = pushed("sync", "push", "--json")
    assert again.json["changed"] == 0
    resolved = pushed("sync", "resolve", "A", "--take", "phone=remote", "--json")
    assert resolved.code == 0, resolved.stderr
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[theirs]["phone"] == "418-555-0777"
    assert portal.live()[theirs]["city"] == "Lévis"
    assert pushed("client", "show", "A", "--json").json["phone"] == "+14185550777"


def test_other_fields_go_and_theirs_stay(pushed: Run, portal: FakeHubSpot) -> None:
    theirs = remote_id(portal, "A")
    portal.edit(theirs, city="Gaspé")
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[theirs]["phone"] == "418-555-0199"
    assert portal.live()[theirs]["city"] == "Gaspé"


def test_what_was_emptied_there_is_a_change_too(pushed: Run, portal: FakeHubSpot) -> None:
    theirs = remote_id(portal, "A")
    portal.edit(theirs, phone="")
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    assert pushed("sync", "push", "-q").code == 68
    assert "phone" not in portal.live()[theirs]


def test_one_read_and_one_write_for_many(crm: Run, portal: FakeHubSpot) -> None:
    crm("db", "seed", "--clients", "60", "-q")
    crm("sync", "push", "-q")
    crm("client", "edit", "--all", "--phone", "418 555-0199", "--yes", "-q")
    portal.calls.clear()
    assert crm("sync", "push", "-q").code == 0
    assert [call.path.rsplit("/", 1)[1] for call in portal.calls] == ["details", "read", "update"]


@pytest.mark.parametrize(
    ("policy", "held"),
    [("ours", "418-555-0199"), ("theirs", "418-555-0777"), ("create-only", "418-555-0777")],
)
def test_who_wins_can_be_said_for_a_field(
    pushed: Run, portal: FakeHubSpot, policy: str, held: str
) -> None:
    told = pushed(
        "sync", "fields", "crm", "--entity", "client", "--wins", f"phone={policy}", "--json"
    )
    assert {row["field"]: row["wins"] for row in told.json}["phone"] == policy
    theirs = remote_id(portal, "A")
    portal.edit(theirs, phone="418-555-0777")
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[theirs]["phone"] == held
    assert pushed("sync", "push", "--json").json["matched"] == 0


@pytest.mark.parametrize("policy", ["theirs", "create-only"])
@pytest.mark.parametrize("value", ["418-555-0777", ""])
def test_what_is_left_to_them_is_told_once_and_no_drift(
    pushed: Run, portal: FakeHubSpot, policy: str, value: str
) -> None:
    pushed("sync", "fields", "crm", "--entity", "client", "--wins", f"phone={policy}", "-q")
    portal.edit(remote_id(portal, "A"), phone=value)
    told = pushed("sync", "pull", "--full", "--json")
    assert (told.code, [row["theirs"] for row in told.json]) == (10, [value or None])
    again = pushed("sync", "pull", "--full", "--json")
    assert (again.code, again.json) == (0, [])
    assert pushed("sync", "status", "--check").code == 0
    assert pushed("sync", "push", "--all", "--json").json["changed"] == 0
    assert pushed("client", "show", "A", "--json").json["phone"] == "+14185550100"
    # Edited here alone since, it goes where it is not theirs for good.
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    assert pushed("sync", "push", "-q").code == 0
    held = portal.live()[remote_id(portal, "A")].get("phone", "")
    assert held == ("418-555-0199" if policy == "theirs" else value)


def test_what_only_new_records_get_is_no_drift(crm: Run, portal: FakeHubSpot) -> None:
    crm("sync", "fields", "crm", "--entity", "client", "--constant", "industry=PRINTING", "-q")
    create(crm, "A")
    crm("sync", "push", "-q")
    portal.edit(remote_id(portal, "A"), industry="RETAIL")
    crm("sync", "pull", "--full", "-q")
    assert crm("sync", "pull", "--full", "--json").code == 0
    assert crm("sync", "status", "--check").code == 0


@pytest.mark.parametrize("pulls", [True, False])
def test_a_uid_that_was_emptied_there_comes_back(
    pushed: Run, portal: FakeHubSpot, pulls: bool
) -> None:
    theirs = remote_id(portal, "A")
    uid = portal.live()[theirs]["interop_uid"]
    portal.edit(theirs, interop_uid="")
    if pulls:
        assert pushed("sync", "pull", "--full", "--json").code == 10
        assert pushed("sync", "status", "--check").code == 0  # nobody has to do anything
    else:
        pushed("client", "edit", "A", "--city", "Lévis", "-q")
    (planned,) = pushed("sync", "plan", "--json").json
    assert "uid" in planned["fields"]
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[theirs]["interop_uid"] == uid
    assert pushed("sync", "pull", "--full", "--json").code == 0


def test_a_pull_looks_back_by_the_clock_there(crm: Run, portal: FakeHubSpot) -> None:
    """Ours is an hour ahead of theirs."""
    now = datetime(2026, 11, 23, 23, tzinfo=UTC).timestamp()
    portal.now = lambda: now
    create(crm, "A")
    crm("sync", "push", "-q")
    assert crm("sync", "pull", "--json").json == []
    now += 900
    portal.edit(remote_id(portal, "A"), city="Gaspé")
    assert [row["field"] for row in crm("sync", "pull", "--json").json] == ["city"]


def test_a_create_only_field_is_sent_once(crm: Run, portal: FakeHubSpot) -> None:
    crm("sync", "fields", "crm", "--entity", "client", "--wins", "phone=create-only", "-q")
    create(crm, "A", phone="418 555-0100")
    crm("sync", "push", "-q")
    crm("client", "edit", "A", "--phone", "418 555-0199", "--city", "Lévis", "-q")
    crm("sync", "push", "-q")
    (row,) = portal.live().values()
    assert (row["phone"], row["city"]) == ("418-555-0100", "Lévis")


@pytest.mark.parametrize("wrong", ["phone=mine", "phone", "shoe=ours"])
def test_a_policy_that_is_none_is_refused(crm: Run, wrong: str) -> None:
    refused = crm("sync", "fields", "crm", "--entity", "client", "--wins", wrong, "--json")
    assert refused.code == 2


def test_a_change_there_is_met_without_versions(store: Store) -> None:
    remote = MemoryRemote(versions=False)
    one, other = add_client(store, code="A"), add_client(store, "Autre", code="B")
    keep(store, remote)
    first, second = links(store)[one]["remote_id"], links(store)[other]["remote_id"]
    remote.edit(first, phone="theirs")
    remote.edit(second, city="theirs")
    for code in ("A", "B"):
        edit(store, code, phone="418 555-0199")
    report = keep(store, remote)
    assert statuses(report) == {"A": "error", "B": "ok"}
    assert reasons(report)["A"] == "sync.conflict"
    assert links(store)[one]["state"] == LinkState.CONFLICT
    assert remote.rows[first].values["phone"] == "theirs"
    assert remote.rows[second].values["city"] == "theirs"
    assert remote.rows[second].values["phone"] == "+14185550199"


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"status": "PENDING", "results": []}])
def test_an_answer_without_the_records_detaches_none(
    pushed: Run, portal: FakeHubSpot, answer: dict[str, Any]
) -> None:
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    portal.fail("reply", match="batch/read", reply=Reply(200, answer), times=99)
    assert pushed("sync", "push", "-q").code == 69
    portal.mishaps.clear()
    pushed("sync", "retry", "-q")
    (status,) = pushed("sync", "status", "--json").json
    assert (status["detached"], status["pending"]) == (0, 1)
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[remote_id(portal, "A")]["phone"] == "418-555-0199"


def test_what_is_gone_there_is_not_made_again(store: Store) -> None:
    remote = MemoryRemote(versions=False)
    one = add_client(store, code="A")
    keep(store, remote)
    remote.rows[links(store)[one]["remote_id"]].gone = True
    edit(store, "A", phone="418 555-0199")
    assert reasons(keep(store, remote)) == {"A": "remote.gone"}  # as a plan says
    assert links(store)[one]["state"] == LinkState.DETACHED
    report = keep(store, remote)
    assert (statuses(report), reasons(report)) == ({"A": "error"}, {"A": "sync.detached"})


def test_what_was_refused_is_told_at_every_push_until_it_is_mended(
    crm: Run, portal: FakeHubSpot
) -> None:
    create(crm, "A")
    create(crm, "B")
    change, field = portal.invalid_change()
    crm("client", "edit", "A", f"--{field}", change[field], "-q")
    for _push in range(3):
        done = crm("sync", "push", "--json")
        assert done.code == 68
        assert {item["code"]: item["status"] for item in done.json["items"]}["A"] == "error"
    calls = len(portal.writes())
    crm("sync", "push", "-q")
    assert len(portal.writes()) == calls  # it is told, not sent again
    crm("client", "edit", "A", "--city", "Gaspé", "-q")
    assert crm("sync", "push", "-q").code == 0
    assert crm("sync", "push", "-q").code == 0


@pytest.mark.parametrize("said", ["CA", "can", "Canada (CA)"])
def test_a_country_said_in_another_way_is_no_change(
    pushed: Run, portal: FakeHubSpot, said: str
) -> None:
    theirs = remote_id(portal, "A")
    portal.edit(theirs, country=said)
    assert pushed("sync", "pull", "--full", "--json").json == []
    pushed("client", "edit", "A", "--phone", "418 555-0199", "-q")
    assert pushed("sync", "push", "-q").code == 0
    assert portal.live()[theirs]["country"] == said
    portal.calls.clear()
    assert pushed("sync", "push", "--json").json["changed"] == 0
    assert portal.calls == []


class Particular(FakeHubSpot):
    """A portal that writes some of what it is sent in ways of its own."""

    def _write(self, objects: str, remote_id: str, properties: Mapping[str, str]) -> None:
        ways = {
            "phone": lambda value: f"+1 {value.replace('-', ' ')}",
            "state": lambda value: {"QC": "Quebec"}.get(value, value),
            "name": lambda value: value.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
            "email": str.upper,
            "zip": lambda value: value.replace(" ", ""),
        }
        made = {
            name: ways[name](value) if name in ways and value else value
            for name, value in properties.items()
        }
        super()._write(objects, remote_id, made)


class TestWaysOfItsOwn:
    """What the remote makes of what it is sent is no change of anybody's."""

    @pytest.fixture
    def portal(self, _doors: tuple[Door, Door]) -> Iterator[FakeHubSpot]:
        fake = Particular().behind(_doors[0])
        yield fake
        assert not fake.violations

    @pytest.fixture
    def made(self, crm: Run) -> Run:
        crm("sync", "fields", "crm", "--entity", "client", "--set", "postal_code", "-q")
        create(crm, "A", "L'Atelier", phone="418 555-0100")
        add = ("contact", "create", "A", "--name", "Élodie Côté", "--email", "e@example.com")
        assert crm(*add, "--phone", "418 555-0101").code == 0
        return crm

    def test_it_is_neither_drift_nor_sent_again(self, made: Run, portal: FakeHubSpot) -> None:
        first = made("sync", "push", "--json")
        fields = {(one["code"], one["message"].split()[3]) for one in first.json["warnings"]}
        assert fields == {("sync.note", "name"), ("sync.note", "postal_code")}  # the rest is equal
        portal.calls.clear()
        assert made("sync", "push", "--all", "--json").json["changed"] == 0
        assert made("sync", "plan", "--json").json == []
        assert portal.writes() == []
        pulled = made("sync", "pull", "--full", "--json")
        assert (pulled.code, pulled.json) == (0, [])
        assert made("sync", "status", "--check").code == 0

    def test_an_edit_of_it_here_goes_and_one_there_is_seen(
        self, made: Run, portal: FakeHubSpot
    ) -> None:
        made("sync", "push", "-q")
        made("client", "edit", "A", "--name", "L'Usine", "--phone", "418 555-0199", "-q")
        assert made("sync", "push", "--json").code == 0
        ((key, row),) = portal.live().items()
        assert (row["name"], row["phone"]) == ("L\u2019Usine", "+1 418 555 0199")
        portal.edit(key, zip="G1K 7X3")
        pulled = made("sync", "pull", "--full", "--json")
        assert [(one["field"], one["theirs"]) for one in pulled.json] == [("postal_code", "G1K7X3")]
        made("client", "edit", "A", "--postal-code", "G1K 7X9", "-q")
        (planned,) = made("sync", "plan", "--json").json
        assert (planned["action"], planned["reason"]) == ("blocked", "sync.conflict")
