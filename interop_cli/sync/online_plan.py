"""A plan that has looked: what the remote really holds, instead of what was last pushed.

Reads only. A record that would be created and is there already shows what would change on it; one
that is gone shows as detached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from interop_cli.domain.sync.link import Link
from interop_cli.domain.sync.merge import merge
from interop_cli.domain.sync.plan import Step, Todo, plan, reason
from interop_cli.domain.sync.records import RemoteRecord
from interop_cli.sync.arranging import Coming, told
from interop_cli.sync.departing import done_there
from interop_cli.sync.identity import recognise
from interop_cli.sync.target import OpenTarget
from interop_cli.sync.unknown_outcomes import read

LOOKED_AT = frozenset({Todo.CREATE, Todo.UPDATE, Todo.RENAME, Todo.DEACTIVATE})


def looked(
    opened: OpenTarget, entity: str, steps: Callable[[], Iterable[Step]], coming: Coming
) -> Iterator[Step]:
    """The same steps, in order, held against what is there. Raises Conflict, Trouble."""
    recognise(opened, note=False)
    batch: list[Step] = []
    for step in told(opened, entity, steps, coming):
        batch.append(step)
        if len(batch) == opened.connector.batch_size:
            yield from _looked(opened, entity, batch)
            batch = []
    yield from _looked(opened, entity, batch)


def _looked(opened: OpenTarget, entity: str, steps: list[Step]) -> Iterator[Step]:
    asked = [step for step in steps if step.todo in LOOKED_AT]
    found = read(opened, entity, asked) if asked else {}
    gone = {step.local.id for step, _ in done_there(opened, [s for s in steps if s.is_final])}
    opened.connector.traces()
    for step in steps:
        if step.local.id in gone:
            step = replace(step, todo=Todo.SKIP, reason=reason("gone"))
        yield _with(opened, step, found[step.local.id]) if step.local.id in found else step


def _with(opened: OpenTarget, step: Step, remote: RemoteRecord | None) -> Step:
    link, entity = step.link, step.local.entity
    if link.remote_id is None:
        if remote is None or remote.gone:
            return step
        seen = Link(
            link.id, remote_id=remote.remote_id, remote_key=remote.key, pushed=remote.values
        )
        return replace(plan(step.local, seen, opened.rules(entity)), reason=reason("exists"))
    if remote is None or remote.gone or remote.remote_id != link.remote_id:
        return replace(step, todo=Todo.BLOCKED, changes=(), reason=reason("detached"))
    merged = merge(link.pushed, step.payload, remote.values, opened.connector.descriptor(entity))
    if merged.conflicts:
        first = merged.conflicts[0].field
        return replace(step, todo=Todo.BLOCKED, reason=replace(reason("conflict"), field=first))
    return plan(step.local, replace(link, pushed=merged.base), opened.rules(entity))
