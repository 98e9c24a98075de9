"""``sync plan``, ``status``, ``log``: what a push would do, where all stands, what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from interop_cli.app import EXIT_ATTENTION
from interop_cli.commands.sync import common
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled, translate
from interop_cli.shell.command import Count, argument, command, option
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.sync.plan import Step
    from interop_cli.store.sync.records import RecordScope
    from interop_cli.sync.target import OpenTarget


BATCH = 500
CHANGE = ("field", "before", "after")
SENDING = ("create", "update", "rename", "deactivate", "merge", "erase", "check")


@command("plan")
@selector_options
@common.target_option
@option("--offline", is_flag=True, help=N_("Call nobody: compare with what was last pushed."))
@option(
    "--irreversible",
    is_flag=True,
    help=N_("As a push with --irreversible: merges, and deletions for privacy, count as sent."),
)
@option("--skipped", is_flag=True, help=N_("Show the records that need nothing, too."))
@option("--detailed-exitcode", is_flag=True, help=N_("Exit 10 where there is something to send."))
def plan_command(
    app: App,
    picked: Picked,
    target_name: str | None,
    offline: bool,
    irreversible: bool,
    skipped: bool,
    detailed_exitcode: bool,
) -> None:
    """Show what a push would do, client by client, with the fields that differ; nothing is sent.

    \b
    interop sync plan --target crm --offline
    interop sync plan ACME --json
    """
    scope = common.scope_of(app, picked)
    everything = bool(picked.codes) or skipped
    counts, refused = Counter[str](), Counter[str]()
    targets = common.chosen(app, target_name)
    failures = common.Failures(app, targets)

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        for target in targets:
            with failures.of(target):
                opened = app.open_target(target)
                opened.final = irreversible
                with common.remote_errors(opened):
                    yield from _planned(
                        opened, scope, counts, refused, offline=offline, everything=everything
                    )
        failures.tell_if_all()

    app.output.rows(_columns(), batches(), key="code", spool=app.store.conn.readers_block_writers)
    todo = sum(counts[name] for name in SENDING)
    blocked, skip = counts["blocked"], counts["skip"]
    if skip or everything:
        said = _(
            "{todo} to send, {blocked} blocked, {skip} in step.",
            todo=todo,
            blocked=blocked,
            skip=skip,
        )
    else:  # what needs nothing was not looked at, and not counted
        said = _("{todo} to send, {blocked} blocked.", todo=todo, blocked=blocked)
    app.output.message(said)
    if counts["held"]:
        app.output.message(_("To do by hand: {count}.", count=counts["held"]))
    for name, count in refused.items():
        common.tell_refused(app, name, count)
    common.tell_warnings(app)
    if detailed_exitcode and todo:
        app.exit_code = EXIT_ATTENTION
    failures.tell()


def _columns() -> list[Any]:
    from interop_cli.domain.fields.field import Column, ValueKind

    kinds = {"id": ValueKind.INT, "changes": ValueKind.JSON, "irreversible": ValueKind.BOOL}
    hidden = {"id", "reason", "changes"}
    names = (
        "target",
        "entity",
        "id",
        "code",
        "number",
        "action",
        "irreversible",
        "reason",
        "field",
        "fields",
        "message",
        "waits_for",
        "changes",
    )
    return [
        Column(name, kinds.get(name, ValueKind.TEXT), table=name not in hidden) for name in names
    ]


def _planned(
    opened: OpenTarget,
    scope: RecordScope,
    counts: Counter[str],
    refused: Counter[str],
    *,
    offline: bool,
    everything: bool,
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of one target, in batches."""
    from interop_cli.domain.sync.plan import Todo
    from interop_cli.output.columns import listed
    from interop_cli.sync.arranging import Coming, told
    from interop_cli.sync.online_plan import looked

    coming: Coming = set()
    for entity in opened.connector.entities:
        rows = []
        steps = partial(opened.steps, entity, scope, everything=everything)
        plan = told if offline else looked
        for step in plan(opened, entity, steps, coming):
            refused[opened.target.name] += step.is_refused
            counts["held" if step.is_held else str(step.todo)] += 1
            if step.todo is not Todo.SKIP or everything:
                rows.append(_row(opened.target.name, step, listed))
            if len(rows) >= BATCH:
                yield rows
                rows = []
        if rows:
            yield rows


