"""A target at work: its configuration, its connector, the store, and who we are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from interop_cli.clock import Clock
from interop_cli.connectors.protocol import Connector
from interop_cli.domain.sync.link import Link, State
from interop_cli.domain.sync.plan import Rules, Step, plan
from interop_cli.domain.sync.records import Local
from interop_cli.store.store import Store
from interop_cli.store.sync.records import EVERYTHING, Scope, by_ids, records
from interop_cli.store.sync.targets import TargetRow
from interop_cli.store.uow import UnitOfWork
from interop_cli.sync.process import may_live, new_owner

T = TypeVar("T")


@dataclass
class Site:
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

    def rules(self, entity: str, *, again: bool = False) -> Rules:
        """What this target wants of an entity."""
        return Rules(
            role=self.connector.role,
            descriptor=self.connector.descriptor(entity),
            payload=self.connector.payload,
            form=self.form,
            now=self.clock.stamp(),
            prospects=self.target.settings.get("prospects") is True,
            again=again,
        )

    def steps(
        self, entity: str, scope: Scope = EVERYTHING, *, everything: bool = False,
        again: bool = False,
    ) -> Iterator[Step]:  # fmt: skip
        """What a push would do, record by record; only what is pending, unless ``everything``."""
        pending = None if everything or again else (self.form, self.target.version)
        found = records(self.store.conn, entity, self.target.id, scope, pending=pending)
        return self._planned(entity, found, again=again)

    def steps_of(self, entity: str, ids: Iterable[int], *, again: bool = False) -> Iterator[Step]:
        """The same for records by their ids, as they are now."""
        found = by_ids(self.store.conn, entity, self.target.id, list(ids))
        return self._planned(entity, found, again=again)

    def _planned(
        self, entity: str, found: Iterable[tuple[Local, Link]], *, again: bool
    ) -> Iterator[Step]:
        rules = self.rules(entity, again=again)
        for local, link in found:
            if link.state is State.CLAIMED:
                alive = self.lives(link.owner, link.lease_until, rules.now)
                yield plan(local, replace(link, alive=alive), rules)
            else:
                yield plan(local, link, rules)
