"""``sync link`` and ``unlink``: which of our records are which of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.sync import common
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, counted, msg
from interop_cli.i18n import _
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, option, pass_app
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services.outcome import Outcome
    from interop_cli.sync.linking import Proposal
    from interop_cli.sync.target import OpenTarget

NAMES = ("target", "entity", "id", "code", "name", "remote_id", "remote_name", "how")


@click.command("link", cls=Command)
@click.argument("code", required=False, metavar="[CODE]")
@click.argument("remote_id", required=False, metavar="[REMOTE_ID]")
@common.target_option
@common.entity_options
@pass_app
def link_command(
    app: App,
    code: str | None,
    remote_id: str | None,
    target_name: str | None,
    contact_id: int | None,
    number: str | None,
) -> None:
    """Match our records with those a target already holds: by uid, e-mail or exact name.

    Shows the matches, and writes them when you agree; ambiguous ones are left to you. With a code
    and their id, links just that one.

    \b
    interop sync link --target crm
    interop sync link ACME 58 --target crm
    """
    from interop_cli.sync import linking

    if (code is None) != (remote_id is None):
        raise UsageError("usage.link", msg("Give a code and their id, or neither."))
    opened = app.open_target(common.only(app, target_name))
    if code is not None and remote_id is not None:
        _by_hand(app, opened, code, remote_id, contact_id, number)
        return
    with common.remote_errors(opened):
        proposals = linking.propose(opened)
    _show(app, opened, proposals)
    clear = [one for one in proposals if one.how != linking.AMBIGUOUS]
    if app.dry_run:
        return
    if clear and confirm.needed(app):  # they are shown above
        confirm.ask(counted("Link {count} record?", "Link {count} records?", count=len(clear)))
    linking.write(opened, proposals, app.lock_timeout)
    app.output.message(
        _(
            "{count} linked, {left} ambiguous. See: interop sync plan --target {target}",
            count=len(clear),
            left=len(proposals) - len(clear),
            target=opened.target.name,
        )
    )


def _show(app: App, opened: OpenTarget, proposals: list[Proposal]) -> None:
    from interop_cli.domain.fields.field import Column, ValueKind

    columns = [
        Column(name, ValueKind.INT if name == "id" else ValueKind.TEXT, table=name != "id")
        for name in NAMES
    ]
    found = [proposal.row(opened.target.name) for proposal in proposals]
    rows = [tuple(row[name] for name in NAMES) for row in found]
    app.output.rows(columns, [rows] if rows else [], key="code")


def _by_hand(
    app: App,
    opened: OpenTarget,
    code: str,
    remote_id: str,
    contact_id: int | None,
    number: str | None,
) -> None:
    from interop_cli.services.outcome import one
    from interop_cli.sync import linking

    local, _link = common.local_of(app, opened, code, contact_id, number)
    with common.remote_errors(opened):
        if not app.dry_run:
            linking.by_hand(opened, local, remote_id, app.lock_timeout)
    outcome = one(_item(opened, local, remote_id), changed=True)
    outcome.operation, outcome.dry_run = "sync.link", app.dry_run
    app.output.result(outcome.as_dict())


def _item(opened: OpenTarget, local: Any, remote_id: str | None) -> dict[str, Any]:
    return {
        "id": local.id,
        "code": local.code,
        "entity": local.entity,
        "target": opened.target.name,
        "remote_id": remote_id,
        "status": "ok",
        "error": None,
    }


@click.command("unlink", cls=Command)
@selector_options
@common.target_option
@common.contact_option
@option("--exclude", is_flag=True, help=N_("Do not push them there any more."))
@pass_app
def unlink_command(
    app: App, picked: Picked, target_name: str | None, contact_id: int | None, exclude: bool
) -> None:
    """Forget which of their records are ours; nothing changes over there.

    \b
    interop sync unlink ACME --target crm
    interop sync unlink ACME --target crm --contact 17
    interop sync unlink ACME --target crm --exclude
    """
    from interop_cli.shell import selectors

    selectors.check(picked)
    ask = picked.is_bulk and confirm.needed(app, stdin_is_data=picked.reads_stdin)
    scope = common.scope_of(app, picked)
    if ask:
        common.ask_about(
            app,
            scope,
            lambda count: counted("Unlink {count} client?", "Unlink {count} clients?", count=count),
        )
    opened = app.open_target(common.only(app, target_name))
    outcome = app.run(
        "sync.unlink", lambda uow: _unlinked(uow, opened, scope, contact_id, exclude=exclude)
    )
    app.output.result(outcome.as_dict())


def _unlinked(
    uow: Any, opened: OpenTarget, scope: Any, contact_id: int | None, *, exclude: bool
) -> Outcome:
    from interop_cli.services.outcome import Outcome
    from interop_cli.store.sync.records import records
    from interop_cli.sync import linking

    outcome = Outcome()
    if contact_id is not None and "contact" not in opened.connector.entities:
        raise common.takes_no(opened.target.name, "contact")
    for entity in opened.connector.entities:
        for local, link in list(records(uow.conn, entity, opened.target.id, scope)):
            if link.id is None and not exclude:
                continue
            if contact_id is not None and (entity, local.id) != ("contact", contact_id):
                continue
            changed = linking.unlink(uow, opened, local, link, exclude=exclude)
            outcome.matched += 1
            outcome.changed += changed
            outcome.unchanged += not changed
            outcome.items.append(_item(opened, local, link.remote_id))
    return outcome
