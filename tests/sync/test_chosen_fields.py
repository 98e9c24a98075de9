"""Where fields are sent: places there that exist, what a portal requires, a company's domain."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.fakes.hubspot import FakeHubSpot
from tests.support.cli import Run
from tests.sync.conftest import create


def only(portal: FakeHubSpot) -> dict[str, str]:
    (found,) = portal.live().values()
    return found


class TestConnect:
    @pytest.mark.parametrize(
        ("lang", "words"), [("en", "is not there"), ("fr", "n'est pas là-bas")]
    )
    def test_a_property_that_is_not_there_is_named_with_what_to_do(
        self, crm: Run, portal: FakeHubSpot, lang: str, words: str
    ) -> None:
        crm("sync", "fields", "crm", "--set", "terms=payment_terms", "-q")
        crm("sync", "fields", "crm", "--entity", "contact", "--set", "title=poste", "-q")
        refused = crm("sync", "connect", "crm", "--json", "--lang", lang)
        assert (refused.code, refused.error["code"]) == (78, "hubspot.property.missing")
        assert "companies.payment_terms (terms)" in refused.error["message"]
        assert "contacts.poste (title)" in refused.error["message"]
        assert words in refused.error["message"]
        assert "interop sync fields crm" in refused.error["hint"]
        portal.custom["companies"].add("payment_terms")
        portal.custom["contacts"].add("poste")
        assert crm("sync", "connect", "crm").code == 0

    def test_a_good_token_is_kept(self, interop: Run, portal: FakeHubSpot) -> None:
        interop("sync", "add", "crm", "hubspot")
        interop("sync", "fields", "crm", "--set", "terms=payment_terms", "-q")
        refused = interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
        assert refused.code == 78
        portal.custom["companies"].add("payment_terms")
        assert interop("sync", "connect", "crm").code == 0

    def test_a_property_that_the_portal_fills_in_is_not_sent(
        self, crm: Run, portal: FakeHubSpot
    ) -> None:
        crm("sync", "fields", "crm", "--set", "terms=hs_lastmodifieddate", "-q")
        refused = crm("sync", "connect", "crm", "--json")
        assert refused.error["code"] == "hubspot.property.missing"
        assert "only be read" in refused.error["message"]

    def test_a_value_that_the_portal_does_not_know_is_told(
        self, crm: Run, portal: FakeHubSpot
    ) -> None:
        crm("sync", "fields", "crm", "--constant", "industry=PRINTERS", "-q")
        refused = crm("sync", "connect", "crm", "--json")
        assert refused.error["code"] == "hubspot.property.missing"
        assert "PRINTERS" in refused.error["message"]
        crm("sync", "fields", "crm", "--constant", "industry=PRINTING", "-q")
        assert crm("sync", "connect", "crm").code == 0


class TestConstants:
    @pytest.fixture
    def strict(self, crm: Run, portal: FakeHubSpot) -> Run:
        """A portal that takes no company without its industry."""

        def refuse(objects: str, properties: Mapping[str, str]) -> str | None:
            new = objects == "companies" and "name" in properties
            return "industry" if new and "industry" not in properties else None

        portal.refuse = refuse
        return crm

    def test_what_a_portal_requires_goes_with_each_new_record(
        self, strict: Run, portal: FakeHubSpot
    ) -> None:
        create(strict, "A")
        assert strict("sync", "push").code == 68
        set_ = ("sync", "fields", "crm", "--entity", "client", "--constant", "industry=PRINTING")
        (row,) = (one for one in strict(*set_, "--json").json if one["theirs"] == "industry")
        assert (row["field"], row["sent"], row["wins"], row["choices"]) == (
            "constant.industry",
            True,
            "create-only",
            ["PRINTING"],
        )
        assert strict("sync", "push").code == 0
        assert only(portal)["industry"] == "PRINTING"

    def test_what_people_there_make_of_it_stays(self, crm: Run, portal: FakeHubSpot) -> None:
        crm("sync", "fields", "crm", "--constant", "industry=PRINTING", "-q")
        create(crm, "A")
        crm("sync", "push", "-q")
        (remote_id,) = portal.live()
        portal.edit(remote_id, industry="RETAIL")
        crm("client", "edit", "A", "--phone", "418 555-0199", "-q")
        assert crm("sync", "push", "-q").code == 0
        assert (only(portal)["industry"], only(portal)["phone"]) == ("RETAIL", "418-555-0199")

    def test_one_that_comes_later_leaves_what_is_there(self, crm: Run, portal: FakeHubSpot) -> None:
        create(crm, "A")
        crm("sync", "push", "-q")
        crm("sync", "fields", "crm", "--constant", "industry=PRINTING", "-q")
        portal.calls.clear()
        assert crm("sync", "push", "--json").json["changed"] == 0
        assert portal.writes() == []

    def test_it_is_taken_back(self, crm: Run, portal: FakeHubSpot) -> None:
        crm("sync", "fields", "crm", "--constant", "industry=PRINTING", "-q")
        assert crm("sync", "connect", "crm", "--set", "prospects=true").code == 0  # which keeps it
        rows = crm("sync", "fields", "crm", "--json").json
        assert any(row["field"] == "constant.industry" for row in rows)
        rows = crm("sync", "fields", "crm", "--constant", "industry=", "--json").json
        assert not any(row["field"].startswith("constant.") for row in rows)

    def test_another_choice_of_fields_leaves_it_a_constant(
        self, crm: Run, portal: FakeHubSpot
    ) -> None:
        fields = ("sync", "fields", "crm", "--entity", "client", "--json")
        create(crm, "A")
        crm("sync", "push", "-q")
        crm(*fields, "--constant", "industry=PRINTING")
        (remote_id,) = portal.live()
        portal.edit(remote_id, industry="RETAIL")
        rows = crm(*fields, "--set", "website").json
        assert [row["wins"] for row in rows if row["theirs"] == "industry"] == ["create-only"]
        assert crm("sync", "push", "-q").code == 0
        assert only(portal)["industry"] == "RETAIL"
        refused = crm(*fields, "--set", "terms=industry")
        assert (refused.code, refused.error["code"]) == (2, "usage.field")
        refused = crm(*fields, "--unset", "constant.industry")
        assert (refused.code, refused.error["hint"]) == (2, "--constant industry=")
        crm(*fields, "--constant", "industry=")
        assert crm(*fields, "--set", "terms=industry").code == 0

    def test_a_place_there_takes_one_field(self, crm: Run) -> None:
        refused = crm("sync", "fields", "crm", "--set", "code=phone", "--json")
        assert (refused.code, refused.error["code"]) == (2, "usage.field")
        assert "phone is sent to phone already" in refused.error["message"]
        assert crm("sync", "fields", "crm", "--set", "code=phone", "--unset", "phone").code == 0

    @pytest.mark.parametrize("text", ["industry", "=PRINTING", "phone=418"])
    def test_what_is_none(self, crm: Run, text: str) -> None:
        assert crm("sync", "fields", "crm", "--constant", text).code == 2


def test_a_company_s_domain_comes_from_its_web_site(crm: Run, portal: FakeHubSpot) -> None:
    crm("sync", "fields", "crm", "--set", "website", "--set", "domain", "-q")
    assert crm("sync", "connect", "crm").code == 0
    create(crm, "A", website="https://www.Quai.example/fr?x=1")
    create(crm, "B")
    assert crm("sync", "push", "-q").code == 0
    by_name = {row["name"]: row for row in portal.live().values()}
    assert by_name["Client A"]["domain"] == "quai.example"
    assert by_name["Client A"]["website"].startswith("https://www.")
    assert "domain" not in by_name["Client B"]
    portal.calls.clear()
    assert crm("sync", "pull", "--full", "--json").json == []
    assert crm("sync", "push", "--json").json["changed"] == 0


def test_values_of_a_property_that_is_unique_there_change_hands(
    crm: Run, portal: FakeHubSpot
) -> None:
    for kind in (portal.custom, portal.unique):
        kind["companies"].add("erp_code")
    assert crm("sync", "fields", "crm", "--set", "code=erp_code", "-q").code == 0
    assert crm("sync", "connect", "crm", "-q").code == 0
    for code in ("A", "B", "C"):
        create(crm, code)
    assert crm("sync", "push", "-q").code == 0
    for was, now in (("A", "X"), ("B", "A"), ("C", "B"), ("X", "C")):
        done = crm("client", "recode", was, now, "--reuse", "--confirm", was, "-q")
        assert done.code == 0, done.stderr
    assert [row["action"] for row in crm("sync", "plan", "--json").json] == ["update"] * 3
    assert crm("sync", "push", "-q").code == 0
    codes = {row["name"]: row["erp_code"] for row in portal.live().values()}
    assert codes == {"Client A": "C", "Client B": "A", "Client C": "B"}
    assert crm("sync", "pull", "--full", "--json").json == []
    portal.unique["companies"].remove("erp_code")
    assert crm("sync", "connect", "crm", "-q").code == 0
    assert crm("sync", "targets", "--json").json[0]["settings"]["unique"] == {}
