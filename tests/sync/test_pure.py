"""Plans, merges, descriptors and payloads: pure, so checked over their whole space."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.sync import payload as form
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField
from interop_cli.domain.sync.link import NONE, Link, LinkState
from interop_cli.domain.sync.merge import Difference, merge, three_columns
from interop_cli.domain.sync.payload import Payload, differences, digest, email, text
from interop_cli.domain.sync.plan import TargetRules, Todo, backoff, plan
from interop_cli.domain.sync.records import LocalRecord, Role
from interop_cli.domain.values.phone import format_phone

NAMES = ("name", "phone", "city", "active")
DESCRIPTOR = Descriptor(
    "client",
    (
        RemoteField("code", "key", Need.REQUIRED, policy=Policy.OURS),
        RemoteField("name", "Name", Need.REQUIRED, max_length=10),
        RemoteField("phone", "Phone", pattern=r"[\d-]*"),
        RemoteField("city", "City", choices=("Québec", "Gaspé")),
        RemoteField("active", "Active", policy=Policy.OURS),
        RemoteField("terms", "", Need.UNSUPPORTED, usual=False),
    ),
    key="code",
)
VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
PAYLOADS = st.fixed_dictionaries(dict.fromkeys(("name", "phone", "city"), VALUES))
PARTS = st.dictionaries(st.sampled_from(["name", "phone", "city"]), VALUES)
STATES = st.sampled_from(list(LinkState))


def local(**values: Any) -> LocalRecord:
    known = {"code": "A", "name": "n", "phone": None, "city": None, "active": True, **values}
    prospect = bool(known.pop("prospect", False))
    payer = known.pop("payer_prospect", False)
    return LocalRecord(
        "client",
        1,
        known["code"],
        known["code"],
        "s",
        bool(known["active"]),
        known,
        prospect,
        "P" if payer else None,
        bool(payer),
    )


def rules(role: Role = Role.ACCOUNTING, **more: Any) -> TargetRules:
    def payload(one: LocalRecord) -> Payload:
        return {field.name: one.values.get(field.name) for field in DESCRIPTOR.sent()}

    return TargetRules(role, DESCRIPTOR, payload, "f", "2026-01-01T00:00:00Z", **more)


def test_a_new_client_is_created_with_all_it_has() -> None:
    step = plan(local(phone="1"), NONE, rules())
    assert step.todo is Todo.CREATE
    assert {change.field for change in step.changes} == {"code", "name", "phone", "active"}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"name": None}, "name", "sync.field.missing"),
        ({"name": "x" * 11}, "name", "sync.field.too_long"),
        ({"phone": "abc"}, "phone", "sync.field.pattern"),
        ({"city": "Paris"}, "city", "sync.field.choice"),
    ],
)
def test_what_a_target_cannot_take_is_blocked_with_its_field(
    values: dict[str, Any], field: str, code: str
) -> None:
    step = plan(local(**values), NONE, rules())
    assert (step.todo, step.reason and step.reason.field, step.reason and step.reason.code) == (
        Todo.BLOCKED,
        field,
        code,
    )


def test_an_update_has_the_fields_that_differ() -> None:
    link = Link(
        1,
        LinkState.IN_SYNC,
        "9",
        "A",
        pushed={"code": "A", "name": "n", "phone": "1", "city": None, "active": True},
    )
    step = plan(local(phone="2"), link, rules())
    assert step.todo is Todo.UPDATE
    assert [(one.field, one.before, one.after) for one in step.changes] == [("phone", "1", "2")]
    assert plan(local(phone="1"), link, rules()).todo is Todo.SKIP
    assert plan(local(phone="1"), link, rules(again=True)).todo is Todo.UPDATE
    assert plan(local(phone="1", active=False), link, rules()).todo is Todo.DEACTIVATE


def test_a_recode_is_a_rename_and_goes_alone() -> None:
    link = Link(
        1, LinkState.IN_SYNC, "9", "OLD", pushed={"code": "OLD", "name": "n", "active": True}
    )
    step = plan(local(phone="2"), link, rules())
    assert step.todo is Todo.RENAME
    assert [one.field for one in step.changes] == ["code"]


@given(
    prospect=st.booleans(),
    payer=st.booleans(),
    active=st.booleans(),
    state=STATES,
    remote=st.one_of(st.none(), st.just("9")),
    allowed=st.booleans(),
    again=st.booleans(),
    role=st.sampled_from(list(Role)),
    alive=st.booleans(),
)
def test_a_prospect_is_never_sent_to_accounting(
    prospect: bool,
    payer: bool,
    active: bool,
    state: LinkState,
    remote: str | None,
    allowed: bool,
    again: bool,
    role: Role,
    alive: bool,
) -> None:
    link = Link(1, state, remote, "A", attempt={"name": "n"}, alive=alive)
    given_ = rules(role, prospects=allowed, again=again)
    step = plan(local(prospect=prospect, payer_prospect=payer, active=active), link, given_)
    sent = {Todo.CREATE, Todo.UPDATE, Todo.RENAME, Todo.DEACTIVATE}
    if (prospect or payer) and (role is Role.ACCOUNTING or not allowed):
        assert step.todo not in sent
    if step.todo is Todo.CREATE:
        assert active
        assert remote is None
    if state in (LinkState.EXCLUDED, LinkState.CONFLICT, LinkState.DETACHED, LinkState.AWAITING):
        assert step.todo not in sent
    if state in (LinkState.CLAIMED, LinkState.UNKNOWN):
        assert step.todo not in sent


@given(base=PARTS, ours=PAYLOADS, theirs=PARTS)
def test_a_merge_loses_nothing(base: Payload, ours: Payload, theirs: Payload) -> None:
    found = merge(base, ours, theirs, DESCRIPTOR)
    conflicts = {one.field for one in found.conflicts}
    sent = {one.field for one in differences(found.base, ours)}
    for name, value in ours.items():
        was, there = base.get(name), theirs.get(name, base.get(name))
        if name in base and name in theirs:
            both = there != was and value != was and there != value
            assert (name in conflicts) == both
            if there != was and value == was:
                assert name not in sent  # left to them
        if name in theirs and value == there:
            assert name not in sent  # nothing to say
        if name in sent:
            assert value != found.base.get(name)


@given(base=PAYLOADS, ours=PAYLOADS)
def test_a_merge_with_nobody_there_is_a_plain_update(base: Payload, ours: Payload) -> None:
    found = merge(base, ours, base, DESCRIPTOR)
    assert (found.base, found.conflicts) == (base, ())


@given(ours=PAYLOADS, theirs=PAYLOADS, known=st.sets(st.sampled_from(["name", "phone", "city"])))
def test_a_field_that_was_never_pushed_is_no_conflict_and_is_sent(
    ours: Payload, theirs: Payload, known: set[str]
) -> None:
    base = {name: theirs[name] for name in known}  # what was pushed stands there as it was
    found = merge(base, ours, theirs, DESCRIPTOR)
    assert (found.base, found.conflicts) == (theirs, ())
    sent = {one.field: (one.before, one.after) for one in differences(found.base, ours)}
    assert sent == {
        name: (theirs[name], ours[name]) for name in theirs if ours[name] != theirs[name]
    }


def test_a_conflict_has_all_three_values_and_leaves_the_base() -> None:
    for name in ("phone", "accounting.rep"):  # the second is known to no descriptor
        found = merge({name: "1"}, {name: "2"}, {name: "3"}, DESCRIPTOR)
        assert found.conflicts == (Difference(name, base="1", ours="2", theirs="3"),)
        assert found.base == {name: "1"}


def test_a_field_they_do_not_tell_does_not_hide_the_next() -> None:
    base: Payload = {"name": "a", "phone": "1", "city": "x"}
    found = merge(base, {"name": "b", "phone": "2", "city": "y"}, {"city": "y"}, DESCRIPTOR)
    assert (found.base, found.conflicts) == (base | {"city": "y"}, ())


def test_an_invoice_that_is_there_stands_as_it_is_there() -> None:
    invoice = replace(DESCRIPTOR, entity="invoice", once=True)
    base: Payload = {"name": "a", "active": True}
    found = merge(base, {"name": "b", "active": True}, {"name": "c", "active": True}, invoice)
    assert (found.base, found.conflicts) == (base | {"name": "c"}, ())
    found = merge(base, {"name": "a", "active": False}, {"name": "a", "active": None}, invoice)
    assert (found.base, found.conflicts) == (base | {"active": None}, ())
    asked = replace(invoice, fields=(RemoteField("active", "Active"),))
    found = merge(base, {"active": False}, {"active": None}, asked)
    assert [one.field for one in found.conflicts] == ["active"]


def test_the_fields_in_which_not_all_three_agree() -> None:
    base: Payload = {"name": "a", "phone": "1", "city": "x"}
    ours: Payload = {"name": "b", "phone": "1", "city": "x", "active": True}
    theirs: Payload = {"terms": "net30", "active": True, "city": "x", "phone": "2", "name": "b"}
    assert three_columns(base, ours, theirs) == (
        Difference("active", base=None, ours=True, theirs=True),
        Difference("phone", base="1", ours="1", theirs="2"),
        Difference("name", base="a", ours="b", theirs="b"),
    )
    assert three_columns({}, {"phone": None}, {"phone": None}) == ()


def test_our_own_fields_never_conflict() -> None:
    found = merge({"active": True}, {"active": False}, {"active": None}, DESCRIPTOR)
    assert (found.conflicts, found.base) == ((), {"active": None})
    found = merge({"code": "A"}, {"code": "B"}, {"code": "C"}, DESCRIPTOR)
    assert (found.conflicts, found.base) == ((), {"code": "C"})


@given(PAYLOADS)
def test_equal_payloads_have_equal_digests(payload: Payload) -> None:
    turned = dict(reversed(list(payload.items())))
    assert digest(payload, "f") == digest(turned, "f")
    assert digest(payload, "f") != digest(payload, "g")
    assert differences(payload, payload) == ()


@pytest.mark.parametrize(
    "stored",
    [
        *("+14185550100", "+14185550100;ext=22", "+33142685300", "+33142685300;ext=5"),
        *("418 555 010", "bureau: 22"),
    ],
)
def test_a_telephone_is_the_same_however_it_is_written(stored: str) -> None:
    shown = form.stored_phone(stored)
    assert form.phone(shown) == shown
    assert form.phone(format_phone(stored, "fr")) == shown
    assert form.phone(stored) == shown


@pytest.mark.parametrize(
    ("told", "country", "code"),
    [
        *(("Québec", "CA", "QC"), ("Quebec, Canada", None, "QC"), ("new york", "USA", "NY")),
        *(("QC", None, "QC"), ("Maryland", "LR", "Maryland"), (" Hidalgo ", "MX", "Hidalgo")),
    ],
)
def test_a_province_is_known_by_its_name(told: str, country: str | None, code: str) -> None:
    assert form.province(told, country) == code


def test_values_are_brought_to_one_form() -> None:
    assert text("  é  b\t c ") == "é b c"
    assert text("   ") is None
    assert text(None) is None
    assert email(" A@B.CA ") == "a@b.ca"


@given(st.integers(1, 40))
def test_waiting_is_bounded(attempt: int) -> None:
    assert 0 <= backoff(attempt) <= 30
    assert backoff(attempt, 7) == 7


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30)]
)
def test_the_longest_wait_doubles_with_each_attempt(attempt: int, longest: float) -> None:
    """Spread over all that it may be: of so many, one is near each end."""
    waits = [backoff(attempt) for _ in range(2000)]
    assert 0.95 * longest < max(waits) <= longest
    assert min(waits) < 0.05 * longest


def test_a_wait_of_nothing_is_kept_where_it_was_asked_for() -> None:
    assert backoff(9, 0) == 0


def test_fields_are_narrowed_and_widened() -> None:
    chosen = DESCRIPTOR.narrowed({"phone": "", "terms": "payment_terms", "accounting.rep": "rep"})
    assert [(one.name, one.remote) for one in chosen.sent()] == [
        ("code", "key"),
        ("name", "Name"),
        ("phone", "Phone"),
        ("terms", "payment_terms"),
        ("accounting.rep", "rep"),
    ]
