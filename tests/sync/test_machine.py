"""Any sequence of edits, pushes, kills, rival pushers and failures of the remote ends well.

Afterwards there is exactly one remote record for each client that may be sent, equal to ours, and
none for a prospect.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from interop_cli.domain.errors import Busy, Conflict, InteropError, RemoteFailure
from interop_cli.domain.sync.link import LinkState, TroubleKind
from interop_cli.domain.sync.plan import Step
from interop_cli.services.clients import bulk, status
from interop_cli.sync.breaker import unpause
from interop_cli.sync.lease import new_owner
from interop_cli.sync.report import status as status_of
from interop_cli.system import Clock
from tests.fakes.memory import MemoryRemote
from tests.support.campaigns import share
from tests.support.stores import add_client, open_store
from tests.sync.support import edit, keep, links, memory, merge, promote, recode

TROUBLES = st.lists(
    st.sampled_from([None, None, "lost", "half", TroubleKind.RETRY, TroubleKind.UNKNOWN]),
    min_size=1,
    max_size=6,
)
HOW = st.fixed_dictionaries({"overlap": st.booleans(), "ahead": st.integers(1, 3)})
POINTS = (
    "expired",
    "refreshed",
    "claimed",
    "answered",
    "settled",
    "reread",
    "merged",
    "looked",
    "resolved",
    "ended",
)
WHO = st.integers(0, 11)


class Killed(BaseException):
    """The process ends here."""


def is_eligible(step: Step) -> bool:
    """Whether a record is there, or is to be there."""
    local, link = step.local, step.link
    if step.is_held or step.is_gone:
        return False
    if link.remote_id is not None or link.state in (LinkState.CLAIMED, LinkState.UNKNOWN):
        return True
    return local.active and not local.prospect and not local.payer_prospect


class Machine(RuleBasedStateMachine):
    """The program on one side, the remote on the other, and a person who edits in between."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        shm = Path("/dev/shm")  # in memory, where there is such a place: nothing here must last
        self.folder = Path(tempfile.mkdtemp(dir=shm if os.access(shm, os.W_OK) else None))
        self.path = self.folder / "interop.db"
        shutil.copy(self.template, self.path)
        self.path.chmod(0o600)
        self.store = open_store(str(self.path))
        self.clock = Clock(datetime.fromisoformat("2026-11-24T12:00:00+00:00"))
        self.dead: set[str] = set()
        self.names = 0
        self.always_prospects: set[int] = set()

    @initialize(
        keyed=st.booleans(), replays=st.booleans(), looks=st.booleans(), merges=st.booleans()
    )
    def begin(self, keyed: bool, replays: bool, looks: bool, merges: bool) -> None:
        self.remote = MemoryRemote(keyed=keyed, replays=replays, looks_first=looks, merges=merges)
        memory(self.store, self.remote)
        payer = "C-1"
        for n in range(1, 6):
            more = {"bill_to": payer} if n in (3, 4) else {}
            add_client(self.store, name=self.name(), code=f"C-{n}", **more)
        self.always_prospects.add(add_client(self.store, name=self.name(), prospect=True))

    # -- a person -----------------------------------------------------------------------------

    def name(self) -> str:
        self.names += 1
        return f"Client {self.names}"

    @rule(prospect=st.booleans(), payer=WHO)
    def add(self, prospect: bool, payer: int) -> None:
        codes = [row["code"] for row in self.rows() if not row["bill_to_id"]]
        more: dict[str, Any] = {"bill_to": codes[payer]} if payer < len(codes) else {}
        try:
            added = add_client(self.store, name=self.name(), prospect=prospect, **more)
        except InteropError:  # such a payer is refused
            return
        if prospect:
            self.always_prospects.add(added)

    @rule(who=WHO, field=st.sampled_from(["city", "terms", "phone", "name"]), n=st.integers(0, 3))
    def change(self, who: int, field: str, n: int) -> None:
        value = {
            "city": ["Québec", "Gaspé", "Percé", "Amos"][n],
            "terms": f"net{n}",
            "phone": f"418-555-010{n}",
            "name": self.name(),
        }[field]
        self.tried(who, lambda code: edit(self.store, code, **{field: value}))

    @rule(who=WHO)
    def promoted(self, who: int) -> None:
        row = self.picked(who)
        if row is not None:
            promote(self.store, row["code"])
            self.always_prospects.discard(row["id"])

    @rule(who=WHO)
    def recoded(self, who: int) -> None:
        self.names += 1
        self.tried(who, lambda code: recode(self.store, code, f"R-{self.names}"))

    @rule(who=WHO, on=st.booleans())
    def switched(self, who: int, on: bool) -> None:
        verb = status.activate if on else status.deactivate

        def switch(code: str) -> None:
            selector = bulk.Selector(keys=[(1, code)])
            self.store.run(lambda uow: verb(uow, selector), operation="x")

        self.tried(who, switch)

    @rule(who=WHO, payer=WHO)
    def billed(self, who: int, payer: int) -> None:
        other = self.picked(payer)
        if other is not None:
            self.tried(who, lambda code: edit(self.store, code, bill_to=other["code"]))

    @rule(who=WHO, loser=WHO)
    def merged(self, who: int, loser: int) -> None:
        other = self.picked(loser)
        if other is not None:
            self.tried(who, lambda code: merge(self.store, code, other["code"]))
            # One that a client was merged into is a client.
            prospects = self.store.conn.query("SELECT id FROM client WHERE prospect = 1")
            self.always_prospects &= {row["id"] for row in prospects}

    @rule()
    def counted(self) -> None:
        """Each record that is or is to be there is counted once, whatever became of it."""
        opened = memory(self.store, self.remote, clock=self.clock, lives=self.lives)
        found = status_of(opened)
        steps = list(opened.steps("client", everything=True))
        assert found["by_hand"] == sum(step.is_held for step in steps)
        assert found["eligible"] == sum(map(is_eligible, steps))

    # -- the remote ---------------------------------------------------------------------------

    @rule(who=WHO)
    def touched(self, who: int) -> None:
        """Somebody writes a note over there: the version changes, our fields do not."""
        found = list(self.remote.rows)
        if who < len(found):
            self.remote.edit(found[who], note="seen")

    # -- the program --------------------------------------------------------------------------

    @rule(how=HOW, troubles=TROUBLES, patient=st.booleans())
    def plain_push(self, how: dict[str, Any], troubles: list[Any], patient: bool) -> None:
        self.push(troubles, "ended", 1, "nothing", patient=patient, **how)

    @rule(how=HOW, troubles=TROUBLES, point=st.sampled_from(POINTS), nth=st.integers(1, 3))
    def killed_push(self, how: dict[str, Any], troubles: list[Any], point: str, nth: int) -> None:
        self.push(troubles, point, nth, "kill", **{**how, "overlap": False})

    @rule(
        how=HOW,
        troubles=TROUBLES,
        point=st.sampled_from(POINTS),
        nth=st.integers(1, 3),
        what=st.sampled_from(["rival", "usurper"]),
    )
    def rivals_push(
        self, how: dict[str, Any], troubles: list[Any], point: str, nth: int, what: str
    ) -> None:
        self.push(troubles, point, nth, what, **how)

    def push(self, troubles: list[Any], point: str, nth: int, what: str, **how: Any) -> None:
        self.remote.troubles = list(troubles)
        owner, reached = new_owner(), 0

        def fault(at: str) -> None:
            nonlocal reached
            reached += at == point
            if at == point and reached == nth:
                self.happens(what, owner)

        try:
            self.keep(owner, fault=fault, **how)
        except Killed:
            self.dead.add(owner)
        except (RemoteFailure, Busy):
            pass
        self.check_nothing_doubled()

    def happens(self, what: str, owner: str) -> None:
        if what == "kill":
            raise Killed
        if what == "nothing":
            return
        other = open_store(str(self.path))
        try:
            # A usurper believes that the first run is gone, as after a lease that ran out.
            lives = self.lives if what == "rival" else self.lives_without(owner)
            keep(other, self.remote, wait=0, clock=self.clock, lives=lives)
        except (RemoteFailure, Busy):
            assert what == "usurper" or other is not None
        finally:
            other.close()

    @rule(seconds=st.sampled_from([1, 130, 1000]))
    def later(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule()
    def drained(self) -> None:
        """Everything works again, and some time has passed."""
        self.remote.troubles = []
        for _ in range(4):
            self.clock.sleep(1000)
            opened = memory(self.store, self.remote, clock=self.clock)
            unpause(opened)
            self.keep(new_owner(), final=True)
        self.check()

    # -- what must hold -----------------------------------------------------------------------

    def check_nothing_doubled(self) -> None:
        names = [row.values["name"] for row in self.remote.live().values()]
        assert len(names) == len(set(names))
        linked = [link["remote_id"] for link in links(self.store).values() if link["remote_id"]]
        assert len(linked) == len(set(linked))
        created = [row for row in self.remote.rows.values() if row.key is not None]
        assert len({row.id for row in created}) == len(created)
        sent = {local_id for call, ids in self.remote.writes() for local_id in ids}
        assert not sent & self.always_prospects

    def check(self) -> None:
        """One record for each, equal to ours."""
        opened = memory(self.store, self.remote, clock=self.clock)
        found = links(self.store)
        expected = set()
        for step in opened.steps("client", everything=True):
            local, link = step.local, found.get(step.local.id)
            known = link is not None and link["remote_id"] is not None
            eligible = not local.prospect and not local.payer_prospect
            if not eligible or (not local.active and not known):
                continue
            if self.waits(local.values["bill_to"]):
                continue  # for a payer that may not be sent
            assert link is not None, step
            assert link["state"] == "in_sync", (link, step.reason)
            row = self.remote.rows[link["remote_id"]]
            payload = opened.connector.payload(local)
            assert {name: row.values[name] for name in payload} == payload
            expected.add(row.id)
        live = set(self.remote.live())
        ours = {link["remote_id"] for link in found.values() if link["remote_id"]}
        assert live == ours
        assert expected <= live

    def waits(self, payer: str | None) -> bool:
        """Whether a payer has never been sent and is not to be: an inactive one."""
        if payer is None:
            return False
        row = next(row for row in self.rows() if row["code"] == payer)
        link = links(self.store).get(row["id"])
        return not row["active"] and (link is None or link["remote_id"] is None)

    # -- helpers ------------------------------------------------------------------------------

    def keep(self, owner: str, **how: Any) -> None:
        keep(
            self.store, self.remote, owner=owner, clock=self.clock, lives=self.lives, wait=0, **how
        )

    def lives(self, owner: str | None, until: str | None, now: str) -> bool:
        return owner not in self.dead and until is not None and until > now

    def lives_without(self, gone: str) -> Callable[[str | None, str | None, str], bool]:
        return lambda owner, until, now: owner != gone and self.lives(owner, until, now)

    def rows(self) -> list[dict[str, Any]]:
        return self.store.conn.query("SELECT id, code, active, bill_to_id FROM client ORDER BY id")

    def picked(self, who: int) -> dict[str, Any] | None:
        rows = self.rows()
        return rows[who] if who < len(rows) else None

    def tried(self, who: int, work: Callable[[str], None]) -> None:
        """Do something to a client; what the rules refuse is refused."""
        row = self.picked(who)
        if row is not None:
            with contextlib.suppress(Conflict):
                work(row["code"])

    def teardown(self) -> None:
        if hasattr(self, "remote"):
            self.drained()
        self.store.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def machine(sqlite_template: Path) -> type[Machine]:
    return type("TheMachine", (Machine,), {"template": sqlite_template})


def run(machine: type[Machine], examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            settings(),
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_sequence_ends_with_one_record_each(machine: type[Machine]) -> None:
    run(machine, share(120), 30)


@pytest.mark.long
def test_any_long_sequence_ends_with_one_record_each(machine: type[Machine]) -> None:
    run(machine, 1500, 60)
