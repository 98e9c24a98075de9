"""First contact: which of our records are which of theirs. Proposals are never stored.

The ladder: the key (our uid, where the record there carries it), then the e-mail, then the exact
name; whatever fits more than once is ambiguous, and left to a person, and so is one of our key with
another name and e-mail. A record with a uid that is not here is never taken over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.errors import Conflict, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor, Policy
from interop_cli.domain.sync.link import Link, LinkState
from interop_cli.domain.sync.payload import Payload, kept
from interop_cli.domain.sync.records import LocalRecord, RemoteRecord, Role
from interop_cli.domain.values.text import fold
from interop_cli.store.sync.links import CLEARED, dumped, linked
from interop_cli.store.sync.records import EVERYTHING, RecordScope, records
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.lease import working
from interop_cli.sync.target import OpenTarget, recognise

KEY, EMAIL, NAME, AMBIGUOUS = "key", "email", "name", "ambiguous"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One of ours and one of theirs that seem to be the same; ``how`` is what says so."""

    local: LocalRecord
    remote: RemoteRecord
    how: str

    def row(self, target: str) -> dict[str, Any]:
        """As it is shown."""
        return {
            "target": target,
            "entity": self.local.entity,
            "id": self.local.id,
            "code": self.local.code,
            "name": self.local.values.get("name"),
            "remote_id": self.remote.remote_id,
            "remote_name": self.remote.called or "",
            "how": self.how,
        }


@dataclass(frozen=True)
class Compared:
    """Both sides held against each other: the matches, and by entity what is there alone."""

    proposals: list[Proposal]
    alone: dict[str, list[RemoteRecord]]


def propose(opened: OpenTarget, scope: RecordScope = EVERYTHING) -> list[Proposal]:
    """Read everything the target holds, and match it with our records that have no twin yet.

    Raises Trouble. Nothing is written.
    """
    return compare(opened, scope).proposals


def compare(
    opened: OpenTarget, scope: RecordScope = EVERYTHING, *, whole: bool = False
) -> Compared:
    """As ``propose``, with what matches nothing here; ``whole``: in all its fields."""
    recognise(opened, note=False)
    found = Compared([], {})
    for entity in opened.connector.entities:
        if opened.connector.descriptor(entity).once:
            continue
        locals_ = _free(opened, entity, scope)
        taken = linked(opened.store.conn, opened.target.id, entity)
        remotes = [
            remote
            for remote in opened.connector.everything(entity, whole=whole)
            if remote.remote_id not in taken and not remote.gone
        ]
        proposals = _matched(entity, locals_, remotes)
        found.proposals.extend(proposals)
        matched = {proposal.remote.remote_id for proposal in proposals}
        found.alone[entity] = [one for one in remotes if one.remote_id not in matched]
    return found


def _free(opened: OpenTarget, entity: str, scope: RecordScope) -> list[LocalRecord]:
    """Our records that could be sent and are not linked; prospects are not even looked for."""
    guarded = opened.connector.role is Role.ACCOUNTING or not opened.target.settings.get(
        "prospects"
    )
    return [
        local
        for local, link in records(opened.store.conn, entity, opened.target.id, scope)
        if link.remote_id is None
        and link.state not in (LinkState.EXCLUDED, LinkState.CLAIMED, LinkState.UNKNOWN)
        and local.active
        and not (guarded and (local.prospect or local.payer_prospect))
    ]


def _matched(
    entity: str, locals_: Sequence[LocalRecord], remotes: Sequence[RemoteRecord]
) -> list[Proposal]:
    """One rung after the other; what a rung settles is not looked at again.

    People of one name are not one person: contacts are matched by key and e-mail only.
    """
    found: list[Proposal] = []
    for how, ours, theirs in (
        (KEY, lambda one: one.key, lambda one: one.key or ""),
        (EMAIL, _own_email, lambda one: fold(str(one.values.get("email") or ""))),
        (NAME, _own_name, lambda one: fold(one.called or "")),
    ):
        if how == NAME and entity != "client":
            continue
        by_local = _grouped(locals_, ours)
        by_remote = _grouped(remotes, theirs)
        for text, mine in by_local.items():
            twins = by_remote.get(text, [])
            clear = len(mine) == 1 == len(twins) and not (how == KEY and _differ(mine[0], twins[0]))
            found += [
                Proposal(local, twin, how if clear else AMBIGUOUS)
                for local in mine
                for twin in twins
            ]
        settled = {id(p.local) for p in found} | {id(p.remote) for p in found}
        locals_ = [one for one in locals_ if id(one) not in settled]
        # One that carries a uid is that record's, in whatever database it is.
        remotes = [one for one in remotes if id(one) not in settled and one.key is None]
    return found


def _differ(local: LocalRecord, remote: RemoteRecord) -> bool:
    """Whether neither name nor e-mail says that the record of this key is really ours."""
    theirs = fold(str(remote.values.get("email") or ""))
    return _own_name(local) != fold(remote.called or "") and (
        not theirs or theirs != _own_email(local)
    )


