"""``sync plan`` and ``status``: what a push would do, and where everything stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.commands.selectors import Picked, selector_options
from interop_cli.commands.sync import common
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, translate

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.sync.plan import Step
    from interop_cli.store.sync.records import Scope
    from interop_cli.sync.site import Site

EXIT_ATTENTION = 10
BATCH = 500


@click.command("plan", cls=Command)
@selector_options
@common.target_option
@option("--offline", is_flag=True, help=N_("Call nobody: compare with what was last pushed."))
@option("--skipped", is_flag=True, help=N_("Show the records that need nothing, too."))
@option("--detailed-exitcode", is_flag=True, help=N_("Exit 10 where there is something to send."))
@pass_app
def plan_command(
    app: App, picked: Picked, target_name: str | None, offline: bool, skipped: bool,
    detailed_exitcode: bool,
) -> None:  # fmt: skip
    """Show what a push would do, client by client, with the fields that differ; nothing is sent.

    \b
    interop sync plan --target crm --offline
    interop sync plan ACME --json
    """
    scope = common.scope_of(app, picked)
    everything = bool(picked.codes) or skipped
    counts: Counter[str] = Counter()
    targets = common.chosen(app, target_name)

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        for target in targets:
            site = app.site(target)
            with common.remote_errors(site):
                yield from _planned(site, scope, counts, offline=offline, everything=everything)

    app.output.rows(_columns(), batches(), key="code", spool=app.store.conn.readers_block_writers)
    todo = sum(counts[name] for name in ("create", "update", "rename", "deactivate", "check"))
    app.output.message(
        _("{todo} to send, {blocked} blocked, {skip} in step.", todo=todo,
          blocked=counts["blocked"], skip=counts["skip"])
    )  # fmt: skip
    if detailed_exitcode and todo:
        app.exit_code = EXIT_ATTENTION


def _columns() -> list[Any]:
    from interop_cli.domain.columns import Column, Kind

    kinds = {"id": Kind.INT, "changes": Kind.JSON}
    hidden = {"id", "reason", "changes"}
    names = ("target", "entity", "id", "code", "number", "action", "reason", "field", "fields",
             "message", "waits_for", "changes")  # fmt: skip
    return [Column(name, kinds.get(name, Kind.TEXT), table=name not in hidden) for name in names]


def _planned(
    site: Site, scope: Scope, counts: Counter[str], *, offline: bool, everything: bool
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of one target, in batches."""
    from interop_cli.domain.sync.plan import Todo

    for entity in site.connector.entities:
        rows = []
        for step in _steps(site, entity, scope, offline=offline, everything=everything):
            counts[str(step.todo)] += 1
            if step.todo is not Todo.SKIP or everything:
                rows.append(_row(site, step))
            if len(rows) >= BATCH:
                yield rows
                rows = []
        if rows:
            yield rows


def _steps(
    site: Site, entity: str, scope: Scope, *, offline: bool, everything: bool
) -> Iterator[Step]:
    from interop_cli.sync.online import looked

    steps = site.steps(entity, scope, everything=everything)
    return steps if offline else looked(site, entity, steps)


def _row(site: Site, step: Step) -> tuple[Any, ...]:
    from interop_cli.domain.sync.plan import changes_of

    reason, local = step.reason, step.local
    return (
        site.target.name, local.entity, local.id, local.code, local.number, str(step.todo),
        reason.code if reason else None, reason.field if reason else None,
        ", ".join(change.field for change in step.changes) or None,
        translate(reason.message) if reason else None, step.waits_for, list(changes_of(step)),
    )  # fmt: skip


@click.command("status", cls=Command)
@common.target_option
@pass_app
def status_command(app: App, target_name: str | None) -> None:
    """Show where each target stands: in step, pending, blocked, in conflict, detached, failed.

    \b
    interop sync status --json
    """
    from interop_cli.domain.columns import Column, Kind
    from interop_cli.sync.status import NAMES, status

    texts = {"target", "kind", "paused_by"}
    times = {"paused_until", "pushed_at", "pulled_at"}
    hidden = {"kind", "unknown", "excluded", "awaiting", "drift", "paused_by", "pulled_at"}
    columns = [
        Column(
            name,
            Kind.TEXT if name in texts else Kind.TIME if name in times
            else Kind.BOOL if name == "paused" else Kind.INT,
            table=name not in hidden,
        )
        for name in NAMES
    ]  # fmt: skip
    app.output.pick(columns, key="target")
    rows = [
        tuple(found[name] for name in NAMES)
        for found in (status(app.site(target)) for target in common.named(app, target_name))
    ]
    app.output.rows(columns, [rows], key="target")
