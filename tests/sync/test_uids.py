"""Our key in the CRM is the uid, which is ours for ever: codes and row numbers change hands."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from interop_cli.connectors.hubspot import fields
from tests.fakes.hubspot import FakeHubSpot
from tests.support.cli import Run
from tests.sync.conftest import create
from tests.sync.test_commands import items


def contact(interop: Run, code: str, name: str, email: str) -> None:
    done = interop("contact", "create", code, "--name", name, "--email", email)
    assert done.code == 0, done.stderr


@pytest.fixture
def pushed(crm: Run, portal: FakeHubSpot) -> Run:
    """Three clients with a contact each, in the portal."""
    for code in ("A", "B", "C"):
        create(crm, code)
        contact(crm, code, f"Jo {code}", f"{code.lower()}@shop.example")
    assert crm("sync", "push", "-q").code == 0
    return crm


def moved(interop: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portal: Any) -> None:
    """Take the clients into a new database, in another order, and connect that to the portal."""
    file = tmp_path / "all.ndjson"
    assert interop("client", "export", "--all", "-o", "ndjson", "--out", file, "-q").code == 0
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(reversed(lines)), "utf-8")
    monkeypatch.setenv("INTEROP_DB", str(tmp_path / "new.db"))
    assert interop("db", "init", "-q").code == 0
    taken = interop("client", "import", file, "-q")
    assert taken.code == 0, taken.stderr
    interop("sync", "add", "crm", "hubspot", "-q")
    assert interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token).code == 0


def test_in_a_new_database_everybody_finds_his_own_record(
    pushed: Run, portal: FakeHubSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companies, people = portal.held(), portal.live("contacts")
    moved(pushed, tmp_path, monkeypatch, portal)
    linked = pushed("sync", "link", "--json", "--yes").json
    assert len(linked) == 6
    assert {row["how"] for row in linked} == {"key"}
    names = {row["remote_id"]: row["name"] for row in linked}
    assert names == {
        **{key: row["name"] for key, row in companies.items()},
        **{key: f"{row['firstname']} {row['lastname']}" for key, row in people.items()},
    }
    linked_to = {one: portal.companies_of(one) for one in people}
    assert pushed("sync", "push", "-q").code == 0
    assert {one: portal.companies_of(one) for one in people} == linked_to
    assert (portal.held(), portal.live("contacts")) == (companies, people)


def test_a_second_database_changes_nothing_of_the_first(
    pushed: Run, portal: FakeHubSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companies, people = portal.held(), portal.live("contacts")
    monkeypatch.setenv("INTEROP_DB", str(tmp_path / "other.db"))
    assert pushed("db", "init", "-q").code == 0
    # The same code, the same name, the same row numbers: another shop's clients.
    create(pushed, "A")
    contact(pushed, "A", "Jo A", "other@shop.example")
    pushed("sync", "add", "crm", "hubspot", "-q")
    assert pushed("sync", "connect", "crm", "--token-stdin", stdin=portal.token).code == 0
    assert pushed("sync", "link", "--json", "--yes").json == []
    assert pushed("sync", "push", "--json").code == 0
    assert {key: portal.held()[key] for key in companies} == companies
    assert {key: portal.live("contacts")[key] for key in people} == people
    assert len(portal.live()) == 4


def test_a_uid_with_another_name_and_email_is_left_to_a_person(
    crm: Run, portal: FakeHubSpot
) -> None:
    create(crm, "A", email="info@a.example")
    uid = crm("client", "show", "A", "--json").json["uid"]
    portal.add(interop_uid=uid, name="Whoever")
    (row,) = crm("sync", "link", "--json", "--dry-run").json
    assert row["how"] == "ambiguous"


def test_a_portal_keyed_by_codes_gets_uids_through_our_links_alone(
    crm: Run, portal: FakeHubSpot, sqlite_ready_url: str
) -> None:
    create(crm, "A")
    crm("sync", "push", "-q")
    ((ours, row),) = portal.live().items()
    uid = row["interop_uid"]
    # As it was before there were uids.
    portal.edit(ours, interop_uid="", interop_code="A")
    portal.custom["companies"] = {"interop_code"}
    portal.unique["companies"] = {"interop_code"}
    stranger = portal.add(interop_code="B", name="Stranger")
    with sqlite3.connect(sqlite_ready_url) as conn:
        conn.execute(
            "UPDATE sync_link SET form = 'hubspot.1', pushed = json_remove(pushed, '$.uid')"
        )
    create(crm, "B")
    assert items(crm("sync", "push", "--json")) == {"A": "ok", "B": "ok"}
    assert portal.live()[ours]["interop_uid"] == uid
    assert portal.live()[ours]["interop_code"] == "A"  # it is left as it was
    assert portal.live()[stranger]["name"] == "Stranger"
    assert "interop_uid" not in portal.live()[stranger]
    assert len(portal.live()) == 3


def test_a_mapping_of_before_does_not_write_the_old_key(crm: Run, portal: FakeHubSpot) -> None:
    portal.custom["companies"].add("interop_code")
    crm("sync", "fields", "crm", "--set", "code=interop_code", "-q")
    create(crm, "A")
    assert crm("sync", "push", "-q").code == 0
    (row,) = portal.live().values()
    assert "interop_code" not in row


def test_keys_of_before_are_looked_up_where_they_stood() -> None:
    uid = "01935d2a-7c4e-7b1f-9a60-000000000001"
    assert fields.key_of(uid, "client") == "interop_uid"
    assert fields.key_of("ACME", "client") == "interop_code"
    assert fields.key_of("17", "contact") == "interop_contact_id"


def test_a_restored_database_looks_before_it_creates(
    crm: Run, portal: FakeHubSpot, tmp_path: Path
) -> None:
    create(crm, "A")
    crm("sync", "push", "-q")
    backup = tmp_path / "monday.db"
    assert crm("db", "backup", backup, "-q").code == 0
    create(crm, "B")
    crm("sync", "push", "-q")
    name = Path(crm("db", "info", "--json").json["location"]).name
    restored = crm("db", "restore", backup, "--confirm", name, "--json")
    assert (restored.code, restored.json["targets"]) == (0, ["crm"])
    assert "sync link" in restored.stderr
    held = portal.held()
    # A new client with the code of one that is only there by now.
    create(crm, "B", name="Autre")
    refused = crm("sync", "push", "--json")
    assert (refused.code, refused.error["code"]) == (5, "sync.first_contact")
    assert portal.held() == held
    assert crm("sync", "link", "--yes", "--json").json == []  # nobody takes it over
    assert crm("sync", "push", "-q").code == 0
    assert {key: portal.held()[key] for key in held} == held
    assert len(portal.live()) == 3
