"""What a run did, record by record, and why it stopped where it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.messages import Message
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.sync.link import Trouble
from interop_cli.domain.sync.plan import Reason, Step
from interop_cli.services.outcome import Outcome

EXIT_REMOTE = 69
OK, UNCHANGED, SKIPPED, ERROR = "ok", "unchanged", "skipped", "error"
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
        self, step: Step, status: str, reason: Reason | None = None, remote_id: str | None = None
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
        )

    def note(self, step: Step, message: Message) -> None:
        """Warn about a record that was sent."""
        path = step.local.entity
        self.warnings.append(RuleWarning(path, "sync.note", message, key=step.local.code))

    def count(self, *statuses: str) -> int:
        """How many records have one of these statuses."""
        return sum(line.status in statuses for line in self.lines.values())

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
                "blocked": report.count(SKIPPED),
                "calls": report.calls,
                "stopped": report.stopped.code if report.stopped else None,
                "until": report.until,
            }
            for report in reports
        ]
    }
    return found
