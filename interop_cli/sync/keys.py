"""Targets that know a record by its key alone: what would be a second one there, or a stranger's.

Two records of ours with one key would be one over there, and a record whose key changed would be a
new one. Both are held back, in every plan that is made, until somebody mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Link
from interop_cli.domain.sync.plan import SENT, Reason, Step, Todo
from interop_cli.domain.sync.records import LocalRecord
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.called import code_of
from interop_cli.store.sync.links import linked


def as_known(
    found: Iterable[tuple[LocalRecord, Link]], key: str
) -> Iterator[tuple[LocalRecord, Link]]:
    """The same records; merged ones with the key that they had when they were sent.

    A merge gives a code away: what is made inactive there is the one that is known under it.
    """
    for local, link in found:
        if local.departure is not None and link.remote_id and key in local.values:
            local = replace(local, values={**local.values, key: link.remote_id})
        yield local, link


def told_apart(
    conn: Connection, target_id: int, entity: str, key: str, steps: Iterable[Step]
) -> Iterator[Step]:
    """The same steps of clients; those that make a second record there, or another's, are blocked.

    Who has a key already keeps it; among new records, the first.
    """
    there = linked(conn, target_id, entity)
    holders = {remote_id.casefold(): local_id for remote_id, local_id in there.items()}
    codes: dict[int, str] = {}
    for step in steps:
        if step.todo not in SENT:
            yield step
            continue
        local, value = step.local, str(step.payload.get(key) or "")
        codes[local.id] = local.code
        holder = holders.setdefault(value.casefold(), local.id)
        if step.link.remote_id not in (None, value):
            yield _blocked(step, Reason("sync.export.renamed", RENAMED, key))
        elif holder != local.id:
            taken = msg(
                "{code} has the same there, and that system tells them apart by it.",
                code=codes.get(holder) or code_of(conn, holder),
            )
            yield _blocked(step, Reason("sync.export.key_taken", taken, key))
        else:
            yield step


def _blocked(step: Step, reason: Reason) -> Step:
    return replace(step, todo=Todo.BLOCKED, changes=(), reason=reason)


RENAMED = msg(
    "That system knows it by this field, which changed: change it there, then sync link CODE VALUE."
)
