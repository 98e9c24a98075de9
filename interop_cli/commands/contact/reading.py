"""``contact list``, ``show``, ``why-not``, ``recipients``: reads, each one view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import lists
from interop_cli.commands.belonging import why_not
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled, translate
from interop_cli.shell.command import RowId, argument, command, option
from interop_cli.shell.options import STATUS

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Style

CONTACT_ID = argument("contact_id", type=RowId(), metavar="ID")


@command("list")
@lists.ANY_CLIENT
@option(
    "--status",
    type=STATUS,
    default="all",
    help=N_("Which contacts; all of them by default, inactive ones greyed."),
)
@lists.row_options()
def list_command(app: App, client: str | None, status: str, asked: lists.Asked) -> None:
    """List a client's contacts, or those of all clients.

    The client's notes stand above the table; in other formats, ask for the field notes.

    \b
    interop contact list ACME
    interop contact list ACME --json --fields name,email,notes
    interop contact list --status active -o csv
    interop contact list ACME -o vcard --out people.vcf
    interop contact list --filter "billing = true and email is null"
    """
    from interop_cli.output.columns import VCARDS
    from interop_cli.store.reading import contacts

    also = contacts.of_status(status)
    columns = contacts.columns()
    if app.output.format in VCARDS:
        columns.append(contacts.COMPANY)
    lists.show(app, contacts.VIEW, columns, asked, also, client=client, dim="active")


@command("export")
@lists.ANY_CLIENT
@option("--status", type=STATUS, default="all", help=N_("Which contacts; all of them by default."))
@option(
    "--format",
    "form",
    type=click.Choice(("csv", "ndjson", "xlsx", "vcard", "vcard4")),
    help=N_("Form of the file (csv)."),
)
@lists.row_options()
def export_command(
    app: App, client: str | None, status: str, form: str | None, asked: lists.Asked
) -> None:
    """Write contacts with the codes of their clients, in a form that import takes back.

    vcard is version 3, which every address book reads; vcard4 is version 4.

    \b
    interop contact export --out contacts.csv
    interop contact export ACME --format vcard --out people.vcf
    """
    from interop_cli.output.columns import VCARDS
    from interop_cli.store.reading import contacts

    if form or app.settings.origin("output") == "default":
        app.output.format = form or "csv"
    columns = [column for column in contacts.columns() if column.name in contacts.EXPORTED]
    if app.output.format in VCARDS:
        columns.append(contacts.COMPANY)
    also = contacts.of_status(status)
    lists.show(app, contacts.VIEW, columns, asked, also, client=client, head=False, comes_back=True)


@command("show")
@CONTACT_ID
def show_command(app: App, contact_id: int) -> None:
    """Show a contact, under the notes about its client.

    \b
    interop contact show 12
    """
    from interop_cli.store.reading import contacts

    with app.store.reading() as conn:
        client_id, found = contacts.one(conn, contact_id)
        lists.show_under(app, conn, client_id, found, "contact")


@command("why-not")
@CONTACT_ID
def why_not_command(app: App, contact_id: int) -> None:
    """Say what keeps a contact from being deleted, without trying.

    \b
    interop contact why-not 12
    """
    why_not(app, "contact", contact_id)


@command("recipients")
@argument("client", metavar="CODE")
def recipients_command(app: App, client: str) -> None:
    """Say who receives a client's invoices, and why each contact does or does not.

    \b
    interop contact recipients ACME
    interop contact recipients ACME --json --fields to,cc,complete
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.domain.contact import Contact, recipients
    from interop_cli.store.reading import contacts

    with app.store.reading() as conn:
        client_id, code = resolved(app, conn, client)
        people = contacts.nested(conn, [client_id])[client_id]
    found = recipients(Contact.stored(person) for person in people)
    app.output.record(
        {
            "client": code,
            "to": list(found.to),
            "cc": list(found.cc),
            "complete": found.complete,
            "rule": found.rule,
            "reason": found.reason,
            "message": translate(found.message) if found.message else None,
            "contacts": [
                {
                    "id": answer.id,
                    "name": answer.name,
                    "email": answer.email,
                    "receives": answer.receives,
                    "why": answer.why,
                }
                for answer in found.answers
            ],
        },
        card=_card,
        key="client",
    )


def _card(found: Mapping[str, Any], style: Style) -> Iterator[str]:
    """To, copies, what is lacking; then each contact with the reason."""
    yield f"{style.bold(_('To'))}  {', '.join(found['to']) or '—'}"
    yield f"{style.bold(_('Copies'))}  {', '.join(found['cc']) or '—'}"
    if found["message"]:
        yield style.bold(found["message"])
    if found["contacts"]:
        yield ""
    for contact in found["contacts"]:
        mark = "✉" if contact["receives"] else " "
        who = f"#{contact['id']} {contact['name']}"
        line = f"  {mark} {labelled(who, _(WHY[contact['why']]))}"
        yield line if contact["receives"] else style.dim(line)


WHY = {
    "billing_contact": N_("responsible for billing"),
    "billing_copy": N_("gets a copy"),
    "inactive": N_("inactive, receives nothing"),
    "no_email": N_("has no e-mail address"),
    "same_email": N_("this e-mail address gets it already"),
    "not_ticked": N_("not chosen for copies"),
}
