"""What a run did, record by record, and where a target stands, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from interop_cli.connectors.oauth import about_lapse, lapses_at
from interop_cli.domain.messages import Message
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.sync.link import LinkState, Trouble
from interop_cli.domain.sync.plan import FINAL, Reason, Step, Todo
from interop_cli.services import Outcome
from interop_cli.store.sync import orphans
from interop_cli.store.sync.links import last_pushed
from interop_cli.store.sync.records import in_step_counts
from interop_cli.store.sync.targets import FOREVER
from interop_cli.sync.arranging import all_told
from interop_cli.sync.target import OpenTarget

OK, UNCHANGED, SKIPPED, ERROR = "ok", "unchanged", "skipped", "error"
BY_HAND = frozenset(map(str, (Todo.BY_HAND, *FINAL)))
KEPT_BY_OTHERS = frozenset({"sync.value_taken", "sync.export.key_taken"})
"""Why a record is held back that wants what another one has, and keeps."""
UNMENDED = frozenset({LinkState.FAILED, LinkState.CONFLICT, LinkState.DETACHED})
"""Records that are not there as they are here until somebody sees to it."""
GUARDED = frozenset({"sync.prospect", "sync.payer_prospect"})
STANDS = frozenset({(OK, UNCHANGED), (ERROR, SKIPPED)})
"""What was said before, and is not replaced by what is said then."""


@dataclass(slots=True)
class Line:
    """What became of one record; the last thing said about it stands."""

    entity: str
    id: int
    code: str
    action: str
    status: str
    remote_id: str | None = None
    reason: Reason | None = None
    number: str | None = None
    refused: bool = False
    """Whether it stays as it is until it is changed, or somebody says ``sync retry``."""

    def item(self, target: str) -> dict[str, Any]:
        """As the result object shows it."""
        error = None
        if self.reason is not None:
            error = {
                "code": self.reason.code,
                "field": self.reason.field,
                "message": self.reason.message,
            }
        return {
            "target": target,
            "entity": self.entity,
            "id": self.id,
            "code": self.code,
            "number": self.number,
            "action": self.action,
            "status": self.status,
            "remote_id": self.remote_id,
            "error": error,
        }


@dataclass
class Report:
    """The lines of a run by entity and id. ``stopped`` is the trouble that ended it early."""

    target: str
    lines: dict[tuple[str, int], Line] = field(default_factory=dict)
    warnings: list[RuleWarning] = field(default_factory=list)
    stopped: Trouble | None = None
    until: str | None = None
    calls: int = 0
    strict: bool = False
    """Whether a record that is blocked counts as failed: one that was asked for by name does."""

    def say(
        self,
        step: Step,
        status: str,
        reason: Reason | None = None,
        remote_id: str | None = None,
        *,
        refused: bool = False,
    ) -> None:
        """Note what became of a record.

        That nothing is left to do does not undo what was done, nor does what now holds a record
        back undo that it failed.
        """
        local = step.local
        known = self.lines.get((local.entity, local.id))
        if known is not None and (known.status, status) in STANDS:
            return
        self.lines[local.entity, local.id] = Line(
            local.entity,
            local.id,
            local.code,
            str(step.todo),
            status,
            remote_id or step.link.remote_id,
            reason,
            local.number,
            refused,
        )

    def blocked(self, step: Step) -> None:
        """Note that a record is held back. What was refused, is in conflict or detached, or wants
        a value that another one keeps, is still not there: that is a failure until it is mended.
        How it failed in this run is told already.
        """
        failed = step.link.state in UNMENDED and not self.strict
        taken = step.reason is not None and step.reason.code in KEPT_BY_OTHERS
        known = self.lines.get((step.local.entity, step.local.id))
        if known is not None and known.status == ERROR and not taken:
            return
        status = ERROR if failed or taken else SKIPPED
        self.say(step, status, step.reason, refused=step.is_refused)

    def forget(self, step: Step) -> None:
        """Take back what was said of a record: it is to be looked at again."""
        self.lines.pop((step.local.entity, step.local.id), None)

    def note(self, step: Step, message: Message) -> None:
        """Warn about a record that was sent."""
        path = step.local.entity
        self.warnings.append(RuleWarning(path, "sync.note", message, key=step.local.code))

    def count(self, *statuses: str) -> int:
        """How many records have one of these statuses."""
        return sum(line.status in statuses for line in self.lines.values())

    @property
    def by_hand(self) -> int:
        """How many records wait for a person to do something there, or to let it be done."""
        return sum(
            line.status == SKIPPED and line.action in BY_HAND for line in self.lines.values()
        )

    @property
    def held_back(self) -> int:
        """How many records are blocked by what somebody can do something about: those that are not
        to be there are not counted, nor those that wait for an answer.
        """
        idle = GUARDED | {"sync.awaiting"}
        return sum(
            line.status == SKIPPED
            and line.action not in BY_HAND
            and line.reason is not None
            and line.reason.code not in idle
            for line in self.lines.values()
        )

    @property
    def refused(self) -> int:
        """How many records were refused, and are not sent again as they are by themselves."""
        return sum(line.refused for line in self.lines.values())

    @property
    def failed(self) -> int:
        """Records that failed, and blocked ones where that counts."""
        return self.count(ERROR) + (self.count(SKIPPED) if self.strict else 0)

    def items(self) -> Iterator[dict[str, Any]]:
        """The lines that the result object shows: all of them where records were asked for by
        name, else those that were sent or failed.
        """
        return (
            line.item(self.target)
            for line in self.lines.values()
            if self.strict or line.status in (OK, ERROR)
        )


def outcome(reports: list[Report]) -> Outcome:
    """The reports of several targets as one result."""
    found = Outcome(operation="sync.push")
    for report in reports:
        found.matched += len(report.lines)
        found.changed += report.count(OK)
        found.failed += report.failed
        found.items += list(report.items())
        found.warnings += report.warnings
    found.unchanged = found.matched - found.changed - found.failed
    found.extra = {
        "targets": [
            {
                "target": report.target,
                "blocked": report.count(SKIPPED) - report.by_hand,
                "by_hand": report.by_hand,
                "calls": report.calls,
                "stopped": report.stopped.code if report.stopped else None,
                "until": report.until,
            }
            for report in reports
        ]
    }
    return found


SUMMED = (
    "in_sync",
    "pending",
    "blocked",
    "unknown",
    "conflict",
    "drift",
    "awaiting",
    "failed",
    "detached",
)
"""Each record that a target has or is to have stands in one of these: they sum to ``eligible``."""
PERSON = ("blocked", "conflict", "drift", "awaiting", "failed", "detached", "by_hand", "orphans")
"""What stands there needs a person."""
NAMES = (
    "target",
    "kind",
    "eligible",
    *SUMMED,
    "excluded",
    "by_hand",
    "orphans",
    "paused",
    "paused_until",
    "paused_by",
    "pushed_at",
    "pulled_at",
    "login_until",
    "attention",
)
# States that say where a record stands whatever the plan makes of it.
OF_LINK = {
    LinkState.CONFLICT: "conflict",
    LinkState.DETACHED: "detached",
    LinkState.UNKNOWN: "unknown",
    LinkState.CLAIMED: "unknown",
    LinkState.AWAITING: "awaiting",
    LinkState.EXCLUDED: "excluded",
}


def place_of(step: Step) -> str | None:
    """Where a record stands in a target (a name of ``NAMES``); None where it is not to be there."""
    link, why = step.link, step.reason.code if step.reason else None
    if step.is_held:
        return "by_hand"
    if step.is_gone:
        return None
    if link.state in OF_LINK:
        return OF_LINK[link.state]
    if step.todo is Todo.SKIP:
        # Inactive ones that were never there are nobody's business.
        return None if link.remote_id is None else "in_sync"
    if step.todo is Todo.BLOCKED:
        if link.remote_id is None and why in GUARDED:
            return None
        if link.state is LinkState.FAILED:
            return "failed"
        return "pending" if why == "sync.later" else "blocked"
    return "pending"


def status(opened: OpenTarget) -> dict[str, Any]:
    """The counts of one target, over all that it takes.

    ``attention`` names what needs a person: a name of ``NAMES`` and how many, None where nothing
    does. ``refused`` are those of the failed that are not sent again by themselves.
    """
    target, counts = opened.target, Counter[str]()
    conn = opened.store.conn
    in_step = in_step_counts(conn, target.id, opened.connector.entities)
    for step in all_told(opened):
        place = place_of(step)
        counts["refused"] += step.is_refused
        if step.link.state is LinkState.IN_SYNC and step.link.id is not None:
            if place == "in_sync":
                continue  # it is counted below
            in_step[step.link.drift] -= 1
        if place is not None:
            counts[place] += 1
    counts["in_sync"] += in_step[False]
    counts["drift"] += in_step[True]
    counts["orphans"] = orphans.count(conn, target.id)
    counts["eligible"] = sum(counts[name] for name in SUMMED)
    paused = target.paused_until is not None and target.paused_until > opened.clock.stamp()
    needs = [f"{name} {counts[name]}" for name in PERSON if counts[name]]
    if paused and target.paused_until == FOREVER:
        needs.append("paused")
    login = lapses_at(opened.secrets)
    if about_lapse(target.name, login, opened.clock) is not None:
        needs.append("login_until")
    return {
        **{name: counts[name] for name in NAMES},
        "target": target.name,
        "kind": target.kind,
        "refused": counts["refused"],
        "paused": paused,
        "paused_until": target.paused_until if paused else None,
        "paused_by": target.paused_by if paused else None,
        "pushed_at": last_pushed(conn, target.id),
        "pulled_at": target.pulled_at,
        # Nobody has looked: a restored database does not know.
        "orphans": counts["orphans"] if counts["orphans"] or target.pulled_at else None,
        "login_until": login,
        "attention": ", ".join(needs) or None,
    }
