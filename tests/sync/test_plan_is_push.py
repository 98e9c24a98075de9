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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InteropError
from interop_cli.domain.sync.plan import SENT, Step, Todo
from interop_cli.services.clients import bulk, status
from interop_cli.store.store import Store
from interop_cli.sync.arranging import Coming
from interop_cli.sync.online_plan import looked
from interop_cli.sync.report import ERROR, OK, SKIPPED, UNCHANGED, Line
from tests.fakes.memory import READS, MemoryRemote, Row
from tests.support.stores import add_client, open_store
from tests.sync.support import edit, keep, memory, promote, recode

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
    st.tuples(st.just("their city"), WHO, st.integers(0, 2)),
    st.tuples(st.just("their name"), WHO, NAME),
    st.tuples(st.just("gone"), WHO, NOTHING),
    st.tuples(st.just("made"), NAME, st.booleans()),
    st.tuples(st.just("vendor"), NAME, NOTHING),
    st.tuples(st.just("lost"), NOTHING, NOTHING),
    st.tuples(st.just("push"), NOTHING, NOTHING),
)


def apply(store: Store, remote: MemoryRemote, what: str, who: Any, arg: Any) -> None:
    """Do something on one side or the other."""
    rows = store.conn.query("SELECT id, code, name FROM client ORDER BY id")
    theirs = list(remote.rows.values())
    if what == "add":
        add_client(store, NAMES[who], prospect=arg)
    elif what == "push":
        compare(store, remote)
    elif what == "lost":
        remote.troubles = ["lost"]
        keep(store, remote, patient=False)
    elif what == "vendor":
        if remote.named(NAMES[who]) is None:
            remote.vendors.add(NAMES[who])
    elif what == "made":
        if remote.named(NAMES[who]) is None:
            number = str(len(remote.rows) + 1)
            values = {"name": NAMES[who], "city": "Québec", "active": True}
            remote.rows[number] = Row(number, values | ({"phone": "theirs"} if arg else {}))
    elif what in ("their city", "their name", "gone"):
        if who < len(theirs):
            change_there(remote, theirs[who], what, arg)
    elif what == "swap":
        if who < len(rows) and arg < len(rows):
            edit(store, rows[who]["code"], name=rows[arg]["name"])
            edit(store, rows[arg]["code"], name=rows[who]["name"])
    elif who < len(rows):
        change(store, rows, what, rows[who]["code"], arg)


def change_there(remote: MemoryRemote, row: Row, what: str, arg: Any) -> None:
    if what == "gone":
        row.gone = True
    elif what == "their city":
        remote.edit(row.id, city=CITIES[arg])
    elif remote.named(NAMES[arg]) is None:
        remote.edit(row.id, name=NAMES[arg])


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
    elif what == "switch":
        verb = status.activate if arg else status.deactivate
        selector = bulk.Selector(keys=[(1, code)])
        store.run(lambda uow: verb(uow, selector), operation="x")


def compare(store: Store, remote: MemoryRemote) -> None:
    """Plan, push, and hold one against the other."""
    opened = memory(store, remote)

    def steps() -> Any:
        return opened.steps("client", everything=True)

    coming: Coming = set()
    planned = list(looked(opened, "client", steps, coming))
    calls = len(remote.calls)
    report = keep(store, remote, strict=True)
    sent: dict[int, list[str]] = defaultdict(list)
    for name, ids in remote.calls[calls:]:
        for one in ids if name not in READS else ():
            sent[int(one)].append(name)
    lines = {line.id: line for line in report.lines.values()}
    for step in planned:
        held_to(step, lines[step.local.id], sent[step.local.id])
    assert report.stopped is None


def held_to(step: Step, line: Line, sent: list[str]) -> None:
    """Whether a push did what was announced of a record."""
    told = step.todo, step.reason, step.waits_for, [one.field for one in step.changes]
    became = line.status, line.reason, sent
    if step.todo in SENT:
        assert line.status == OK, (told, became)
        assert line.action == str(step.todo), (told, line.action)
        assert sent[-1:] == ([SENT[step.todo]] if step.changes else []), (told, became)
    elif step.todo is Todo.CHECK:
        assert (line.status, sent) == (OK, []), (told, became)
    elif step.todo is Todo.BLOCKED:
        assert line.status in (SKIPPED, ERROR), (told, became)
        assert step.reason is not None
        assert line.reason is not None, (told, became)
        assert (line.reason.code, line.reason.field) == (step.reason.code, step.reason.field)
        assert not sent or line.reason.code == "remote.name_taken", (told, became)
    else:
        assert (line.status, sent) == (UNCHANGED, []), (told, became)


def hold(
    template: Path, operations: list[Any], *, keyed: bool, looks: bool, versions: bool
) -> None:
    """Do all that to three clients, and compare at the end."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shm if os.access(shm, os.W_OK) else None))
    path = folder / "interop.db"
    shutil.copy(template, path)
    path.chmod(0o600)
    store = open_store(str(path))
    remote = MemoryRemote(keyed=keyed, looks_first=looks, versions=versions)
    try:
        memory(store, remote)
        for n in range(3):
            add_client(store, NAMES[n], code=f"C-{n}")
        for what, who, arg in operations:
            with contextlib.suppress(InteropError):
                apply(store, remote, what, who, arg)
        compare(store, remote)
    finally:
        store.close()
        shutil.rmtree(folder)


ANYTHING = given(st.lists(OPERATIONS, max_size=14), st.booleans(), st.booleans(), st.booleans())
FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@ANYTHING
@settings(suppress_health_check=FIXTURES, max_examples=150, deadline=None)
def test_40_plan_is_push(
    sqlite_template: Path, operations: list[Any], keyed: bool, looks: bool, versions: bool
) -> None:
    hold(sqlite_template, operations, keyed=keyed, looks=looks, versions=versions)


@pytest.mark.long
@ANYTHING
@settings(suppress_health_check=FIXTURES, max_examples=5000, deadline=None)
def test_40_plan_is_push_at_length(
    sqlite_template: Path, operations: list[Any], keyed: bool, looks: bool, versions: bool
) -> None:
    hold(sqlite_template, operations, keyed=keyed, looks=looks, versions=versions)
