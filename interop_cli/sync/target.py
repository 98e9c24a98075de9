"""A target at work: its configuration, its connector, its secret, the store, who we are, and which
remote system it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from interop_cli.connectors import connector_class, connector_for
from interop_cli.connectors.protocol import Connector, Target, Tools
from interop_cli.connectors.secrets import TargetSecrets, variable
from interop_cli.domain.errors import ConfigError, Conflict, InteropError
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import RemoteField
from interop_cli.domain.sync.link import Link, LinkState
from interop_cli.domain.sync.plan import SENT, Reason, Step, TargetRules, Todo, plan
from interop_cli.domain.sync.records import LocalRecord, RemoteIdentity, RemoteRecord
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.called import code_of
from interop_cli.store.store import Store
from interop_cli.store.sync.departures import inheritances
from interop_cli.store.sync.links import linked
from interop_cli.store.sync.records import EVERYTHING, RecordScope, by_ids, records
from interop_cli.store.sync.records import ids as record_ids
from interop_cli.store.sync.targets import RESTED, TargetRow, all_targets
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.departing import inheriting
from interop_cli.sync.lease import may_live, new_owner, refuse_busy
from interop_cli.system import Clock

T = TypeVar("T")
RENAMED = msg(
    "That system knows it by this field, which changed: change it there, then sync link CODE VALUE."
)


@dataclass
class OpenTarget:
    """One target in one run of the program. ``owner`` signs our claims."""

    store: Store
    target: TargetRow
    connector: Connector
    clock: Clock
    owner: str = field(default_factory=new_owner)
    lives: Callable[[str | None, str | None, str], bool] = may_live
    auto: bool = False
    """Whether the company asked for it (``sync.auto``) rather than the user, who then needs no
    right to sync.
    """
    final: bool = False
    """Whether what cannot be taken back there may be sent."""
    secrets: TargetSecrets | None = None
    recognised: bool = False
    """Whether the remote has been asked which one it is: ``remote``."""
    remote: RemoteIdentity | None = None

    @property
    def run(self) -> str:
        """A short name of this run, for the log."""
        return self.owner[-12:]

    @property
    def form(self) -> str:
        """The version of the rules that make payloads."""
        return f"{self.connector.kind}.{self.connector.form}"

    def write(self, work: Callable[[UnitOfWork], T], operation: str = "sync.push") -> T:
        """One transaction; nothing in it may call the remote."""
        return self.store.run(work, operation="auto.push" if self.auto else operation)[0]

    def fetched(self, entity: str, remote_ids: Iterable[str]) -> dict[str, RemoteRecord]:
        """Any number of records there by their remote ids, as ``fetch`` gives them, batch by batch.

        Raises Trouble.
        """
        ids, size = list(dict.fromkeys(remote_ids)), self.connector.batch_size
        found: dict[str, RemoteRecord] = {}
        for start in range(0, len(ids), size):
            found |= self.connector.fetch(entity, ids[start : start + size])
        return found

    def note(self, operation: str = "sync.push", **values: object) -> None:
        """Write down what a run found out about the target: ``paused_until``, ``failures``…"""
        self.write(lambda uow: uow.targets.note(self.target.id, **values), operation)
        self.target = replace(self.target, **values)  # type: ignore[arg-type]

    def event(
        self,
        entity: str,
        local_id: int,
        action: str,
        outcome: str,
        *,
        at: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A line of the log about a record, as ``sync_log`` takes it; ``at``: None for now."""
        return {
            "target_id": self.target.id,
            "run": self.run,
            "at": at or self.clock.stamp(),
            "entity": entity,
            "local_id": local_id,
            "action": action,
            "outcome": outcome,
            **more,
        }

    def note_introduced(self) -> None:
        """Note that what it holds has been looked at: from now on records are created."""
        self.note(introduced=True)

    def note_in_step(self, entity: str, stamps: Sequence[tuple[int, str]]) -> bool:
        """Note that records (id, stamp) are in step as they are; whether there were any."""
        if not stamps:
            return False
        self.write(lambda uow: self.in_step(uow, entity, stamps))
        return True

    def in_step(self, uow: UnitOfWork, entity: str, stamps: Iterable[tuple[int, str]]) -> None:
        """The same within a transaction."""
        same = {"form": self.form, "version": self.target.version}
        rows = [{"local_id": local_id, "stamp": stamp, **same} for local_id, stamp in stamps]
        uow.links.refresh(self.target.id, entity, rows)

    def expire_claims(self) -> None:
        """Turn the claims of runs that are gone into unknown outcomes."""
        now = self.clock.stamp()
        self.write(
            lambda uow: uow.links.expire(
                self.target.id, lambda owner, until: not self.lives(owner, until, now)
            )
        )

    def rules(self, entity: str, *, again: bool = False) -> TargetRules:
        """What this target wants of an entity."""
        return TargetRules(
            role=self.connector.role,
            descriptor=self.connector.descriptor(entity),
            payload=self.connector.payload,
            form=self.form,
            now=self.clock.stamp(),
            prospects=self.target.settings.get("prospects") is True,
            again=again,
            merges=entity in self.connector.merges,
            erases=entity in self.connector.erases,
            final=self.final,
            only_read=entity in self.connector.only_read,
            reads=not self.connector.by_file,
        )

    def steps(
        self,
        entity: str,
        scope: RecordScope = EVERYTHING,
        *,
        everything: bool = False,
        again: bool = False,
    ) -> Iterator[Step]:
        """What a push would do, record by record; only what is pending, unless ``everything``."""
        if entity in self.connector.only_read and not everything:
            return iter(())
        conn, pending = self.store.conn, self._pending(everything or again)
        found = records(conn, entity, self.target.id, scope, pending=pending)
        heirs = inheritances(conn, entity, self.target.id)
        return self._planned(entity, inheriting(found, heirs) if heirs else found, again=again)

    def ids(
        self, entity: str, scope: RecordScope = EVERYTHING, *, everything: bool = False
    ) -> list[int]:
        """The ids of the records of these steps."""
        if entity in self.connector.only_read and not everything:
            return []
        pending = self._pending(everything)
        return record_ids(self.store.conn, entity, self.target.id, scope, pending=pending)

    def _pending(self, everything: bool) -> tuple[str, int] | None:
        return None if everything else (self.form, self.target.version)

    def steps_of(self, entity: str, ids: Iterable[int], *, again: bool = False) -> Iterator[Step]:
        """The same for records by their ids, as they are now."""
        found = by_ids(self.store.conn, entity, self.target.id, list(ids))
        return self._planned(entity, found, again=again)

    def _planned(
        self, entity: str, found: Iterable[tuple[LocalRecord, Link]], *, again: bool
    ) -> Iterator[Step]:
        rules = self.rules(entity, again=again)
        descriptor = rules.descriptor
        key = descriptor.key if descriptor.known_by_key else None
        if key is not None:
            found = _as_known(found, key)
        steps = (plan(local, self._aged(link, rules.now), rules) for local, link in found)
        if key is None:
            return steps
        return _told_apart(self.store.conn, self.target.id, entity, key, steps)

    def _aged(self, link: Link, now: str) -> Link:
        """A link that knows whether whoever claimed it may still be at it."""
        if link.state is not LinkState.CLAIMED:
            return link
        return replace(link, alive=self.lives(link.owner, link.lease_until, now))


