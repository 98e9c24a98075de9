"""A person who was erased here: what was sent about them, and what comes back from over there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interop_cli.domain.rules import Context
from interop_cli.services.people import erasing
from interop_cli.store.engines.open import connect
from interop_cli.store.store import Store
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Run
from tests.support.stores import add_client, all_text, store
from tests.sync.support import add_contact, add_target, links, push
from tests.sync.test_qbo import Books

__all__ = ["store"]

NAME, EMAIL, PHONE = "Marie-Ève Trépanier", "meve.trepanier@presse.ca", "418 555-0177"
ADDRESS = ("--line1", "12, rue du Quai", "--city", "Québec", "--postal-code", "G1K 7X2")
TRACES = ("marie", "trépanier", "trepanier", "meve", "5550177", "555-0177")


@pytest.fixture(autouse=True)
def place(ready_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("INTEROP_DB", ready_url)
    monkeypatch.setenv("INTEROP_TODAY", "2026-11-24")
    return ready_url


def left(place: str) -> list[str]:
    """The traces of the person that are still stored."""
    conn = connect(place, lock_timeout=30)
    try:
        found = all_text(conn)
    finally:
        conn.close()
    return [trace for trace in TRACES if trace in found]


def codes(told: dict[str, Any]) -> set[str]:
    """The codes of the warnings of a result."""
    return {warning["code"] for warning in told["warnings"]}


def test_the_books_hold_nobody_after_the_next_push(
    invoke: Run, company: FakeQuickBooks, place: str
) -> None:
    books = Books(invoke, company)
    books.configure()
    books.create("A", "Presse du Quai")
    books("contact", "create", "A", "--name", NAME, "--email", EMAIL, "--billing")
    books.push()
    (customer,) = company.held().values()
    assert customer["FamilyName"] == "Trépanier"
    assert customer["PrimaryEmailAddr"]["Address"] == EMAIL
    assert left(place)
    done = books("contact", "erase", "1", "--confirm", "1", "--json").json
    assert "erase.targets" in codes(done)  # until it is pushed
    assert left(place) == []
    # What the other side has does not come back, whoever looks.
    assert books("sync", "pull", "--full", "-o", "json").json == []
    books("sync", "plan", "-o", "json")
    assert left(place) == []
    assert books.push()["A"]["status"] == "ok"
    (customer,) = company.held().values()
    assert not customer.get("FamilyName")
    assert not customer.get("GivenName")
    assert EMAIL not in json.dumps(customer)
    assert left(place) == []
    again = books("contact", "erase", "1", "--confirm", "1", "--json").json
    assert "erase.targets" not in codes(again)


def test_a_customer_somebody_else_edited_too(
    invoke: Run, company: FakeQuickBooks, place: str
) -> None:
    """The push finds another version there, and has to read it."""
    books = Books(invoke, company)
    books.configure()
    books.create("A", "Presse du Quai")
    books("contact", "create", "A", "--name", NAME, "--email", EMAIL, "--billing")
    books.push()
    (customer,) = company.held().values()
    company.edit(customer["Id"], WebAddr={"URI": "https://presse.ca"})
    books("contact", "erase", "1", "--confirm", "1")
    books.push()
    assert left(place) == []
    (customer,) = company.held().values()
    assert not customer.get("FamilyName")


@pytest.fixture
def crm(invoke: Run, portal: FakeHubSpot, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, with a client, a contact, and the portal that has both."""
    monkeypatch.setenv("INTEROP_CRM_BASE_URL", portal.url)
    monkeypatch.setenv("INTEROP_NO_KEYRING", "1")
    invoke("sync", "add", "crm", "hubspot")
    assert invoke("sync", "connect", "crm", "--token-stdin", stdin=portal.token).code == 0
    invoke("client", "create", "Presse du Quai", "--code", "A", *ADDRESS)
    person = ("--name", NAME, "--email", EMAIL, "--phone", f"{PHONE} poste 22")
    assert invoke("contact", "create", "A", *person).code == 0
    assert invoke("sync", "push").code == 0
    return invoke


def test_the_crm_is_told_of_and_nothing_of_it_is_kept(
    crm: Run, portal: FakeHubSpot, place: str
) -> None:
    assert left(place)
    for _time in range(2):  # said again as long as it is so
        done = crm("contact", "erase", "1", "--confirm", "1", "--json")
        assert done.code == 0
        assert "erase.targets" in codes(done.json)
        assert left(place) == []
    assert crm("sync", "pull", "--full", "--json").json == []
    assert crm("sync", "push").code == 0
    assert left(place) == []
    crm("sync", "unlink", "A")
    done = crm("contact", "erase", "1", "--confirm", "1", "--json")
    assert "erase.targets" not in codes(done.json)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_who_is_just_being_sent(
    crm: Run, portal: FakeHubSpot, place: str, arrived: bool
) -> None:
    """The answer is lost, and the person erased before anybody looks what became of it."""
    crm("contact", "edit", "1", "--name", "Marie-Ève Trépanier-Roy")
    portal.fail("drop", when="after" if arrived else "before", match="contacts", times=9)
    crm("sync", "push")
    portal.mishaps.clear()
    crm("contact", "erase", "1", "--confirm", "1")
    assert left(place) == []
    for _time in range(2):
        crm("sync", "push")
        assert left(place) == []


@pytest.mark.parametrize("point", ["claimed", "answered"])
def test_a_person_erased_while_the_call_is_under_way(
    store: Store, portal: FakeHubSpot, point: str
) -> None:
    for unique in (portal.custom, portal.unique):
        unique["companies"].add("interop_uid")
        unique["contacts"].add("interop_uid")
    add_target(store)
    add_client(store, code="A")
    one = add_contact(store, "A", NAME, email=EMAIL)

    def fault(at: str) -> None:
        if at == point and links(store, "contact"):
            store.run(lambda uow: erasing.erase(uow, one, Context()), operation="contact.erase")

    push(store, portal, fault=fault)
    (link,) = links(store, "contact").values()
    assert link["leaves"] == "erase"
    kept = "\n".join(str(link[name]) for name in ("pushed", "seen", "attempt", "remote_key"))
    assert not [trace for trace in TRACES if trace in kept.lower()]
