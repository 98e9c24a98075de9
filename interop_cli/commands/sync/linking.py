"""``sync link`` and ``unlink``: which of our records are which of theirs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from interop_cli.commands.sync import common
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, counted, msg
from interop_cli.i18n import _, ngettext
from interop_cli.shell import confirm
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.selectors import Picked, bulk_limit, limit_options, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services import Outcome
    from interop_cli.services.imports.matching import Refusals
    from interop_cli.store.writing.unit_of_work import UnitOfWork
    from interop_cli.sync.target import OpenTarget

NAMES = ("target", "entity", "id", "code", "name", "remote_id", "remote_name", "how")
WHY = ("field", "reason", "message")
"""Beside those, of what is brought in: what the rules refuse about it."""
HIDDEN = ("id", "reason")
LEFT = ("ambiguous", "orphan", "without_client", "refused")


@command("link")
@argument("code", required=False, metavar="[CODE]")
@argument("remote_id", required=False, metavar="[REMOTE_ID]")
@common.target_option
@common.entity_options
@option("--import", "bring_in", is_flag=True, help=N_("Create here what is only there, too."))
@option("--prospect", "prospects", is_flag=True, help=N_("Create clients here as prospects."))
@limit_options
def link_command(
    app: App,
    code: str | None,
    remote_id: str | None,
    target_name: str | None,
    contact_id: int | None,
    number: str | None,
    bring_in: bool,
    **how: Any,
) -> None:
    """Match our records with those a target already holds: by uid, e-mail or exact name.

    Shows the matches, and writes them when you agree; ambiguous ones are left to you. With a code
    and their id, links just that one. With --import, clients and contacts that are only there are
    created here, by the rules of an import, and linked; those that may be here already (name and
    place, or e-mail) are shown as ambiguous. It is one operation, which journal undo takes back.

    \b
    interop sync link --target crm
    interop sync link --target crm --import --dry-run
    interop sync link ACME 58 --target crm
    """
    from interop_cli.sync import linking

    if (code is None) != (remote_id is None) or (code is not None and bring_in):
        raise UsageError("usage.link", msg("Give a code and their id, or neither."))
    if any(value not in (None, False) for value in how.values()) and not bring_in:
        raise UsageError("usage.link", msg("These options go with --import."))
    opened = app.open_target(common.only(app, target_name))
    if bring_in:
        _bring_in(app, opened, **how)
        return
    if code is not None and remote_id is not None:
        _by_hand(app, opened, code, remote_id, contact_id, number)
        return
    with common.remote_errors(opened):
        proposals = linking.propose(opened)
    _show(app, [proposal.row(opened.target.name) for proposal in proposals], NAMES)
    clear = [one for one in proposals if one.how != linking.AMBIGUOUS]
    if app.dry_run:
        return
    if clear and confirm.needed(app):  # they are shown above
        confirm.ask(counted("Link {count} record?", "Link {count} records?", count=len(clear)))
    linking.write(opened, proposals, app.lock_timeout)
    app.output.message(
        _(
            "{linked}, {ambiguous}. See: interop sync plan --target {target}",
            linked=ngettext("{n} linked", "{n} linked", len(clear)),
            ambiguous=ngettext("{n} ambiguous", "{n} ambiguous", len(proposals) - len(clear)),
            target=opened.target.name,
        )
    )


def _show(app: App, found: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    from interop_cli.domain.fields.field import Column, ValueKind

    columns = [
        Column(name, ValueKind.INT if name == "id" else ValueKind.TEXT, table=name not in HIDDEN)
        for name in names
    ]
    rows = [tuple(row.get(name) for name in names) for row in found]
    app.output.rows(columns, [rows] if rows else [], key="code")


def _bring_in(
    app: App,
    opened: OpenTarget,
    *,
    prospects: bool,
    expect: int | None,
    max_affected: int | None,
    continue_on_error: bool,
) -> None:
    """Link what matches, and create here what is there alone."""
    from interop_cli.output.notices import warnings
    from interop_cli.services.clients.bulk import Selector
    from interop_cli.services.imports.rows import repeated
    from interop_cli.store.writing.repositories.operations import BROUGHT_IN
    from interop_cli.sync import linking
    from interop_cli.sync.bringing_in import BringingIn, BroughtIn, Options
    from interop_cli.sync.lease import working

    ask = confirm.needed(app)
    limits = Selector(
        expect=expect,
        max_affected=bulk_limit(app, max_affected),
        continue_on_error=continue_on_error,
    )
    with common.remote_errors(opened):
        compared = linking.compare(opened, whole=True)
    options = Options(limits, prospects=prospects)
    refusals: Refusals = {}
    found = BroughtIn(opened.target.name)

    def work(uow: UnitOfWork) -> Outcome:
        nonlocal found
        outcome, found = BringingIn(uow, opened, compared, app.rules(), options, refusals).run()
        return outcome

    def numbers() -> dict[str, int]:
        return {
            "linked": sum(one.how != linking.AMBIGUOUS for one in compared.proposals),
            "clients": found.counts["client", "new"],
            "contacts": found.counts["contact", "new"],
        }

    if ask and repeated(lambda: confirm.tried(app, BROUGHT_IN, work)).changed:
        confirm.ask(
            msg(
                "Create here: clients {clients}, contacts {contacts}; link: {linked}. Go on?",
                **numbers(),
            )
        )
    with ExitStack() as stack:
        if not app.dry_run:
            stack.enter_context(working(opened, app.lock_timeout))
        outcome = repeated(lambda: app.run(BROUGHT_IN, work))
    matched = [one.row(opened.target.name) for one in compared.proposals]
    _show(app, [*matched, *found.rows], (*NAMES, *WHY))
    for warning in warnings(outcome.as_dict()):
        app.output.warn(warning)
    app.output.message(
        _(
            "Created here: clients {clients}, contacts {contacts}; linked: {linked}; left: {left}.",
            **numbers(),
            left=sum(row["how"] in LEFT for row in (*matched, *found.rows)),
        )
    )


def _by_hand(
    app: App,
    opened: OpenTarget,
    code: str,
    remote_id: str,
    contact_id: int | None,
    number: str | None,
) -> None:
    from interop_cli.services import one
    from interop_cli.sync import linking

    local, _link = common.local_of(app, opened, code, contact_id, number)
    with common.remote_errors(opened):
        if not app.dry_run:
            linking.by_hand(opened, local, remote_id, app.lock_timeout)
    outcome = one(_item(opened, local, remote_id))
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


@command("unlink")
@selector_options
@common.target_option
@common.contact_option
@option("--exclude", is_flag=True, help=N_("Do not push them there any more."))
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
        common.ask_about(app, scope, asking("Unlink {count} client?", "Unlink {count} clients?"))
    opened = app.open_target(common.only(app, target_name))
    outcome = app.run(
        "sync.unlink", lambda uow: _unlinked(uow, opened, scope, contact_id, exclude=exclude)
    )
    app.output.result(outcome.as_dict())


def _unlinked(
    uow: Any, opened: OpenTarget, scope: Any, contact_id: int | None, *, exclude: bool
) -> Outcome:
    from interop_cli.services import Outcome
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
