"""What is merged, made inactive or erased here goes out, and leaves no dead link behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Run
from tests.sync.conftest import LeftOnce, connect, create
from tests.sync.test_qbo import Books


@pytest.fixture(autouse=True)
def place(ready_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("INTEROP_DB", ready_url)
    monkeypatch.setenv("INTEROP_TODAY", "2026-11-24")
    monkeypatch.setenv("INTEROP_NO_KEYRING", "1")
    return ready_url


@pytest.fixture
def begun(invoke: Run, portal: FakeHubSpot, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, which knows where the portal is."""
    monkeypatch.setenv("INTEROP_CRM_BASE_URL", portal.url)
    return invoke


@pytest.fixture
def crm(begun: Run, portal: FakeHubSpot, left_once: LeftOnce) -> Run:
    """The same with the target configured and connected."""
    left_once("crm", lambda: connect(begun, portal), portal)
    return begun


def done(run: Run, *args: object, **how: Any) -> Any:
    """Run a command that must succeed."""
    result = run(*args, **how)
    assert result.code == 0, result.stderr
    return result


def contact(run: Run, code: str, name: str, email: str, *more: str) -> int:
    made = done(run, "contact", "create", code, "--name", name, "--email", email, *more, "--json")
    return int(made.json["items"][0]["id"])


