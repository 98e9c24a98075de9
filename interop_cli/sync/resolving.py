"""Resolving: for each field that both sides changed, a person says whose value stands.

Ours: it is sent at the next push. Theirs: it is written into our record, journaled like any edit,
and equals what is there, so nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.errors import Conflict, UsageError
from interop_cli.domain.fields import CLIENT, CONTACT
from interop_cli.domain.fields.field import pulled
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.sync.link import Link, LinkState
from interop_cli.domain.sync.merge import Difference, three_columns
from interop_cli.domain.sync.payload import Payload, as_kept
from interop_cli.domain.sync.records import LocalRecord
from interop_cli.services import Outcome, one
from interop_cli.services.clients import card
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import contacts
from interop_cli.store.sync.links import CLEARED, dumped
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.target import OpenTarget

DECIDED = (LinkState.CONFLICT, LinkState.IN_SYNC, LinkState.PENDING, LinkState.FAILED)
"""Where a link stands of which somebody may decide."""
LOCAL, REMOTE = "local", "remote"
PULLED = {"client": pulled(CLIENT), "contact": pulled(CONTACT)}


def columns(opened: OpenTarget, local: LocalRecord, link: Link) -> tuple[Difference, ...]:
    """The conflict in three columns: as last pushed, ours, theirs. None where nobody asks: of a
    record that is excluded, in a file, gone there, or of which it is not known what is there.
    """
    if link.state not in DECIDED:
        return ()
    ours = as_kept(opened.connector.payload(local), link.pushed, link.kept)
    return three_columns(link.pushed, ours, link.seen or {})


def decisions(found: Sequence[Difference], taken: Sequence[str]) -> dict[str, str]:
    """Whose value stands in each field: ``local``, ``remote``, or ``field=local|remote``.

    Raises UsageError for a choice that does not fit, Conflict for a field left undecided.
    """
    chosen: dict[str, str] = {}
    names = [one.field for one in found]
    for text in taken:
        field, equals, side = text.rpartition("=")
        if side not in (LOCAL, REMOTE) or (equals and field not in names):
            raise UsageError(
                "usage.take",
                msg(
                    "--take is local, remote, or FIELD=local|remote; fields: {fields}.",
                    fields=", ".join(names),
                ),
            )
        for name in [field] if equals else names:
            if equals or name not in chosen:
                chosen[name] = side
    undecided = [
        one.field
        for one in found
        if one.field not in chosen
        and one.ours != one.base
        and one.theirs not in (one.base, one.ours)
    ]
    if undecided:
        raise Conflict(
            "sync.undecided",
            msg("Whose value stands is not said for: {fields}.", fields=", ".join(undecided)),
            hint=msg("--take local, --take remote, or --take {field}=remote", field=undecided[0]),
        )
    return chosen


def resolve(
    uow: UnitOfWork,
    opened: OpenTarget,
    local: LocalRecord,
    link: Link,
    chosen: Mapping[str, str],
    context: Context,
) -> Outcome:
    """Write the decisions; the record is pending then, or equal to what is there.

    Where there is nothing to decide, nothing changes.
    """
    item = {"id": local.id, "code": local.code, "entity": local.entity}
    if link.state not in DECIDED or not (chosen or link.state is LinkState.CONFLICT):
        return one({**item, "status": "unchanged", "taken": {}, "error": None})
    seen = link.seen or {}
    theirs = {name: seen[name] for name, side in chosen.items() if side == REMOTE}
    if opened.connector.descriptor(local.entity).once:
        theirs = {}  # what was posted here stays as it is
    changed = _take_over(uow, local, theirs, context)
    # From now on we count from what is there: fields of ours that differ are sent.
    base: Payload = {**link.pushed, **{name: seen[name] for name in chosen if name in seen}}
    uow.links.compare_and_set(
        opened.target.id,
        local.entity,
        local.id,
        was=link.state,
        **{**CLEARED, "state": LinkState.PENDING, "pushed": dumped(base), "stamp": ""},
    )
    item |= {"status": "ok", "taken": dict(chosen), "error": None}
    return one(item, context.warnings if changed else [])


def _take_over(uow: UnitOfWork, local: LocalRecord, theirs: Payload, context: Context) -> bool:
    """Edit our record so that it holds their values."""
    if not theirs:
        return False
    known = PULLED[local.entity]
    changes = _ours(local, theirs)
    strange = [name for name in changes if name not in known and name != "accounting"]
    if strange:
        raise UsageError(
            "usage.take", msg("This cannot be taken over: {fields}.", fields=", ".join(strange))
        )
    if local.entity == "client":
        selector = Selector(keys=[(1, f"#{local.id}")])
        card.edit(uow, selector, changes, context)
    else:
        contacts.edit(uow, local.id, changes, context)
    return True


def _ours(local: LocalRecord, theirs: Payload) -> dict[str, Any]:
    """Their values under the names that an edit takes."""
    changes: dict[str, Any] = {}
    for name, value in theirs.items():
        if name.startswith("accounting."):
            changes.setdefault("accounting", {})[name.partition(".")[2]] = value or ""
        elif name not in ("first_name", "last_name"):
            changes[name] = value or ""
    if theirs.keys() & {"first_name", "last_name"}:
        first, _, last = str(local.values.get("name") or "").rpartition(" ")
        parts = [theirs.get("first_name", first), theirs.get("last_name", last)]
        changes["name"] = " ".join(str(part) for part in parts if part)
    return changes
