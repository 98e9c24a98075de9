"""``interop contact``: the people at a client, and who gets its invoices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import lists
from interop_cli.commands.belonging import contact_import_command, show, why_not
from interop_cli.commands.personal import CONTACT_ID, erase_command, export_personal_command
from interop_cli.domain.fields import CONTACT
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled, translate
from interop_cli.shell import confirm
from interop_cli.shell.command import Group, RowId, argument, given, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.options import OR_DEACTIVATE, STATUS, field_options, version_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Style

contact_command = Group("contact", help=N_("People at a client, and who gets its invoices."))
contact_command.add_command(contact_import_command)
contact_command.add_command(export_personal_command)
contact_command.add_command(erase_command)

CONTACT_IDS = argument("contact_ids", nargs=-1, required=True, type=RowId(), metavar="ID…")


@contact_command.command("list")
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


@contact_command.command("export")
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


@contact_command.command("show")
@CONTACT_ID
def show_command(app: App, contact_id: int) -> None:
    """Show a contact, under the notes about its client.

    \b
    interop contact show 12
    """
    show(app, "contact", contact_id)


@contact_command.command("why-not")
@CONTACT_ID
def why_not_command(app: App, contact_id: int) -> None:
    """Say what keeps a contact from being deleted, without trying.

    \b
    interop contact why-not 12
    """
    why_not(app, "contact", contact_id)


@contact_command.command("recipients")
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


@contact_command.command("create")
@argument("client", metavar="CODE")
@field_options(CONTACT, required=("name",))
def create_command(app: App, client: str, **fields: Any) -> None:
    """Add a contact to a client; the first one becomes its default.

    \b
    interop contact create ACME --name "Ève Côté" --email eve@acme.example --billing
    """
    from interop_cli.services.people import contacts

    values = given(fields)
    app.write("contact.create", lambda uow: contacts.create(uow, client, values, app.rules()))


@contact_command.command("edit")
@CONTACT_ID
@field_options(CONTACT)
@version_option(N_("Refuse unless the contact is at this version."))
def edit_command(app: App, contact_id: int, if_version: int | None, **fields: Any) -> None:
    """Change fields of a contact; "" clears one.

    \b
    interop contact edit 12 --phone "418 555-0134 poste 22" --billing-copy
    """
    from interop_cli.services.clients import card
    from interop_cli.services.people import contacts

    changes = given(fields)
    card.check_changes(changes)
    app.write(
        "contact.edit",
        lambda uow: contacts.edit(uow, contact_id, changes, app.rules(), if_version=if_version),
    )


@contact_command.command("activate")
@CONTACT_IDS
def activate_command(app: App, contact_ids: tuple[int, ...]) -> None:
    """Bring contacts back.

    \b
    interop contact activate 12
    """
    from interop_cli.services.people import contacts

    confirm.agreed(
        app,
        "contact.activate",
        lambda uow: contacts.activate(uow, contact_ids),
        asking("Activate {count} contact?", "Activate {count} contacts?"),
        asks=len(contact_ids) > 1,
    )


@contact_command.command("deactivate")
@CONTACT_IDS
def deactivate_command(app: App, contact_ids: tuple[int, ...]) -> None:
    """Retire contacts: they stay on the card, greyed, and receive nothing.

    \b
    interop contact deactivate 12
    """
    from interop_cli.services.people import contacts

    confirm.agreed(
        app,
        "contact.deactivate",
        lambda uow: contacts.deactivate(uow, contact_ids, app.rules()),
        asking("Deactivate {count} contact?", "Deactivate {count} contacts?"),
        asks=len(contact_ids) > 1,
    )


@contact_command.command("delete")
@CONTACT_IDS
@OR_DEACTIVATE
def delete_command(app: App, contact_ids: tuple[int, ...], or_deactivate: bool) -> None:
    """Delete contacts that nothing uses.

    \b
    interop contact delete 12 --yes
    interop contact why-not 12
    """
    from interop_cli.services.people import contacts

    confirm.agreed(
        app,
        "contact.delete",
        lambda uow: contacts.delete(uow, contact_ids, app.rules(), or_deactivate=or_deactivate),
        asking("Delete {count} contact?", "Delete {count} contacts?"),
    )


@contact_command.command("default")
@CONTACT_ID
@option("--unset", is_flag=True, help=N_("The client has no default contact any more."))
def default_command(app: App, contact_id: int, unset: bool) -> None:
    """Make a contact its client's default one; the others no longer are.

    \b
    interop contact default 12
    interop contact default 12 --unset
    """
    from interop_cli.services.people import contacts

    app.write(
        "contact.default", lambda uow: contacts.set_flag(uow, contact_id, "default", on=not unset)
    )


@contact_command.command("billing")
@CONTACT_ID
@option("--unset", is_flag=True, help=N_("The client has no billing contact any more."))
def billing_command(app: App, contact_id: int, unset: bool) -> None:
    """Make a contact responsible for its client's invoices; the others no longer are.

    \b
    interop contact billing 12
    interop contact billing 12 --unset
    """
    from interop_cli.services.people import contacts

    app.write(
        "contact.billing", lambda uow: contacts.set_flag(uow, contact_id, "billing", on=not unset)
    )
