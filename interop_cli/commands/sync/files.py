"""``sync export`` and ``ack``: targets that are fed with files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.commands.sync import common
from interop_cli.disk import expanded
from interop_cli.domain.errors import IoFailure, UsageError, why
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, translate
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.paths import FileRead
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services import Outcome
    from interop_cli.store.sync.records import RecordScope
    from interop_cli.sync.exporting import ExportReport
    from interop_cli.sync.target import OpenTarget

MAX_REJECTED = 16 * 1024 * 1024


@command("export", out_folder=True)
@argument("name", metavar="TARGET")
@selector_options
@option("--force", is_flag=True, help=N_("Send what is equal to what was sent, too."))
def export_command(app: App, name: str, picked: Picked, force: bool) -> None:
    """Write what is pending into a file that the target imports, with a manifest beside it.

    --out names the folder. Each batch has a file of its own, and its clients wait for sync ack.
    Nothing pending: no file, and exit code 0.

    \b
    interop sync export books --out /srv/import
    """
    from interop_cli.connectors import connector_class
    from interop_cli.sync.report import outcome

    out = app.options.pop("out", None)  # a folder here, not where the answer goes
    target = common.only(app, name)
    if not connector_class(target.kind).by_file:
        raise UsageError(
            "usage.target",
            msg("{target} is not fed with files.", target=name),
            hint=msg("interop sync push --target {target}", target=name),
        )
    opened = app.open_target(target)
    strict = bool(picked.codes)
    report = hand_over(
        app, opened, common.scope_of(app, picked), strict=strict, again=force, out=out
    )
    found = outcome([report])
    found.operation, found.dry_run = "sync.export", app.dry_run
    found.extra = {
        "target": name,
        "batch": report.batch,
        "blocked": _blocked(report),
        "files": report.files,
    }
    for item in found.items:
        if item["error"] is not None:
            item["error"] = {**item["error"], "message": translate(item["error"]["message"])}
    if len(found.items) == 1 and found.items[0]["status"] == "skipped":
        common.refuse_alone(found.items[0])
    app.conclude(found)
    common.tell_left(app, report)
    app.output.result(found.as_dict())


def _blocked(report: ExportReport) -> int:
    from interop_cli.sync.report import SKIPPED

    return report.count(SKIPPED)


def hand_over(
    app: App,
    opened: OpenTarget,
    scope: RecordScope,
    *,
    strict: bool,
    again: bool,
    out: str | None = None,
) -> ExportReport:
    """Export what is pending, and say where it is and what comes next."""
    from interop_cli.sync.exporting import Export

    folder = Path(expanded(out, "--out")) if out else opened.connector.folder  # type: ignore[attr-defined]
    export = Export(
        opened,
        folder,
        scope,
        again=again,
        strict=strict,
        wait=app.lock_timeout,
        claim_path=lambda path: app.paths.claim(str(path)),
    )
    if app.dry_run:
        return export.tried()
    report = export.run()
    if report.batch is None and not report.held_back and not report.failed:
        app.output.message(_("{target}: there is nothing to export.", target=opened.target.name))
    for file in report.files:
        app.output.message(
            _(
                "Rows in {path}: {count}. Import it, then: interop sync ack {batch} --ok",
                path=file["path"],
                count=file["rows"],
                batch=report.batch,
            )
        )
    return report


@command("ack")
@argument("batch")
@option("--ok", "taken", is_flag=True, help=N_("All of it was taken."))
@option(
    "--rejected",
    type=FileRead(Path),
    metavar="FILE",
    help=N_("All but these: a code a line, or CSV with code and reason."),
)
def ack_command(app: App, batch: str, taken: bool, rejected: Path | None) -> None:
    """Say what became of a batch: its clients are in step then, or blocked until they change.

    \b
    interop sync ack books-20261124-1 --ok
    interop sync ack books-20261124-1 --rejected refused.csv
    """
    from interop_cli.store.sync.targets import all_targets
    from interop_cli.sync import acknowledging

    if taken == (rejected is not None):
        raise UsageError("usage.ack", msg("Say either --ok or --rejected FILE."))
    refused = acknowledging.read_rejected(_read(rejected)) if rejected is not None else {}
    target_id, waiting = acknowledging.target_of(app.store.conn, batch)
    target = next(one for one in all_targets(app.store.conn) if one.id == target_id)
    opened = app.open_target(target)

    def work(uow: Any) -> Outcome:
        return acknowledging.acknowledge(uow, opened, batch, refused)

    if not waiting:
        app.output.message(_("Batch {batch} was acknowledged before.", batch=batch))
        refused = {}
    app.write("sync.ack", work)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_REJECTED)
    except OSError as error:
        raise IoFailure(
            "sync.ack.file", msg("{path} cannot be read: {why}.", path=str(path), why=why(error))
        ) from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # as the desktop systems here write
