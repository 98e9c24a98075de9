"""HubSpot: the contract of every connector, and what is HubSpot's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from interop_cli.connectors.hubspot import HubSpot
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Action, Done, Failed, LocalRecord
from tests.connectors.contract import ConnectorContract, create, only, update
from tests.connectors.support import client, contact, target, tools, uid
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.server import Reply


@pytest.fixture(params=[207, 200])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeHubSpot]:
    with FakeHubSpot(style=request.param) as portal:
        yield portal


@pytest.fixture
def connector(fake: FakeHubSpot) -> Iterator[HubSpot]:
    made = HubSpot(target("hubspot"), tools(fake.url, {"token": fake.token}))
    made.connect()
    made.traces()
    fake.calls.clear()
    yield made
    made.close()


@pytest.fixture
def make() -> Callable[..., LocalRecord]:
    return client


class TestContract(ConnectorContract):
    write = "/batch/(create|update)"


def push(connector: HubSpot, *locals_: LocalRecord) -> list[Any]:
    return connector.push(Action.CREATE, [create(connector, local) for local in locals_])


def test_connecting_makes_the_unique_properties_once(fake: FakeHubSpot) -> None:
    connector = HubSpot(target("hubspot"), tools(fake.url, {"token": fake.token}))
    made = ["companies.interop_uid", "contacts.interop_uid"]
    assert connector.connect() == made
    assert connector.connect() == []
    assert fake.unique["contacts"] == {"email", "interop_uid"}


def test_a_property_of_ours_that_is_not_unique_is_refused(fake: FakeHubSpot) -> None:
    fake.custom["companies"].add("interop_uid")
    connector = HubSpot(target("hubspot"), tools(fake.url, {"token": fake.token}))
    with pytest.raises(Trouble) as trouble:
        connector.connect()
    assert trouble.value.code == "hubspot.property"


def test_a_wrong_token_is_an_auth_trouble(fake: FakeHubSpot) -> None:
    connector = HubSpot(target("hubspot"), tools(fake.url, {"token": "wrong-token"}))
    with pytest.raises(Trouble) as trouble:
        connector.connect()
    assert trouble.value.kind is TroubleKind.AUTH


def test_a_token_given_to_another_host_is_not_sent(fake: FakeHubSpot) -> None:
    secret = {"token": fake.token, "host": "api.hubapi.com"}
    connector = HubSpot(target("hubspot"), tools(fake.url, secret))
    with pytest.raises(Trouble) as trouble:
        connector.connect()
    assert trouble.value.code == "sync.secret.host"
    assert fake.calls == []


def test_the_narrow_list_and_a_wider_one(fake: FakeHubSpot) -> None:
    narrow = HubSpot(target("hubspot"), tools(fake.url, None)).payload(client())
    assert set(narrow) == {"uid", "name", "phone", "city", "province", "country"}
    assert (narrow["phone"], narrow["country"]) == ("418-555-0134 ext. 22", "Canada")
    fields = {"postal_code": "", "terms": "payment_terms", "accounting.rep": "sales_rep"}
    wide = HubSpot(target("hubspot", fields={"client": fields}), tools(fake.url, None))
    payload = wide.payload(client(accounting={"rep": "Luc"}))
    assert payload == {
        "uid": uid(1),
        "name": narrow["name"],
        "postal_code": "G1K 7X2",
        "terms": "net30",
        "accounting.rep": "Luc",
    }


def test_a_contact_is_made_with_its_company_in_one_call(
    connector: HubSpot, fake: FakeHubSpot
) -> None:
    company = only(push(connector, client())).remote_id
    fake.calls.clear()
    done = only(push(connector, contact(7, client_remote=company)))
    assert fake.companies_of(done.remote_id) == {company}
    assert fake.live("contacts")[done.remote_id] == {
        "hs_object_id": done.remote_id,
        "interop_uid": uid(7),
        "firstname": "Marie-Ève Roy",
        "lastname": "7",
        "email": "marie7@trepanier.example",
        "phone": "514-555-0123",
        "lastmodifieddate": fake.live("contacts")[done.remote_id]["lastmodifieddate"],
    }
    assert len(fake.calls) == 1


def test_a_call_made_ready_calls_nobody_before_its_turn(
    connector: HubSpot, fake: FakeHubSpot
) -> None:
    send = create(connector, client(1))
    fake.calls.clear()
    call = connector.ready("create", [send])
    assert (fake.calls, fake.live()) == ([], {})
    assert isinstance(only(call()), Done)
    assert [row["interop_uid"] for row in fake.live().values()] == [send.key]


def test_a_contact_moves_to_another_company(connector: HubSpot, fake: FakeHubSpot) -> None:
    first, second = (done.remote_id for done in push(connector, client(1), client(2)))
    local = contact(7, client_remote=first)
    done = only(push(connector, local))
    moved = contact(7, client_remote=second)
    remote = connector.fetch("contact", [done.remote_id])[done.remote_id]
    send = update(connector, moved, remote, connector.payload(local))
    assert send.changed == ("client",)
    assert isinstance(only(connector.push(Action.UPDATE, [send])), Done)
    assert fake.companies_of(done.remote_id) == {second}


@pytest.mark.parametrize("whole", [True, False])
def test_a_contact_that_its_company_did_not_get_is_told(
    connector: HubSpot, fake: FakeHubSpot, whole: bool
) -> None:
    one, gone = (
        done.remote_id for done in push(connector, client(1), client(2, name="Autre inc."))
    )
    people = [contact(number, client_remote=one) for number in (7, 8)]
    made = [done.remote_id for done in push(connector, *people)]
    there = connector.fetch("contact", made)
    moved = [contact(7, client_remote=gone), contact(8, client_remote=None, name="Autre")]
    sends = [
        update(connector, local, there[remote_id], connector.payload(was))
        for local, was, remote_id in zip(moved, people, made, strict=True)
    ]
    fake.remove(gone)
    if whole:
        refused = {"category": "OBJECT_NOT_FOUND", "message": "No such company"}
        fake.fail("reply", match="/associate/default", reply=Reply(404, refused), times=9)
    failed, done = sorted(connector.push(Action.UPDATE, sends), key=lambda result: result.id)
    assert isinstance(done, Done)
    assert isinstance(failed, Failed)
    assert (failed.trouble.kind, failed.trouble.field) == (TroubleKind.MISSING_REF, "client")


def test_an_answer_that_names_fewer_associations_than_were_asked_for_is_no_success(
    connector: HubSpot, fake: FakeHubSpot
) -> None:
    one, two = (done.remote_id for done in push(connector, client(1), client(2, name="Autre inc.")))
    was = contact(7, client_remote=one)
    made = only(push(connector, was)).remote_id
    there = connector.fetch("contact", [made])[made]
    send = update(connector, contact(7, client_remote=two), there, connector.payload(was))
    fake.fail("reply", match="/associate/default", reply=Reply(200, {"status": "COMPLETE"}))
    failed = only(connector.push(Action.UPDATE, [send]))
    assert isinstance(failed, Failed)
    assert failed.trouble.kind is TroubleKind.UNKNOWN


def test_records_that_an_answer_leaves_out_without_a_word_are_not_gone(
    connector: HubSpot, fake: FakeHubSpot
) -> None:
    ids = [done.remote_id for done in push(connector, client(1), client(2, name="Autre inc."))]
    row = {"id": ids[0], "properties": {"hs_object_id": ids[0]}}
    told = {"category": "OBJECT_NOT_FOUND", "message": "x", "context": {"ids": ["999"]}}
    for errors in ([], [told]):
        cut = {"results": [row], "errors": errors}
        fake.fail("reply", match="batch/read", reply=Reply(200, cut))
        with pytest.raises(Trouble) as trouble:
            connector.fetch("client", [*ids, "999"])
        assert trouble.value.kind is TroubleKind.RETRY
    assert connector.fetch("client", [*ids, "999"]).keys() == set(ids)


def test_a_shared_mailbox_is_sent_once(connector: HubSpot, fake: FakeHubSpot) -> None:
    shared = "comptabilite@groupe.example"
    results = push(connector, contact(1, email=shared), contact(2, email=shared, email_free=False))
    assert all(isinstance(result, Done) for result in results)
    assert sorted("email" in row for row in fake.live("contacts").values()) == [False, True]


def test_an_email_that_a_stranger_has_names_the_stranger(
    connector: HubSpot, fake: FakeHubSpot
) -> None:
    stranger = fake.add("contacts", email="marie1@trepanier.example")
    failed = only(push(connector, contact(1)))
    assert isinstance(failed, Failed)
    trouble = failed.trouble
    assert (trouble.kind, trouble.field, trouble.remote_id) == (
        TroubleKind.NAME_TAKEN,
        "email",
        stranger,
    )


@pytest.mark.parametrize("entity", ["client", "contact"])
def test_bad_rows_among_a_hundred_fail_alone(
    connector: HubSpot, fake: FakeHubSpot, entity: str
) -> None:
    """Acceptance 8: 97 done, 3 with their own messages, inside a 200 or a 207."""
    name = "name" if entity == "client" else "lastname"
    fake.refuse = lambda _o, row: name if row.get(name, "").startswith("Bad") else None
    bad = {13, 57, 99}
    make = client if entity == "client" else contact
    locals_ = [make(n, **({"name": f"Bad{n}"} if n in bad else {})) for n in range(1, 101)]
    results = push(connector, *locals_)
    failed = {result.id: result.trouble for result in results if isinstance(result, Failed)}
    assert set(failed) == bad
    assert len(results) == 100
    field = "name" if entity == "client" else "last_name"
    assert {(t.kind, t.field) for t in failed.values()} == {(TroubleKind.VALIDATION, field)}
    assert not any("Bad" in str(trouble.message) for trouble in failed.values())


def test_a_batch_refused_as_a_whole_is_halved(connector: HubSpot, fake: FakeHubSpot) -> None:
    sends = [create(connector, client(n)) for n in range(1, 9)]
    fake.fail("reply", reply=Reply(400, {"category": "VALIDATION_ERROR", "message": "no"}))
    results = connector.push(Action.CREATE, sends)
    assert len(results) == 8 == len(fake.live())
    assert len(fake.calls) == 3


def test_halving_stops_where_the_line_breaks(connector: HubSpot, fake: FakeHubSpot) -> None:
    sends = [create(connector, client(n)) for n in range(1, 5)]
    fake.fail("reply", reply=Reply(400, {"category": "VALIDATION_ERROR", "message": "no"}))
    fake.fail("drop", when="after")
    results = {result.id: result for result in connector.push(Action.CREATE, sends)}
    assert [type(results[n]) for n in (1, 2, 3, 4)] == [Failed, Failed, Done, Done]
    assert {results[n].trouble.kind for n in (1, 2)} == {TroubleKind.UNKNOWN}


def test_a_merged_record_is_not_taken_for_ours(connector: HubSpot, fake: FakeHubSpot) -> None:
    """Acceptance 9, the connector's part: the returned id is compared with the one we know."""
    local = client()
    mine = only(push(connector, local)).remote_id
    winner = fake.merge(mine, fake.add(name="Other"))
    remote = connector.fetch("client", [mine])[mine]
    assert remote.remote_id == winner
    old = connector.fetch("client", [winner])[winner]
    send = update(connector, client(city="Gaspé"), old, connector.payload(local))
    send = send.__class__(
        **{**{name: getattr(send, name) for name in send.__slots__}, "remote_id": mine}
    )
    failed = only(connector.push(Action.UPDATE, [send]))
    assert (failed.trouble.kind, failed.trouble.remote_id) == (TroubleKind.GONE, winner)


