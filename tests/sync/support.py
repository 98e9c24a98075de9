"""A store with a HubSpot target on a fake portal, and pushes as the program makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from interop_cli.connectors import connector_for
from interop_cli.connectors.protocol import Target
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card, status
from interop_cli.services.clients import merge as merging
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import contacts
from interop_cli.store.store import Store
from interop_cli.store.sync.targets import all_targets, target_named
from interop_cli.sync.push import Options, Push
from interop_cli.sync.report import Report
from interop_cli.sync.target import OpenTarget
from interop_cli.system import Clock
from tests.connectors.support import tools
from tests.fakes.memory import MemoryConnector, MemoryRemote

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def add_target(store: Store, name: str = "crm", kind: str = "hubspot", **settings: Any) -> None:
    """Configure a target; what it holds counts as looked at."""

    def add(uow: Any) -> None:
        target_id = uow.targets.add(name, kind, "0011223344556677", settings)
        uow.targets.note(target_id, introduced=1)

    store.run(add, operation="sync.add")


def open_target(
    store: Store, fake: Any, name: str = "crm", clock: Clock | None = None
) -> OpenTarget:
    """The target at work, connected to its fake."""
    clock = clock or Clock(START)
    row = target_named(store.conn, name)
    target = Target(row.id, row.name, row.kind, row.settings, row.version, row.uid)
    connector = connector_for(target, tools(fake.url, {"token": fake.token}, clock=clock))
    return OpenTarget(store, row, connector, clock)


def push(store: Store, fake: Any, *, clock: Clock | None = None, **how: Any) -> Report:
    """Push what is pending."""
    fault = how.pop("fault", lambda _point: None)
    at = open_target(store, fake, clock=clock)
    return Push(at, options=Options(**{"overlap": False, **how}), fault=fault).run()


def memory(store: Store, remote: MemoryRemote, name: str = "books", **kw: Any) -> OpenTarget:
    """A target on an accounting system in memory, at work."""
    MemoryConnector.remotes[name] = remote
    if not any(row.name == name for row in all_targets(store.conn)):
        add_target(store, name, "memory")
    row = target_named(store.conn, name)
    target = Target(row.id, row.name, row.kind, row.settings, row.version, row.uid)
    clock = kw.pop("clock", None) or Clock(START)
    return OpenTarget(
        store, row, MemoryConnector(target, tools("http://127.0.0.1", None)), clock, **kw
    )


def keep(store: Store, remote: MemoryRemote, **how: Any) -> Report:
    """Push what is pending to the accounting system in memory."""
    at = memory(
        store, remote, **{k: how.pop(k) for k in ("clock", "owner", "lives", "final") if k in how}
    )
    extra = {k: how.pop(k) for k in ("fault", "scope") if k in how}
    return Push(at, options=Options(**{"overlap": False, **how}), **extra).run()


def promote(store: Store, code: str) -> None:
    """Make a prospect a client."""
    selector = Selector(keys=[(1, code)])
    store.run(lambda uow: status.promote(uow, selector), operation="client.promote")


def recode(store: Store, code: str, new: str) -> None:
    """Give a client another code."""
    store.run(lambda uow: status.recode(uow, code, new, Context()), operation="client.recode")


def merge(store: Store, code: str, loser: str) -> None:
    """Merge a client into another one."""
    store.run(lambda uow: merging.merge(uow, code, [loser]), operation="client.merge")


def statuses(report: Report) -> dict[str, str]:
    """What became of each client, by its code."""
    return {line.code: line.status for line in report.lines.values()}


def reasons(report: Report) -> dict[str, str]:
    """Why, by the client's code."""
    return {line.code: line.reason.code for line in report.lines.values() if line.reason}


def edit(store: Store, code: str, **changes: Any) -> None:
    """Edit a client."""
    selector = Selector(keys=[(1, code)])
    store.run(lambda uow: card.edit(uow, selector, changes, Context()), operation="client.edit")


def add_contact(store: Store, code: str, name: str, **values: Any) -> int:
    """Add a contact to a client; its id."""
    outcome, _ = store.run(
        lambda uow: contacts.create(uow, code, {"name": name, **values}, Context()),
        operation="contact.create",
    )
    return int(outcome.items[0]["id"])


def links(store: Store, entity: str = "client") -> dict[int, dict[str, Any]]:
    """The links of an entity, by our ids."""
    rows = store.conn.query("SELECT * FROM sync_link WHERE entity = :entity", entity=entity)
    return {row["local_id"]: row for row in rows}
