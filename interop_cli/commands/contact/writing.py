"""``contact create``, ``edit``, ``activate``, ``deactivate``, ``delete``, and its two flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.contact.reading import CONTACT_ID
from interop_cli.domain.fields import CONTACT
from interop_cli.domain.messages import N_, counted
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, RowId, argument, given, option, pass_app
from interop_cli.shell.options import OR_DEACTIVATE, field_options, version_option

if TYPE_CHECKING:
    from interop_cli.app import App

CONTACT_IDS = argument("contact_ids", nargs=-1, required=True, type=RowId(), metavar="ID…")


@click.command("create", cls=Command)
@argument("client", metavar="CODE")
@field_options(CONTACT, required=("name",))
@pass_app
def create_command(app: App, client: str, **fields: Any) -> None:
    """Add a contact to a client; the first one becomes its default.

    \b
    interop contact create ACME --name "Ève Côté" --email eve@acme.example --billing
    """
    from interop_cli.services.people import contacts

    values = given(fields)
    app.write("contact.create", lambda uow: contacts.create(uow, client, values, app.rules()))


@click.command("edit", cls=Command)
@CONTACT_ID
@field_options(CONTACT)
@version_option(N_("Refuse unless the contact is at this version."))
@pass_app
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


@click.command("activate", cls=Command)
@CONTACT_IDS
@pass_app
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
        lambda count: counted(
            "Activate {count} contact?", "Activate {count} contacts?", count=count
        ),
        entity="contact",
        asks=len(contact_ids) > 1,
    )


@click.command("deactivate", cls=Command)
@CONTACT_IDS
@pass_app
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
        lambda count: counted(
            "Deactivate {count} contact?", "Deactivate {count} contacts?", count=count
        ),
        entity="contact",
        asks=len(contact_ids) > 1,
    )


@click.command("delete", cls=Command)
@CONTACT_IDS
@OR_DEACTIVATE
@pass_app
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
        lambda count: counted("Delete {count} contact?", "Delete {count} contacts?", count=count),
        entity="contact",
    )


@click.command("default", cls=Command)
@CONTACT_ID
@option("--unset", is_flag=True, help=N_("The client has no default contact any more."))
@pass_app
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


@click.command("billing", cls=Command)
@CONTACT_ID
@option("--unset", is_flag=True, help=N_("The client has no billing contact any more."))
@pass_app
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
