"""``sync pull`` and ``resolve``: what changed over there, and whose value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop_cli.app import EXIT_ATTENTION
from interop_cli.commands.sync import common
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, ngettext
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.sync.link import Link
    from interop_cli.domain.sync.records import LocalRecord
    from interop_cli.sync.target import OpenTarget

PULLED = ("target", "entity", "id", "code", "what", "field", "pushed", "theirs", "remote_id")
COLUMNS = ("target", "entity", "id", "code", "field", "pushed", "ours", "theirs")


@command("pull")
@selector_options
@common.target_option
@option("--full", is_flag=True, help=N_("Read every linked record, not only what changed."))
@option(
    "--accept-empty",
    is_flag=True,
    help=N_("Believe a target in which none of the linked records is left."),
)
def pull_command(
    app: App, picked: Picked, target_name: str | None, full: bool, accept_empty: bool
) -> None:
    """Show what was changed, deleted or merged over there (exit 10 where something was).

    Orphans are records there that carry a key of ours which nobody here has: they are never taken
    over. Nothing here changes by it: sync resolve decides whose value stands.

    \b
    interop sync pull --target crm
    """
    from interop_cli.sync.pulling import pull

    scope = common.scope_of(app, picked)
    rows: list[tuple[Any, ...]] = []
    targets = common.chosen(app, target_name)
    failures = common.Failures(app, targets)
    for target in targets:
        with failures.of(target):
            opened = app.open_target(target)
            with common.remote_errors(opened):
                found = pull(
                    opened,
                    scope,
                    full=full or bool(picked.codes),
                    accept_empty=accept_empty,
                    wait=app.lock_timeout,
                )
            rows += [tuple(row[name] for name in PULLED) for row in found.rows(target.name)]
            app.output.message(
                ngettext(
                    "{target}: {n} record read.",
                    "{target}: {n} records read.",
                    found.read,
                    target=target.name,
                )
            )
    failures.tell_if_all()
    _rows(app, PULLED, rows)
    common.tell_warnings(app)
    app.exit_code = EXIT_ATTENTION if rows else 0
    failures.tell()


def _rows(app: App, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from interop_cli.domain.fields.field import Column, ValueKind

    columns = [
        Column(name, ValueKind.INT if name == "id" else ValueKind.TEXT, table=name != "id")
        for name in names
    ]
    app.output.rows(columns, [rows] if rows else [], key="code")


@command("resolve")
@argument("client", metavar="CODE")
@common.target_option
@common.entity_options
@option(
    "--take",
    "taken",
    multiple=True,
    metavar="local|remote|FIELD=SIDE",
    help=N_("Whose value stands: for all fields, or for one."),
)
def resolve_command(
    app: App,
    client: str,
    target_name: str | None,
    contact_id: int | None,
    number: str | None,
    taken: tuple[str, ...],
) -> None:
    """Show a conflict in three columns: last pushed, ours, theirs; or decide it.

    \b
    interop sync resolve ACME --target crm
    interop sync resolve ACME --target crm --take phone=remote --take name=local
    """
    from interop_cli.sync import resolving

    opened = app.open_target(common.only(app, target_name))
    local, link = common.local_of(app, opened, client, contact_id, number)
    found = resolving.columns(opened, local, link)
    if not taken:
        _show(app, opened, local, found)
        return
    chosen = resolving.decisions(found, taken)

    def work(uow: Any) -> Any:
        fresh, now = _again(uow, opened, local, link)
        return resolving.resolve(uow, opened, fresh, now, chosen, app.rules())

    app.write("sync.resolve", work)


def _show(app: App, opened: OpenTarget, local: LocalRecord, found: Any) -> None:
    if not found:
        app.output.message(_("There is no conflict."))
    rows = [
        (
            opened.target.name,
            local.entity,
            local.id,
            local.code,
            one.field,
            one.base,
            one.ours,
            one.theirs,
        )
        for one in found
    ]
    _rows(app, COLUMNS, rows)
    app.exit_code = EXIT_ATTENTION if rows else 0


def _again(
    uow: Any, opened: OpenTarget, local: LocalRecord, link: Link
) -> tuple[LocalRecord, Link]:
    """The record as it is inside the transaction."""
    from interop_cli.store.sync.records import by_ids

    return next(iter(by_ids(uow.conn, local.entity, opened.target.id, [local.id])), (local, link))
