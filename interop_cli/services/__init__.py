"""The use cases, by subject. The first argument of each is the unit of work it writes in.

What a write did is an ``Outcome``: the result object of the command-line contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.messages import Message
from interop_cli.domain.rules import RuleWarning

MAX_ITEMS = 100
EXIT_PARTIAL = 68


@dataclass
class Outcome:
    """Counts, the things touched, and warnings.

    ``matched`` is how many the command worked on, ``changed`` + ``unchanged`` + ``failed`` of
    them. ``items`` are dicts with at least ``id``, ``code`` and ``status``; only kept for 100 or
    fewer. ``rows`` is a line per input row for ``--results``, where it was asked for.
    """

    matched: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[RuleWarning] = field(default_factory=list)
    rows: list[dict[str, Any]] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    notice: Message | None = None
    operation: str = ""
    operation_id: int | None = None
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        """0, or 68 where some rows failed and the others were written."""
        return EXIT_PARTIAL if self.failed else 0

    def add(self, other: Outcome) -> None:
        """Count what a part of the command did, and list its items."""
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.failed += other.failed
        self.items += other.items

    def as_dict(self) -> dict[str, Any]:
        """The object as printed; warnings still hold ``Message`` objects."""
        return {
            "schema_version": 1,
            "operation": self.operation,
            "operation_id": self.operation_id,
            "dry_run": self.dry_run,
            "matched": self.matched,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "failed": self.failed,
            **self.extra,
            "items": self.items if len(self.items) <= MAX_ITEMS else [],
            "warnings": warnings_told(self.warnings),
        }


def warnings_told(warnings: Iterable[RuleWarning]) -> list[dict[str, Any]]:
    """Warnings as a result or an error has them; they still hold ``Message`` objects."""
    return [
        {
            "path": warning.path,
            "code": warning.code,
            "message": warning.message,
            "line": warning.line,
            "key": warning.key,
        }
        for warning in warnings
    ]


def item(names: Mapping[str, Any], *, changed: bool = True, **said: Any) -> dict[str, Any]:
    """A thing that a command was about: what it is called, what became of it, and what is said."""
    return {**names, "status": "ok" if changed else "unchanged", "error": None, **said}


def one(told: dict[str, Any], warnings: list[RuleWarning] | None = None) -> Outcome:
    """The outcome of a command about one thing, which was changed unless it says otherwise."""
    unchanged = int(told["status"] == "unchanged")
    return Outcome(1, 1 - unchanged, unchanged, items=[told], warnings=warnings or [])
