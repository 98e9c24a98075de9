"""``sales invoice create``, ``post``, ``show``, ``credit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.commands.sales import documents
from interop_cli.commands.sales.mail import send_command
from interop_cli.domain.messages import N_
from interop_cli.i18n import _
from interop_cli.shell.command import Group, argument, given, option
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

invoice_command = Group("invoice", help=N_("New invoices, step by step, and what corrects them."))
invoice_command.add_command(send_command)
LINE = option(
    "--line",
    "line",
    multiple=True,
    metavar='"TEXT;QTY;PRICE[;TAX]"',
    help=N_("description;quantity;unit price, and standard, federal or exempt; repeat it."),
)
FILE = option(
    "--file",
    type=FileRead(),
    metavar="FILE|-",
    help=N_("Lines from a CSV or NDJSON: description, quantity, unit_price, tax."),
)
DATE = option("--date", metavar="YYYY-MM-DD", help=N_("Its date; today if absent."))


@invoice_command.command("create")
@argument("client", metavar="CODE")
@LINE
@FILE
@option("--bill-to", metavar="CODE", empty=True, help=N_("Another client who pays, this time."))
@option(
    "--contact",
    metavar="ID|TEXT",
    empty=True,
    help=N_("Who it is for: a contact by id, e-mail or name, or other text."),
)
@option(
    "--ship-to",
    metavar="ID|TEXT",
    empty=True,
    help=N_("An address of the client by id, label or its text; the main one if absent."),
)
@DATE
@option(
    "--terms",
    metavar="TEXT",
    empty=True,
    help=N_("Payment terms, such as net30; the client's if absent."),
)
@option("--memo", metavar="TEXT", empty=True, help=N_("What it says to the customer."))
@option("--draft", is_flag=True, help=N_("Without a number yet; it does not count."))
def create_command(
    app: App, client: str, line: tuple[str, ...], file: str | None, **fields: Any
) -> None:
    """Invoice a client: taxes by where it is shipped, the next number, due by the terms.

    \b
    interop sales invoice create ACME --line "Cartes professionnelles;500;0.08" --dry-run
    interop sales invoice create ACME --file lines.csv --terms net45 --ship-to 12
    """
    from interop_cli.services.sales import invoices

    values = given(fields)
    values["lines"] = _lines(line, file)
    _write(
        app, "sales.invoice.create", lambda uow: invoices.create(uow, client, values, app.rules())
    )


@invoice_command.command("post")
@argument("number", metavar="#ID")
def post_command(app: App, number: str) -> None:
    """Give a draft its number; from then on it counts, and changes no more.

    \b
    interop sales invoice post '#17'
    """
    from interop_cli.services.sales import invoices

    _write(app, "sales.invoice.post", lambda uow: invoices.post(uow, number, app.rules()))


@invoice_command.command("show")
@argument("number", metavar="NUMBER|#ID")
def show_command(app: App, number: str) -> None:
    """Show an invoice with its lines and taxes.

    \b
    interop sales invoice show 10248
    """
    documents.show(app, number, "invoice")


@invoice_command.command("credit")
@argument("number", metavar="NUMBER|#ID")
@LINE
@FILE
@DATE
def credit_command(
    app: App, number: str, line: tuple[str, ...], file: str | None, date: str | None
) -> None:
    """Take back a posted invoice, or the lines you name, with a credit note.

    \b
    interop sales invoice credit 1042
    interop sales invoice credit 1042 --line "Cartes abîmées;50;0.08"
    """
    from interop_cli.services.sales import invoices

    values = {"lines": _lines(line, file), "date": date}
    _write(
        app, "sales.invoice.credit", lambda uow: invoices.credit(uow, number, values, app.rules())
    )


def _lines(line: tuple[str, ...], file: str | None) -> list[dict[str, Any]]:
    from interop_cli.commands.sales.documents import parse_lines, read_lines

    return [*parse_lines(line), *(read_lines(file) if file else [])]


def _write(app: App, operation: str, work: Callable[[UnitOfWork], Outcome]) -> None:
    """Show what is about to be written, then write it; a dry run shows it alone."""
    if not app.dry_run and app.output.format == "table":
        preview, _operation = app.store.run(work, operation=operation, dry_run=True)
        _show(app, preview.extra["invoice"])
    outcome = app.run(operation, work)
    if app.dry_run and app.output.format == "table":
        _show(app, outcome.extra["invoice"])
    app.output.result(outcome.as_dict())


def _show(app: App, invoice: Mapping[str, Any]) -> None:
    """The invoice in words, on stderr; nothing when quiet."""
    from interop_cli.commands.lists import note_lines

    style = app.output.notices.style
    for text in note_lines([{**note, "attachments": []} for note in invoice["notes"]], style):
        app.output.message(style.render(text))
    # The number is given when it is written.
    shown = {**invoice, "number": None, "corrects": None, "external_id": None}
    for text in documents.card({**shown, "notes": []}, style):
        app.output.message(style.render(text))
    app.output.message(_recipients(invoice["recipients"]))


def _recipients(found: Mapping[str, Any]) -> str:
    from interop_cli.i18n import translate

    if not found["complete"]:
        return "  " + _("Recipients: incomplete. {why}", why=translate(found["message"]))
    copies = _(" (copies: {cc})", cc=", ".join(found["cc"])) if found["cc"] else ""
    return "  " + _("Recipients: {to}", to=", ".join(found["to"])) + copies
