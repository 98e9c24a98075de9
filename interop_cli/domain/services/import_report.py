"""What an import tells: which rows were written, which were refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.errors import Conflict, Detail, InteropError, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Rules
from interop_cli.domain.services.outcome import MAX_ITEMS, Outcome
from interop_cli.domain.services.rejects import Rejects


@dataclass
class Report:
    """The outcome of an import, filled row by row."""

    rules: Rules
    outcome: Outcome = field(default_factory=Outcome)
    rejected: Rejects = field(default_factory=Rejects)
    created: int = 0
    updated: int = 0
    _items: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    _withdrawn: set[int] = field(default_factory=set)

    def note(self, record: Any, code: str, client_id: int, status: str, action: str) -> None:
        """Tell what became of a row that was written or found as it is."""
        if self.outcome.rows is None and len(self._items) > MAX_ITEMS:
            return
        item = {"id": client_id, "code": code, "status": status, "error": None, "action": action}
        self.result(record.line, code, item)

    def result(self, line: int, key: str | None, item: dict[str, Any]) -> None:
        """Keep an item, and a line for ``--results`` where it was asked for."""
        if len(self._items) <= MAX_ITEMS:  # one more tells that there are too many
            self._items.append((line, item))
        if self.outcome.rows is not None:
            shown = {name: item[name] for name in ("status", "id", "error")}
            self.outcome.rows.append({"line": line, "key": key, **shown})

    def withdraw(self, line: int, action: str) -> None:
        """Take back what was told of a row: it was written, and found wrong at the end."""
        self.created -= action == "created"
        self.updated -= action == "updated"
        self._withdrawn.add(line)

    def reject(self, record: Any, error: InteropError) -> None:
        """Keep a row that is not written, and why; an error that is not the row's is raised."""
        if not isinstance(error, (InvalidData, Conflict)) and error.exit_code != 3:
            raise error
        details = error.details or [Detail("", error.code, error.message, record.line)]
        details = [
            Detail(d.path, d.code, d.message, d.line or record.line, d.key or self.rules.key)
            for d in details
        ]
        self.rejected.add(record, details)
        first = details[0]
        fault = {"code": first.code, "path": first.path, "message": first.message}
        item = {"id": None, "code": self.rules.key, "status": "error", "error": fault}
        self.result(record.line, self.rules.key, item)

    def fault(self, code: str, path: str, reason: Any) -> InvalidData:
        """An error about a field of the row at hand."""
        detail = Detail(path, code, reason, self.rules.line, self.rules.key)
        return InvalidData(code, reason, details=[detail])

    def refusal(self) -> InvalidData:
        """The error that lists every row that is not valid."""
        self.rejected.settle()
        return InvalidData(
            "import.invalid",
            msg("{count} of {total} rows are not valid; nothing was written.",
                count=self.rejected.count, total=self.outcome.matched),
            hint=msg("Write the good rows and keep the others apart:"
                     " --continue-on-error --rejects FILE"),
            details=self.rejected.details,
        )  # fmt: skip

    def count(self) -> None:
        """Sum up."""
        self.rejected.settle()
        outcome = self.outcome
        outcome.failed = self.rejected.count
        outcome.changed = self.created + self.updated
        outcome.unchanged = outcome.matched - outcome.changed - outcome.failed
        outcome.extra = {"created": self.created, "updated": self.updated}
        outcome.warnings = self.rules.warnings
        outcome.items = [
            item
            for line, item in sorted(self._items, key=lambda pair: pair[0])
            if item["error"] or line not in self._withdrawn
        ]
        if outcome.rows is not None:
            rows = sorted(outcome.rows, key=lambda row: int(row["line"]))
            outcome.rows = [
                row for row in rows if row["error"] or row["line"] not in self._withdrawn
            ]
