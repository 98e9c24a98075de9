"""What tables know of a column by its name alone: what an answer holds that is no list of fields.

Journal, history, totals, targets, what a write did: their columns are told apart by name, as their
titles are.
"""

from __future__ import annotations

from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.fields.field import ValueKind

ANY_RANK = 5
# Of what is no field of an entity: the order in which it leaves (``Column``).
_OTHERS = {
    "operation_id": 1, "key": 1, "at": 1, "year": 1, "amount_cents": 1, "stored_cents": 1,
    "actual_cents": 1, "difference_cents": 1, "target": 1, "value": 1, "line": 1, "what": 1,
    "fix": 1, "field": 1, "error": 1, "message": 1, "reason": 1, "score": 2, "severity": 2,
    "action": 2, "operation": 4, "before": 2, "after": 2, "changes": 2, "outcome": 2, "command": 6,
    "actor": 3, "invoices": 3, "entity": 2, "basis": 6, "stale": 6, "computed_at": 6, "undoes": 5,
    "undone_by": 5, "request_id": 8, "duration_ms": 8, "run": 9,
}  # fmt: skip
_WHOLE = frozenset({"key", "operation", "action", "target", "basis", "origin"})
# Sentences and settings: half of one is none.
_WRAPPED = frozenset({"what", "fix", "reason", "message", "error", "value", "rights"})
_FIELDS = {field.name: field for of in reversed(ENTITIES.values()) for field in of}
# What is shown by itself where it stands alone, without a column that says what it is.
_SHOWN = frozenset({ValueKind.PHONE, ValueKind.TIME})


def rank_named(name: str) -> int:
    """The rank of a column of this name."""
    field = _FIELDS.get(name)
    return _OTHERS.get(name) or (field.table if field else 0) or ANY_RANK


def whole_named(name: str) -> bool:
    """Whether a column of this name is never cut."""
    field = _FIELDS.get(name)
    return name in _WHOLE or (field is not None and field.uncut)


def wrapped_named(name: str) -> bool:
    """Whether a text of this name goes on in a line below, where it has no room."""
    return name in _WRAPPED


def text_named(name: str) -> ValueKind:
    """What a text of this name is for people: a telephone, a time, or just a text."""
    field = _FIELDS.get(name)
    if field and field.kind.shown in _SHOWN:
        return field.kind.shown
    return ValueKind.TIME if name == "at" or name.endswith(("_at", "_until")) else ValueKind.TEXT
