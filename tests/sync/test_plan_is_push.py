"""What an online plan announces is what the push right after it does."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InteropError
from interop_cli.domain.sync.plan import FINAL, SENT, Reason, Step, Todo
from interop_cli.services.clients import bulk, status
from interop_cli.store.store import Store
from interop_cli.sync.arranging import Coming
from interop_cli.sync.online_plan import looked
from interop_cli.sync.report import ERROR, OK, SKIPPED, UNCHANGED, Line
from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.memory import READS, MemoryRemote, Row
from tests.support.campaigns import share
from tests.support.cli import Run
from tests.support.stores import add_client, open_store
from tests.sync.conftest import create
from tests.sync.support import edit, keep, links, memory, merge, promote, recode

WHO = st.integers(0, 5)
NAME = st.integers(0, 7)
NAMES = [f"Client {n}" for n in range(8)]
CITIES = ["Québec", "Gaspé", "Percé"]
NOTHING = st.none()
OPERATIONS = st.one_of(
    st.tuples(st.just("add"), NAME, st.booleans()),
    st.tuples(st.just("name"), WHO, NAME),
    st.tuples(st.just("swap"), WHO, WHO),
    st.tuples(st.just("city"), WHO, st.integers(0, 2)),
    st.tuples(st.just("recode"), WHO, NAME),
    st.tuples(st.just("promote"), WHO, NOTHING),
    st.tuples(st.just("switch"), WHO, st.booleans()),
    st.tuples(st.just("bill"), WHO, WHO),
    st.tuples(st.just("merge"), WHO, WHO),
    st.tuples(st.just("their city"), WHO, st.integers(0, 2)),
    st.tuples(st.just("their name"), WHO, NAME),
    st.tuples(st.just("gone"), WHO, NOTHING),
    st.tuples(st.just("made"), NAME, st.booleans()),
    st.tuples(st.just("vendor"), NAME, NOTHING),
    st.tuples(st.just("lost"), NOTHING, NOTHING),
    st.tuples(st.just("push"), NOTHING, st.booleans()),
)


def apply(store: Store, remote: MemoryRemote, what: str, who: Any, arg: Any) -> None:
    """Do something on one side or the other."""
    theirs = list(remote.rows.values())
    free = isinstance(who, int) and remote.named(NAMES[who]) is None
    free = free and NAMES[who] not in remote.vendors
    if what == "push":
        compare(store, remote, final=bool(arg))
    elif what == "lost":
        remote.troubles = ["lost"]
        keep(store, remote, patient=False)
    elif what == "vendor":
        remote.vendors |= {NAMES[who]} if free else set()
    elif what == "made" and free:
        number = str(len(remote.rows) + 1)
        values = {"name": NAMES[who], "city": "Québec", "active": True}
        remote.rows[number] = Row(number, values | ({"phone": "theirs"} if arg else {}))
    elif what in ("their city", "their name", "gone") and who < len(theirs):
        change_there(remote, theirs[who], what, arg)
    else:
        change_here(store, what, who, arg)


def change_there(remote: MemoryRemote, row: Row, what: str, arg: Any) -> None:
    if what == "gone":
        row.gone = True
    elif what == "their city":
        remote.edit(row.id, city=CITIES[arg])
    elif remote.named(NAMES[arg]) is None and NAMES[arg] not in remote.vendors:
        remote.edit(row.id, name=NAMES[arg])


def change_here(store: Store, what: str, who: Any, arg: Any) -> None:
    rows = store.conn.query("SELECT id, code, name FROM client ORDER BY id")
    if what == "add":
        add_client(store, NAMES[who], prospect=arg)
    elif what == "swap" and max(who, arg) < len(rows):
        edit(store, rows[who]["code"], name=rows[arg]["name"])
        edit(store, rows[arg]["code"], name=rows[who]["name"])
    elif who < len(rows):
        change(store, rows, what, rows[who]["code"], arg)


def change(store: Store, rows: list[Any], what: str, code: str, arg: Any) -> None:
    if what == "name":
        edit(store, code, name=NAMES[arg])
    elif what == "city":
        edit(store, code, city=CITIES[arg])
    elif what == "recode":
        recode(store, code, f"R-{arg}")
    elif what == "promote":
        promote(store, code)
    elif what == "bill" and arg < len(rows):
        edit(store, code, bill_to=rows[arg]["code"])
    elif what == "merge" and arg < len(rows):
        merge(store, code, rows[arg]["code"])
    elif what == "switch":
        verb = status.activate if arg else status.deactivate
        selector = bulk.Selector(keys=[(1, code)])
        store.run(lambda uow: verb(uow, selector), operation="x")


def compare(store: Store, remote: MemoryRemote, *, final: bool = False) -> None:
    """Plan, push, and hold one against the other; ``final``: with what cannot be taken back."""
    opened = memory(store, remote, final=final)
    # What it would answer to an attempt out of its memory no plan can see: nothing there tells it.
    remote.attempts.clear()

    def steps() -> Any:
        return opened.steps("client", everything=True)

    coming: Coming = set()
    planned = list(looked(opened, "client", steps, coming))
    calls, before = len(remote.calls), {row.id: dict(row.values) for row in remote.rows.values()}
    rows = len(remote.rows)
    report = keep(store, remote, strict=True, final=final)
    sent: dict[int, list[str]] = defaultdict(list)
    for name, ids in remote.calls[calls:]:
        for one in ids if name not in READS else ():
            sent[int(one)].append(name)
    lines = {line.id: line for line in report.lines.values()}
    for step in planned:
        held_to(step, lines[step.local.id], sent[step.local.id], versions=remote.versions)
        if step.todo in (Todo.BLOCKED, Todo.SKIP) and step.link.remote_id is not None:
            was = before.pop(step.link.remote_id)
            assert remote.rows[step.link.remote_id].values == was
    made = sum(step.todo in (Todo.CREATE, Todo.MERGE) for step in planned)
    assert len(remote.rows) - rows <= made  # the answer to a create may come twice
    ours = {link["remote_id"] for link in links(store).values()}
    for remote_id in before.keys() - ours:  # a stranger's
        assert remote.rows[remote_id].values == before[remote_id]
    assert report.stopped is None


def held_to(step: Step, line: Line, sent: list[str], *, versions: bool) -> None:
    """Whether a push did what was announced of a record."""
    told = step.todo, step.reason, step.waits_for, [one.field for one in step.changes]
    became = line.status, line.reason, sent
    if step.is_held:
        assert (line.status, line.action, sent) == (SKIPPED, str(step.todo), []), (told, became)
    elif step.todo in SENT | FINAL:
        assert line.status == OK, (told, became)
        assert line.action == str(step.todo), (told, line.action)
        calls = [str((SENT | FINAL)[step.todo])] if step.changes or step.is_final else []
        assert sent[-1:] == calls, (told, became)
    elif step.todo is Todo.CHECK:
        assert (line.status, sent) == (OK, []), (told, became)
    elif step.todo is Todo.BLOCKED:
        assert line.status in (SKIPPED, ERROR), (told, became)
        assert named(line.reason) == named(step.reason), (told, became)
        # A plan asks who has a value, a push only where it was refused one before.
        refused = step.reason is not None and step.reason.code == "remote.name_taken"
        assert not sent or versions or refused, (told, became)
    else:
        assert line.status == UNCHANGED, (told, became)
        # The version that a write names is how a push sees that somebody was there.
        assert not sent or versions, (told, became)


def named(reason: Reason | None) -> tuple[str | None, str | None]:
    """A reason to compare."""
    return (reason.code, reason.field) if reason is not None else (None, None)


def hold(
    template: Path, operations: list[Any], *, keyed: bool, looks: bool, versions: bool, merges: bool
) -> None:
    """Do all that to three clients, and compare at the end."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shm if os.access(shm, os.W_OK) else None))
    path = folder / "interop.db"
    shutil.copy(template, path)
    path.chmod(0o600)
    store = open_store(str(path))
    remote = MemoryRemote(keyed=keyed, looks_first=looks, versions=versions, merges=merges)
    try:
        memory(store, remote)
        for n in range(3):
            add_client(store, NAMES[n], code=f"C-{n}")
        for what, who, arg in operations:
            with contextlib.suppress(InteropError):
                apply(store, remote, what, who, arg)
        compare(store, remote, final=merges)
    finally:
        store.close()
        shutil.rmtree(folder)