def open_target(
    store: Store,
    target: TargetRow,
    clock: Clock,
    environ: Mapping[str, str],
    *,
    timeout: float,
    folder: Path | None,
    ends: float | None = None,
) -> OpenTarget:
    """A target at work. Raises ConfigError where its kind is unknown or its address refused."""
    secrets = secrets_of(target, environ, folder)
    tools = Tools(
        clock,
        secrets,
        base_url=environ.get(variable(target.name, "BASE_URL")) or None,
        token_url=environ.get(variable(target.name, "TOKEN_URL")) or None,
        authorize_url=environ.get(variable(target.name, "AUTHORIZE_URL")) or None,
        timeout=timeout,
        ends=ends,
        ca_bundle=environ.get("REQUESTS_CA_BUNDLE") or None,
        proxy=environ.get("INTEROP_PROXY") or None,
    )
    configured = Target(
        target.id, target.name, target.kind, target.settings, target.version, target.uid
    )
    return OpenTarget(store, target, connector_for(configured, tools), clock, secrets=secrets)


def secrets_of(target: TargetRow, environ: Mapping[str, str], folder: Path | None) -> TargetSecrets:
    """Where the secret of a target is kept."""
    names: Sequence[str] = ()
    with suppress(ConfigError):  # of a kind that is not installed any more
        names = connector_class(target.kind).secret_names
    return TargetSecrets(target.name, target.uid, names, environ, folder)


