"""Pulling: what changed over there. It never changes anything here by itself.

What differs from what was pushed is noted as drift and shown; ``sync resolve`` decides. An echo of
our own push is no difference, since values are compared and not who wrote last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from interop_cli.connectors.protocol import Untold
from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor, Policy
from interop_cli.domain.sync.link import Link, LinkState, TroubleKind
from interop_cli.domain.sync.merge import Difference, is_put_back, three_columns, without_erased
from interop_cli.domain.sync.payload import Payload, as_kept, pairs
from interop_cli.domain.sync.plan import Reason
from interop_cli.domain.sync.records import Departure, LocalRecord, RemoteRecord
from interop_cli.store.sync import orphans
from interop_cli.store.sync.links import dumped, message_text
from interop_cli.store.sync.records import EVERYTHING, RecordScope, records
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.lease import working
from interop_cli.sync.target import OpenTarget, recognise
from interop_cli.sync.unknown_outcomes import GONE, MERGED

OVERLAP = timedelta(minutes=5)
"""Clocks differ and indexes lag: each pull looks back a little further than the last one ended."""
SETTLED = (LinkState.IN_SYNC, LinkState.PENDING, LinkState.FAILED)


@dataclass
class Pulled:
    """What a pull found: records that differ over there, those that are gone, and orphans."""

    read: int = 0
    drifted: list[tuple[LocalRecord, Difference]] = field(default_factory=list)
    gone: list[tuple[LocalRecord, Reason]] = field(default_factory=list)
    named: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """What the orphans that were read are called there."""
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Every orphan that is known: entity, remote id."""

    def rows(self, target: str) -> Iterator[dict[str, Any]]:
        """As they are shown."""
        for local, found in self.drifted:
            yield _row(target, local, "changed", found.field, found.base, found.theirs)
        for local, reason in self.gone:
            what = "merged" if reason.code == "remote.merged" else "deleted"
            yield _row(target, local, what, None, None, None)
        for entity, remote_id in self.lost:
            yield {
                **dict.fromkeys(("id", "code", "field", "pushed")),
                "target": target,
                "entity": entity,
                "what": "orphan",
                "theirs": self.named.get((entity, remote_id)),
                "remote_id": remote_id,
            }


def _row(
    target: str, local: LocalRecord, what: str, name: str | None, pushed: object, theirs: object
) -> dict[str, Any]:
    return {
        "target": target,
        "entity": local.entity,
        "id": local.id,
        "code": local.code,
        "what": what,
        "field": name,
        "pushed": pushed,
        "theirs": theirs,
        "remote_id": None,
    }


def pull(
    opened: OpenTarget,
    scope: RecordScope = EVERYTHING,
    *,
    full: bool = False,
    accept_empty: bool = False,
    wait: float = 30.0,
) -> Pulled:
    """Read the records we are linked to, all of them or those changed since the last pull.

    Raises Trouble, Busy, and Conflict ``sync.empty_remote`` where not one of them is there any
    more: that is a wrong token or a wiped system rather than a deletion.
    """
    pulled = Pulled()
    with working(opened, wait):
        recognise(opened)
        since = None if full or scope != EVERYTHING else opened.target.pulled_at
        began = opened.clock.stamp(-opened.connector.ahead)
        for entity in opened.connector.entities:
            _pull_entity(opened, entity, scope, since, pulled, accept_empty=accept_empty)
        if scope == EVERYTHING:
            opened.write(
                lambda uow: uow.targets.note(opened.target.id, pulled_at=began), "sync.pull"
            )
            known = orphans.known(opened.store.conn, opened.target.id)
            pulled.lost = [(row["entity"], row["remote_id"]) for row in known]
    return pulled


