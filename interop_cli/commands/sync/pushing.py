"""``sync push`` and ``retry``: what is sent, and what became of it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from interop_cli.commands.sync import common
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, translate
from interop_cli.shell.command import command, option
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.sync.link import Link
    from interop_cli.domain.sync.records import LocalRecord
    from interop_cli.services import Outcome
    from interop_cli.store.sync.records import RecordScope
    from interop_cli.store.sync.targets import TargetRow
    from interop_cli.store.writing.unit_of_work import UnitOfWork
    from interop_cli.sync.report import Report
    from interop_cli.sync.target import OpenTarget


SHOWN = 20


@command("push")
@selector_options
@common.target_option
@option("--force", is_flag=True, help=N_("Send what is equal to what was sent, too."))
@option(
    "--allow-create",
    is_flag=True,
    help=N_("Create in a target that holds records nobody has matched."),
)
@option(
    "--irreversible",
    is_flag=True,
    help=N_("Send what cannot be taken back there, too: merges, and deletions for privacy."),
)
def push_command(
    app: App,
    picked: Picked,
    target_name: str | None,
    force: bool,
    allow_create: bool,
    irreversible: bool,
) -> None:
    """Send everything pending to the targets; what cannot be sent stays pending.

    Exit code 68 where some records failed, are in conflict, or were deleted there: each time, until
    it is mended. 69 where a target could not be reached.

    \b
    interop sync push
    interop sync push --target crm ACME
    """
    scope = common.scope_of(app, picked)
    targets = common.chosen(app, target_name)
    push(
        app,
        targets,
        scope,
        picked,
        force=force,
        allow_create=allow_create,
        irreversible=irreversible,
    )


def push(
    app: App,
    targets: list[TargetRow],
    scope: RecordScope,
    picked: Picked,
    *,
    force: bool = False,
    allow_create: bool = False,
    irreversible: bool = False,
) -> None:
    """Push to these targets, print the result, and end with the exit code that says how it went."""
    from interop_cli.sync.report import outcome

    strict = bool(picked.codes)
    reports: list[Report] = []
    failures = common.Failures(app, targets)
    for target in targets:
        with failures.of(target):
            opened = app.open_target(target)
            opened.final = irreversible
            with closing(opened.connector):
                report = _one(
                    app, opened, scope, strict=strict, force=force, allow_create=allow_create
                )
            reports.append(report)
            if report.stopped is not None:
                raise common.remote_error(target.name, report.stopped, report.until)
    found = outcome(reports)
    found.dry_run = app.dry_run
    if not reports:
        failures.tell()
    if not failures.found and len(found.items) == 1 and found.items[0]["status"] == "skipped":
        common.refuse_alone(found.items[0])
    app.conclude(found)
    for report in reports:
        common.tell_left(app, report)
    if picked.results is not None:
        found.rows = [_result(line, item) for line, item in enumerate(found.items, 1)]
    _deliver(app, found, picked)
    failures.tell()


def _one(
    app: App,
    opened: OpenTarget,
    scope: RecordScope,
    *,
    strict: bool,
    force: bool,
    allow_create: bool,
) -> Report:
    from interop_cli.sync.push import Options, Push

    if opened.connector.by_file:
        from interop_cli.commands.sync.files import hand_over

        return hand_over(app, opened, scope, strict=strict, again=force)
    options = Options(again=force, allow_create=allow_create, wait=app.lock_timeout, strict=strict)
    if app.dry_run:
        return Push(opened, scope, options).tried()
    label = _("Sending to {target}", target=opened.target.name)
    with app.output.progress(None, label) as advance:
        return Push(opened, scope, options, advance=advance).run()


def _result(line: int, item: dict[str, Any]) -> dict[str, Any]:
    error = item["error"] if item["status"] in ("error", "skipped") else None
    return {
        "line": line,
        "key": item["code"],
        "status": item["status"],
        "id": item["id"],
        "error": {"code": error["code"], "message": error["message"]} if error else None,
    }


def _deliver(app: App, outcome: Outcome, picked: Picked) -> None:
    from interop_cli.shell.selectors import deliver

    for item in outcome.items:
        if item["error"] is not None:
            item["error"] = {**item["error"], "message": translate(item["error"]["message"])}
    deliver(app, outcome, picked.results)
    if app.output.format == "table":  # where nobody reads the items as data
        for item in [item for item in outcome.items if item["status"] == "error"][:SHOWN]:
            error = item["error"] or {}
            why = [part for part in (error.get("field"), error.get("message")) if part]
            app.output.warn(
                _(
                    "{target}: {code} was not sent: {why}",
                    target=item["target"],
                    code=item["code"],
                    why=": ".join(why),
                )
            )


@command("retry")
@selector_options
@common.target_option
@option("--recreate", is_flag=True, help=N_("Create anew what was deleted or merged there."))
def retry_command(app: App, picked: Picked, target_name: str | None, recreate: bool) -> None:
    """Let failed records, and targets that rest, be tried again at the next push.

    \b
    interop sync retry --target crm
    interop sync retry ACME --recreate
    """
    from interop_cli.services import Outcome

    scope = common.scope_of(app, picked)
    total = Outcome(operation="sync.retry", dry_run=app.dry_run)
    targets = common.chosen(app, target_name)
    failures = common.Failures(app, targets)
    for target in targets:
        with failures.of(target):
            _retry(app, app.open_target(target), scope, total, recreate=recreate)
    failures.tell_if_all()
    app.output.result(total.as_dict())
    failures.tell()


def _retry(
    app: App, opened: OpenTarget, scope: RecordScope, total: Outcome, *, recreate: bool
) -> None:
    from interop_cli.domain.sync.link import LinkState
    from interop_cli.store.sync.records import records
    from interop_cli.sync.breaker import unpause

    wanted = {LinkState.FAILED, LinkState.UNKNOWN, LinkState.PENDING} | (
        {LinkState.DETACHED} if recreate else set()
    )
    found = [
        (local, link)
        for entity in opened.connector.entities
        for local, link in records(opened.store.conn, entity, opened.target.id, scope)
        if link.id is not None
        and link.state in wanted
        and (link.state in (LinkState.FAILED, LinkState.DETACHED) or link.next_at is not None)
    ]
    if not app.dry_run:
        rested = unpause(opened)
        opened.write(lambda uow: _again(uow, opened, found), "sync.retry")
        if rested:
            app.output.message(_("{target} is called again.", target=opened.target.name))
    total.matched += len(found)
    total.changed += len(found)
    total.items += [
        {
            "id": local.id,
            "code": local.code,
            "entity": local.entity,
            "target": opened.target.name,
            "status": "ok",
            "error": None,
        }
        for local, _link in found
    ]


def _again(uow: UnitOfWork, opened: OpenTarget, found: list[tuple[LocalRecord, Link]]) -> None:
    from interop_cli.domain.sync.link import LinkState
    from interop_cli.store.sync.links import CLEARED

    for local, link in found:
        values: dict[str, Any] = {"next_at": None}
        if link.state in (LinkState.FAILED, LinkState.DETACHED):
            values = {**CLEARED, "state": LinkState.PENDING, "stamp": ""}
        if link.state is LinkState.DETACHED:
            values |= {
                "remote_id": None,
                "remote_key": None,
                "remote_version": None,
                "pushed": None,
            }
        uow.links.compare_and_set(
            opened.target.id, local.entity, local.id, was=link.state, **values
        )