ANYTHING = given(
    operations=st.lists(OPERATIONS, max_size=14),
    keyed=st.booleans(),
    looks=st.booleans(),
    versions=st.booleans(),
    merges=st.booleans(),
)
FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def once(*operations: Any, looks: bool = False, merges: bool = False) -> Any:
    """What was announced otherwise once, on a remote without our keys."""
    how = {"keyed": False, "looks": looks, "versions": False, "merges": merges}
    return example(operations=list(operations), **how)


@once(("bill", 0, 1), ("vendor", 1, None), ("made", 0, False), ("their city", 0, 1), looks=True)
@once(("add", 0, False), ("lost", None, None), ("name", 0, 1), ("merge", 3, 1))
@once(("add", 0, False), ("lost", None, None), ("name", 0, 1), ("merge", 3, 1), looks=True)
@once(("add", 0, False), ("add", 0, False), ("lost", None, None), ("merge", 3, 0))
@once(("push", None, None), ("name", 1, 2), ("name", 2, 0), ("their name", 1, 3))
@once(("push", None, None), ("add", 0, False), ("swap", 1, 3), ("gone", 1, None))
@once(("push", None, None), ("name", 0, 1), ("name", 1, 2), ("gone", 0, None))
@once(("push", None, None), ("add", 0, False), ("name", 0, 1), ("gone", 0, None))
@once(("vendor", 1, None), ("bill", 1, 0))
@once(("vendor", 1, None), ("push", None, None), ("name", 0, 1), ("bill", 0, 1))
@once(("push", None, None), ("gone", 1, None), ("merge", 0, 1), merges=True)
@once(("lost", None, None), ("merge", 0, 1), ("gone", 1, None), looks=True, merges=True)
@once(("lost", None, None), ("add", 4, False), ("merge", 3, 0), merges=True)
@once(("lost", None, None), ("bill", 0, 1), ("their city", 0, 1))
@once(("lost", None, None), ("gone", 0, None), ("merge", 0, 1), looks=True, merges=True)
@once(("lost", None, None), ("merge", 0, 1), merges=True)
@once(("lost", None, None), ("add", 3, False), ("their name", 0, 3), looks=True)
@example(
    operations=[("vendor", 1, None), ("push", None, None), ("name", 0, 1), ("their name", 0, 3)],
    keyed=False,
    looks=False,
    versions=True,
    merges=False,
)
@example(
    operations=[("lost", None, None), ("add", 3, False), ("their name", 0, 3)],
    keyed=True,
    looks=False,
    versions=False,
    merges=False,
)
@once(("push", None, None), ("their name", 0, 3), ("swap", 0, 1))
@once(("push", None, None), ("their name", 0, 3), ("vendor", 0, None), ("city", 0, 1))
@once(("made", 0, True), ("lost", None, None), ("name", 0, 3))
@once(("made", 0, True), ("lost", None, None), ("name", 0, 1))
@once(("push", None, None), ("gone", 0, None), ("swap", 0, 1))
@once(("push", None, None), ("gone", 0, None), ("switch", 0, False))
@once(("lost", None, None), ("gone", 0, None), ("switch", 0, False))
@once(("lost", None, None), ("swap", 0, 1), ("gone", 0, None), looks=True)
@once(("add", 0, False), ("lost", None, None), ("their city", 0, 1))
@once(("lost", None, None), ("bill", 0, 1))
@once(("add", 0, False), ("lost", None, None), ("swap", 0, 1))
@once(("add", 0, False), ("vendor", 0, None), ("lost", None, None), ("recode", 0, 0))
@once(("add", 0, False), ("vendor", 0, None), ("push", None, None))
@ANYTHING
@settings(suppress_health_check=FIXTURES, max_examples=share(150), deadline=None)
def test_40_plan_is_push(
    sqlite_template: Path,
    operations: list[Any],
    keyed: bool,
    looks: bool,
    versions: bool,
    merges: bool,
) -> None:
    how = {"keyed": keyed, "looks": looks, "versions": versions, "merges": merges}
    hold(sqlite_template, operations, **how)