def accounting_fields(
    conn: Connection, open_target: Callable[[TargetRow], OpenTarget]
) -> dict[str, RemoteField] | None:
    """The fields ``accounting.*`` of all targets, by the name after the dot; None: no targets.

    A target whose settings are wrong does not keep clients from being written.
    """
    targets = all_targets(conn)
    found: dict[str, RemoteField] = {}
    for target in targets:
        try:
            fields = open_target(target).connector.descriptor("client").fields
        except InteropError:
            continue
        for one in fields:
            if one.name.startswith("accounting."):
                found.setdefault(one.name.partition(".")[2], one)
    return found if targets else None


# -- targets that know a record by its key alone ------------------------------------------------

# Two records of ours with one key would be one over there, and a record whose key changed would be
# a new one. Both are held back, in every plan that is made, until somebody mends it.


def _as_known(
    found: Iterable[tuple[LocalRecord, Link]], key: str
) -> Iterator[tuple[LocalRecord, Link]]:
    """The same records; merged ones with the key that they had when they were sent.

    A merge gives a code away: what is made inactive there is the one that is known under it.
    """
    for local, link in found:
        if local.departure is not None and link.remote_id and key in local.values:
            local = replace(local, values={**local.values, key: link.remote_id})
        yield local, link


def _told_apart(
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


# -- which remote system it is ------------------------------------------------------------------

# The records of any other one are strangers: ids of remote records are small numbers in some
# systems, and with another company's books a link would still fit. So it is asked when a target is
# connected, and by every run before it reads or writes a record.


def recognise(opened: OpenTarget, *, note: bool = True) -> None:
    """See to it that the remote is the one that the target's links belong to.

    It is asked once a run. Where it was not known yet it is noted, unless told not to. Raises
    Conflict ``sync.remote.other``, Trouble.
    """
    if not opened.recognised:
        opened.remote = opened.connector.identity()
        opened.recognised = True
    if opened.remote is None:
        return
    refuse_other(opened.target, opened.remote)
    if note and opened.target.remote is None:
        opened.note(remote=opened.remote.id, remote_name=opened.remote.name)


def refuse_other(target: TargetRow, found: RemoteIdentity) -> None:
    """Raise Conflict ``sync.remote.other`` where a target's links belong to another system."""
    if not _is_other(target, found):
        return
    raise Conflict(
        "sync.remote.other",
        msg(
            "{target} is linked with {known}, and this is {found}; nothing was sent.",
            target=target.name,
            known=target.remote_name or target.remote,
            found=found.name,
        ),
        hint=msg(
            "Make a target of its own for it with interop sync add, or begin anew with"
            " interop sync connect {target} --new-remote",
            target=target.name,
        ),
    )


def connected(opened: OpenTarget, remote: RemoteIdentity | None, *, empty: bool) -> int:
    """Note that the remote lets us in, and which one it is; the target needs no rest any more.

    Where it is another one than before, everything is detached from what was there and has to be
    matched again; how many links that were. ``empty``: nothing there can be one of ours. Raises
    Busy where a run is at work.
    """
    values: dict[str, object] = dict(RESTED)
    other = _is_other(opened.target, remote)
    if remote is not None:
        values |= {"remote": remote.id, "remote_name": remote.name}
    if other:
        values |= {"introduced": False, "pulled_at": None}
    if empty:
        values["introduced"] = True

    def note(uow: UnitOfWork) -> int:
        forgotten = 0
        if other:
            refuse_busy(uow.targets.by_id(opened.target.id), opened.clock.stamp())
            forgotten = uow.targets.forget_links(opened.target.id)
        uow.targets.note(opened.target.id, **values)
        return forgotten

    forgotten = opened.write(note, "sync.connect")
    opened.target = replace(opened.target, **values)  # type: ignore[arg-type]
    return forgotten


def _is_other(target: TargetRow, found: RemoteIdentity | None) -> bool:
    return found is not None and target.remote not in (None, found.id)
