"""The commands of ``sync``, on the real command line against a portal on loopback."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest

from interop_cli.domain.sync.link import TroubleKind
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import MemoryRemote, Row
from tests.fakes.server import Reply
from tests.support.cli import Run
from tests.sync.conftest import create


def behind_our_back(script: str) -> None:
    """Have another program write into the database."""
    with closing(sqlite3.connect(os.environ["INTEROP_DB"])) as conn:
        conn.executescript(script)


def items(result: Any) -> dict[str, str]:
    return {item["code"]: item["status"] for item in result.json["items"]}


def test_a_target_from_nothing_to_a_push(interop: Run, portal: FakeHubSpot) -> None:
    create(interop, "A")
    added = interop("sync", "add", "crm", "hubspot", "--json")
    assert (added.code, added.json["items"][0]["name"]) == (0, "crm")
    assert interop("sync", "push").code == 4  # no token yet
    connected = interop("sync", "connect", "crm", "--token-stdin", "--json", stdin=portal.token)
    assert connected.json == {
        "name": "crm",
        "secret": "file",
        "remote": "HubSpot 8081001",
        "detached": 0,
        "empty": True,
        "made": ["companies.interop_uid", "contacts.interop_uid"],
    }
    pushed = interop("sync", "push", "--json")
    assert (pushed.code, items(pushed)) == (0, {"A": "ok"})
    uid = interop("client", "show", "A", "--json").json["uid"]
    assert [row["interop_uid"] for row in portal.live().values()] == [uid]
    targets = interop("sync", "targets", "--json").json
    assert (targets[0]["name"], targets[0]["role"], targets[0]["secret"]) == ("crm", "crm", "file")


def test_names_and_kinds_of_targets_are_checked(interop: Run) -> None:
    assert interop("sync", "add", "Crm!", "hubspot").code == 2
    assert interop("sync", "add", "crm", "nothing").code == 78
    assert interop("sync", "add", "crm", "hubspot", "--set", "nope=1").code == 78
    assert interop("sync", "add", "crm", "hubspot", "--set", "base_url=http://x.example").code == 78
    assert interop("sync", "add", "crm", "hubspot", "--set", "prospects=maybe").code == 65
    assert interop("sync", "add", "crm", "hubspot").code == 0
    assert interop("sync", "add", "crm", "hubspot").code == 5
    assert interop("sync", "push", "--target", "other").code == 78
    assert interop("sync", "push", "--target", "").code == 2


def test_no_target_is_an_error_that_says_what_to_do(interop: Run) -> None:
    for verb in ("push", "plan", "pull"):
        result = interop("sync", verb, "-o", "csv")
        assert (result.code, result.stdout) == (78, "")
        assert "interop sync add" in result.stderr
    status = interop("sync", "status", "--json")
    assert (status.code, status.json) == (0, [])


def test_a_plan_shows_what_differs_and_calls_nobody_offline(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A", phone="418 555-0134")
    plan = crm("sync", "plan", "--offline", "--json", "--detailed-exitcode")
    assert plan.code == 10
    assert (plan.json[0]["action"], plan.json[0]["code"]) == ("create", "A")
    assert portal.calls == []
    crm("sync", "push", "-q")
    crm("client", "edit", "A", "--city", "Gaspé", "--postal-code", "G4X 1A1", "-q")
    row = crm("sync", "plan", "A", "--offline", "--json").json[0]
    assert (row["action"], row["changes"]) == (
        "update",
        [{"field": "city", "before": "Québec", "after": "Gaspé"}],
    )
    crm("sync", "push", "-q")
    done = crm("sync", "plan", "--offline", "--json", "--detailed-exitcode")
    assert (done.code, done.json) == (0, [])


def test_an_online_plan_looks_and_writes_nothing(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "B", "-q")
    uid = crm("client", "show", "A", "--json").json["uid"]
    portal.add(interop_uid=uid, name="Already there", city="Québec", state="QC", country="Canada")
    crm("client", "edit", "B", "--city", "Gaspé", "--postal-code", "G4X 1A1", "-q")
    portal.remove(next(key for key, row in portal.live().items() if row["name"] == "Client B"))
    portal.calls.clear()
    rows = {row["code"]: row for row in crm("sync", "plan", "--json").json}
    assert (rows["A"]["action"], rows["A"]["reason"], rows["A"]["fields"]) == (
        "update",
        "sync.exists",
        "name",
    )
    assert (rows["B"]["action"], rows["B"]["reason"]) == ("blocked", "remote.gone")
    assert portal.writes() == []


def test_codes_filters_and_all_say_which_clients(crm: Run, portal: FakeHubSpot) -> None:
    for code in ("A", "B", "C"):
        create(crm, code)
    assert items(crm("sync", "push", "A", "--json")) == {"A": "ok"}
    assert items(crm("sync", "push", "--filter", "code=B", "--json")) == {"B": "ok"}
    assert crm("sync", "push", "NOPE").code == 3
    assert crm("sync", "push", "A", "--all").code == 2
    assert crm("sync", "push", "--all", "--expect", "2").code == 5
    assert items(crm("sync", "push", "--all", "--expect", "3", "--json")) == {"C": "ok"}
    assert crm("sync", "push", "-", "--json", stdin="A\nB\n").json["unchanged"] == 2


def test_dry_run_sends_nothing(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    tried = crm("sync", "push", "--dry-run", "--json")
    assert (tried.code, tried.json["dry_run"], items(tried)) == (0, True, {"A": "ok"})
    assert portal.calls == []


def test_some_failed_is_68_with_reasons(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B", name="Bad")
    portal.refuse = lambda _o, row: "name" if row.get("name") == "Bad" else None
    pushed = crm("sync", "push", "--json")
    assert pushed.code == 68
    assert items(pushed) == {"A": "ok", "B": "error"}
    error = next(item["error"] for item in pushed.json["items"] if item["code"] == "B")
    assert (error["code"], error["field"]) == ("remote.refused", "name")
    assert crm("sync", "status", "--json").json[0]["failed"] == 1
    assert crm("client", "list", "--filter", "sync.crm=failed", "-o", "codes").stdout == "B\n"
    assert crm("sync", "log", "--failed", "--json").json[0]["error"] == "remote.refused"
    portal.refuse = lambda *_: None
    assert crm("sync", "push", "--json").json["changed"] == 0  # as it is, it was refused
    assert crm("sync", "retry", "B", "--json").json["changed"] == 1
    assert items(crm("sync", "push", "--json")) == {"B": "ok"}


def test_one_client_that_is_blocked_is_an_error_that_says_why(
    crm: Run, portal: FakeHubSpot
) -> None:
    create(crm, "P")
    crm("client", "edit", "P", "--prospect", "-q")
    refused = crm("sync", "push", "P", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.prospect")
    assert portal.calls == []


def test_prospects_go_to_the_crm_where_it_is_told_so(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "P")
    crm("client", "edit", "P", "--prospect", "-q")
    assert crm("sync", "push", "--json").json["changed"] == 0
    crm("sync", "connect", "crm", "--set", "prospects=true", "-q")
    assert items(crm("sync", "push", "--json")) == {"P": "ok"}


def test_a_dead_server_is_69_and_nothing_is_lost(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    portal.fail("reply", reply=Reply(503, {}), times=99, match="/crm/")
    pushed = crm("sync", "push", "--json")
    assert pushed.code == 69
    assert (pushed.error["code"], pushed.error["retryable"]) == ("remote.error", True)
    again = crm("sync", "push", "--json")
    assert (again.code, again.error["code"]) == (69, "sync.paused")
    status = crm("sync", "status", "--json").json[0]
    assert (status["unknown"], status["paused"], status["paused_by"]) == (1, True, "breaker")
    portal.mishaps.clear()
    crm("sync", "retry", "-q")
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}
    assert len(portal.live()) == 1


@pytest.mark.parametrize("page", [None, "<html>Not Found</html>", {"message": "no Route matched"}])
def test_a_404_of_a_machine_in_between_says_nothing_of_records(
    crm: Run, portal: FakeHubSpot, page: object
) -> None:
    for code in ("A", "B", "C"):
        create(crm, code)
    crm("sync", "push", "-q")
    crm("client", "edit", "A", "B", "C", "--city", "Gaspé", "--yes", "-q")
    portal.fail("reply", reply=Reply(404, page), times=99, match="/crm/objects/")
    pushed = crm("sync", "push", "--json")
    assert (pushed.code, pushed.error["code"]) == (69, "remote.error")
    assert crm("sync", "pull", "--full", "--json").code == 69
    status = crm("sync", "status", "--json").json[0]
    assert (status["detached"], status["failed"]) == (0, 0)
    portal.mishaps.clear()
    crm("sync", "retry", "-q")
    assert items(crm("sync", "push", "--json")) == {"A": "ok", "B": "ok", "C": "ok"}


def test_where_nothing_is_to_decide_a_resolve_changes_nothing(
    crm: Run, portal: FakeHubSpot
) -> None:
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "-q")
    crm("sync", "unlink", "A", "--exclude", "-q")
    create(crm, "C")
    portal.fail("reply", reply=Reply(503, {}), times=99, match="/crm/")
    crm("sync", "push", "-q")
    portal.mishaps.clear()
    before = crm("sync", "status", "--json").json[0]
    assert (before["unknown"], before["excluded"]) == (1, 1)
    for code in ("A", "B", "C"):
        resolved = crm("sync", "resolve", code, "--take", "local", "--json")
        assert (resolved.code, resolved.json["changed"]) == (0, 0)
    assert crm("sync", "status", "--json").json[0] == before


def test_a_refused_token_pauses_until_connected(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    portal.token = "another-token-0123456789"  # type: ignore[misc]
    refused = crm("sync", "push", "--json")
    assert (refused.code, refused.error["code"]) == (69, "remote.auth")
    assert "sync connect crm" in refused.error["hint"]
    calls = len(portal.calls)
    assert crm("sync", "push").code == 69
    assert len(portal.calls) == calls
    crm("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}


def test_contacts_follow_their_companies_and_get_their_dot(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("contact", "create", "A", "--name", "Marie-Ève Roy", "--email", "m@a.example", "-q")
    assert crm("contact", "list", "A", "--json").json[0]["hubspot_synced"] is False
    crm("sync", "push", "-q")
    (contact,) = portal.live("contacts")
    assert portal.companies_of(contact) == set(portal.live())
    assert crm("contact", "list", "A", "--json").json[0]["hubspot_synced"] is True
    assert "●" in crm("client", "show", "A").stdout
    crm("contact", "edit", "1", "--phone", "418 555-0100", "-q")
    assert crm("contact", "list", "A", "--json").json[0]["hubspot_synced"] is False
    crm("sync", "push", "-q")
    assert crm("contact", "list", "A", "--json").json[0]["hubspot_synced"] is True
    crm("sync", "fields", "crm", "--entity", "contact", "--set", "title", "-q")
    assert crm("contact", "list", "A", "--json").json[0]["hubspot_synced"] is False


def test_the_card_says_where_a_client_stands(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    assert crm("client", "show", "A", "--json").json["sync"] == [
        {
            "target": "crm",
            "kind": "hubspot",
            "state": "none",
            "remote_id": None,
            "pushed_at": None,
            "error": None,
        }
    ]
    crm("sync", "push", "-q")
    found = crm("client", "show", "A", "--json").json["sync"][0]
    assert (found["state"], found["remote_id"]) == ("in_sync", next(iter(portal.live())))
    crm("client", "edit", "A", "--city", "Gaspé", "--postal-code", "G4X 1A1", "-q")
    assert crm("client", "show", "A", "--json").json["sync"][0]["state"] == "pending"


def test_23_a_recode_changes_nothing_there(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "OLD")
    crm("sync", "push", "-q")
    before = portal.held()
    crm("client", "recode", "OLD", "NEW", "--confirm", "OLD", "-q")
    assert crm("sync", "plan", "--offline", "--json").json == []
    # A new client of the old code is another company.
    address = ("--line1", "1", "--city", "Québec", "--postal-code", "G1K 7X2")
    assert crm("client", "create", "Autre", "--code", "OLD", "--reuse", *address).code == 0
    assert items(crm("sync", "push", "--json"))["OLD"] == "ok"
    assert len(portal.live()) == 2
    assert {key: portal.held()[key] for key in before} == before


def test_the_code_can_be_a_property_of_theirs(crm: Run, portal: FakeHubSpot) -> None:
    portal.custom["companies"].add("shop_code")
    crm("sync", "fields", "crm", "--set", "code=shop_code", "-q")
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "-q")
    for old, new in (("A", "X"), ("B", "A"), ("X", "B")):  # they change hands
        crm("client", "recode", old, new, "--reuse", "--confirm", old, "-q")
    assert items(crm("sync", "push", "--json")) == {"A": "ok", "B": "ok"}
    found = {row["name"]: row["shop_code"] for row in portal.live().values()}
    assert found == {"Client A": "B", "Client B": "A"}


def test_fields_are_chosen(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    fields = crm("sync", "fields", "crm", "--json").json
    sent = {row["field"] for row in fields if row["entity"] == "client" and row["sent"]}
    assert sent == {"uid", "name", "phone", "city", "province", "country"}
    crm("sync", "push", "-q")
    portal.custom["companies"].add("payment_terms")
    assert crm("sync", "fields", "crm", "--set", "terms").code == 2  # under which name?
    assert crm("sync", "fields", "crm", "--set", "nope").code == 2
    assert crm("sync", "fields", "crm", "--unset", "name").code == 2
    crm("client", "edit", "A", "--terms", "net45", "-q")
    crm("sync", "fields", "crm", "--set", "terms=payment_terms", "--unset", "phone", "-q")
    assert crm("sync", "plan", "--offline", "--json").json[0]["fields"] == "terms"
    crm("sync", "push", "-q")
    assert next(iter(portal.live().values()))["payment_terms"] == "net45"
    crm("sync", "fields", "crm", "--reset", "-q")
    assert crm("sync", "push", "--json").json["unchanged"] == 1


def test_linking_proposes_and_then_ties(crm: Run, portal: FakeHubSpot) -> None:
    for code, name in (("A", "Alpha"), ("B", "Bêta inc."), ("C", "Gamma"), ("D", "Delta")):
        create(crm, code, name=name)
    uid = crm("client", "show", "A", "--json").json["uid"]
    portal.add(name="ALPHA", interop_uid=uid)
    portal.add(name="beta  INC.")
    portal.add(name="Gamma")
    portal.add(name="GAMMA")
    crm("db", "info")
    shown = crm("sync", "link", "--json", "--dry-run")
    assert {(row["code"], row["how"]) for row in shown.json} == {
        ("A", "key"),
        ("B", "name"),
        ("C", "ambiguous"),
    }
    assert crm("sync", "link", "--json").code == 2  # nobody to ask
    assert crm("sync", "link", "--yes", "-q").code == 0
    plan = {row["code"]: row["action"] for row in crm("sync", "plan", "--offline", "--json").json}
    assert plan == {"A": "update", "B": "update", "C": "create", "D": "create"}
    gamma = next(key for key, row in portal.live().items() if row["name"] == "GAMMA")
    assert crm("sync", "link", "C", gamma).code == 0
    assert crm("sync", "link", "D", gamma).code == 5
    assert crm("sync", "link", "D", "999999").code == 3
    crm("sync", "push", "-q")
    assert len(portal.live()) == 5
    listed = crm("client", "list", "--fields", "uid", "--json").json
    uids = {None, *(row["uid"] for row in listed)}
    assert {row.get("interop_uid") for row in portal.live().values()} == uids


def test_what_is_empty_here_is_not_emptied_there_by_a_match(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B", name="Bêta")
    place = {"city": "Gaspé", "phone": "418-555-0100"}
    theirs = {name: portal.add(name=name, **place) for name in ("Client A", "Autre")}
    assert crm("sync", "link", "--yes", "-q").code == 0
    assert crm("sync", "link", "B", theirs["Autre"]).code == 0
    rows = crm("sync", "plan", "--json").json
    assert {row["code"]: row["fields"] for row in rows} == {
        "A": "uid, city, province, country",
        "B": "uid, name, city, province, country",
    }
    assert crm("sync", "push", "-q").code == 0
    assert {(row["city"], row["phone"]) for row in portal.live().values()} == {
        ("Québec", "418-555-0100")
    }
    for phone, sent in (("418 555-0199", "418-555-0199"), ("", None)):
        crm("client", "edit", "A", "--phone", phone, "-q")
        assert crm("sync", "push", "-q").code == 0
        assert portal.live()[theirs["Client A"]].get("phone") == sent


def test_nothing_is_created_in_a_full_portal_before_linking(
    interop: Run, portal: FakeHubSpot
) -> None:
    portal.add(name="Somebody")
    interop("sync", "add", "crm", "hubspot", "-q")
    connected = interop("sync", "connect", "crm", "--token-stdin", "--json", stdin=portal.token)
    assert connected.json["empty"] is False
    assert "sync link" in connected.stderr
    create(interop, "A")
    refused = interop("sync", "push", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.first_contact")
    interop("sync", "link", "--yes", "-q")
    assert items(interop("sync", "push", "--json")) == {"A": "ok"}


def test_unlinked_and_excluded(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("sync", "push", "-q")
    assert crm("client", "delete", "A", "--confirm", "A").code == 5
    assert crm("client", "why-not", "A", "--json").json["blockers"][0]["kind"] == "sync"
    assert crm("sync", "unlink", "A", "--exclude", "-q").code == 0
    assert crm("sync", "push", "--json").json["changed"] == 0
    assert crm("sync", "status", "--json").json[0]["excluded"] == 1
    assert crm("sync", "unlink", "A", "-q").code == 0
    assert crm("client", "delete", "A", "--confirm", "A").code == 0
    assert len(portal.live()) == 1


def test_an_undo_keeps_what_a_target_holds(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    operation = crm("journal", "list", "--limit", "1", "--json").json[0]["id"]
    crm("sync", "push", "-q")
    refused = crm("journal", "undo", str(operation), "--json")
    assert (refused.code, refused.error["code"]) == (5, "journal.sent")
    assert "crm" in refused.error["message"]
    assert [(d["path"], d["code"], d["key"]) for d in refused.error["details"]] == [
        ("client", "linked", "A")
    ]
    # What helps is named: to keep what is newer would leave everything as it is.
    assert f"journal undo {operation} --unlink" in refused.error["hint"]
    assert "client deactivate A" in refused.error["hint"]
    undone = crm("journal", "undo", str(operation), "--unlink", "--json")
    assert undone.code == 0, undone.stderr
    assert undone.json["targets"] == ["crm"]
    assert [one["code"] for one in undone.json["warnings"]] == ["journal.stays_there"]
    assert len(portal.live()) == 1
    assert crm("sync", "pull", "--full", "--json").json[0]["what"] == "orphan"


def test_pull_shows_what_changed_there_and_resolve_decides(crm: Run, portal: FakeHubSpot) -> None:
    """Acceptance 13 too: an echo of our own push is no change."""
    create(crm, "A", phone="418 555-0134")
    crm("sync", "push", "-q")
    (company,) = portal.live()
    assert (crm("sync", "pull", "--json").code, crm("sync", "pull", "--full", "--json").json) == (
        0,
        [],
    )
    portal.edit(company, phone="418-555-9999", city="Gaspé")
    pulled = crm("sync", "pull", "--full", "--json")
    assert pulled.code == 10
    assert {(row["field"], row["theirs"]) for row in pulled.json} == {
        ("phone", "418-555-9999"),
        ("city", "Gaspé"),
    }
    assert crm("client", "show", "A", "--json").json["city"] == "Québec"
    shown = crm("sync", "resolve", "A", "--json")
    assert {(row["field"], row["pushed"], row["ours"], row["theirs"]) for row in shown.json} == {
        ("phone", "418-555-0134", "418-555-0134", "418-555-9999"),
        ("city", "Québec", "Québec", "Gaspé"),
    }
    resolved = crm(
        "sync", "resolve", "A", "--take", "phone=remote", "--take", "city=local", "--json"
    )
    assert resolved.code == 0, resolved.stderr
    assert crm("client", "show", "A", "--json").json["phone"] == "+14185559999"
    assert crm("client", "history", "A", "--json").json[0]["field"] == "phone"
    portal.calls.clear()
    crm("sync", "push", "-q")
    assert portal.live()[company]["city"] == "Québec"
    assert [set(call.body["inputs"][0]["properties"]) for call in portal.writes()] == [{"city"}]


@pytest.mark.parametrize("how", [(), ("--full",)], ids=["since", "full"])
def test_what_is_gone_there_is_detached_and_never_made_again_by_itself(
    crm: Run, portal: FakeHubSpot, how: tuple[str, ...]
) -> None:
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "-q")
    assert crm("sync", "pull", "--json").json == []
    company = next(key for key, row in portal.live().items() if row["name"] == "Client A")
    portal.remove(company)
    pulled = crm("sync", "pull", *how, "--json")
    assert (pulled.code, [(row["code"], row["what"]) for row in pulled.json]) == (
        10,
        [("A", "deleted")],
    )
    assert crm("sync", "pull", *how, "--json").json == []
    crm("client", "edit", "A", "--city", "Gaspé", "--postal-code", "G4X 1A1", "-q")
    assert crm("sync", "push", "--json").json["changed"] == 0
    assert len(portal.live()) == 1
    assert crm("sync", "retry", "A", "--json").json["changed"] == 0
    assert crm("sync", "retry", "A", "--recreate", "--json").json["changed"] == 1
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}
    assert len(portal.live()) == 2
    first, second = portal.live()
    portal.merge(first, second)
    pulled = crm("sync", "pull", *how, "--json")
    assert {row["what"] for row in pulled.json} == {"merged"}


def test_what_was_emptied_since_is_not_believed(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "-q")
    crm("sync", "pull", "-q")
    for company in list(portal.live()):
        portal.remove(company)
    refused = crm("sync", "pull", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.empty_remote")
    pulled = crm("sync", "pull", "--accept-empty", "--json")
    assert [row["what"] for row in pulled.json] == ["deleted", "deleted"]


def test_an_empty_remote_detaches_nothing(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "B")
    crm("sync", "push", "-q")
    for company in list(portal.live()):
        portal.remove(company)
    refused = crm("sync", "pull", "--full", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.empty_remote")
    assert crm("sync", "status", "--json").json[0]["in_sync"] == 2
    assert crm("sync", "pull", "--full", "--accept-empty", "--json").code == 10
    assert crm("sync", "status", "--json").json[0]["detached"] == 2
    assert crm("client", "list", "-o", "codes").stdout == "A\nB\n"  # still active


def test_a_target_is_removed_with_its_links_and_its_secret(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("sync", "push", "-q")
    assert crm("sync", "remove", "crm").code == 2
    assert crm("sync", "remove", "crm", "--confirm", "crm", "-q").code == 0
    assert crm("sync", "targets", "--json").json == []
    assert len(portal.live()) == 1


def test_client_send_goes_to_accounting(interop: Run, books: MemoryRemote) -> None:
    create(interop, "A")
    create(interop, "B")
    sent = interop("client", "send", "A", "--json")
    assert (sent.code, items(sent)) == (0, {"A": "ok"})
    assert {row.values["name"] for row in books.rows.values()} == {"Client A"}
    assert interop("client", "send", "--all").code == 2  # needs --yes
    assert interop("client", "send").code == 2
    assert items(interop("client", "send", "--all", "--yes", "--json"))["B"] == "ok"
    interop("client", "edit", "B", "--prospect", "-q")
    refused = interop("client", "send", "B", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.prospect")


def test_client_send_names_the_field_that_accounting_lacks(
    interop: Run, books: MemoryRemote
) -> None:
    create(interop, "A")
    edit_behind = 'UPDATE client SET accounting = \'{"rep": "TOOLONG"}\''
    behind_our_back(edit_behind)
    refused = interop("client", "send", "A", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.field.too_long")
    assert "accounting.rep" in refused.error["message"]
    row = interop("sync", "plan", "--json").json[0]
    assert (row["action"], row["field"]) == ("blocked", "accounting.rep")


def test_one_that_fails_there_is_68_and_says_why(interop: Run, books: MemoryRemote) -> None:
    create(interop, "A")
    books.refuse = lambda _payload: "city"
    shown = interop("client", "send", "A")
    assert shown.code == 68
    assert "books: A was not sent: city" in shown.stderr
    assert interop("client", "send", "A").code == 5  # blocked now, as it is


def test_a_target_that_fails_does_not_keep_others_from_theirs(
    crm: Run, portal: FakeHubSpot, books: MemoryRemote
) -> None:
    create(crm, "A")
    books.troubles = [TroubleKind.AUTH]
    pushed = crm("sync", "push", "--json")
    assert (pushed.code, pushed.error["code"]) == (69, "memory.auth")
    assert len(portal.live()) == 1
    books.rows["9"] = Row("9", {"name": "Somebody", "active": True})
    crm("sync", "retry", "-q")
    behind = "UPDATE sync_target SET introduced = 0 WHERE name = 'books'"
    behind_our_back(behind)
    create(crm, "B")
    pushed = crm("sync", "push", "--json")
    assert (pushed.code, pushed.error["code"]) == (5, "sync.first_contact")
    assert len(portal.live()) == 2


def test_a_new_token_that_lets_nobody_in_does_not_replace_the_good_one(
    crm: Run, portal: FakeHubSpot
) -> None:
    create(crm, "A")
    refused = crm("sync", "connect", "crm", "--token-stdin", "--json", stdin="wrong-token-99")
    assert (refused.code, refused.error["code"]) == (69, "remote.auth")
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}


def test_people_of_one_name_are_not_proposed(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("contact", "create", "A", "--name", "Marie Roy", "-q")
    crm("contact", "create", "A", "--name", "Luc Roy", "--email", "luc@a.example", "-q")
    portal.add("contacts", firstname="Marie", lastname="Roy")
    portal.add("contacts", firstname="L.", lastname="R.", email="luc@a.example")
    shown = crm("sync", "link", "--json", "--dry-run").json
    assert [(row["entity"], row["name"], row["how"]) for row in shown] == [
        ("contact", "Luc Roy", "email")
    ]


def test_a_target_at_work_is_not_removed(crm: Run, portal: FakeHubSpot) -> None:
    from interop_cli.sync.lease import new_owner

    behind_our_back(
        f"UPDATE sync_target SET worker = '{new_owner()}', worker_until = '2099-01-01T00:00:00Z'"
    )
    refused = crm("sync", "remove", "crm", "--confirm", "crm", "--json")
    assert (refused.code, refused.error["code"]) == (75, "sync.busy")


def test_accounting_fields_are_checked_where_they_are_typed(
    interop: Run, books: MemoryRemote
) -> None:
    create(interop, "A", accounting="rep=Luc")
    refused = interop("client", "edit", "A", "--accounting", "rep=TOOLONG", "--json")
    assert (refused.code, refused.error["details"][0]["path"]) == (65, "accounting.rep")
    edited = interop("client", "edit", "A", "--accounting", "nope=1", "--json")
    assert [warning["code"] for warning in edited.json["warnings"]] == ["client.accounting.unknown"]
    shown = interop("client", "show", "A", "--json").json["accounting"]
    assert shown == {"nope": "1", "rep": "Luc"}
    interop("client", "edit", "A", "--accounting", "nope=", "-q")
    assert interop("client", "show", "A", "--json").json["accounting"] == {"rep": "Luc"}
    row = '{"code": "B", "name": "B", "line1": "1", "city": "Québec", "postal_code": "G1K 7X2"'
    bad = row + ', "accounting": {"rep": "TOOLONG"}}\n'
    assert interop("client", "import", "-", "--format", "ndjson", stdin=bad).code == 65


def test_auto_needs_no_right_of_the_one_who_writes(
    crm: Run, portal: FakeHubSpot, sqlite_ready_url: str
) -> None:
    crm("config", "set", "sync.auto", "true", "-q")
    me = str(os.getuid())
    assert crm("db", "user", "set", "0" if me != "0" else "65534", "admin").code == 0
    portal.calls.clear()
    create(crm, "A")
    assert len(portal.live()) == 1
    assert crm("sync", "push", "--json").error["code"] == "rights.missing"
    refused = crm("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
    assert refused.code == 4


def test_client_send_without_an_accounting_target(crm: Run) -> None:
    create(crm, "A")
    refused = crm("client", "send", "A", "--json")
    assert (refused.code, refused.error["code"]) == (78, "sync.accounting")


def test_auto_pushes_after_the_write(crm: Run, portal: FakeHubSpot) -> None:
    crm("config", "set", "sync.auto", "true", "-q")
    portal.calls.clear()
    create(crm, "A")
    assert len(portal.live()) == 1
    edited = crm("client", "edit", "A", "--city", "Gaspé", "--postal-code", "G4X 1A1", "--json")
    assert (edited.code, edited.json["changed"], edited.stderr) == (0, 1, "")
    assert next(iter(portal.live().values()))["city"] == "Gaspé"
    calls = len(portal.calls)
    crm("client", "edit", "A", "--terms", "net45", "--dry-run", "-q")
    crm("client", "show", "A", "-q")
    assert len(portal.calls) == calls


def test_auto_never_fails_the_write(crm: Run, portal: FakeHubSpot) -> None:
    crm("config", "set", "sync.auto", "true", "-q")
    portal.fail("drop", times=99, match="/crm/")
    created = crm(
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
        "--json",
    )
    assert (created.code, created.json["changed"]) == (0, 1)
    assert "crm" in created.stderr
    assert crm("sync", "status", "--json").json[0]["unknown"] == 1
    portal.mishaps.clear()
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}
    assert len(portal.live()) == 1


def test_auto_leaves_prospects_in_peace(crm: Run, portal: FakeHubSpot) -> None:
    crm("config", "set", "sync.auto", "true", "-q")
    portal.calls.clear()
    created = crm(
        "client",
        "create",
        "Alpha",
        "--prospect",
        "--line1",
        "1",
        "--city",
        "Québec",
        "--postal-code",
        "G1K 7X2",
        "--json",
    )
    assert (created.code, created.stderr) == (0, "")
    assert portal.calls == []


def test_429_is_waited_for_without_waiting(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    portal.fail("reply", reply=Reply(429, {"policyName": "SECONDLY"}, {"Retry-After": "7"}))
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}
    called = [call.path.rsplit("/", 1)[1] for call in portal.calls]
    assert called == ["details", "details", "create"]


def test_results_and_counts(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    create(crm, "P")
    crm("client", "edit", "P", "--prospect", "-q")
    pushed = crm("sync", "push", "--json").json
    assert (pushed["matched"], pushed["changed"], pushed["unchanged"], pushed["failed"]) == (
        2,
        1,
        1,
        0,
    )
    assert pushed["targets"] == [
        {"target": "crm", "blocked": 1, "by_hand": 0, "calls": 2, "stopped": None, "until": None}
    ]
    rows = crm("sync", "push", "A", "P", "--results", "-").rows
    assert [(row["key"], row["status"]) for row in rows] == [("A", "unchanged"), ("P", "skipped")]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_both_languages(crm: Run, portal: FakeHubSpot, language: str) -> None:
    create(crm, "P")
    crm("client", "edit", "P", "--prospect", "-q")
    shown = crm("sync", "plan", "--offline", "--lang", language).stdout
    assert "prospect" in shown
    assert ("It is a prospect." in shown) == (language == "en")


def test_an_empty_pipe_sends_nothing_and_says_so(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    for words in (("sync", "push", "-"), ("sync", "plan", "-"), ("sync", "pull", "-")):
        told = crm(*words)
        assert told.code == 0
        assert told.stderr.count("nothing was done") == 1
    pushed = crm("sync", "push", "-", "--json", "--fail-if-unchanged")
    assert (pushed.code, pushed.json["warnings"][0]["code"]) == (10, "input.empty")
    assert crm("sync", "push", "-", "--expect", "2").code == 5
    assert portal.live() == {}


def test_auto_does_not_wait_for_a_server_that_hangs(crm: Run, portal: FakeHubSpot) -> None:
    crm("config", "set", "sync.auto", "true", "-q")
    crm("config", "set", "sync.auto_seconds", "1", "-q")
    answered = threading.Event()
    hanging = threading.Event()

    def hang() -> None:
        answered.wait(60)  # as long as the command would wait for a call
        hanging.set()

    portal.fail("act", act=hang)
    try:
        create(crm, "A")
        assert not hanging.is_set()  # the command has ended, and nobody has answered yet
    finally:
        answered.set()
        hanging.wait(60)
    # The next write finds that the target rests, and calls nobody.
    portal.calls.clear()
    edited = crm("client", "edit", "A", "--phone", "418 555-0199", "--json")
    assert edited.code == 0
    assert "crm" in edited.stderr
    assert portal.calls == []
    status = crm("sync", "status", "--json").json[0]
    assert (status["paused"], status["paused_by"]) == (True, "auto")
    # Whoever asks for a push gets one.
    assert items(crm("sync", "push", "--json")) == {"A": "ok"}
    assert crm("sync", "status", "--json").json[0]["paused"] is False
