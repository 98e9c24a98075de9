"""QuickBooks Online: the contract of every connector, and what is QuickBooks' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from interop_cli.connectors.protocol import Untold
from interop_cli.connectors.quickbooks import QuickBooks
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Action, Done, Failed, LocalRecord, RemoteRecord
from tests.connectors.contract import ConnectorContract, create, only, update
from tests.connectors.support import START, client, target, tools
from tests.fakes.qbo import REALM, FakeQuickBooks, fault
from tests.fakes.qboxsd import of_answer, of_request, published
from tests.fakes.server import Reply


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as company:
        yield company


@pytest.fixture
def connector(fake: FakeQuickBooks) -> Iterator[QuickBooks]:
    made = QuickBooks(target("qbo", realm_id=REALM), tools(fake.url, fake.secret))
    made.connect()
    made.traces()
    fake.calls.clear()
    yield made
    made.close()


@pytest.fixture
def make() -> Callable[..., LocalRecord]:
    return client


class TestContract(ConnectorContract):
    write = "^POST .*/(customer|batch)"


def push(connector: QuickBooks, *locals_: LocalRecord) -> list[Any]:
    return connector.push(Action.CREATE, [create(connector, local) for local in locals_])


def made(connector: QuickBooks, local: LocalRecord) -> RemoteRecord:
    done = only(push(connector, local))
    assert isinstance(done, Done), done.trouble.code
    return connector.fetch("client", [done.remote_id])[done.remote_id]


def tokens(connector: QuickBooks) -> Any:
    return connector.tools.secrets


def test_a_customer_as_it_is_sent(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    push(connector, client())
    (call,) = fake.writes()
    assert call.query["minorversion"] == "75"
    assert call.body == {
        "DisplayName": "Imprimerie 1 Trépanier inc.",
        "CompanyName": "Imprimerie 1 Trépanier inc.",
        "GivenName": "Ève",
        "FamilyName": "Roy",
        "PrimaryEmailAddr": {"Address": "compta@trepanier.example"},
        "PrimaryPhone": {"FreeFormNumber": "418-555-0134 ext. 22"},
        "WebAddr": {"URI": "https://trepanier.example"},
        "BillAddr": {
            "Line1": "12, rue du Quai",
            "Line2": "bureau 3",
            "City": "Québec",
            "CountrySubDivisionCode": "QC",
            "PostalCode": "G1K 7X2",
            "Country": "Canada",
        },
        "SalesTermRef": {"value": "3"},
    }


def test_a_client_billed_to_another_is_a_job_of_it(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    payer = made(connector, client(1))
    local = client(2, bill_to="C-1", bill_to_remote=payer.remote_id)
    child = made(connector, local)
    held = fake.held()[child.remote_id]
    assert (held["ParentRef"], held["Job"], held["BillWithParent"]) == (
        {"value": payer.remote_id},
        True,
        True,
    )
    assert child.values["bill_to"] == payer.remote_id
    done = change(connector, local, client(2))
    assert isinstance(done, Done)
    assert connector.fetch("client", [child.remote_id])[child.remote_id].values["bill_to"] is None


def change(
    connector: QuickBooks, before: LocalRecord, after: LocalRecord, action: str = "update"
) -> Any:
    """Push a change of a record that is there under the name of ``before``."""
    base = connector.payload(before)
    found = connector.lookup([create(connector, before)])[before.id]
    send = replace(update(connector, after, found, base), action=Action(action))
    return only(connector.push(action, [send]))


def test_an_update_is_sparse_and_keeps_what_stands_in_the_address(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    """Acceptance 18."""
    remote = made(connector, client())
    fake.touch(remote.remote_id)
    fake.calls.clear()
    done = change(connector, client(), client(city="Gaspé", phone=None))
    (call,) = fake.writes()
    assert call.body["sparse"] is True
    assert (call.body["Id"], call.body["SyncToken"]) == (remote.remote_id, "1")
    held = fake.held()[remote.remote_id]
    assert (held["BillAddr"]["Line3"], held["BillAddr"]["City"]) == ("Quai B", "Gaspé")
    assert (held["Notes"], "PrimaryPhone" in held) == ("pays late", False)
    assert (done.version, done.notes) == ("2", ())


def test_a_part_of_an_address_that_somebody_else_changed_is_stale(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    remote = made(connector, client())
    fake.touch(remote.remote_id)
    fake.calls.clear()
    send = update(connector, client(city="Gaspé"), remote, connector.payload(client()))
    failed = only(connector.push(Action.UPDATE, [send]))
    assert failed.trouble.kind is TroubleKind.STALE
    assert fake.writes() == []


def test_deactivated_and_back_again(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    active = client()
    remote = made(connector, active)
    name = active.values["name"]
    assert isinstance(change(connector, active, client(active=False), "deactivate"), Done)
    held = fake.held()[remote.remote_id]
    assert (held["Active"], held["DisplayName"]) == (False, f"{name} (deleted)")
    there = connector.fetch("client", [remote.remote_id])[remote.remote_id]
    assert (there.active, there.gone, there.values["name"]) == (False, False, name)
    assert set(connector.lookup([create(connector, active)])) == {1}
    assert isinstance(change(connector, client(active=False), active), Done)
    held = fake.held()[remote.remote_id]
    assert (held["Active"], held["DisplayName"]) == (True, name)


def test_an_open_balance_keeps_a_customer_active(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    remote = made(connector, client())
    fake.open_balances = {remote.remote_id}
    failed = change(connector, client(), client(active=False), "deactivate")
    assert (failed.trouble.kind, failed.trouble.field) == (TroubleKind.VALIDATION, "active")


@pytest.mark.parametrize("vendor", [True, False])
def test_a_name_that_is_taken(connector: QuickBooks, fake: FakeQuickBooks, vendor: bool) -> None:
    """Acceptance 7, the connector's part."""
    name = client().values["name"]
    stranger = None if vendor else fake.add(name.upper())
    fake.vendors = {name.upper()} if vendor else set()
    failed = only(push(connector, client()))
    trouble = failed.trouble
    assert (trouble.kind, trouble.field) == (TroubleKind.NAME_TAKEN, "name")
    assert trouble.remote_id == stranger
    named = client(accounting={"display_name": "Trépanier (C-1)"})
    there = made(connector, named)
    assert there.values["name"] == "Trépanier (C-1)"
    assert there.values["accounting.company_name"] == name