def _row(target: str, step: Step, listed: Callable[..., Any]) -> tuple[Any, ...]:
    reason, local, changes = step.reason, step.local, step.changes
    return (
        target,
        local.entity,
        local.id,
        local.code,
        local.number,
        step.todo.value,
        step.is_final,
        reason.code if reason else None,
        reason.field if reason else None,
        ", ".join([change.field for change in changes]) or None,
        translate(reason.message) if reason else None,
        step.waits_for,
        listed(CHANGE, changes),
    )


@command("status")
@common.target_option
@option(
    "--check",
    is_flag=True,
    help=N_("Exit 10 and say in one line where something needs a person; else say nothing."),
)
def status_command(app: App, target_name: str | None, check: bool) -> None:
    """Show where each target stands: in step, pending, blocked, in conflict, detached, failed.

    These sum to what is eligible. Beside them stand what is excluded, what a person has to do there
    by hand, and orphans: records there that carry a key of ours which nobody here has (sync pull
    finds them).

    \b
    interop sync status --json
    interop sync status --check || mail ...
    """
    from interop_cli.connectors.oauth import about_lapse
    from interop_cli.domain.fields.field import Column, ValueKind
    from interop_cli.sync.report import NAMES, SUMMED, status

    kinds = {
        **dict.fromkeys(("target", "kind", "paused_by", "attention"), ValueKind.TEXT),
        **dict.fromkeys(("paused_until", "pushed_at", "pulled_at", "login_until"), ValueKind.TIME),
        "paused": ValueKind.BOOL,
    }
    shown = {"target", "eligible", *SUMMED, "by_hand", "orphans", "paused", "pushed_at"}
    columns = [Column(name, kinds.get(name, ValueKind.INT), table=name in shown) for name in NAMES]
    app.output.pick(columns, key="target")
    found: list[dict[str, Any]] = []
    targets = common.named(app, target_name)
    failures = common.Failures(app, targets)
    for target in targets:
        with failures.of(target):
            found.append(status(app.open_target(target)))
    if targets:
        failures.tell_if_all()
    told = [row for row in found if row["attention"]]
    if check and told:
        app.exit_code = EXIT_ATTENTION
    if check and app.output.format in ("table", "plain"):
        if told:
            app.output.text(["; ".join(map(_in_words, told)), "\n"])
        failures.tell()
        return
    app.output.rows(columns, [[tuple(row[name] for name in NAMES) for row in found]], key="target")
    for row in found:
        common.tell_refused(app, row["target"], row["refused"])
        said = about_lapse(row["target"], row["login_until"], app.clock)
        if said is not None:
            app.output.warn(labelled(translate(said[0]), translate(said[1])))
    failures.tell()


def _in_words(row: dict[str, Any]) -> str:
    """What needs a person in a target, for a mail."""
    from interop_cli.output.words import title

    names = (part.partition(" ") for part in row["attention"].split(", "))
    told = {"login_until": " " + str(row["login_until"])[:10]}
    parts = [title(name) + told.get(name, space + count) for name, space, count in names]
    return labelled(row["target"], ", ".join(parts))


@command("log")
@argument("client", required=False, metavar="[CODE]")
@common.target_option
@option(
    "--limit", type=Count(min=0), default=100, metavar="N", help=N_("The latest N (100); 0: all.")
)
@option("--failed", is_flag=True, help=N_("Only what went wrong."))
def log_command(
    app: App, client: str | None, target_name: str | None, limit: int, failed: bool
) -> None:
    """Show the calls, the latest first: no contents, and no secrets.

    \b
    interop sync log --target crm --failed
    interop sync log ACME --json
    """
    from interop_cli.store.reading.called import resolve
    from interop_cli.store.sync import log

    conn = app.store.conn
    columns = log.columns()
    app.output.pick(columns, key="code")
    target_id = common.only(app, target_name).id if target_name else None
    client_id = resolve(conn, client)[0] if client else None
    batches = log.rows(
        conn, target_id=target_id, client_id=client_id, failed=failed, limit=limit or None
    )
    app.output.rows(columns, batches, key="code", spool=conn.readers_block_writers)