@pytest.mark.parametrize(
    ("body", "headers", "kind", "wait"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, TroubleKind.RETRY, 10),
        ({"policyName": "SECONDLY"}, {}, TroubleKind.RETRY, 1),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "3"}, TroubleKind.RETRY, 3),
        ({"policyName": "DAILY"}, {}, TroubleKind.QUOTA, 12 * 3600),
        ({"policyName": "DAILY"}, {"Retry-After": "900"}, TroubleKind.QUOTA, 900),
        (None, {}, TroubleKind.RETRY, 10),
        ([], {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, TroubleKind.RETRY, 10),
    ],
)
def test_limits(
    connector: HubSpot, fake: FakeHubSpot, body: Any, headers: Any, kind: TroubleKind, wait: float
) -> None:
    fake.fail("reply", reply=Reply(429, body, headers))
    with pytest.raises(Trouble) as trouble:
        push(connector, client())
    assert (trouble.value.kind, trouble.value.retry_after) == (kind, wait)


@pytest.mark.parametrize("fake", [200], indirect=True)
def test_twelve_thousand_changes_in_one_second_end(connector: HubSpot, fake: FakeHubSpot) -> None:
    """Acceptance 14: the window is walked by id, so one moment may hold any number."""
    fake.now = lambda: 1_800_000_000.0
    for n in range(12_000):
        fake.add(name=f"n{n}")
    seen = [remote.remote_id for remote in connector.changes("client", "2026-01-01T00:00:00Z")]
    assert len(seen) == len(set(seen)) == 12_000
    assert list(connector.changes("client", "2099-01-01T00:00:00Z")) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "x",
        {"results": None},
        {"results": [1, None, {}]},
        {"results": [{"id": 7}]},
        {"results": [{"id": "7", "properties": []}]},
        {"results": {"id": "7"}},
        {"errors": [{"context": 3}, 4]},
        {"errors": "no"},
        {"results": [{"id": "7", "objectWriteTraceId": "another"}]},
    ],
)
def test_answers_of_the_wrong_shape_do_no_harm(
    connector: HubSpot, fake: FakeHubSpot, body: Any
) -> None:
    fake.fail("reply", reply=Reply(200, body), times=9)
    send = create(connector, client())
    assert said(lambda: connector.push(Action.CREATE, [send])) in ([], TroubleKind.UNKNOWN)
    assert said(lambda: connector.lookup([send])) in ({}, TroubleKind.RETRY)
    for reading in (
        lambda: connector.fetch("client", ["7"]),
        lambda: list(connector.everything("client")),
        lambda: list(connector.changes("client", "2026-01-01T00:00:00Z")),
    ):
        said(reading)


def said(call: Callable[[], Any]) -> Any:
    """What a call gives back, or the class of its trouble."""
    try:
        return call()
    except Trouble as trouble:
        return trouble.kind


@pytest.mark.parametrize("lacking", ["description", "options", "groupName"])
def test_a_fake_that_answers_otherwise_than_the_contract_is_told(
    connector: HubSpot, fake: FakeHubSpot, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    whole = FakeHubSpot._definition

    def less(self: FakeHubSpot, objects: str, name: str) -> dict[str, Any]:
        found = whole(self, objects, name)
        del found[lacking]
        return found

    monkeypatch.setattr(FakeHubSpot, "_definition", less)
    connector.connect()
    assert any(lacking in text for text in fake.violations)
    fake.violations.clear()