def _grouped(items: Iterable[Any], text: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in items:
        if found := text(one):
            groups[found].append(one)
    return groups


def _own_email(local: LocalRecord) -> str:
    values = local.values
    return fold(str(values.get("billing_email") or values.get("email") or ""))


def _own_name(local: LocalRecord) -> str:
    return fold(str(local.values.get("name") or ""))


def write(opened: OpenTarget, proposals: Sequence[Proposal], wait: float = 30.0) -> int:
    """Link what was proposed without ambiguity, and let records be created; how many.

    Raises Busy while a run is at work on the target, as ``by_hand`` does.
    """
    with working(opened, wait):
        recognise(opened)
        return opened.write(lambda uow: link_all(uow, opened, proposals), "sync.link")


def link_all(uow: UnitOfWork, opened: OpenTarget, proposals: Sequence[Proposal]) -> int:
    """Link what was proposed without ambiguity; from now on records may be created."""
    clear = [proposal for proposal in proposals if proposal.how != AMBIGUOUS]
    for proposal in clear:
        link(uow, opened, proposal.local, proposal.remote)
    uow.targets.note(opened.target.id, introduced=1)
    return len(clear)


def link(uow: UnitOfWork, opened: OpenTarget, local: LocalRecord, remote: RemoteRecord) -> None:
    """Tie a record of ours to one of theirs; what differs is pending, and the plan shows it.

    What is empty here is not emptied there, where it has nothing of ours yet. Raises Conflict
    ``sync.remote_taken`` where another record of ours is tied to it.
    """
    holder = uow.links.holder(opened.target.id, local.entity, remote.remote_id)
    if holder is not None and holder != local.id:
        raise Conflict(
            "sync.remote_taken",
            msg(
                "Record {remote} there is already linked to #{id} here.",
                remote=remote.remote_id[:40],
                id=holder,
            ),
        )
    uow.links.ensure(opened.target.id, local.entity, local.id, LinkState.PENDING)
    uow.links.compare_and_set(
        opened.target.id,
        local.entity,
        local.id,
        **{
            **CLEARED,
            "state": LinkState.PENDING,
            "remote_id": remote.remote_id,
            "remote_key": remote.key,
            "remote_version": remote.version,
            "stamp": "",
            "pushed": dumped(sent_of(opened, local.entity, remote)),
            "kept": dumped(_left_there(opened, local, remote)),
        },
    )


def _left_there(opened: OpenTarget, local: LocalRecord, remote: RemoteRecord) -> Payload | None:
    """What somebody there filled in, and nobody here, of a record that is matched by its look."""
    entity, connector = local.entity, opened.connector
    if entity in connector.only_read or remote.key == local.key:
        return None
    ours, theirs = connector.payload(local), left_to_them(connector.descriptor(entity))
    empty = {name: ours[name] for name in ours if name in theirs and ours[name] in (None, "")}
    return kept(empty, remote.values) or None


def left_to_them(descriptor: Descriptor) -> set[str]:
    """The fields in which what is there may stay: all but those that we alone decide."""
    return {one.name for one in descriptor.sent() if one.policy is not Policy.OURS}


def sent_of(opened: OpenTarget, entity: str, remote: RemoteRecord) -> Payload:
    """What a record there holds of the fields that are sent."""
    sent = {field.name for field in opened.connector.descriptor(entity).sent()}
    return {name: value for name, value in remote.values.items() if name in sent}


def by_hand(opened: OpenTarget, local: LocalRecord, remote_id: str, wait: float = 30.0) -> None:
    """Link one record, after making sure that the other one is there.

    Raises NotFound ``sync.remote_not_found``, Conflict, Trouble.
    """
    recognise(opened)
    remote = opened.connector.fetch(local.entity, [remote_id]).get(remote_id)
    if remote is None or remote.gone:
        raise NotFound(
            "sync.remote_not_found",
            msg(
                "{target} has no record {remote}.", target=opened.target.name, remote=remote_id[:40]
            ),
        )
    with working(opened, wait):
        opened.write(lambda uow: link(uow, opened, local, remote), "sync.link")


def unlink(
    uow: UnitOfWork, opened: OpenTarget, local: LocalRecord, state: Link, *, exclude: bool
) -> bool:
    """Forget the twin of a record; with ``exclude`` it is not pushed any more. Whether it changed.

    Raises Conflict ``sync.in_flight`` while a call may be under way.
    """
    if state.state in (LinkState.CLAIMED, LinkState.UNKNOWN):
        raise Conflict(
            "sync.in_flight",
            msg("{code} is being sent, or nobody knows yet: push again first.", code=local.code),
        )
    if exclude:
        if state.state is LinkState.EXCLUDED:
            return False
        uow.links.ensure(opened.target.id, local.entity, local.id, LinkState.EXCLUDED)
        values = {
            **CLEARED,
            "state": LinkState.EXCLUDED,
            "remote_id": None,
            "remote_key": None,
            "remote_version": None,
            "stamp": None,
            "pushed": None,
            "kept": None,
        }
        uow.links.compare_and_set(opened.target.id, local.entity, local.id, **values)
        return True
    return uow.links.remove(opened.target.id, local.entity, local.id) > 0
