"""Where a target stands, in numbers. Nobody is called."""

from __future__ import annotations

from collections import Counter
from typing import Any

from interop_cli.domain.sync.link import LinkState
from interop_cli.domain.sync.plan import Todo
from interop_cli.store.sync.links import last_pushed
from interop_cli.store.sync.records import link_counts
from interop_cli.sync.target import OpenTarget

NAMES = (
    "target",
    "kind",
    "in_sync",
    "pending",
    "blocked",
    "conflict",
    "detached",
    "failed",
    "unknown",
    "awaiting",
    "excluded",
    "drift",
    "paused",
    "paused_until",
    "paused_by",
    "pushed_at",
    "pulled_at",
)
# States that say where a record stands whatever the plan makes of it.
OF_LINK = {
    LinkState.CONFLICT: "conflict",
    LinkState.DETACHED: "detached",
    LinkState.FAILED: "failed",
    LinkState.UNKNOWN: "unknown",
    LinkState.CLAIMED: "unknown",
    LinkState.AWAITING: "awaiting",
    LinkState.EXCLUDED: "excluded",
}


def status(opened: OpenTarget) -> dict[str, Any]:
    """The counts of one target, over all that it takes."""
    target, counts = opened.target, Counter[str]()
    for row in link_counts(opened.store.conn, target.id, opened.connector.entities):
        name = OF_LINK.get(LinkState(row["state"]))
        counts[name or ("in_sync" if row["state"] == LinkState.IN_SYNC else "-")] += row["n"]
        counts["drift"] += int(row["drift"] or 0)
    for entity in opened.connector.entities:
        for step in opened.steps(entity):
            state = step.link.state
            counts["in_sync"] -= state is LinkState.IN_SYNC and step.todo is not Todo.SKIP
            if state in OF_LINK and state is not LinkState.FAILED:
                continue
            if step.todo is Todo.BLOCKED and state is not LinkState.FAILED:
                counts["blocked"] += 1
            elif step.todo not in (Todo.SKIP, Todo.BLOCKED):
                counts["pending"] += 1
                counts["failed"] -= state is LinkState.FAILED  # changed since: it is tried again
    paused = target.paused_until is not None and target.paused_until > opened.clock.stamp()
    values = {name: counts[name] for name in NAMES if name not in ("target", "kind")}
    return {
        **values,
        "target": target.name,
        "kind": target.kind,
        "paused": paused,
        "paused_until": target.paused_until if paused else None,
        "paused_by": target.paused_by if paused else None,
        "pushed_at": last_pushed(opened.store.conn, target.id),
        "pulled_at": target.pulled_at,
    }
