"""Exporting: everything pending of a target that is fed with files, in one batch.

Claimed in one transaction, written with none open, settled as awaiting (``sync ack``). A run that
was killed is settled by the next one from what it left in the folder: the batch was handed over, or
it never was and its clients are pending again.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from interop_cli.connectors.files import connector, handover
from interop_cli.connectors.files.connector import Files, manifest
from interop_cli.connectors.files.profile import known_to
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.sync.link import LinkState
from interop_cli.domain.sync.plan import SENT, Step, Todo
from interop_cli.domain.sync.records import Awaiting, Result, Trace
from interop_cli.store.sync import log
from interop_cli.store.sync.links import CLEARED, dumped
from interop_cli.store.sync.records import EVERYTHING, RecordScope
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync import claims, departing, settlement
from interop_cli.sync.arranging import Arranged
from interop_cli.sync.claims import Claimed
from interop_cli.sync.lease import working
from interop_cli.sync.report import OK, SKIPPED, UNCHANGED, Report
from interop_cli.sync.target import OpenTarget, recognise

ENTITY = "client"


@dataclass
class ExportReport(Report):
    """A report with the batch that was handed over, if there was anything to hand over."""

    batch: str | None = None
    folder: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Export:
    """One run. ``fault`` is called between any two steps, for tests that end it there.

    ``strict`` looks at records that are in step too, and counts blocked ones as failed.
    """

    opened: OpenTarget
    folder: Path
    scope: RecordScope = EVERYTHING
    again: bool = False
    strict: bool = False
    wait: float = 30.0
    claim_path: Callable[[Path], None] = lambda _path: None
    """Called with each file before anything is written; raises where it may not be."""
    fault: Callable[[str], None] = lambda _point: None

    def run(self) -> ExportReport:
        """Write a batch of what is pending; nothing is written where nothing is.

        Raises Busy where another run is at it, IoFailure where the folder cannot be written to;
        its clients are pending then as before.
        """
        handover.check_folder(self.folder)
        self.report = ExportReport(self.opened.target.name, strict=self.strict)
        with working(self.opened, self.wait):
            recognise(self.opened)
            self._recover()
            departing.hand_over(self.opened, ENTITY)
            todo = self._sorted(self.report)
            if todo:
                self._batch(todo)
        self._warn()
        self.fault("ended")
        return self.report

    def tried(self) -> ExportReport:
        """What a run would do, as its report; nothing is written."""
        report = ExportReport(self.opened.target.name, strict=self.strict)
        steps = self._sorted(report, note=False)
        for step in steps:
            report.say(step, OK)
        return report

    def _warn(self) -> None:
        """Say what keeps a client from ever getting there, and why."""
        for line in self.report.lines.values():
            if line.status != SKIPPED or line.reason is None:
                continue  # a failure is told as one
            if line.reason.code.startswith("sync.export."):
                warning = RuleWarning(
                    line.reason.field or "client",
                    line.reason.code,
                    line.reason.message,
                    key=line.code,
                )
                self.report.warnings.append(warning)

    @property
    def files(self) -> Files:
        """The connector, as what it is."""
        return cast("Files", self.opened.connector)

    # -- what is pending ------------------------------------------------------------------------

    def _sorted(self, report: ExportReport, *, note: bool = True) -> list[Step]:
        """The steps that go into a batch; the others are reported."""
        wanted, in_step, gone = [], [], list[departing.Gone]()
        steps = self.opened.steps(ENTITY, self.scope, everything=self.strict, again=self.again)
        for step in steps:
            if step.todo in SENT:
                wanted.append(step)
                continue
            self._say(report, step)
            if step.is_unchanged:
                in_step.append((step.local.id, step.local.stamp))
            elif step.is_gone:
                gone.append((step, None))
        if note:
            departing.forget(self.opened, ENTITY, gone)
            self.opened.note_in_step(ENTITY, in_step)
        return wanted

    def _say(self, report: ExportReport, step: Step) -> None:
        """Report a record that does not go, as a push does."""
        if step.todo is Todo.BLOCKED:
            report.blocked(step)
        else:
            report.say(step, UNCHANGED if step.todo is Todo.SKIP else SKIPPED, step.reason)

    # -- the batch ------------------------------------------------------------------------------

    def _batch(self, steps: list[Step]) -> None:
        opened = self.opened
        if not opened.target.introduced:
            opened.note_introduced()
        batch = self._free_name()
        for path in handover.paths(self.folder, batch, self.files.profile.file.format(batch=batch)):
            self.claim_path(path)
        claimed = opened.write(lambda uow: self._claim(uow, batch, steps))
        self.fault("claimed")
        if not claimed.sends:
            return
        began = time.monotonic()
        try:
            file = self._write(batch, claimed)
        except Exception:
            opened.write(
                lambda uow: settlement.release(uow, opened, claimed)
            )  # nothing was handed over
            raise
        self.fault("written")
        trace = Trace("EXPORT", file, None, batch, int((time.monotonic() - began) * 1000))
        results: list[Result] = [
            Awaiting(send.id, known_to(self.files.profile, send.payload), batch)
            for send in claimed.sends
        ]
        opened.write(
            lambda uow: settlement.settle(uow, opened, claimed, results, [trace], self.report),
            "sync.export",
        )
        self.report.batch, self.report.folder = batch, str(self.folder)

    def _free_name(self) -> str:
        """A name no batch of this target has had: target, day, number."""
        prefix = f"{self.opened.target.name}-{self.opened.clock.stamp()[:10].replace('-', '')}-"
        names, number = log.names_of_batches(self.opened.store.conn, self.opened.target.id), 1
        while True:
            name = f"{prefix}{number}"
            file = self.files.profile.file.format(batch=name)
            if name not in names and not handover.used(self.folder, name, file):
                return name
            number += 1

    def _claim(self, uow: UnitOfWork, batch: str, steps: list[Step]) -> Claimed:
        """Claim what is still to be done, with the batch and the folder it goes to."""
        opened, ids = self.opened, [step.local.id for step in steps]
        arranged = Arranged(opened, ENTITY)
        found = claims.claim(uow, opened, ENTITY, SENT, ids, arranged, again=self.again)
        for step in found.left:
            self._say(self.report, step)
        where = dumped({"folder": str(self.folder.absolute())})
        for send in found.sends:
            uow.links.compare_and_set(
                opened.target.id, ENTITY, send.id, opened.owner, batch=batch, seen=where
            )
        return found

    def _write(self, batch: str, claimed: Claimed) -> str:
        profile, sends = self.files.profile, claimed.sends
        codes = [claimed.steps[send.id].local.code for send in sends]
        lines = [connector.line(profile, send.payload) for send in sends]
        data = connector.content(profile, lines)
        made = (self.opened.target.name, batch, self.opened.clock.stamp())
        described = manifest(profile, *made, data, sends, codes, lines)
        file = profile.file.format(batch=batch)
        handover.hand_over(self.folder, batch, file, data, described, self.fault)
        self.report.files = [
            {"path": str(self.folder / file), "rows": len(lines), "sha256": connector.digest(data)}
        ]
        return file

    # -- after a crash --------------------------------------------------------------------------

    def _recover(self) -> None:
        """Settle what runs that ended early had claimed."""
        opened = self.opened
        opened.expire_claims()
        groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in log.cut_short(opened.store.conn, opened.target.id, ENTITY):
            groups[row["batch"] or "", row["seen"] or ""].append(row)
        for (batch, seen), links in groups.items():
            folder = Path(json.loads(seen)["folder"]) if seen else self.folder
            done = bool(batch) and handover.handed_over(folder, batch)
            opened.write(lambda uow, b=batch, d=done, ls=links: self._conclude(uow, b, ls, done=d))  # type: ignore[misc]
            if done:
                text: Message = msg(
                    "Batch {batch} was handed over by a run that was cut short.", batch=batch
                )
                self.report.warnings.append(RuleWarning("batch", "sync.export.recovered", text))

    def _conclude(
        self, uow: UnitOfWork, batch: str, links: list[dict[str, Any]], *, done: bool
    ) -> None:
        for row in links:
            values: dict[str, Any] = {"state": LinkState.PENDING, "batch": None, "seen": None}
            if done:
                key = known_to(self.files.profile, json.loads(row["attempt"]))
                values = {
                    **CLEARED,
                    "state": LinkState.AWAITING,
                    "batch": batch,
                    "remote_id": key,
                    "attempt": row["attempt"],
                }
            uow.links.compare_and_set(
                self.opened.target.id, ENTITY, row["local_id"], was=LinkState.UNKNOWN, **values
            )