def planned(run: Run, *args: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What is to be done: (entity, code) -> action, reason."""
    rows = done(run, "sync", "plan", "--json", *args).json
    return {(row["entity"], row["code"]): (row["action"], row["reason"]) for row in rows}


def names(portal: FakeHubSpot, objects: str = "companies") -> set[str]:
    return {row.get("name") or row.get("email", "?") for row in portal.live(objects).values()}


@pytest.fixture
def two(begun: Run, portal: FakeHubSpot, left_once: LeftOnce) -> Run:
    """Clients A and B, each with Jo of one e-mail and a person of its own; all are there."""

    def furnish() -> None:
        connect(begun, portal)
        for code in ("A", "B"):
            create(begun, code)
            contact(begun, code, "Jo Roy", "jo@roy.example")
            contact(begun, code, f"Al {code}", f"al@{code.lower()}.example")
        done(begun, "sync", "push", "-q")

    left_once("two in the portal", furnish, portal)
    assert len(portal.live()) == 2
    assert len(portal.live("contacts")) == 4
    return begun


def test_a_merge_waits_for_a_word_and_then_goes_out(two: Run, portal: FakeHubSpot) -> None:
    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    rows = done(two, "sync", "plan", "--json").json
    merges = [row for row in rows if row["action"] == "merge"]
    assert [(row["entity"], row["irreversible"], row["reason"]) for row in merges] == [
        ("client", True, "sync.irreversible"),
        ("contact", True, "sync.irreversible"),
    ]
    before = portal.live(), set(portal.live("contacts"))
    pushed = two("sync", "push", "--json")
    assert pushed.code == 0
    assert pushed.json["targets"][0]["by_hand"] == 2
    assert "To do by hand" in pushed.stderr
    assert not [call for call in portal.calls if call.path.endswith("/merge")]
    assert (set(portal.live()), set(portal.live("contacts"))) == (set(before[0]), before[1])

    done(two, "sync", "push", "--irreversible", "-q")
    assert names(portal) == {"Client A"}
    assert names(portal, "contacts") == {"jo@roy.example", "al@a.example", "al@b.example"}
    (winner,) = portal.live()
    assert all(portal.companies_of(one) == {winner} for one in portal.live("contacts"))
    assert planned(two) == {}
    status = done(two, "sync", "status", "--json").json[0]
    assert (status["by_hand"], status["in_sync"]) == (0, 4)
    portal.calls.clear()
    done(two, "sync", "push", "--irreversible", "-q")
    assert not [call for call in portal.calls if portal.is_write(call)]
    # The code is free, and makes a company of its own.
    create(two, "B2", name="Autre")
    done(two, "sync", "push", "-q")
    assert names(portal) == {"Client A", "Autre"}


def test_three_become_one(crm: Run, portal: FakeHubSpot) -> None:
    for code in ("A", "B", "C"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "B", "C", "--confirm", "B", "-q")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    done(crm, "sync", "push", "--irreversible", "-q")
    assert names(portal) == {"Client A"}
    done(crm, "client", "edit", "A", "--city", "Lévis", "-q")
    done(crm, "sync", "push", "-q")
    assert [row["city"] for row in portal.live().values()] == ["Lévis"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_merge_whose_answer_is_lost_is_looked_up(
    crm: Run, portal: FakeHubSpot, arrived: bool
) -> None:
    for code in ("A", "B"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    portal.fail("drop", when="after" if arrived else "before", match="/merge", times=1)
    crm("sync", "push", "--irreversible", "-q")
    portal.mishaps.clear()
    crm("sync", "retry", "-q")
    done(crm, "sync", "push", "--irreversible", "-q")
    assert names(portal) == {"Client A"}
    assert planned(crm) == {}
    assert len([call for call in portal.calls if call.path.endswith("/merge")]) <= 2


@pytest.mark.parametrize("way", ["push", "pull", "full"])
def test_what_a_person_merged_there_is_done(crm: Run, portal: FakeHubSpot, way: str) -> None:
    for code in ("A", "B"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "sync", "pull", "-q")
    ids = {row["name"]: key for key, row in portal.live().items()}
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    portal.merge(ids["Client B"], ids["Client A"])
    if way == "push":
        assert planned(crm) == {}
        done(crm, "sync", "push", "-q")
    else:
        pulled = crm("sync", "pull", *(["--full"] if way == "full" else []), "--json")
        assert (pulled.code, pulled.json) == (0, [])
    assert planned(crm) == {}
    status = done(crm, "sync", "status", "--json").json[0]
    assert (status["in_sync"] + status["pending"], status["detached"]) == (1, 0)
    done(crm, "client", "edit", "A", "--city", "Lévis", "-q")
    done(crm, "sync", "push", "-q")
    assert [row["city"] for row in portal.live().values()] == ["Lévis"]


def test_one_that_was_never_there_takes_over_the_record(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "B")
    contact(crm, "B", "Jo Roy", "jo@roy.example")
    done(crm, "sync", "push", "-q")
    (company,), (person,) = portal.live(), portal.live("contacts")
    create(crm, "A")
    contact(crm, "A", "Jo Roy", "jo@roy.example", "--mobile", "418 555-0101")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    assert planned(crm) == {("client", "A"): ("update", None), ("contact", "A"): ("update", None)}
    done(crm, "sync", "push", "-q")
    (row,) = portal.live().values()
    assert (set(portal.live()), row["name"]) == ({company}, "Client A")
    assert row["interop_uid"] == crm("client", "show", "A", "--json").json["uid"]
    assert set(portal.live("contacts")) == {person}
    assert planned(crm) == {}


def test_an_erased_person_is_deleted_for_privacy(two: Run, portal: FakeHubSpot, place: str) -> None:
    people = done(two, "contact", "list", "A", "--json").json
    al = next(row["id"] for row in people if row["name"] == "Al A")
    told = done(two, "contact", "erase", str(al), "--confirm", str(al), "--json").json
    (warning,) = [one for one in told["warnings"] if one["code"] == "erase.targets"]
    assert "--irreversible" in warning["message"]
    assert planned(two) == {("contact", "A"): ("erase", "sync.irreversible")}
    done(two, "sync", "push", "-q")
    assert len(portal.live("contacts")) == 4
    done(two, "sync", "push", "--irreversible", "-q")
    assert "al@a.example" not in names(portal, "contacts")
    assert len(portal.objects["contacts"]) == 3  # not even in the archive
    assert planned(two) == {}
    again = done(two, "contact", "erase", str(al), "--confirm", str(al), "--json").json
    assert "erase.targets" not in {one["code"] for one in again["warnings"]}


def test_somebody_who_was_combined_and_then_erased(two: Run, portal: FakeHubSpot) -> None:
    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    people = done(two, "contact", "list", "A", "--json").json
    (jo,) = [row["id"] for row in people if row["name"] == "Jo Roy"]
    done(two, "contact", "erase", str(jo), "--confirm", str(jo), "-q")
    done(two, "sync", "push", "--irreversible", "-q")
    assert names(portal, "contacts") == {"al@a.example", "al@b.example"}
    assert len(portal.objects["contacts"]) == 2
    assert planned(two) == {}


def test_sync_auto_sends_nothing_that_cannot_be_taken_back(two: Run, portal: FakeHubSpot) -> None:
    done(two, "config", "set", "sync.auto", "true", "-q")
    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    assert len(portal.live()) == 2
    assert not [call for call in portal.calls if call.path.endswith("/merge")]
    assert ("merge", "sync.irreversible") in planned(two).values()


def test_a_merge_that_is_refused_stays_told(crm: Run, portal: FakeHubSpot) -> None:
    for code in ("A", "B"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    portal.refuse_merge = True
    for _time in range(2):
        assert crm("sync", "push", "--irreversible", "-q").code == 68
    assert done(crm, "sync", "status", "--json").json[0]["failed"] == 1
    portal.refuse_merge = False
    done(crm, "sync", "retry", "-q")
    done(crm, "sync", "push", "--irreversible", "-q")
    assert names(portal) == {"Client A"}


def test_an_inactive_client_is_seen_to_there(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    done(crm, "sync", "push", "-q")
    done(crm, "client", "deactivate", "A", "-q")
    assert planned(crm) == {("client", "A"): ("by_hand", "sync.inactive_there")}
    assert crm("sync", "push", "--json").json["targets"][0]["by_hand"] == 1
    portal.remove(next(iter(portal.live())))
    assert crm("sync", "pull", "--json").json == []
    assert planned(crm) == {}
    done(crm, "client", "activate", "A", "-q")
    assert planned(crm) == {("client", "A"): ("create", None)}


def test_active_may_have_a_place_there(crm: Run, portal: FakeHubSpot) -> None:
    for objects in ("companies", "contacts"):
        portal.custom[objects].add("erp_active")
    for entity in ("client", "contact"):
        done(crm, "sync", "fields", "crm", "--entity", entity, "--set", "active=erp_active", "-q")
    create(crm, "A")
    contact(crm, "A", "Jo Roy", "jo@roy.example")
    done(crm, "sync", "push", "-q")
    done(crm, "client", "deactivate", "A", "-q")
    assert {action for action, _why in planned(crm).values()} == {"deactivate"}
    done(crm, "sync", "push", "-q")
    rows = [*portal.live().values(), *portal.live("contacts").values()]
    assert [row["erp_active"] for row in rows] == ["false", "false"]
    assert planned(crm) == {}


def test_in_the_books_a_merged_customer_is_made_inactive(
    invoke: Run, company: FakeQuickBooks
) -> None:
    books = Books(invoke, company)
    books.configure()
    for code, name in (("A", "Presse du Quai"), ("B", "Presse du Vieux Quai")):
        books.create(code, name)
    books.create("K", "Enfant", "--bill-to", "B")
    books.push()
    ids = {row["DisplayName"]: key for key, row in company.held().items()}
    company.open_balances.add(ids["Presse du Vieux Quai"])
    books("client", "merge", "A", "B", "--confirm", "A", "-q")
    pushed = books("sync", "push", "--json", code=68)
    (failed,) = [item for item in pushed.json["items"] if item["status"] == "error"]
    assert (failed["error"]["code"], failed["error"]["field"]) == ("qbo.open_balance", "active")
    assert "balance" in failed["error"]["message"]
    company.open_balances.clear()
    books("sync", "retry", "-q")
    done(books, "sync", "push", "-q")
    held = company.held()
    assert held[ids["Presse du Vieux Quai"]]["Active"] is False
    assert held[ids["Enfant"]]["ParentRef"] == {"value": ids["Presse du Quai"]}
    assert planned(books) == {}


def test_who_is_paid_for_goes_before_who_pays(invoke: Run, company: FakeQuickBooks) -> None:
    books = Books(invoke, company)
    books.configure()
    books.create("A", "Parent")
    books.create("B", "Enfant", "--bill-to", "A")
    books.push()
    sent: list[str] = []
    company.refuse = lambda row: sent.append(str(row.get("Id"))) if "Active" in row else None
    books("client", "deactivate", "B", "-q")
    books("client", "deactivate", "A", "-q")
    done(books, "sync", "push", "-q")
    ids = {
        row["DisplayName"].removesuffix(" (deleted)"): key for key, row in company.held().items()
    }
    assert sent == [ids["Enfant"], ids["Parent"]]


def test_orphans_are_listed_and_stay_as_they_are(two: Run, portal: FakeHubSpot) -> None:
    uid = two("client", "show", "A", "--json").json["uid"]
    stranger = portal.add(interop_uid=uid[:-4] + "ffff", name="Ailleurs inc.")
    portal.add(name="Keyless")
    assert done(two, "sync", "status", "--json").json[0]["orphans"] is None  # nobody looked
    for _time in range(2):
        pulled = two("sync", "pull", "--json")
        assert pulled.code == 10
        (row,) = pulled.json
        assert (row["what"], row["entity"], row["remote_id"]) == ("orphan", "client", stranger)
        assert done(two, "sync", "status", "--json").json[0]["orphans"] == 1
    held = portal.live()[stranger]
    done(two, "sync", "push", "-q")
    assert portal.live()[stranger] == held
    portal.remove(stranger)
    assert two("sync", "pull", "--full", "--json").json == []
    assert done(two, "sync", "status", "--json").json[0]["orphans"] == 0


def latest(run: Run, name: str) -> str:
    rows = done(run, "journal", "list", "--name", name, "--limit", "1", "--json").json
    return str(rows[0]["id"])


def test_an_undo_of_what_was_just_created_tells_that_it_was_sent(
    crm: Run, portal: FakeHubSpot
) -> None:
    done(crm, "config", "set", "sync.auto", "true", "-q")
    create(crm, "A")
    assert names(portal) == {"Client A"}
    operation = latest(crm, "client.create")
    refused = crm("journal", "undo", operation, "--json")
    assert (refused.code, refused.error["code"]) == (5, "journal.sent")
    assert "--unlink" in refused.error["hint"]
    assert "client deactivate A" in refused.error["hint"]
    french = crm("journal", "undo", operation, env={"INTEROP_LANG": "fr"})
    assert "envoyé" in french.stderr
    assert done(crm, "journal", "undo", operation, "--unlink", "--json").json["targets"] == ["crm"]
    assert names(portal) == {"Client A"}
    done(crm, "sync", "push", "-q")
    # Taken back once more, it is the same client, and finds its record.
    done(crm, "journal", "undo", latest(crm, "journal.undo"), "-q")
    done(crm, "sync", "push", "-q")
    assert len(portal.live()) == 1


def test_an_undo_of_a_merge_that_has_gone_out_tells_so(two: Run, portal: FakeHubSpot) -> None:
    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    operation = latest(two, "client.merge")
    # Nothing has gone out yet: it is taken back as if it had never been.
    before = portal.live(), portal.live("contacts")
    done(two, "journal", "undo", operation, "-q")
    done(two, "sync", "push", "--irreversible", "-q")
    assert (portal.live(), portal.live("contacts")) == before
    assert planned(two) == {}

    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    operation = latest(two, "client.merge")
    done(two, "sync", "push", "--irreversible", "-q")
    refused = two("journal", "undo", operation, "--json")
    assert (refused.code, refused.error["code"]) == (5, "journal.sent")
    assert "--unlink" in refused.error["hint"]
    done(two, "journal", "undo", operation, "--unlink", "-q")
    assert done(two, "client", "show", "B", "--json").json["active"] is True
    done(two, "sync", "push", "-q")
    assert names(portal) == {"Client A", "Client B"}
    assert len(portal.live("contacts")) == 4
    assert planned(two) == {}


def test_a_check_says_in_one_line_what_needs_a_person(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B", email="")
    assert crm("sync", "status", "--check").code == 0
    assert crm("sync", "status", "--check").stdout == ""
    done(crm, "sync", "push", "-q")
    done(crm, "client", "deactivate", "A", "-q")
    checked = crm("sync", "status", "--check")
    assert (checked.code, checked.stdout.strip()) == (10, "crm: By hand 1")
    french = crm("sync", "status", "--check", env={"INTEROP_LANG": "fr"})
    assert (french.code, french.stdout.strip()) == (10, "crm : À la main 1")
    row = crm("sync", "status", "--check", "--json")
    assert (row.code, row.json[0]["attention"]) == (10, "by_hand 1")


def test_an_email_comes_with_the_merge(crm: Run, portal: FakeHubSpot) -> None:
    """The one that goes has it there, and no two people can."""
    create(crm, "B")
    contact(crm, "B", "Jo Roy", "jo@roy.example")
    create(crm, "A")
    contact(crm, "A", "Jo Roy", "jo@roy.example")
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    held = crm("sync", "push", "--json")
    assert held.code == 68
    assert planned(crm)["contact", "A"] in {
        ("merge", "sync.irreversible"),
        ("blocked", "sync.value_taken"),
    }
    done(crm, "sync", "push", "--irreversible", "-q")
    (person,) = portal.live("contacts").values()
    assert person["email"] == "jo@roy.example"
    assert planned(crm) == {}
    assert crm("sync", "push", "-q").code == 0


def test_a_filter_takes_those_along_who_were_merged(two: Run, portal: FakeHubSpot) -> None:
    done(two, "client", "edit", "A", "--city", "Lévis", "-q")
    done(two, "client", "merge", "A", "B", "--confirm", "A", "-q")
    which = ("--filter", "city = Lévis", "--irreversible")
    rows = done(two, "sync", "plan", *which, "--json").json
    assert [row["entity"] for row in rows if row["action"] == "merge"] == ["client", "contact"]
    done(two, "sync", "push", *which, "-q")
    assert names(portal) == {"Client A"}
    assert len(portal.live("contacts")) == 3


def test_a_plan_tells_what_an_irreversible_push_does(two: Run, portal: FakeHubSpot) -> None:
    (row, *_) = [
        one for one in done(two, "contact", "list", "B", "--json").json if "al@" in one["email"]
    ]
    done(two, "contact", "erase", str(row["id"]), "--confirm", str(row["id"]), "-q")
    contact(two, "A", "Al Again", row["email"])
    held = portal.live("contacts")
    taken = ("blocked", "remote.name_taken")
    erased = {("contact", "B"): ("erase", "sync.irreversible")}
    for _ in range(2):
        assert planned(two) == {("contact", "A"): taken, **erased}
        assert two("sync", "push", "-q").code == 68
        assert portal.live("contacts") == held
    assert planned(two, "--irreversible") == {
        ("contact", "A"): ("create", None),
        ("contact", "B"): ("erase", None),
    }
    done(two, "sync", "push", "--irreversible", "-q")
    assert names(portal, "contacts") == {"al@a.example", "al@b.example", "jo@roy.example", "?"}
    assert planned(two) == {}


def test_a_record_that_is_taken_over_is_counted_once(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "B")
    done(crm, "sync", "push", "-q")
    create(crm, "A")
    done(crm, "client", "merge", "A", "B", "--confirm", "A", "-q")
    (row,) = done(crm, "sync", "status", "--json").json
    assert (row["eligible"], row["pending"], row["in_sync"]) == (1, 1, 0)


def test_an_undo_names_every_target_and_what_a_file_waits_for(crm: Run, tmp_path: Path) -> None:
    settings = ("--set", f"folder={tmp_path}", "--set", "profile=sage50")
    done(crm, "sync", "add", "desk", "file", *settings, "-q")
    create(crm, "A")
    done(crm, "sync", "push", "-q")
    batch, operation = next(tmp_path.glob("*.IMP")).stem, latest(crm, "client.create")
    refused = crm("journal", "undo", operation, "--unlink", "--json")
    assert (refused.code, refused.error["code"]) == (5, "journal.sent")
    assert "crm" in crm("journal", "undo", operation, "--json").error["message"]
    assert f"interop sync ack {batch} --ok" in refused.error["hint"]
    done(crm, "sync", "ack", batch, "--ok", "-q")
    refused = crm("journal", "undo", operation, "--json")
    assert "crm, desk" in refused.error["message"]
    undone = done(crm, "journal", "undo", operation, "--unlink", "--json")
    assert undone.json["targets"] == ["crm", "desk"]


def test_a_merged_client_is_named_by_its_code(crm: Run, portal: FakeHubSpot) -> None:
    for code in ("Z", "C"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "Z", "C", "--confirm", "Z", "-q")
    assert planned(crm, "MERGED-1") == {("client", "MERGED-1"): ("merge", "sync.irreversible")}
    held = crm("sync", "push", "MERGED-1", "--json")
    assert (held.code, held.error["code"]) == (5, "sync.irreversible")
    unlinked = done(crm, "sync", "unlink", "MERGED-1", "--json").json
    assert [item["code"] for item in unlinked["items"]] == ["MERGED-1"]
    assert planned(crm) == {}
    (status,) = crm("sync", "status", "--json").json
    assert (status["by_hand"], status["in_sync"]) == (0, 1)


def test_what_is_said_of_a_client_is_not_said_of_one_merged_into_it(
    crm: Run, portal: FakeHubSpot
) -> None:
    for code in ("Z", "C"):
        create(crm, code)
    done(crm, "sync", "push", "-q")
    done(crm, "client", "merge", "Z", "C", "--confirm", "Z", "-q")
    (theirs,) = (key for key, row in portal.live().items() if row["name"] == "Client Z")
    portal.edit(theirs, city="Percé")
    done(crm, "client", "edit", "Z", "--city", "Gaspé", "-q")
    assert crm("sync", "push", "-q").code == 68
    shown = crm("sync", "resolve", "Z", "--json")
    assert [(row["code"], row["field"]) for row in shown.json] == [("Z", "city")]
    done(crm, "sync", "resolve", "Z", "--take", "local", "-q")
    done(crm, "sync", "push", "-q")
    assert portal.live()[theirs]["city"] == "Gaspé"