def test_stale_is_told(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    remote = made(connector, client())
    fake.edit(remote.remote_id, Notes="x")
    send = update(connector, client(phone="+15145550123"), remote, connector.payload(client()))
    assert only(connector.push(Action.UPDATE, [send])).trouble.kind is TroubleKind.STALE


def test_bad_rows_of_a_batch_fail_alone_inside_a_200(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    """Acceptance 8."""
    fake.refuse = lambda row: "WebAddr" if row["DisplayName"].startswith("Bad") else None
    bad = {3, 17, 29}
    locals_ = [client(n, **({"name": f"Bad {n}"} if n in bad else {})) for n in range(1, 31)]
    results = push(connector, *locals_)
    failed = {result.id: result.trouble for result in results if isinstance(result, Failed)}
    assert set(failed) == bad
    assert len(results) == 30
    assert {(t.kind, t.field) for t in failed.values()} == {(TroubleKind.VALIDATION, "website")}
    assert not any("Bad" in str(trouble.message) for trouble in failed.values())
    assert [call.path.rpartition("/")[2] for call in fake.writes()] == ["batch"]


def test_a_fault_alone_inside_a_200(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    body = {"Fault": fault("2050", "DisplayName is too long", "DisplayName"), "time": "x"}
    fake.fail("reply", match="/customer", reply=Reply(200, body))
    failed = only(push(connector, client()))
    assert (failed.trouble.kind, failed.trouble.field) == (TroubleKind.VALIDATION, "name")
    assert str(failed.trouble.message) == "QuickBooks refuses name (2050)."


@pytest.mark.parametrize(
    ("code", "kind", "type_", "expected"),
    [
        ("6190", "x", "ValidationFault", TroubleKind.FORBIDDEN),
        ("3100", "x", "AuthorizationFault", TroubleKind.FORBIDDEN),
        ("2500", "SalesTermRef", "ValidationFault", TroubleKind.MISSING_REF),
        ("610", "ParentRef", "ValidationFault", TroubleKind.MISSING_REF),
        ("600", "", "ValidationFault", TroubleKind.UNKNOWN),
        ("10000", "", "SystemFault", TroubleKind.UNKNOWN),
        ("3001", "", "ThrottleFault", TroubleKind.RETRY),
        ("9999", "", "", TroubleKind.VALIDATION),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_codes_have_their_class(
    connector: QuickBooks,
    fake: FakeQuickBooks,
    code: str,
    kind: str,
    type_: str,
    expected: TroubleKind,
    status: int,
) -> None:
    body = {"Fault": fault(code, "detail", kind, type_)}
    fake.fail("reply", match="/customer", reply=Reply(status, body))
    assert said(lambda: only(push(connector, client())).trouble.kind) is expected


def test_a_limit_is_a_minute(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    fake.batches_per_minute = 0
    with pytest.raises(Trouble) as trouble:
        push(connector, client(1), client(2))
    assert (trouble.value.kind, trouble.value.retry_after) == (TroubleKind.RETRY, 60)
    assert fake.held() == {}


# -- request ids ----------------------------------------------------------------------------------


def test_the_request_id_is_the_attempts_own(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    sends = [create(connector, client(n)) for n in (1, 2)]
    fake.fail("drop", when="after", match="/batch")
    assert said(lambda: connector.push(Action.CREATE, sends)) is TroubleKind.UNKNOWN
    connector.push(Action.CREATE, sends[::-1])
    connector.push(Action.CREATE, sends[:1])
    first, again, alone = fake.writes()
    assert first.query["requestid"] == again.query["requestid"]
    assert alone.query["requestid"] == sends[0].attempt
    assert all(len(call.query["requestid"]) <= 36 for call in fake.writes())


def test_16_a_401_is_answered_by_one_refresh_and_the_same_call(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    send = create(connector, client())
    fake.expire()
    connector.lookup([send])
    fake.fail("act", match="/customer", act=fake.expire)
    connector.push(Action.CREATE, [send])
    first, again = fake.writes()
    assert first.query["requestid"] == again.query["requestid"] == send.attempt
    assert first.body == again.body
    assert fake.refreshes == 2
    assert tokens(connector).read()["refresh_token"] == "refresh-token-2"
    assert len(fake.held()) == 1


def test_a_second_401_is_left_at_that(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    fake.life = 0
    fake.expire()
    tokens(connector).save({**tokens(connector).read(), "expires_at": 0})
    assert said(lambda: push(connector, client())) is TroubleKind.AUTH
    assert fake.writes() == []


def test_a_token_that_ends_is_renewed_before_it_is_refused(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    secret = tokens(connector)
    secret.save({**secret.read(), "expires_at": START.timestamp() + 30})
    push(connector, client())
    assert fake.refreshes == 1
    assert fake.calls[0].path == "/token"


def test_a_refresh_token_that_is_not_rotated_stays(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    fake.rotates = False
    for _ in range(2):
        fake.expire()
        connector.is_empty()
    assert fake.refreshes == 2
    assert tokens(connector).read()["refresh_token"] == "refresh-token-0"


def test_a_refresh_token_that_is_no_good_asks_to_connect(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    fake.expire()
    fake.refresh_token = "another"
    with pytest.raises(Trouble) as trouble:
        connector.is_empty()
    assert (trouble.value.kind, trouble.value.code) == (TroubleKind.AUTH, "sync.auth.refused")


@pytest.mark.parametrize("kind", ["drop", "garbage", "reply", "half"])
def test_no_new_token_is_to_be_tried_again(
    connector: QuickBooks, fake: FakeQuickBooks, kind: str
) -> None:
    fake.expire()
    fake.fail(kind, match="/token", times=9)
    assert said(lambda: push(connector, client())) is TroubleKind.RETRY


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"access_token": 7},
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "x\r\nX-Evil: 1"},
        {"access_token": "good", "refresh_token": ["x"]},
        {"access_token": "é"},
    ],
)
def test_a_hostile_answer_changes_no_token(
    connector: QuickBooks, fake: FakeQuickBooks, body: Any
) -> None:
    fake.expire()
    before = tokens(connector).read()
    fake.fail("reply", match="/token", reply=Reply(200, body))
    assert said(connector.is_empty) is TroubleKind.RETRY
    assert tokens(connector).read() == before


def test_the_tokens_go_to_one_server_only(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    fake.expire()
    connector.is_empty()
    fake.expire()
    connector.tokens.token_url = "http://127.0.0.1:9/bearer"
    with pytest.raises(Trouble) as trouble:
        connector.is_empty()
    assert trouble.value.code == "sync.secret.host"


# -- what fits, and what the company offers -------------------------------------------------------


@pytest.mark.parametrize(
    ("change_", "field"),
    [
        ({"name": "N" * 101}, "name"),
        ({"name": "a:b"}, "name"),
        ({"billing_email": "e" * 100 + "@x.ca"}, "email"),
        ({"billing_email": "nobody"}, "email"),
        ({"phone": "ask for Marie, not for Jean-Marie!!"}, "phone"),
        ({"postal_code": "1" * 31}, "postal_code"),
        ({"city": "c" * 256}, "city"),
        ({"line1": "l" * 501}, "line1"),
        ({"billing_name": "x" * 101 + " Roy"}, "billing_name"),
        ({"name": ""}, "name"),
    ],
)
def test_what_does_not_fit_is_named_before_anything_is_sent(
    connector: QuickBooks, change_: dict[str, Any], field: str
) -> None:
    payload = connector.payload(client(**change_))
    problems = connector.descriptor("client").problems(payload)
    assert field in {problem.field for problem in problems}


@pytest.mark.parametrize(
    ("terms", "sent"),
    [
        ("net30", "3"),
        ("30 jours", "3"),
        ("Net 15", "2"),
        ("COD", "1"),
        ("sur réception", "1"),
        ("2% 10 net 30", "5"),
        ("2/10 net 30", None),
        ("30 jours fin de mois", None),
        ("net45", None),
        (None, None),
    ],
)
def test_payment_terms(
    connector: QuickBooks, fake: FakeQuickBooks, terms: str | None, sent: str | None
) -> None:
    local = client(terms=terms)
    done = only(push(connector, local))
    (held,) = fake.held().values()
    assert held.get("SalesTermRef") == ({"value": sent} if sent else None)
    assert bool(done.notes) is (terms is not None and sent is None)
    payload = connector.payload(local)
    found = connector.lookup([create(connector, local)])[1]
    assert all(payload[name] == value for name, value in found.values.items())
    none = change(connector, local, client(terms=None))
    assert isinstance(none, Done)
    (held,) = fake.held().values()
    assert "SalesTermRef" not in held


def test_currencies(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    failed = only(push(connector, client(currency="USD")))
    assert (failed.trouble.kind, failed.trouble.field) == (TroubleKind.VALIDATION, "currency")
    assert isinstance(only(push(connector, client())), Done)
    del connector.currencies, connector.preferences
    fake.several_currencies = True
    there = made(connector, client(2, currency="USD"))
    assert there.values["currency"] == "USD"
    failed = change(connector, client(2, currency="USD"), client(2, currency="CAD"))
    assert (failed.trouble.kind, failed.trouble.field) == (TroubleKind.VALIDATION, "currency")


def test_a_field_of_ones_own_place(fake: FakeQuickBooks) -> None:
    fields = {"name": "", "gst": "ResaleNum", "accounting.delivery_method": ""}
    settings = {"realm_id": REALM, "fields": {"client": fields}}
    connector = QuickBooks(target("qbo", **settings), tools(fake.url, fake.secret))
    local = client(gst="123456789RT0001", accounting={"delivery_method": "Email"})
    there = made(connector, local)
    held = fake.held()[there.remote_id]
    assert (held["ResaleNum"], held["PreferredDeliveryMethod"]) == ("123456789RT0001", "Email")
    assert there.values == connector.payload(local)
    wrong = connector.payload(client(accounting={"delivery_method": "Pigeon"}))
    assert {p.field for p in connector.descriptor("client").problems(wrong)} == {
        "accounting.delivery_method"
    }


# -- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["L'Atelier", "a\\b", "\\'", "x') or ('1' = '1", "Trépanier & Fils", "100% pur"]
)
def test_names_are_found_whatever_is_in_them(
    connector: QuickBooks, fake: FakeQuickBooks, name: str
) -> None:
    fake.add("Somebody else")
    local = client(name=name)
    there = made(connector, local)
    found = connector.lookup([create(connector, local)])
    assert found[1].remote_id == there.remote_id


def test_long_lists_of_names_fit_the_address(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    locals_ = [client(n, name=f"{n} " + "é" * 95) for n in range(1, 31)]
    push(connector, *locals_)
    fake.calls.clear()
    assert len(connector.lookup([create(connector, local) for local in locals_])) == 30
    assert len(fake.calls) > 2


def test_a_thousand_customers_and_more_are_listed(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    for n in range(2345):
        fake.add(f"n{n}", Active=n % 2 == 0)
    seen = [remote.remote_id for remote in connector.everything("client")]
    assert len(seen) == len(set(seen)) == 2345


def test_a_page_that_is_shorter_than_asked_for_is_not_the_last(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    fake.longest_page = 7
    ids = [fake.add(f"n{n}") for n in range(20)]
    assert [remote.remote_id for remote in connector.everything("client")] == ids


def test_what_a_query_leaves_out_is_read_before_it_is_taken_for_gone(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    kept, left_out, gone = (fake.add(name) for name in ("kept", "left out", "gone"))
    fake.left_out = {left_out}
    fake.remove(gone)
    found = connector.fetch("client", [kept, left_out, gone])
    assert {key: remote.called for key, remote in found.items()} == {
        kept: "kept",
        left_out: "left out",
    }
    fake.fail("reply", match=f"customer/{gone}", reply=Reply(200, {"time": "now"}))
    with pytest.raises(Trouble) as trouble:
        connector.fetch("client", [gone])
    assert trouble.value.kind is TroubleKind.RETRY


def test_an_answer_that_is_cut_is_none(connector: QuickBooks, fake: FakeQuickBooks) -> None:
    row = fake.customers[fake.add("one")]
    cut = {"QueryResponse": {"Customer": [row], "startPosition": 1, "maxResults": 2}}
    for call in (
        lambda: list(connector.everything("client")),
        lambda: connector.fetch("client", ["57", row["Id"]]),
        lambda: connector.lookup([create(connector, client(n)) for n in (1, 2)]),
    ):
        fake.fail("reply", match="query", reply=Reply(200, {**cut, "time": "now"}))
        assert said(call) is TroubleKind.RETRY


def test_changes_with_deletions_and_past_their_limits(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    moment = START.timestamp()
    fake.now = lambda: moment
    fake.tokens = {fake.token: moment * 2}
    kept, gone = fake.add("kept"), fake.add("gone")
    fake.remove(gone)
    found = {r.remote_id: r.gone for r in connector.changes("client", "2026-11-24T11:00:00Z")}
    assert found == {kept: False, gone: True}
    assert not list(connector.changes("client", "2026-11-24T13:00:00Z"))[1:]
    for n in range(1500):
        fake.add(f"n{n}")
    for since in ("2026-11-24T11:00:00Z", "2026-01-01T00:00:00Z"):
        with pytest.raises(Untold):  # who went then would not be among them
            connector.changes("client", since)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "x",
        {"Customer": 7},
        {"Customer": {"Id": 7}},
        {"Customer": []},
        {"Customer": {"Id": "7", "BillAddr": [], "PrimaryPhone": "x"}},
        {"Fault": 7},
        {"Fault": {}},
        {"Fault": {"Error": "x"}},
        {"Fault": {"Error": [7]}},
        {"BatchItemResponse": [7, {}]},
        {"BatchItemResponse": {"bId": 1}},
        {"QueryResponse": {"Customer": [{"Id": None}, 3]}},
        {"CDCResponse": [{"QueryResponse": {"Customer": 7}}]},
        {"QueryResponse": {"Customer": [{"Id": "7", "DisplayName": ["x"], "SalesTermRef": 4}]}},
    ],
)
def test_answers_of_the_wrong_shape_do_no_harm(
    connector: QuickBooks, fake: FakeQuickBooks, body: Any
) -> None:
    fake.fail("reply", reply=Reply(200, body), times=99)
    sends = [create(connector, client(n)) for n in (1, 2)]
    for call in (
        lambda: connector.push(Action.CREATE, sends),
        lambda: connector.push(Action.CREATE, sends[:1]),
        lambda: connector.lookup(sends),
        lambda: connector.fetch("client", ["7"]),
        lambda: list(connector.everything("client")),
        lambda: list(connector.changes("client", "2026-11-24T11:00:00Z")),
        connector.is_empty,
        connector.connect,
    ):
        said(call)


def said(call: Callable[[], Any]) -> Any:
    """What a call gives back, or the class of its trouble."""
    try:
        return call()
    except Trouble as trouble:
        return trouble.kind


@pytest.mark.parametrize("realm", ["abc", "1/../2", "1 2"])
def test_a_realm_is_a_number(fake: FakeQuickBooks, realm: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        QuickBooks(target("qbo", realm_id=realm), tools(fake.url, fake.secret))
    assert refused.value.code == "qbo.realm_id"


def test_nothing_is_called_before_the_company_is_known(fake: FakeQuickBooks) -> None:
    connector = QuickBooks(target("qbo"), tools(fake.url, fake.secret))
    with pytest.raises(Trouble) as trouble:
        connector.identity()
    assert (trouble.value.kind, trouble.value.code) == (TroubleKind.AUTH, "qbo.realm_id")
    assert fake.calls == []


IS_THERE = pytest.mark.skipif(
    published() is None, reason="the published XSD (../shared/specs/qbo) is not on this machine"
)


@IS_THERE
def test_requests_and_answers_keep_to_the_published_xsd(
    connector: QuickBooks, fake: FakeQuickBooks
) -> None:
    payer = made(connector, client(1))
    local = client(2, bill_to_remote=payer.remote_id)
    made(connector, local)
    change(connector, local, client(2, city="Gaspé", billing_name=None, terms=None))
    change(connector, client(2, city="Gaspé"), client(2, city="Gaspé", active=False), "deactivate")
    assert len(fake.writes()) == 4
    assert fake.violations == []


@IS_THERE
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customer", {"DisplayName": 3}),
        ("customer", {"Code": "A"}),
        ("customer", {"Active": "false"}),
        ("customer", {"BillAddr": {"Zip": "G1K 7X2"}}),
        ("customer", {"BillAddr": "12, rue du Quai"}),
        ("customer", {"ParentRef": {"id": "58"}}),
        ("invoice", {"Line": [{"Amount": "10.00"}]}),
        ("invoice", {"Line": [{"Amount": 10.0, "DetailType": "Sale"}]}),
        ("invoice", {"TxnDate": "24/11/2026"}),
        ("creditmemo", {"Line": [{"Description": None}]}),
        ("batch", {"BatchItemRequest": [{"bId": 1}]}),
        ("batch", {"BatchItemRequest": [{"bId": "1", "operation": "make"}]}),
        ("batch", {"BatchItemRequest": [{"bId": "1", "Customer": {"Code": "A"}}]}),
    ],
)
def test_what_the_xsd_does_not_allow_is_told(path: str, body: Any) -> None:
    assert len(of_request(f"/v3/company/1/{path}", body)) == 1


@IS_THERE
def test_an_answer_that_lacks_something_is_told() -> None:
    answer = {"QueryResponse": {"Customer": [{"Id": "58", "SyncToken": 0}]}, "time": "2026-11-24"}
    told = " ".join(of_answer(answer))
    assert all(word in told for word in ("Customer lacks MetaData", "SyncToken is no string"))


def test_a_token_that_cannot_be_kept_is_not_used(
    connector: QuickBooks, fake: FakeQuickBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_secret: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tokens(connector), "save", full)
    fake.expire()
    with pytest.raises(Trouble) as trouble:
        push(connector, client())
    assert (trouble.value.kind, trouble.value.code) == (TroubleKind.AUTH, "sync.secret.save")
    assert not any("access-token" in call.headers["authorization"] for call in fake.calls)
