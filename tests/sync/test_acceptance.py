"""The acceptance cases of the sync engine, by number and name, on both engines of storage."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest

from interop_cli.domain.errors import Busy, Conflict, RemoteFailure
from interop_cli.domain.rules import Context
from interop_cli.domain.sync.link import TroubleKind
from interop_cli.services.clients import bulk, status
from interop_cli.store.store import Store
from interop_cli.sync.calling import CallThread
from interop_cli.sync.lease import new_owner
from interop_cli.sync.report import status as standing
from interop_cli.system import Clock
from tests.fakes.memory import MemoryRemote
from tests.support.outside import PATIENCE
from tests.support.stores import add_client, open_store, store
from tests.sync.support import START, edit, keep, links, memory, promote, reasons, recode, statuses

__all__ = ["store"]


class Killed(BaseException):
    """The process ends here: nothing is tidied up."""


def killed_at(point: str) -> Any:
    def fault(reached: str) -> None:
        if reached == point:
            raise Killed

    return fault


def gone(owner: str | None, until: str | None, now: str) -> bool:
    """Claims of others do not live: their process was killed."""
    return False


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def test_1_response_lost_after_create_is_one_record(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    remote.troubles = ["lost"]
    report = keep(store, remote)
    assert len(remote.rows) == 1
    assert statuses(report) == {"A": "ok"}
    assert links(store)[1]["state"] == "in_sync"
    assert [call for call, _ids in remote.calls] == ["create", "lookup"]


def test_1b_without_a_key_of_ours_and_without_replays_too(store: Store) -> None:
    remote = MemoryRemote(keyed=False, replays=False, looks_first=True)
    add_client(store, code="A")
    remote.troubles = [None, "lost"]
    keep(store, remote)
    assert len(remote.rows) == 1
    assert links(store)[1]["remote_id"] == "1"


def test_1c_what_somebody_added_to_it_since_does_not_hide_it(store: Store) -> None:
    remote = MemoryRemote(keyed=False, replays=False, looks_first=False)
    add_client(store, code="A")
    remote.troubles = ["lost"]
    keep(store, remote, patient=False)
    remote.edit("1", note="seen")
    clock = Clock(START)
    clock.sleep(1000)
    assert statuses(keep(store, remote, clock=clock)) == {"A": "ok"}
    assert len(remote.rows) == 1
    assert links(store)[1]["state"] == "in_sync"


@pytest.mark.parametrize("point", ["claimed", "answered", "settled", "ended"])
def test_2_killed_between_call_and_commit_is_one_record(
    store: Store, remote: MemoryRemote, point: str
) -> None:
    add_client(store, code="A")
    with pytest.raises(Killed):
        keep(store, remote, fault=killed_at(point))
    keep(store, remote, lives=gone)
    assert len(remote.rows) == 1
    assert links(store)[1]["state"] == "in_sync"
    writes = len(remote.writes())
    keep(store, remote, lives=gone)
    assert len(remote.writes()) == writes


def test_2b_a_dead_claim_is_looked_up_and_never_just_sent_again(
    store: Store, remote: MemoryRemote
) -> None:
    add_client(store, code="A")
    with pytest.raises(Killed):
        keep(store, remote, fault=killed_at("answered"))
    assert links(store)[1]["state"] == "claimed"
    remote.calls.clear()
    keep(store, remote, lives=gone)
    assert [call for call, _ids in remote.calls] == ["lookup"]


def test_2c_the_lease_of_a_process_elsewhere_runs_out(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    with pytest.raises(Killed):
        keep(store, remote, owner="elsewhere/1/2/aaaaaaaaaaaa", fault=killed_at("answered"))
    with pytest.raises(Busy):
        keep(store, remote, wait=0)
    late = Clock(datetime.fromisoformat("2026-11-24T12:20:00+00:00"))
    keep(store, remote, clock=late)
    assert len(remote.rows) == 1
    assert links(store)[1]["state"] == "in_sync"


def test_3_two_pushers_make_one_call(ready_url: str, remote: MemoryRemote) -> None:
    first, second = open_store(ready_url), open_store(ready_url)
    for n in range(5):
        add_client(first, name=f"Client {n}", code=f"C-{n}")
    memory(first, remote)
    second.conn.close()
    found: list[Any] = []

    def other() -> None:
        own = open_store(ready_url)
        try:
            found.append(keep(own, remote, wait=20))
        finally:
            own.close()

    thread = threading.Thread(target=other)

    def during(call: str) -> None:
        if not thread.is_alive() and not found:
            thread.start()  # while our call is under way

    remote.during = during
    keep(first, remote)
    thread.join(30)
    first.close()
    assert len(remote.rows) == 5
    assert sorted(n for _call, ids in remote.writes() for n in ids) == [1, 2, 3, 4, 5]
    assert statuses(found[0]) == {}


def test_3b_who_lost_his_claim_settles_nothing(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")

    def robbed(point: str) -> None:
        if point == "answered":
            store.run(
                lambda uow: uow.conn.execute("UPDATE sync_link SET owner = 'another'"),
                operation="x",
            )

    keep(store, remote, fault=robbed)
    assert links(store)[1]["owner"] == "another"
    assert links(store)[1]["remote_id"] is None


def test_4_retry_after_is_waited_for(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    clock, times = Clock(START), list[float]()
    remote.during = lambda _call: times.append((clock.now() - START).total_seconds())
    remote.troubles, remote.retry_after = [TroubleKind.RETRY], 7
    keep(store, remote, clock=clock)
    assert times == [0, 7]
    assert len(remote.rows) == 1


def test_4b_a_longer_wait_parks_the_target(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    remote.troubles, remote.retry_after = [TroubleKind.RETRY], 3600
    report = keep(store, remote)
    assert (report.stopped is not None, report.until) == (True, "2026-11-24T13:00:00Z")
    with pytest.raises(RemoteFailure) as paused:
        keep(store, remote)
    assert paused.value.code == "sync.paused"
    assert len(remote.calls) == 1
    keep(store, remote, clock=Clock(datetime.fromisoformat("2026-11-24T13:00:01+00:00")))
    assert len(remote.rows) == 1


def test_5_the_days_limit_parks_the_target(store: Store, remote: MemoryRemote) -> None:
    for n in range(7):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.troubles, remote.retry_after = [None, TroubleKind.QUOTA], 12 * 3600
    report = keep(store, remote)
    assert report.until == "2026-11-25T00:00:00Z"
    assert len(remote.rows) == 3
    assert {row["state"] for row in links(store).values()} == {"in_sync", "pending"}
    assert len(remote.calls) == 2


def test_5b_no_entry_pauses_until_connected(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    remote.troubles = [TroubleKind.AUTH]
    keep(store, remote)
    with pytest.raises(RemoteFailure):
        keep(store, remote, clock=Clock(datetime.fromisoformat("2099-01-01T00:00:00+00:00")))
    assert len(remote.calls) == 1


def stale(store: Store, remote: MemoryRemote, theirs: dict[str, Any], **ours: Any) -> Any:
    """Push, let both sides change, push again."""
    add_client(store, code="A", phone="418-555-0134", terms="net30")
    keep(store, remote)
    remote.edit("1", **theirs)
    edit(store, "A", **ours)
    return keep(store, remote)


def test_6_stale_merges_what_does_not_overlap(store: Store, remote: MemoryRemote) -> None:
    report = stale(store, remote, {"phone": "555"}, terms="net45")
    assert statuses(report) == {"A": "ok"}
    values = remote.rows["1"].values
    assert (values["phone"], values["terms"]) == ("555", "net45")
    assert links(store)[1]["state"] == "in_sync"


def test_6b_stale_conflicts_where_it_overlaps(store: Store, remote: MemoryRemote) -> None:
    report = stale(store, remote, {"terms": "net60"}, terms="net45")
    assert reasons(report) == {"A": "sync.conflict"}
    assert remote.rows["1"].values["terms"] == "net60"
    link = links(store)[1]
    assert (link["state"], link["error_field"]) == ("conflict", "terms")
    writes = len(remote.writes())
    assert reasons(keep(store, remote)) == {"A": "sync.conflict"}
    assert len(remote.writes()) == writes


def test_6c_both_to_the_same_is_no_conflict(store: Store, remote: MemoryRemote) -> None:
    stale(store, remote, {"terms": "net45"}, terms="net45")
    assert links(store)[1]["state"] == "in_sync"


def test_6d_stale_again_and_again_becomes_a_conflict(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    keep(store, remote)
    edit(store, "A", terms="net45")
    counter = iter(range(100))
    remote.edit("1", phone="0")

    def during(call: str) -> None:
        if call == "update":
            remote.edit("1", phone=str(next(counter)))

    remote.during = during
    assert reasons(keep(store, remote)) == {"A": "sync.conflict"}
    assert len([call for call, _ids in remote.calls if call == "update"]) == 3


def test_7_a_vendors_name_is_taken_and_not_tried_again(store: Store, remote: MemoryRemote) -> None:
    add_client(store, name="Papiers du Nord", code="A")
    remote.vendors = {"Papiers du Nord"}
    assert reasons(keep(store, remote)) == {"A": "remote.name_taken"}
    assert reasons(keep(store, remote)) == {"A": "remote.name_taken"}
    assert [call for call, _ids in remote.writes()] == ["create"]
    edit(store, "A", name="Papiers du Nord (A)")
    assert statuses(keep(store, remote)) == {"A": "ok"}


def test_8_bad_rows_fail_alone(store: Store, remote: MemoryRemote) -> None:
    for n in range(1, 8):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.refuse = lambda payload: "name" if payload["name"] in ("Client 3", "Client 5") else None
    report = keep(store, remote)
    assert report.count("ok") == 5
    assert reasons(report) == {"C-3": "memory.refused", "C-5": "memory.refused"}
    assert links(store)[3]["error_field"] == "name"


def test_8b_a_row_without_a_result_is_unknown(store: Store, remote: MemoryRemote) -> None:
    for n in range(1, 4):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.troubles = ["half"]
    report = keep(store, remote)
    assert set(statuses(report).values()) == {"ok"}
    assert len(remote.rows) == 3
    assert ("lookup", (2, 3)) in remote.calls


@pytest.mark.parametrize("kind", [TroubleKind.GONE, TroubleKind.STALE])
def test_8c_what_is_new_can_neither_be_gone_nor_stale(
    store: Store, remote: MemoryRemote, kind: TroubleKind
) -> None:
    for n in range(1, 8):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.troubles = [kind]
    assert set(statuses(keep(store, remote)).values()) == {"ok"}
    assert len(remote.rows) == 7
    assert {link["state"] for link in links(store).values()} == {"in_sync"}


def test_9_a_merge_over_there_detaches(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    keep(store, remote)
    remote.rows["9"] = remote.rows["1"].__class__("9", dict(remote.rows["1"].values), key="A")
    remote.rows["1"].merged = "9"
    edit(store, "A", city="Gaspé")
    keep(store, remote)
    assert links(store)[1]["state"] == "detached"
    rows, writes = len(remote.rows), len(remote.writes())
    assert reasons(keep(store, remote)) == {"A": "sync.detached"}
    assert (len(remote.rows), len(remote.writes())) == (rows, writes)


def test_9b_what_was_claimed_before_a_call_went_wrong_waits_for_its_settlement(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(1, 10):  # three calls
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    seen, all_claimed, states = list[str](), threading.Event(), list[str]()

    def fault(point: str) -> None:
        seen.append(point)
        if seen.count("claimed") == 2:
            all_claimed.set()
        if point == "settled" and not states:
            states.extend(row["state"] for row in links(store).values())

    def during(call: str) -> None:
        if call == "create":
            assert all_claimed.wait(PATIENCE)
            remote.troubles = [] if "create" in seen else ["lost"]
            seen.append("create")

    remote.during = during
    report = keep(store, remote, patient=True, overlap=True, fault=fault)
    assert set(statuses(report).values()) == {"ok"}
    assert len(remote.rows) == 9
    assert states == ["unknown"] * 3 + ["claimed"] * 6
    first = seen.index("create")
    assert "settled" in seen[first : seen.index("create", first + 1)]
    assert [call for call, _ids in remote.calls] == ["create"] * 3 + ["lookup"]


def test_9c_a_run_that_ends_early_makes_no_more_calls() -> None:
    thread, made = CallThread(inline=False), list[str]()
    begun, may_end = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        assert may_end.wait(PATIENCE)
        made.append("first")

    answer = thread.start(first)
    thread.start(lambda: made.append("second"))
    assert begun.wait(PATIENCE)
    thread.close()
    may_end.set()
    answer.result()
    assert thread._thread is not None
    thread._thread.join(PATIENCE)
    assert made == ["first"]


def test_9d_what_stands_in_the_queue_when_a_run_is_interrupted_is_not_sent(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(1, 10):  # three calls
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    all_claimed, second, interrupted = (threading.Event() for _ in range(3))
    claims, callers = list[str](), list[threading.Thread]()

    def fault(point: str) -> None:
        if point == "claimed":
            claims.append(point)
        if len(claims) == 2:
            all_claimed.set()
        if point == "answered":
            assert second.wait(PATIENCE)
            raise KeyboardInterrupt

    def during(call: str) -> None:
        callers.append(threading.current_thread())
        if len(callers) == 1:
            assert all_claimed.wait(PATIENCE)
        elif not interrupted.is_set():
            second.set()
            assert interrupted.wait(PATIENCE)

    remote.during = during
    with pytest.raises(KeyboardInterrupt):
        keep(store, remote, overlap=True, fault=fault)
    assert [row["state"] for row in links(store).values()] == ["claimed"] * 9
    interrupted.set()
    callers[0].join(PATIENCE)
    assert (len(callers), len(remote.rows)) == (2, 6)
    assert set(statuses(keep(store, remote, lives=gone)).values()) == {"ok"}
    assert [call for call, _ids in remote.calls] == ["create"] * 2 + ["lookup"] * 3 + ["create"]
    assert len(remote.rows) == 9


def test_10_a_prospect_never_leaves(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="P", prospect=True)
    assert reasons(keep(store, remote)) == {"P": "sync.prospect"}
    assert remote.calls == []
    promote(store, "P")
    assert statuses(keep(store, remote)) == {"P": "ok"}


def test_10b_not_even_when_it_becomes_one_between_plan_and_send(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(1, 6):
        add_client(store, name=f"Client {n}", code=f"C-{n}")

    def during(call: str) -> None:
        if len(remote.calls) == 1:  # the first batch is under way, the second is planned
            edit(store, "C-5", prospect=True)

    remote.during = during
    report = keep(store, remote, ahead=1)  # what is claimed may be under way
    assert reasons(report) == {"C-5": "sync.prospect"}
    assert {row.values["name"] for row in remote.rows.values()} == {
        f"Client {n}" for n in range(1, 5)
    }


def test_10c_nor_a_client_billed_to_one(store: Store, remote: MemoryRemote) -> None:
    payer = add_client(store, name="Payer", code="PAYER")
    add_client(store, name="Child", code="CHILD", bill_to="PAYER")
    store.run(
        lambda uow: uow.writer.update("client", {"prospect": 1}, "id = :id", id=payer),
        operation="x",
    )
    report = keep(store, remote)
    assert reasons(report) == {"PAYER": "sync.prospect", "CHILD": "sync.payer_prospect"}
    assert remote.calls == []


def test_10d_one_that_becomes_one_while_it_is_on_its_way_gets_nothing_more(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(1, 6):
        add_client(store, name=f"Client {n}", code=f"C-{n}")

    def during(call: str) -> None:
        if len(remote.calls) == 2:  # the third call is claimed with the second
            edit(store, "C-5", prospect=True)

    remote.during = during
    assert statuses(keep(store, remote))["C-5"] == "ok"
    edit(store, "C-5", phone="418 555-0199")
    report = keep(store, remote)
    assert reasons(report) == {"C-5": "sync.prospect"}
    there = remote.named("Client 5")
    assert there is not None
    assert there.values["phone"] is None
    assert standing(memory(store, remote))["attention"] == "blocked 1"


def test_10e_a_first_push_tells_the_turn_of_a_record_when_it_is_read(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(1, 13):  # three full calls, of those that are to be there
        add_client(store, name=f"Client {n}", code=f"C-{n:02}", prospect=n in (1, 2, 7, 12))
    twin = add_client(store, name="Client 3", code="C-13")
    add_client(store, name="Billed", code="C-00", bill_to="C-08")

    def during(call: str) -> None:
        if len(remote.writes()) == 1:
            promote(store, "C-12")  # which no call has come to

    remote.during = during
    report = keep(store, remote)
    assert reasons(report) == {
        **dict.fromkeys(("C-01", "C-02", "C-07"), "sync.prospect"),
        "C-13": "sync.value_taken",
    }
    assert report.lines["client", twin].reason.message.params["code"] == "C-03"
    assert [len(ids) for _call, ids in remote.writes()] == [3, 3, 3, 1]
    assert remote.writes()[-1][1] == (14,)  # who is billed, after who pays
    assert statuses(keep(store, remote)) == dict.fromkeys(("C-01", "C-02", "C-07"), "skipped") | {
        "C-13": "error"
    }


def test_11_a_payer_goes_before_those_it_pays_for(store: Store, remote: MemoryRemote) -> None:
    add_client(store, name="Payer", code="Z-PAYER")
    for n in range(1, 5):
        add_client(store, name=f"Child {n}", code=f"A-{n}", bill_to="Z-PAYER")
    keep(store, remote)
    payer = remote.named("Payer")
    assert payer is not None
    children = [row for row in remote.rows.values() if row.values["bill_to"] is not None]
    assert len(children) == 4
    assert {row.values["bill_to"] for row in children} == {payer.id}


def test_11b_without_its_payer_a_client_waits(store: Store, remote: MemoryRemote) -> None:
    add_client(store, name="Payer", code="PAYER")
    add_client(store, name="Child", code="CHILD", bill_to="PAYER")
    remote.vendors = {"Payer"}
    report = keep(store, remote)
    assert reasons(report) == {"PAYER": "remote.name_taken", "CHILD": "sync.waiting"}
    assert remote.rows == {}


def test_11c_a_circle_is_refused_where_it_is_made(store: Store) -> None:
    add_client(store, name="A", code="A")
    add_client(store, name="B", code="B", bill_to="A")
    with pytest.raises(Conflict):
        edit(store, "A", bill_to="B")


def test_12_nothing_changed_is_no_call(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    keep(store, remote)
    remote.calls.clear()
    assert statuses(keep(store, remote)) == {}
    edit(store, "A", tags=["vip"])  # no field that this target takes
    assert statuses(keep(store, remote)) == {"A": "unchanged"}
    assert statuses(keep(store, remote)) == {}
    edit(store, "A", city="Gaspé")
    edit(store, "A", city="Québec")
    assert statuses(keep(store, remote)) == {"A": "unchanged"}
    assert remote.calls == []
    assert statuses(keep(store, remote, again=True)) == {"A": "ok"}
    assert [call for call, _ids in remote.calls] == ["update"]


def test_22_an_inactive_client_is_deactivated_and_comes_back(
    store: Store, remote: MemoryRemote
) -> None:
    add_client(store, code="A")
    add_client(store, name="Never sent", code="B")
    selector = bulk.Selector(keys=[(1, "B")])
    store.run(lambda uow: status.deactivate(uow, selector), operation="x")
    keep(store, remote)
    assert len(remote.rows) == 1
    selector = bulk.Selector(keys=[(1, "A")])
    store.run(lambda uow: status.deactivate(uow, selector), operation="x")
    report = keep(store, remote)
    assert [line.action for line in report.lines.values()] == ["deactivate"]
    assert remote.rows["1"].values["active"] is False
    store.run(lambda uow: status.activate(uow, selector), operation="x")
    keep(store, remote)
    assert remote.rows["1"].values["active"] is True
    assert len(remote.rows) == 1


def test_23_a_recode_keeps_the_link(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="OLD")
    keep(store, remote)
    recode(store, "OLD", "NEW")
    keep(store, remote)
    assert len(remote.rows) == 1
    assert links(store)[1]["remote_id"] == "1"


def test_24_five_hundred_clients_are_planned_without_a_call(
    store: Store, remote: MemoryRemote
) -> None:
    for n in range(500):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    at = memory(store, remote)
    assert len(list(at.steps("client"))) == 500
    assert remote.calls == []


def test_first_contact_creates_nothing_blindly(store: Store, remote: MemoryRemote) -> None:
    add_client(store, code="A")
    memory(store, remote)
    store.run(lambda uow: uow.targets.note(1, introduced=0), operation="x")
    remote.rows["7"] = remote.rows.get("7") or _row("7", "Somebody")
    with pytest.raises(Conflict) as refused:
        keep(store, remote)
    assert refused.value.code == "sync.first_contact"
    assert len(remote.rows) == 1
    assert statuses(keep(store, remote, allow_create=True)) == {"A": "ok"}
    edit(store, "A", city="Gaspé")
    assert statuses(keep(store, remote)) == {"A": "ok"}


def _row(remote_id: str, name: str) -> Any:
    from tests.fakes.memory import Row

    values = {
        "name": name,
        "phone": None,
        "city": None,
        "terms": None,
        "active": True,
        "bill_to": None,
        "accounting.rep": None,
    }
    return Row(remote_id, values)


def test_a_record_of_that_name_is_not_taken_over(store: Store) -> None:
    remote = MemoryRemote(keyed=False, looks_first=True)
    add_client(store, name="Twin", code="A")
    remote.rows["7"] = _row("7", "Twin")
    assert reasons(keep(store, remote)) == {"A": "sync.name_taken"}
    assert (len(remote.rows), links(store)[1]["remote_id"]) == (1, None)


def test_a_key_that_another_client_still_has_there_waits(
    store: Store, remote: MemoryRemote
) -> None:
    add_client(store, name="First", code="CODE")
    keep(store, remote)
    recode(store, "CODE", "OTHER")
    store.run(
        lambda uow: __import__("interop_cli.services.clients.card", fromlist=["create"]).create(
            uow,
            {
                "name": "Second",
                "code": "CODE",
                "line1": "1",
                "city": "Québec",
                "postal_code": "G1K 7X2",
            },
            Context(),
            reuse=True,
        ),
        operation="client.create",
    )
    report = keep(store, remote)
    assert statuses(report) == {"OTHER": "unchanged", "CODE": "ok"}
    assert remote.named("First") is not None
    assert remote.named("Second") is not None


def test_the_breaker_opens_and_then_probes_with_one(store: Store, remote: MemoryRemote) -> None:
    for n in range(7):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.troubles = [TroubleKind.RETRY] * 5
    clock = Clock(START)
    report = keep(store, remote, clock=clock)
    assert report.stopped is not None
    assert len(remote.calls) == 5
    with pytest.raises(RemoteFailure):
        keep(store, remote, clock=clock)
    clock.sleep(121)
    remote.calls.clear()
    keep(store, remote, clock=clock)
    assert [len(ids) for _call, ids in remote.calls] == [1, 3, 3]
    assert len(remote.rows) == 7


def test_validation_does_not_open_the_breaker(store: Store, remote: MemoryRemote) -> None:
    for n in range(20):
        add_client(store, name=f"Client {n}", code=f"C-{n}")
    remote.refuse = lambda _payload: "name"
    report = keep(store, remote)
    assert (report.stopped, report.failed) == (None, 20)
    assert memory(store, remote).target.failures == 0


def test_a_lost_update_is_compared_before_it_is_sent_again(
    store: Store, remote: MemoryRemote
) -> None:
    add_client(store, code="A")
    keep(store, remote)
    edit(store, "A", city="Gaspé")
    remote.calls.clear()
    remote.troubles = ["lost"]
    keep(store, remote)
    assert [call for call, _ids in remote.calls] == ["update", "fetch"]
    assert remote.rows["1"].values["city"] == "Gaspé"
    edit(store, "A", city="Percé")
    remote.calls.clear()
    remote.troubles = [TroubleKind.UNKNOWN]
    keep(store, remote)
    assert [call for call, _ids in remote.calls] == ["update", "fetch", "update"]
    assert remote.rows["1"].values["city"] == "Percé"


def test_the_attempt_keeps_its_key_until_its_payload_changes(
    store: Store, remote: MemoryRemote
) -> None:
    clock = Clock(START)

    def once(*troubles: TroubleKind | None) -> None:
        clock.sleep(1000)  # the target rests after each of them
        remote.troubles = list(troubles)
        keep(store, remote, patient=False, clock=clock)

    add_client(store, code="A")
    once(TroubleKind.UNKNOWN)
    first = links(store)[1]["attempt_key"]
    assert links(store)[1]["state"] == "unknown"
    once(None, TroubleKind.RETRY)
    assert links(store)[1]["attempt_key"] == first
    edit(store, "A", city="Gaspé")
    once(TroubleKind.RETRY)
    assert links(store)[1]["attempt_key"] not in (None, first)


def test_no_transaction_is_open_during_a_call(ready_url: str, remote: MemoryRemote) -> None:
    own = open_store(ready_url)
    other = open_store(ready_url)
    add_client(own, code="A")

    def during(_call: str) -> None:
        other.run(lambda uow: uow.settings.set("lang", "fr"), operation="config.set")

    memory(own, remote)
    remote.during = during
    assert statuses(keep(own, remote)) == {"A": "ok"}
    own.close()
    other.close()


def test_owners_of_this_process_are_alive_and_others_are_not() -> None:
    from interop_cli.sync.lease import is_gone

    mine = new_owner()
    assert not is_gone(mine)
    place, pid, _started, _own = mine.split("/")
    assert place == "-" or is_gone(f"{place}/{pid}/12345/abc")
    assert not is_gone("another machine/1/2/abc")
