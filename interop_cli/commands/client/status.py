"""``client activate``, ``deactivate``, ``promote``, ``delete``, ``why-not``, ``send``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import N_
from interop_cli.shell import confirm, selectors
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.options import OR_DEACTIVATE, confirm_option
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Style
    from interop_cli.services import Outcome
    from interop_cli.services.clients.bulk import Selector
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def _bulk(
    app: App,
    picked: Picked,
    operation: str,
    question: confirm.Question,
    service: Callable[[UnitOfWork, Selector], Outcome],
) -> None:
    selectors.check(picked)
    ask = picked.is_bulk and confirm.needed(app, stdin_is_data=picked.reads_stdin)
    selector = selectors.selector(app, picked)
    if ask:
        count = confirm.write(app, operation, lambda uow: service(uow, selector), question)
        selector = selectors.exactly(selector, count)
    outcome = app.run(operation, lambda uow: service(uow, selector))
    selectors.deliver(app, outcome, picked.results)


@command("activate")
@selector_options
def activate_command(app: App, picked: Picked) -> None:
    """Bring clients back into the default lists.

    \b
    interop client activate ACME
    """
    from interop_cli.services.clients import status

    question = asking("Activate {count} client?", "Activate {count} clients?")
    _bulk(app, picked, "client.activate", question, status.activate)


@command("deactivate")
@selector_options
@option("--reassign", metavar="CODE", help=N_("Who pays from now on for those billed to them."))
def deactivate_command(app: App, picked: Picked, reassign: str | None) -> None:
    """Retire clients: they leave the default lists and get no new documents.

    Those never invoiced have no last_invoice, so that the second example leaves them out and the
    third retires them.

    \b
    interop client deactivate ACME
    interop client deactivate --filter "last_invoice < -3y" --yes
    interop client deactivate --filter "last_invoice is null and created_at < -3y" --yes
    set -o pipefail  # a list that fails is then no list of nobody
    interop client list --filter "last_invoice < -3y" -o codes | interop client deactivate - --yes
    """
    from interop_cli.services.clients import status

    question = asking("Deactivate {count} client?", "Deactivate {count} clients?")
    deactivate = partial(status.deactivate, reassign=reassign)
    _bulk(app, picked, "client.deactivate", question, deactivate)


@command("promote")
@selector_options
def promote_command(app: App, picked: Picked) -> None:
    """Make prospects clients that can be invoiced and sent to accounting.

    \b
    interop client promote ACME
    """
    from interop_cli.services.clients import status

    question = asking("Promote {count} prospect?", "Promote {count} prospects?")
    _bulk(app, picked, "client.promote", question, status.promote)


@command("delete")
@selector_options
@OR_DEACTIVATE
@confirm_option("CODE|N", N_("Repeat the code; the number of clients where there are several."))
def delete_command(app: App, picked: Picked, or_deactivate: bool, confirmation: str | None) -> None:
    """Delete clients that nothing uses.

    \b
    interop client delete ACME --confirm ACME
    interop client why-not ACME
    """
    from dataclasses import replace

    from interop_cli.services.clients import status

    selectors.check(picked)

    def delete(uow: UnitOfWork) -> Outcome:
        return status.delete(uow, selector, or_deactivate=or_deactivate)

    if confirmation is None and confirm.can_ask(app, stdin_is_data=picked.reads_stdin):
        selector = selectors.selector(app, picked)
        found, count = confirm.preview(app, "client.delete", delete)
        confirmation = str(count) if picked.is_bulk else picked.codes[0]
        if count:
            confirm.severe(app, confirmation, None)
        selector = selectors.exactly(selector, found.matched)
        selectors.deliver(app, app.run("client.delete", delete), picked.results)
        return
    if picked.is_bulk:
        number = str(len(picked.codes)) if not picked.reads_stdin and picked.codes else "N"
        if confirmation is None or not confirmation.isdecimal():
            confirm.severe(app, number, None, stdin_is_data=picked.reads_stdin)
    else:
        confirm.severe(app, picked.codes[0], confirmation)
    selector = selectors.selector(app, picked)
    if picked.is_bulk and confirmation is not None and selector.expect is None:
        selector = replace(selector, expect=int(confirmation))
    selectors.deliver(app, app.run("client.delete", delete), picked.results)


@command("why-not")
@argument("client", metavar="CODE")
def why_not_command(app: App, client: str) -> None:
    """Say what keeps a client from being deleted, by kind, without trying.

    \b
    interop client why-not ACME --json
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.store.reading import used_by

    with app.store.reading() as conn:
        client_id, code = resolved(app, conn, client)
        blockers = used_by.users_of(conn, "client", client_id)
    app.output.record(
        {"code": code, "deletable": not blockers, "blockers": blockers}, card=use_card
    )


_WHY_NOT = {
    "client": (N_("Nothing uses {name}: it can be deleted."), N_("{name} cannot be deleted:")),
    "contact": (
        N_("Nothing uses contact {name}: it can be deleted."),
        N_("Contact {name} cannot be deleted:"),
    ),
    "address": (
        N_("Nothing uses address {name}: it can be deleted."),
        N_("Address {name} cannot be deleted:"),
    ),
}


def use_card(found: Mapping[str, Any], _style: Style, entity: str = "client") -> list[str]:
    """The lines of a ``why-not`` answer."""
    from interop_cli.domain.values.closed_lists import USER_TITLES
    from interop_cli.i18n import _, labelled

    free, used = _WHY_NOT[entity]
    name = found.get("code") or found.get("id")
    blockers = found["blockers"]
    if not blockers:
        return [_(free, name=name)]
    return [
        _(used, name=name),
        *(
            "  "
            + labelled(
                _(USER_TITLES[blocker["kind"]]),
                f"{blocker['count']} ({', '.join(blocker['references'])})",
            )
            for blocker in blockers
        ),
    ]


@command("send")
@selector_options
def send_command(app: App, picked: Picked) -> None:
    """Send clients to the accounting system; prospects never go.

    \b
    interop client send ACME
    interop client send --filter tag=vip --yes
    """
    from dataclasses import replace

    from interop_cli.commands.sync import common
    from interop_cli.commands.sync.pushing import push

    selectors.check(picked)
    ask = picked.is_bulk and confirm.needed(app, stdin_is_data=picked.reads_stdin)
    limited = replace(picked, max_affected=selectors.limit(app, picked))
    target, scope = common.accounting(app), common.scope_of(app, limited)
    if ask:
        question = asking(
            "Send {count} client to the accounting system?",
            "Send {count} clients to the accounting system?",
        )
        common.ask_about(app, scope, question)
    push(app, [target], scope, limited)