def _pull_entity(
    opened: OpenTarget,
    entity: str,
    scope: RecordScope,
    since: str | None,
    pulled: Pulled,
    *,
    accept_empty: bool,
) -> None:
    descriptor = opened.connector.descriptor(entity)
    ours = [
        (local, link)
        for local, link in records(opened.store.conn, entity, opened.target.id, scope)
        if link.remote_id is not None
        and link.state in SETTLED
        and (local.active or not descriptor.once)  # what is void may be gone there
    ]
    wanted = {str(link.remote_id) for _local, link in ours}
    changed = None if since is None else _changed(opened, entity, since, wanted)
    if changed is None:
        found = opened.fetched(entity, [str(link.remote_id) for _local, link in ours])
        if not accept_empty:
            _refuse_empty(opened, ours, found)
        if scope == EVERYTHING:
            _orphans(opened, entity, opened.connector.of_ours(entity), pulled, whole=True)
    else:
        there = [remote for remote in changed.values() if not remote.gone]
        _orphans(opened, entity, there, pulled, whole=False)
        found = {key: remote for key, remote in changed.items() if key in wanted}
        # What became of those that went (deleted, or merged into which) is asked for.
        found |= opened.fetched(entity, [key for key, remote in found.items() if remote.gone])
        if not accept_empty and found.keys() == wanted:
            _refuse_empty(opened, ours, found)
        # What goes is not among what changed: it is asked for.
        leaving = _leaving(ours, descriptor)
        found |= opened.fetched(entity, [one for one in leaving if one not in found])
        ours = [pair for pair in ours if pair[1].remote_id in found or pair[1].remote_id in leaving]
    pulled.read += len(ours)
    if ours:
        opened.write(lambda uow: _write(uow, opened, ours, found, pulled), "sync.pull")


def _changed(
    opened: OpenTarget, entity: str, since: str, wanted: Collection[str]
) -> dict[str, RemoteRecord] | None:
    """The records changed there since a time, and of those ``wanted`` the ones that went; None
    where the system cannot tell all that, so that everything has to be read.
    """
    moment = datetime.fromisoformat(since) - OVERLAP
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return {
            remote.remote_id: remote
            for remote in opened.connector.changes(entity, stamp)
            if not remote.gone or remote.remote_id in wanted
        }
    except Untold:
        return None


def _refuse_empty(
    opened: OpenTarget, ours: Sequence[tuple[LocalRecord, Link]], found: Mapping[str, RemoteRecord]
) -> None:
    """Raise Conflict where of several records not one is there any more."""
    if len(ours) < 2 or any(not remote.gone for remote in found.values()):
        return
    raise Conflict(
        "sync.empty_remote",
        msg(
            "None of the {count} linked records is in {target}; nothing was changed.",
            count=len(ours),
            target=opened.target.name,
        ),
        hint=msg("Check the token; if it is so, pull with --accept-empty."),
    )


def _leaving(ours: Sequence[tuple[LocalRecord, Link]], descriptor: Descriptor) -> list[str]:
    """What a person is to do something about there by hand, and what it is to be merged with."""
    by_hand = all(one.name != "active" for one in descriptor.sent())
    ids: list[str | None] = []
    for local, link in ours:
        if local.departure is not None:
            ids += [link.remote_id, local.departure.into]
        elif by_hand and not local.active:
            ids.append(link.remote_id)
    return list(dict.fromkeys(one for one in ids if one is not None))


def _orphans(
    opened: OpenTarget, entity: str, found: Iterable[RemoteRecord], pulled: Pulled, *, whole: bool
) -> None:
    """Note which records there carry a key of ours that nobody here has."""
    lost = orphans.among(opened.store.conn, opened.target.id, entity, found)
    pulled.named |= {(entity, one.remote_id): one.called for one in lost}
    if lost or whole:
        opened.write(
            lambda uow: uow.orphans.note(opened.target.id, entity, lost, whole=whole), "sync.pull"
        )


