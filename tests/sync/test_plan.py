"""What a push would do about one record, and the reason it gives: one rule after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField
from interop_cli.domain.sync.link import NONE, Link, LinkFault, LinkState
from interop_cli.domain.sync.payload import Change, Payload, digest
from interop_cli.domain.sync.plan import Step, TargetRules, Todo, plan, reason
from interop_cli.domain.sync.records import LocalRecord, Role

BEFORE, NOW, LATER = (f"2026-01-01T00:00:0{second}Z" for second in range(3))
CLIENT = Descriptor(
    "client",
    (
        RemoteField("code", "key", Need.REQUIRED, policy=Policy.OURS),
        RemoteField("name", "Name", Need.REQUIRED),
        RemoteField("phone", "Phone"),
        RemoteField("bill_to", "ParentRef", refers_to="client"),
        RemoteField("active", "Active", policy=Policy.OURS),
    ),
    key="code",
)
INVOICE = replace(CLIENT, entity="invoice", once=True)
VALUES: Payload = {"code": "A", "name": "n", "phone": None, "bill_to": None, "active": True}


def local(**changes: Any) -> LocalRecord:
    """Client A; ``changes`` are its values, or what else a record has."""
    names = ("prospect", "payer", "payer_prospect", "refers")
    more = {name: changes.pop(name) for name in names if name in changes}
    values = VALUES | changes
    code = str(values["code"])
    return LocalRecord("client", 1, code, code, "s", bool(values["active"]), values, **more)


def linked(**more: Any) -> Link:
    """Over there as ``VALUES`` are."""
    return Link(
        **{
            "state": LinkState.IN_SYNC,
            "remote_id": "9",
            "remote_key": "A",
            "pushed": dict(VALUES),
            **more,
        }
    )


def rules(
    descriptor: Descriptor = CLIENT, role: Role = Role.ACCOUNTING, **more: Any
) -> TargetRules:
    def payload(one: LocalRecord) -> Payload:
        return {field.name: one.values.get(field.name) for field in descriptor.sent()}

    return TargetRules(role, descriptor, payload, "f", NOW, **more)


def outcome(step: Step) -> tuple[Todo, str | None]:
    return step.todo, step.reason.code if step.reason else None


# -- what the link alone decides ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "todo", "code"),
    [
        (Link(state=LinkState.EXCLUDED), Todo.SKIP, "sync.excluded"),
        (Link(state=LinkState.CONFLICT), Todo.BLOCKED, "sync.conflict"),
        (Link(state=LinkState.DETACHED), Todo.BLOCKED, "sync.detached"),
        (Link(state=LinkState.AWAITING), Todo.BLOCKED, "sync.awaiting"),
        (Link(state=LinkState.CLAIMED, alive=True), Todo.SKIP, "sync.claimed"),
        (Link(state=LinkState.CLAIMED), Todo.CHECK, None),
        (Link(state=LinkState.UNKNOWN), Todo.CHECK, None),
        (Link(state=LinkState.UNKNOWN, alive=True), Todo.CHECK, None),
        (Link(state=LinkState.UNKNOWN, next_at=BEFORE), Todo.CHECK, None),
        (Link(state=LinkState.UNKNOWN, next_at=NOW), Todo.CHECK, None),
        (Link(state=LinkState.UNKNOWN, next_at=LATER), Todo.BLOCKED, "sync.later"),
        (Link(state=LinkState.CLAIMED, next_at=LATER), Todo.BLOCKED, "sync.later"),
    ],
)
def test_the_state_of_the_link_goes_first(link: Link, todo: Todo, code: str | None) -> None:
    record = local(prospect=True, name=None)  # which would be refused
    step = plan(record, link, rules())
    assert outcome(step) == (todo, code)
    assert (step.local, step.link, step.payload, step.changes) == (record, link, {}, ())


def test_what_may_have_been_sent_is_looked_for_as_it_was_sent() -> None:
    attempt: Payload = {"name": "as it was"}
    link = Link(state=LinkState.UNKNOWN, attempt=attempt)
    assert plan(local(), link, rules()).payload == attempt


def test_what_waits_says_until_when() -> None:
    step = plan(local(), Link(state=LinkState.UNKNOWN, next_at=LATER), rules())
    assert step.reason
    assert str(step.reason.message) == f"It is tried again after {LATER}."


# -- prospects ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "prospects", "sent"),
    [
        (Role.ACCOUNTING, False, False),
        (Role.ACCOUNTING, True, False),
        (Role.CRM, False, False),
        (Role.CRM, True, True),
    ],
)
def test_prospects_go_only_where_they_are_wanted_and_never_to_accounting(
    role: Role, prospects: bool, sent: bool
) -> None:
    given = rules(role=role, prospects=prospects)
    record = local(prospect=True)
    step = plan(record, NONE, given)
    assert outcome(step) == ((Todo.CREATE, None) if sent else (Todo.BLOCKED, "sync.prospect"))
    assert (step.local, step.link) == (record, NONE)
    step = plan(local(payer="P", payer_prospect=True), NONE, given)
    if not sent:
        assert outcome(step) == (Todo.BLOCKED, "sync.payer_prospect")
        assert step.payload == {}
        assert step.reason
        assert step.reason.message.params == {"code": "P"}
    else:
        assert outcome(step) == (Todo.CREATE, None)


# -- the first time -----------------------------------------------------------------------------


def test_a_new_record_is_created_with_every_field_it_has() -> None:
    record = local(phone="1")
    step = plan(record, NONE, rules())
    payload = VALUES | {"phone": "1"}
    changes = tuple(
        Change(name, None, payload[name]) for name in ("code", "name", "phone", "active")
    )
    assert step == Step(Todo.CREATE, record, NONE, payload, changes)


def test_an_inactive_record_that_is_not_there_stays_away() -> None:
    record = local(active=False, name=None)
    step = plan(record, NONE, rules())
    assert step == Step(Todo.SKIP, record, NONE, {}, reason=reason("inactive"))
    assert outcome(plan(local(active=False), linked(), rules())) == (Todo.DEACTIVATE, None)


def test_what_cannot_be_sent_is_blocked_with_all_that_is_wrong() -> None:
    record = local(code=None, name=None)
    for link in (NONE, linked()):
        step = plan(record, link, rules())
        assert outcome(step) == (Todo.BLOCKED, "sync.field.missing")
        assert (step.local, step.link, step.payload["name"]) == (record, link, None)
        assert [problem.field for problem in step.problems] == ["code", "name"]
        assert step.reason
        assert (step.reason.field, step.reason.message) == ("code", step.problems[0].message)


@pytest.mark.parametrize("link", [NONE, linked()], ids=["new", "known"])
def test_a_record_waits_for_the_one_it_refers_to(link: Link) -> None:
    def waits(**values: Any) -> str | None:
        return plan(local(phone="1", **values), link, rules()).waits_for

    assert waits(refers={"bill_to": "P"}) == "P"
    assert waits(refers={"bill_to": "P"}, bill_to="7") is None  # it is there
    assert waits() is None
    assert waits(refers={"phone": "P"}) is None


# -- what failed, and what is to wait -----------------------------------------------------------

FAULT = LinkFault("refused", "remote.refused", msg("No."), "name")


def failed(**more: Any) -> Link:
    """Refused as it is now."""
    attempt = VALUES | {"phone": "1"}
    return linked(state=LinkState.FAILED, attempt_hash=digest(attempt, "f"), **more)


def test_what_was_refused_is_not_sent_again_as_it_was() -> None:
    record = local(phone="1")
    step = plan(record, failed(fault=FAULT), rules())
    assert outcome(step) == (Todo.BLOCKED, "remote.refused")
    assert step.reason
    assert (step.reason.message, step.reason.field) == (FAULT.message, "name")
    assert (step.local, step.link) == (record, failed(fault=FAULT))
    assert step.payload == VALUES | {"phone": "1"}
    assert outcome(plan(record, failed(), rules())) == (Todo.BLOCKED, "sync.failed")


def test_what_was_refused_is_tried_again_once_it_changed_or_is_asked_for() -> None:
    update = (Todo.UPDATE, None)
    assert outcome(plan(local(phone="2"), failed(), rules())) == update
    assert outcome(plan(local(phone="1"), failed(), rules(again=True))) == update
    assert outcome(plan(local(phone="1"), failed(), replace(rules(), form="g"))) == update
    pending = replace(failed(), state=LinkState.PENDING)
    assert outcome(plan(local(phone="1"), pending, rules())) == update


@pytest.mark.parametrize("link", [Link(), linked()], ids=["new", "known"])
def test_a_record_is_not_tried_before_its_time(link: Link) -> None:
    record = local(phone="1")
    late = replace(link, next_at=LATER)
    step = plan(record, late, rules())
    assert outcome(step) == (Todo.BLOCKED, "sync.later")
    assert step.reason
    assert step.reason.message.params == {"at": LATER}
    assert (step.local, step.link, step.payload) == (record, late, VALUES | {"phone": "1"})
    for due in (BEFORE, NOW):
        assert plan(record, replace(link, next_at=due), rules()).reason is None


# -- later on -----------------------------------------------------------------------------------


def test_what_is_there_as_it_is_needs_nothing() -> None:
    record = local()
    step = plan(record, linked(), rules())
    assert step == Step(Todo.SKIP, record, linked(), VALUES, reason=reason("unchanged"))


def test_an_update_sends_what_differs() -> None:
    record = local(phone="2")
    step = plan(record, linked(), rules())
    changes = (Change("phone", None, "2"),)
    assert step == Step(Todo.UPDATE, record, linked(), VALUES | {"phone": "2"}, changes)


def test_all_is_sent_again_where_that_is_asked_for() -> None:
    step = plan(local(), linked(), rules(again=True))
    assert step.todo is Todo.UPDATE
    assert [one.field for one in step.changes] == ["code", "name", "active"]


@pytest.mark.parametrize("no", [False, "false"])
def test_a_retired_record_is_deactivated(no: object) -> None:
    record = replace(local(phone="2"), active=False, values=VALUES | {"active": no, "phone": "2"})
    step = plan(record, linked(), rules())
    assert outcome(step) == (Todo.DEACTIVATE, None)
    assert [one.field for one in step.changes] == ["phone", "active"]


def test_a_record_that_comes_back_is_updated() -> None:
    link = linked(pushed=VALUES | {"active": False})
    step = plan(local(), link, rules())
    assert (step.todo, step.changes) == (Todo.UPDATE, (Change("active", False, True),))  # noqa: FBT003


def test_in_a_target_that_knows_no_inactive_records_a_person_sees_to_it() -> None:
    descriptor = replace(CLIENT, fields=CLIENT.fields[:-1])
    record = local(active=False, phone="2")
    step = plan(record, linked(), rules(descriptor))
    assert (outcome(step), step.changes) == ((Todo.BY_HAND, "sync.inactive_there"), ())
    assert (step.local, step.link, step.payload["phone"]) == (record, linked(), "2")
    assert outcome(plan(local(phone="2"), linked(), rules(descriptor))) == (Todo.UPDATE, None)


def test_a_new_code_is_a_rename_and_goes_before_all_else() -> None:
    record = local(code="B", phone="2", refers={"bill_to": "P"})
    step = plan(record, linked(), rules())
    payload = VALUES | {"code": "B", "phone": "2"}
    assert step == Step(Todo.RENAME, record, linked(), payload, (Change("code", "A", "B"),))


def test_a_record_that_was_under_no_code_is_updated() -> None:
    step = plan(local(code="B"), linked(pushed=VALUES | {"code": None}), rules())
    assert (step.todo, step.changes) == (Todo.UPDATE, (Change("code", None, "B"),))


def test_another_name_is_no_rename() -> None:
    step = plan(local(name="m"), linked(remote_key="OLD"), rules())
    assert (step.todo, step.changes) == (Todo.UPDATE, (Change("name", "n", "m"),))


# -- invoices -----------------------------------------------------------------------------------


def test_an_invoice_that_is_there_changes_no_more() -> None:
    for given in (rules(INVOICE), rules(INVOICE, again=True)):
        assert outcome(plan(local(name="m"), linked(), given)) == (Todo.SKIP, "sync.unchanged")
        assert outcome(plan(local(name=None), linked(), given)) == (Todo.SKIP, "sync.unchanged")


def test_an_invoice_that_is_void_is_still_taken_back() -> None:
    step = plan(local(active=False, name="m"), linked(), rules(INVOICE))
    assert outcome(step) == (Todo.DEACTIVATE, None)
    assert step.changes == (Change("active", True, False),)  # noqa: FBT003


def test_an_invoice_that_is_not_there_is_checked_as_all_else() -> None:
    assert outcome(plan(local(name=None), NONE, rules(INVOICE))) == (
        Todo.BLOCKED,
        "sync.field.missing",
    )
    assert outcome(plan(local(), NONE, rules(INVOICE))) == (Todo.CREATE, None)