@pytest.mark.long
@ANYTHING
@settings(suppress_health_check=FIXTURES, max_examples=5000, deadline=None)
def test_40_plan_is_push_at_length(
    sqlite_template: Path,
    operations: list[Any],
    keyed: bool,
    looks: bool,
    versions: bool,
    merges: bool,
) -> None:
    how = {"keyed": keyed, "looks": looks, "versions": versions, "merges": merges}
    hold(sqlite_template, operations, **how)


# -- through the command line ---------------------------------------------------------------------


def both(run: Run, *, code: int) -> tuple[list[Any], list[Any]]:
    """What a plan announces and the push after it did: code, action where sent, why not."""
    rows = run("sync", "plan", "--json").json
    planned = [
        (row["code"], row["action"] if row["action"] != "blocked" else row["reason"])
        for row in rows
    ]
    done = run("sync", "push", "--json")
    assert done.code == code, done.stdout
    items = done.json["items"]
    return planned, [
        (one["code"], one["action"] if one["status"] == "ok" else one["error"]["code"])
        for one in items
    ]


def test_an_email_of_a_strangers_contact(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("contact", "create", "A", "--name", "Ann Roy", "--email", "ann@client.example", "-q")
    portal.add("contacts", email="ann@client.example", firstname="Somebody")
    planned, done = both(crm, code=68)
    assert planned == done == [("A", "create"), ("A", "remote.name_taken")]
    assert both(crm, code=68) == ([("A", "remote.name_taken")], [("A", "remote.name_taken")])
    ((stranger, row),) = portal.live("contacts").items()
    assert row["firstname"] == "Somebody"
    (status,) = crm("sync", "status", "--json").json
    assert (status["failed"], status["pending"], status["attention"]) == (1, 0, "failed 1")
    portal.edit(stranger, "contacts", email="free@client.example")  # it arrives by itself
    assert both(crm, code=0) == ([("A", "create")], [("A", "create")])
    assert portal.live("contacts")[stranger]["firstname"] == "Somebody"


def test_a_record_that_carries_our_uid_is_taken_over(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    crm("contact", "create", "A", "--name", "Ann Roy", "--email", "ann@client.example", "-q")
    uid = crm("contact", "list", "A", "--json").json[0]["uid"]
    portal.add("contacts", email="old@client.example", interop_uid=uid, firstname="Ann")
    planned, done = both(crm, code=0)
    assert planned == done == [("A", "create"), ("A", "update")]
    (row,) = portal.live("contacts").values()
    assert row["email"] == "ann@client.example"


def test_a_company_that_carries_our_uid_is_taken_over(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A")
    uid = crm("client", "show", "A", "--json").json["uid"]
    ours = portal.add(interop_uid=uid, name="Client A", phone="+14185550100")
    planned, done = both(crm, code=0)
    assert planned == done == [("A", "update")]
    assert list(portal.live()) == [ours]
    assert not portal.live()[ours].get("phone")  # as announced
    assert both(crm, code=0) == ([], [])


def test_what_only_a_new_company_gets_is_not_written_over(crm: Run, portal: FakeHubSpot) -> None:
    create(crm, "A", phone="418 555-0199")
    uid = crm("client", "show", "A", "--json").json["uid"]
    assert crm("sync", "fields", "crm", "--wins", "phone=create-only", "-q").code == 0
    ours = portal.add(interop_uid=uid, name="Client A", phone="+14185550100")
    planned, done = both(crm, code=0)
    assert planned == done == [("A", "update")]
    assert portal.live()[ours]["phone"] == "+14185550100"


def test_first_contact_is_announced(interop: Run, portal: FakeHubSpot) -> None:
    portal.add(name="Theirs")
    interop("sync", "add", "crm", "hubspot")
    interop("sync", "connect", "crm", "--token-stdin", stdin=portal.token)
    create(interop, "A")
    rows = interop("sync", "plan", "--json").json
    assert [(row["action"], row["reason"]) for row in rows] == [("blocked", "sync.first_contact")]
    refused = interop("sync", "push", "--json")
    assert refused.code == 5
    assert refused.error["code"] == "sync.first_contact"