def _write(
    uow: UnitOfWork,
    opened: OpenTarget,
    ours: Iterable[tuple[LocalRecord, Link]],
    found: dict[str, RemoteRecord],
    pulled: Pulled,
) -> None:
    ours = _settled(uow, opened, ours, found)
    for local, link in ours:
        remote = found.get(str(link.remote_id))
        if remote is None or remote.gone or remote.remote_id != link.remote_id:
            merged = remote is not None and not remote.gone
            reason = Reason("remote.merged", MERGED) if merged else Reason("remote.gone", GONE)
            pulled.gone.append((local, reason))
            _set(
                uow,
                opened,
                local,
                link,
                state=LinkState.DETACHED,
                error_class=TroubleKind.GONE,
                error_code=reason.code,
                error_text=message_text(reason.message),
            )
            continue
        drift = [
            one
            for one in three_columns(link.pushed, link.pushed, remote.values)
            if one.theirs != one.base
        ]
        pulled.drifted += [(local, one) for one in drift]
        ruled, drift = _ruled(opened, local, link, drift)
        # The version is not taken over: the next push must notice that somebody was there.
        values = {
            "drift": int(bool(drift)),
            "seen": dumped(without_erased(remote.values, link.pushed)) if drift else None,
            "seen_at": opened.clock.stamp(),
            **ruled,
        }
        if not drift:
            values["remote_version"] = remote.version
        _set(uow, opened, local, link, **values)


def _ruled(
    opened: OpenTarget, local: LocalRecord, link: Link, drift: list[Difference]
) -> tuple[dict[str, Any], list[Difference]]:
    """Of what changed there, what nobody has to decide: what is left to them stays, and our key is
    put back by the next push. The columns that say so, and the drift that is left.
    """
    descriptor = opened.connector.descriptor(local.entity)
    theirs, left, again = Payload(), list[Difference](), False
    for one in drift:
        field = descriptor.named(one.field)
        if field is not None and field.policy in (Policy.THEIRS, Policy.CREATE_ONLY):
            theirs[one.field] = one.theirs
        elif is_put_back(one.field, one.theirs):
            again = True
        else:
            left.append(one)
    if not theirs and not again:
        return {}, left
    ours = as_kept(opened.connector.payload(local), link.pushed, link.kept)
    base = {**link.pushed, **theirs}
    columns: dict[str, Any] = {"kept": dumped({**link.kept, **pairs(ours, theirs)} or None)}
    if again:
        base |= {one.field: None for one in drift if is_put_back(one.field, one.theirs)}
        columns["stamp"] = ""
        if link.state is LinkState.IN_SYNC:
            columns["state"] = LinkState.PENDING
    return {**columns, "pushed": dumped(base)}, left


def _settled(
    uow: UnitOfWork,
    opened: OpenTarget,
    ours: Iterable[tuple[LocalRecord, Link]],
    found: Mapping[str, RemoteRecord],
) -> list[tuple[LocalRecord, Link]]:
    """Forget what was to go and has gone, by a person's hand; those that are left to look at."""
    left: list[tuple[LocalRecord, Link]] = []
    moved: set[int] = set()
    for local, link in ours:
        departure, remote = local.departure, found.get(str(link.remote_id))
        gone = remote is None or remote.gone
        if departure is None and (local.active or not gone):
            left.append((local, link))
        elif departure is not None and departure.erased:
            continue  # what is archived there could be restored: it is not deleted yet
        else:
            departure = departure or Departure()
            heir = found.get(str(departure.into))
            now = heir.remote_id if heir is not None and not heir.gone else None
            elsewhere = remote is not None and remote.remote_id != link.remote_id
            if gone or (elsewhere and remote is not None and remote.remote_id == now):
                uow.departures.settle(opened.target.id, local.entity, departure, local.id, now)
                if departure.heir is not None:
                    moved.add(departure.heir)
    return [pair for pair in left if pair[0].id not in moved]


def _set(
    uow: UnitOfWork, opened: OpenTarget, local: LocalRecord, link: Link, **values: Any
) -> None:
    uow.links.compare_and_set(opened.target.id, local.entity, local.id, was=link.state, **values)
