"""``sales invoice send``: invoices by e-mail, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interop_cli.app import EXIT_ATTENTION
from interop_cli.commands.sales.paper import CHOSEN, condition, numbers_of, printing
from interop_cli.domain.errors import Denied, RemoteFailure, UsageError
from interop_cli.domain.messages import N_, counted, msg
from interop_cli.i18n import _
from interop_cli.shell import confirm, selectors
from interop_cli.shell.command import command, option
from interop_cli.shell.options import expect_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.sync.link import Trouble
    from interop_cli.services import Outcome
    from interop_cli.services.sales.mailing import Planned, Round

SHOWN = 5


@command("send")
@CHOSEN
@option("--unsent", is_flag=True, help=N_("Those issued here since mail is on, and not sent yet."))
@option(
    "--to",
    multiple=True,
    metavar="EMAIL",
    help=N_("To this address, and to nobody of the rule; several times for several."),
)
@option("--again", is_flag=True, help=N_("Also those that went already, or of which nobody knows."))
@option("--test", metavar="EMAIL", help=N_("To this address alone, marked as a test."))
@expect_option(N_("Refuse when the number of invoices is another."))
@selectors.MAX_AFFECTED
@option(
    "--continue-on-error",
    is_flag=True,
    help=N_("Send those that can be sent, report the others (exit 68)."),
)
def send_command(
    app: App,
    numbers: tuple[str, ...],
    filters: tuple[str, ...],
    unsent: bool,
    to: tuple[str, ...],
    again: bool,
    test: str | None,
    expect: int | None,
    max_affected: int | None,
    continue_on_error: bool,
) -> None:
    """Send invoices by e-mail, as PDF: to the billing contact of who pays, and copies.

    An invoice is sent once: what went already is left alone. Before anything goes, all that keep
    some of them back are listed, and then none goes.

    \b
    interop sales invoice send 10248
    interop sales invoice send --unsent --dry-run
    interop sales invoice send --unsent --yes
    interop sales invoice send --test me@example.com
    """
    from interop_cli.services.sales import mailing

    if sum(map(bool, (numbers, filters, unsent))) != (0 if test and not numbers else 1):
        raise UsageError(
            "usage.selector",
            msg("Say which invoices: numbers, -, --filter or --unsent, and one of these only."),
            hint=msg("See: interop sales document list --kind invoice"),
        )
    if test is not None:
        _test(app, numbers, _address(test))
        return
    mailing.check_on(app.settings.get)
    mailing.server_of(app.settings.get, app.environ)  # or an error, before anything is asked
    one = len(numbers) == 1 and numbers != ("-",)
    asking = not one and confirm.needed(app, stdin_is_data=numbers == ("-",))
    ids = _ids(app, numbers, filters)
    limit = max_affected if one else selectors.bulk_limit(app, max_affected)
    to = tuple(map(_address, to))
    plans = mailing.planned(app.store.conn, ids, to=to, again=again)
    waiting = list(mailing.left(plans, again=again))
    kept = {plan.id for plan, _status, _code in waiting}
    ready = [plan for plan in plans if plan.id not in kept]
    mailing.check_count(len(ready), expect, limit)
    if not continue_on_error:
        mailing.refuse(plans)
    _say_unknown(app, {plan.id for plan in plans})
    if asking and ready:
        _ask(app, ready)
    outcome, stopped = _sent(app, ready)
    mailing.add_left(outcome, plans, waiting)
    _tell(app, outcome, stopped)


def _address(text: str) -> str:
    """An address as typed; raises UsageError."""
    from pydantic_core import PydanticCustomError

    from interop_cli.domain.values.email import check_email

    try:
        return check_email(text)
    except PydanticCustomError:
        raise UsageError("usage.email", msg("That is not an e-mail address.")) from None


def _ids(app: App, numbers: tuple[str, ...], filters: tuple[str, ...]) -> list[int]:
    """The documents that are meant, by number; those of ``--unsent`` where neither is said."""
    from interop_cli.store.reading import mailings, printed
    from interop_cli.store.writing.repositories.mailings import SINCE

    conn = app.store.conn
    if numbers:
        return printed.named(conn, numbers_of(app, numbers), "invoice")
    if filters:
        return printed.chosen(conn, condition(app, filters, "invoice"))
    since = app.store.company_settings().get(SINCE)
    return printed.chosen(conn, mailings.unsent(since)) if since else []


def _say_unknown(app: App, known: set[int]) -> None:
    """Name what nobody knows of, where it is not in this run: it is not sent by itself."""
    from interop_cli.store.reading import mailings

    numbers = [number for one, number in mailings.unknown(app.store.conn) if one not in known]
    if numbers:
        app.output.warn(
            _(
                "Nobody knows whether these went: {numbers}. Once more: --again",
                numbers=", ".join(numbers[:20]),
            )
        )


def _ask(app: App, ready: Sequence[Planned]) -> None:
    """Show who gets what, and ask."""
    for plan in ready[:SHOWN]:
        app.output.notices.always(f"  {plan.key}  {plan.client}  {_people(plan.to, plan.cc)}")
    if len(ready) > SHOWN:
        app.output.notices.always("  …")
    confirm.ask(
        counted(
            "Send {count} invoice by e-mail?", "Send {count} invoices by e-mail?", count=len(ready)
        )
    )


def _people(to: Sequence[str], cc: Sequence[str]) -> str:
    copies = _(" (copies: {cc})", cc=", ".join(cc)) if cc else ""
    return ", ".join(to) + copies


def _round(app: App) -> Round:
    """What sends, its connection not yet open."""
    from datetime import datetime

    from interop_cli.connectors.mail import Postman
    from interop_cli.services.sales.mailing import Round, Wordings, server_of

    get = app.settings.get
    wordings = Wordings(
        get("company.name"),
        {one: get(f"mail.subject.{one}") for one in ("fr", "en")},
        {one: get(f"mail.text.{one}") for one in ("fr", "en")},
    )
    server = server_of(get, app.environ)
    at = datetime.fromisoformat(app.now().replace("Z", "+00:00"))
    return Round(app.store, printing(app), wordings, Postman(server), server.sender, at)


def _sent(app: App, ready: Sequence[Planned]) -> tuple[Outcome, Trouble | None]:
    """Send them; a dry run prints them, and speaks to no server."""
    found = _round(app)
    if app.dry_run:
        found.tried(ready)
    elif ready:
        with app.store.alone("mail", wait=False):
            _open(found)
            try:
                with app.output.progress(len(ready), _("Sending")) as advance:
                    found.advance = advance
                    found.send(ready)
            finally:
                found.postman.close()
    found.outcome.warnings += found.printing.warnings
    return found.outcome, found.stopped


def _test(app: App, numbers: tuple[str, ...], address: str) -> None:
    from interop_cli.domain.errors import NotFound
    from interop_cli.domain.sync.link import Trouble
    from interop_cli.store.reading import mailings, printed

    conn = app.store.conn
    ids = (
        printed.named(conn, numbers_of(app, numbers), "invoice")
        if numbers
        else list(mailings.latest_invoice(conn))
    )
    if not ids:
        raise NotFound(
            "document.not_found",
            msg("There is no invoice to test with."),
            hint=msg("Make a draft: interop sales invoice create CODE --draft"),
        )
    found = _round(app)
    if not app.dry_run:
        _open(found)
    try:
        outcome = found.test(ids, address, dry_run=app.dry_run)
    except Trouble as trouble:
        raise _error(trouble) from None
    finally:
        found.postman.close()
    outcome.warnings += found.printing.warnings
    _tell(app, outcome, None)


def _open(found: Round) -> None:
    """Connect and log in, before anything is written down."""
    from interop_cli.domain.sync.link import Trouble

    try:
        found.postman.open()
    except Trouble as trouble:
        raise _error(trouble) from None


def _error(trouble: Trouble) -> Exception:
    """The error that a trouble with the mail server is: what lets nobody in is denied."""
    from interop_cli.domain.letter import REASONS
    from interop_cli.domain.sync.link import TroubleKind

    text = REASONS.get(trouble.code)
    said = msg("It was not sent: {why}.", why=text) if text else trouble.message
    if trouble.kind is TroubleKind.AUTH:
        hint = msg("interop config secret mail --stdin")
        return Denied(trouble.code, said, hint=hint)
    return RemoteFailure(trouble.code, said)


def _tell(app: App, outcome: Outcome, stopped: Trouble | None) -> None:
    """Hand over the result; then what the server's going means."""
    from interop_cli.domain.sync.link import TroubleKind
    from interop_cli.i18n import translate
    from interop_cli.services.sales.mailing import OPERATION

    outcome.operation, outcome.dry_run = OPERATION, app.dry_run
    app.conclude(outcome)
    if app.exit_code == 0 and any(item.get("refused") for item in outcome.items):
        app.exit_code = EXIT_ATTENTION
    for item in outcome.items:
        if item["error"] is not None:
            why = translate(item["error"]["message"])
            item["error"] = {**item["error"], "message": why}
            if app.output.format == "table":
                key = item["number"] or f"#{item['id']}"
                app.output.warn(_("{key} was not sent: {why}", key=key, why=why))
    app.output.result(outcome.as_dict())
    if stopped is not None and stopped.kind is TroubleKind.RETRY and not outcome.changed:
        raise _error(stopped)
