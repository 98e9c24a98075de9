"""First contact the other way: what is only there comes in on request, once, and can go again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.qbo import FakeQuickBooks
from tests.support.cli import Run
from tests.support.terminal import on_terminal
from tests.sync.conftest import create
from tests.sync.test_qbo import Books

IMPORT = ("sync", "link", "--import", "--yes", "--json")
PLACE = {
    "address": "12, rue du Quai",
    "city": "Québec",
    "state": "QC",
    "zip": "G1K 7X2",
    "country": "Canada",
}


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["remote_name"]: row for row in rows}


@pytest.fixture
def there(portal: FakeHubSpot) -> dict[str, str]:
    """Two companies with three people."""
    ids = {
        "Papiers": portal.add(name="Papiers du Nord", phone="418-555-0134", **PLACE),
        "Encre": portal.add(name="Encres Roy", **{**PLACE, "address": "8, rue Sud"}),
    }
    for name, company, more in (
        ("Roy", "Papiers", {"firstname": "Ève", "email": "eve@papiers.example"}),
        ("Roy", "Encre", {"firstname": "Jo", "email": "jo@encres.example"}),
        ("Hubert", "", {"firstname": "Seul", "email": "seul@x.example"}),
    ):
        person = portal.add("contacts", lastname=name, **more)
        if company:
            portal.linked.add((person, ids[company]))
            ids[more["firstname"]] = person
    return ids


def test_companies_and_people_come_in_and_nothing_changes_there(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    held, people = portal.held(), portal.live("contacts")
    done = crm(*IMPORT)
    assert done.code == 0, done.stderr
    found = by_name(done.json)
    assert {name: row["how"] for name, row in found.items()} == {
        "Papiers du Nord": "new",
        "Encres Roy": "new",
        "Ève Roy": "new",
        "Jo Roy": "new",
        "Seul Hubert": "without_client",
    }
    code = found["Papiers du Nord"]["code"]
    card = crm("client", "show", code, "--json").json
    assert (card["name"], card["city"], card["phone"]) == (
        "Papiers du Nord",
        "Québec",
        "+14185550134",
    )
    assert card["line1"] == "12, rue du Quai"
    (person,) = crm("contact", "list", code, "--json").json
    assert (person["name"], person["email"]) == ("Ève Roy", "eve@papiers.example")
    # Nothing is sent, and nothing comes twice.
    portal.calls.clear()
    assert crm("sync", "push", "--json").json["changed"] == 0
    assert portal.writes() == []
    again = crm(*IMPORT).json
    assert [row["how"] for row in again] == ["without_client"]
    assert crm("sync", "pull", "--full", "--json").json == []
    assert (portal.held(), portal.live("contacts")) == (held, people)
    # What is edited here from now on goes to the record it came from.
    assert crm("client", "edit", code, "--phone", "418 555-0199").code == 0
    assert crm("sync", "push", "-q").code == 0
    assert len(portal.live()) == 2
    assert portal.live()[there["Papiers"]]["phone"] == "418-555-0199"


def test_what_is_said_otherwise_there_stays_until_it_is_edited_here(
    crm: Run, portal: FakeHubSpot
) -> None:
    company = portal.add(name="Papiers du Nord", **{**PLACE, "phone": "(418) 555-0134 x 12"})
    person = portal.add("contacts", firstname="Ève Marie", lastname="De La Roy")
    portal.linked.add((person, company))
    (code, _code) = [row["code"] for row in crm(*IMPORT).json]
    (ours,) = crm("contact", "list", code, "--json").json
    crm("client", "edit", code, "--city", "Gaspé", "-q")
    crm("contact", "edit", ours["id"], "--email", "eve@papiers.example", "-q")
    changes = {
        row["entity"]: [one["field"] for one in row["changes"]]
        for row in crm("sync", "plan", "--json").json
    }
    assert changes == {"client": ["uid", "city"], "contact": ["uid", "email"]}
    assert crm("sync", "push", "-q").code == 0
    there, they = portal.live()[company], portal.live("contacts")[person]
    assert (there["city"], there["phone"]) == ("Gaspé", "(418) 555-0134 x 12")
    assert (they["email"], they["firstname"]) == ("eve@papiers.example", "Ève Marie")
    assert crm("sync", "pull", "--full", "--json").json == []
    # Their phone is edited there, ours is not; then ours, to another one and back.
    portal.edit(company, phone="418 555-0135")
    crm("client", "edit", code, "--city", "Percé", "-q")
    assert crm("sync", "push", "-q").code == 0
    assert portal.live()[company]["phone"] == "418 555-0135"
    phone = crm("client", "show", code, "--json").json["phone"]
    portal.edit(company, phone="(418) 555-0134 x 12")
    for number, there_then in (("418 555-0199", "418-555-0199"), (phone, "418-555-0134 ext. 12")):
        crm("client", "edit", code, "--phone", number, "-q")
        assert crm("sync", "push", "-q").code == 0
        assert portal.live()[company]["phone"] == there_then
    crm("contact", "edit", ours["id"], "--name", "Ève Roy", "-q")
    assert crm("sync", "push", "-q").code == 0
    they = portal.live("contacts")[person]
    assert (they["firstname"], they["lastname"]) == ("Ève", "Roy")


def test_it_is_one_operation_that_is_taken_back_and_done_again(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    held = portal.held()
    crm(*IMPORT)
    (last, *_before) = crm("journal", "list", "--json").json
    assert last["name"] == "sync.import"
    undone = crm("journal", "undo", last["id"], "--yes", "--json")
    assert undone.code == 0, undone.stderr
    assert crm("client", "list", "--status", "all", "--json").json == []
    status = crm("sync", "status", "--json").json[0]
    assert status["in_sync"] == 0
    assert portal.held() == held
    again = crm(*IMPORT)
    assert sum(row["how"] == "new" for row in again.json) == 4


def test_a_record_used_since_stays_with_its_link(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    code = by_name(crm(*IMPORT).json)["Papiers du Nord"]["code"]
    last = crm("journal", "list", "--json").json[0]["id"]
    assert crm("note", "create", code, "--category", "ventes", "--text", "Appeler", "-q").code == 0
    refused = crm("journal", "undo", last, "--yes", "--json")
    assert refused.code == 5
    kept = crm("journal", "undo", last, "--yes", "--keep-newer", "--json")
    assert kept.code == 0, kept.stderr
    (client,) = crm("client", "list", "--json").json
    assert client["code"] == code
    assert crm("client", "edit", code, "--phone", "418 555-0199").code == 0
    assert crm("sync", "push", "-q").code == 0
    assert portal.live()[there["Papiers"]]["phone"] == "418-555-0199"
    assert len(portal.live()) == 2


def test_dry_run_says_the_same_and_writes_nothing(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    dry = crm("sync", "link", "--import", "--dry-run", "--json")
    assert dry.code == 0, dry.stderr
    assert crm("client", "list", "--json").json == []
    assert portal.writes() == []
    done = crm(*IMPORT)
    assert [row["how"] for row in dry.json] == [row["how"] for row in done.json]


def test_it_is_limited_and_asks_as_bulk_commands_do(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    unsaid = crm("sync", "link", "--import", "--json")
    assert (unsaid.code, unsaid.error["code"]) == (2, "usage.confirmation")
    for option, code in (("--expect", "bulk.expect"), ("--max-affected", "bulk.max_affected")):
        refused = crm(*IMPORT, option, "1")
        assert (refused.code, refused.error["code"]) == (5, code)
    assert crm("client", "list", "--json").json == []
    assert crm(*IMPORT, "--expect", "2").code == 0
    assert crm("sync", "link", "--expect", "2", "--json").error["code"] == "usage.link"


@pytest.mark.parametrize(("answer", "code", "count"), [("n\n", 6, 0), ("y\n", 0, 2)])
def test_a_person_is_asked_with_the_numbers(
    crm: Run, there: dict[str, str], answer: str, code: int, count: int
) -> None:
    with on_terminal("sync", "link", "--import") as session:
        session.expect("Create here: clients 2, contacts 2; link: 0. Go on? [y/N] ")
        session.type(answer)
        assert session.end() == code
    assert len(crm("client", "list", "--json").json) == count


def test_a_client_that_another_run_has_made_meanwhile_is_not_made_again(
    crm: Run, portal: FakeHubSpot, there: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop_cli.sync import lease

    working = lease.working

    def faster(*args: Any) -> Any:
        monkeypatch.setattr(lease, "working", working)
        assert crm(*IMPORT).code == 0
        return working(*args)

    monkeypatch.setattr(lease, "working", faster)
    assert [row["how"] for row in crm(*IMPORT).json] == ["without_client"]
    assert len(crm("client", "list", "--json").json) == 2


def test_companies_and_people_on_each_engine(
    interop: Run,
    portal: FakeHubSpot,
    there: dict[str, str],
    ready_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INTEROP_DB", ready_url)
    assert interop("sync", "add", "crm", "hubspot").code == 0
    assert interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token).code == 0
    portal.calls.clear()
    assert sum(row["how"] == "new" for row in interop(*IMPORT).json) == 4
    assert interop("sync", "push", "--json").json["changed"] == 0
    assert portal.writes() == []
    last = interop("journal", "list", "--json").json[0]["id"]
    assert interop("journal", "undo", last, "--yes").code == 0
    assert interop("client", "list", "--status", "all", "--json").json == []
    assert sum(row["how"] == "new" for row in interop(*IMPORT).json) == 4


def test_what_may_be_here_already_is_left_to_a_person(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    create(crm, "A", "Papiers du Nord inc.")  # at the same place
    portal.add(name="Deux Rives", **{**PLACE, "address": "1, rue A", "zip": "G1R 2B5"})
    portal.add(name="Deux Rives ltée", **{**PLACE, "address": "1, rue A", "zip": "G1R 2B5"})
    create(crm, "B", "Sans Lieu")
    create(crm, "B2", "Sans Lieu")
    portal.add(name="Sans Lieu")
    found = by_name(crm(*IMPORT).json)
    assert {name: (row["how"], row["code"]) for name, row in found.items()} | {} == {
        "Papiers du Nord": ("ambiguous", "A"),
        "Deux Rives": ("ambiguous", None),
        "Deux Rives ltée": ("ambiguous", None),
        "Sans Lieu": ("ambiguous", found["Sans Lieu"]["code"]),
        "Encres Roy": ("new", found["Encres Roy"]["code"]),
        "Ève Roy": ("without_client", None),
        "Jo Roy": ("new", found["Jo Roy"]["code"]),
        "Seul Hubert": ("without_client", None),
    }
    assert crm("sync", "link", "A", there["Papiers"]).code == 0
    assert by_name(crm(*IMPORT).json)["Ève Roy"]["how"] == "new"


def test_a_person_who_may_be_here_is_not_made_again(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    create(crm, "A", "Papiers du Nord")
    for name, email in (("Ève Roy", "autre@x.example"), ("Personne", "p@x.example")):
        assert crm("contact", "create", "A", "--name", name, "--email", email, "-q").code == 0
    found = by_name(crm(*IMPORT).json)
    assert (found["Papiers du Nord"]["how"], found["Ève Roy"]["how"]) == ("name", "ambiguous")
    assert len(crm("contact", "list", "A", "--json").json) == 2


def test_records_of_another_database_are_not_taken(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    portal.edit(there["Papiers"], interop_uid="01912345-1234-7abc-8def-0123456789ab")
    found = by_name(crm(*IMPORT).json)
    assert (found["Papiers du Nord"]["how"], found["Ève Roy"]["how"]) == (
        "orphan",
        "without_client",
    )


def test_what_the_rules_refuse_is_named_and_the_others_come_on_request(
    crm: Run, portal: FakeHubSpot, there: dict[str, str]
) -> None:
    bare = portal.add(name="Nom Seul")
    refused = crm(*IMPORT)
    assert (refused.code, refused.error["code"]) == (65, "import.invalid")
    assert {detail["key"] for detail in refused.error["details"]} == {bare}
    assert crm("client", "list", "--json").json == []
    done = crm(*IMPORT, "--continue-on-error")
    assert done.code == 68
    found = by_name(done.json)
    assert (found["Nom Seul"]["how"], found["Encres Roy"]["how"]) == ("refused", "new")
    assert found["Nom Seul"]["field"]


def test_what_came_in_as_it_was_though_it_does_not_fit_is_told(
    crm: Run, portal: FakeHubSpot
) -> None:
    company = portal.add(name="Papiers du Nord", phone="demandez Luc", **PLACE)
    person = portal.add("contacts", lastname="Roy", phone="poste")
    portal.linked.add((person, company))
    done = crm(*IMPORT, "--dry-run")
    assert f"{company}, phone: not a valid phone number" in done.stderr
    assert f"{person}, phone: not a valid phone number" in done.stderr
    assert "numéro" in crm(*IMPORT, "--lang", "fr").stderr


def test_prospects(crm: Run, portal: FakeHubSpot, there: dict[str, str]) -> None:
    code = by_name(crm(*IMPORT, "--prospect").json)["Encres Roy"]["code"]
    assert crm("client", "show", code, "--json").json["prospect"] is True


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Created here: clients 2"), ("fr", "Créés ici : clients 2")]
)
def test_both_languages(
    crm: Run, portal: FakeHubSpot, there: dict[str, str], lang: str, words: str
) -> None:
    assert words in crm("sync", "link", "--import", "--yes", "--lang", lang).stderr


def test_more_than_a_page(crm: Run, portal: FakeHubSpot) -> None:
    for number in range(250):
        portal.add(name=f"Client {number}", **{**PLACE, "address": f"{number}, rue du Quai"})
    done = crm(*IMPORT, "--expect", "250", "-q")
    assert done.code == 0, done.stderr
    assert len(crm("client", "list", "--all", "--json").json) == 250


class TestBooks:
    @pytest.fixture
    def fake(self) -> Iterator[FakeQuickBooks]:
        with FakeQuickBooks() as company:
            yield company
            assert not company.violations

    @pytest.fixture
    def books(self, invoke: Run, fake: FakeQuickBooks, ready_url: str) -> Books:
        made = Books(invoke, fake, INTEROP_DB=ready_url)
        made.configure()
        return made

    def test_terms_that_say_nothing_here_stay(self, books: Books, fake: FakeQuickBooks) -> None:
        place = {"Line1": "12, rue du Quai", "City": "Québec", "PostalCode": "G1K 7X2"}
        there = fake.add("Ville", SalesTermRef={"value": "9"}, BillAddr=place)
        (row,) = books(*IMPORT).json
        books("client", "edit", row["code"], "--city", "Gaspé", "-q")
        assert books.push()[row["code"]]["action"] == "update"
        assert fake.held()[there]["BillAddr"]["City"] == "Gaspé"
        assert fake.held()[there]["SalesTermRef"] == {"value": "9"}
        assert books.push("--force", row["code"])[row["code"]]["status"] == "ok"
        assert fake.held()[there]["SalesTermRef"] == {"value": "9"}
        books("client", "edit", row["code"], "--terms", "net30", "-q")
        books.push()
        assert fake.held()[there]["SalesTermRef"] == {"value": "3"}

    def test_customers_come_in_with_who_pays_and_their_terms(
        self, books: Books, fake: FakeQuickBooks
    ) -> None:
        address = {
            "Line1": "12, rue du Quai",
            "City": "Québec",
            "CountrySubDivisionCode": "QC",
            "PostalCode": "G1K7X2",
            "Country": "Canada",
        }
        payer = fake.add(
            "Ville",
            GivenName="Ève",
            FamilyName="Roy",
            PrimaryEmailAddr={"Address": "eve@ville.example"},
            SalesTermRef={"value": "3"},
            BillAddr=address,
        )
        fake.add(
            "Voirie",
            ParentRef={"value": payer},
            Job=True,
            BillWithParent=True,
            BillAddr={**address, "Line1": "2, rue Sud"},
        )
        gone = fake.add("Parti", BillAddr={**address, "Line1": "3, rue Sud"})
        fake.edit(gone, Active=False)
        held = fake.held()
        rows = books(*IMPORT).json
        found = by_name(rows)
        assert {name: row["how"] for name, row in found.items()} == {
            "Ville": "new",
            "Voirie": "new",
        }
        code = found["Ville"]["code"]
        card = books("client", "show", code, "--json").json
        assert (card["terms"], card["postal_code"], card["country"]) == ("net30", "G1K 7X2", "CA")
        (person,) = books("contact", "list", code, "--json").json
        assert (person["name"], person["email"], person["billing"]) == (
            "Ève Roy",
            "eve@ville.example",
            True,
        )
        child = books("client", "show", found["Voirie"]["code"], "--json").json
        assert child["bill_to"] == code
        fake.calls.clear()
        assert books.push() == {}
        assert books(*IMPORT).json == []
        assert books("sync", "pull", "--full", "--json").json == []
        assert (fake.writes(), fake.held()) == ([], held)
        last = books("journal", "list", "--json").json[0]["id"]
        books("journal", "undo", last, "--yes")
        assert books("client", "list", "--status", "all", "--json").json == []
        assert sum(row["how"] == "new" for row in books(*IMPORT).json) == 2
