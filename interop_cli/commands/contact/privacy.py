"""``contact export-personal`` and ``erase``: what Quebec's Law 25 gives a person a right to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.commands.contact.reading import CONTACT_ID
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, RowId, option, pass_app

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.rules import Context


@click.command("export-personal", cls=Command)
@CONTACT_ID
@pass_app
def export_personal_command(app: App, contact_id: int) -> None:
    """Show everything held about a person: notes, addresses, documents and the journal too.

    Also of a contact that was deleted, by the number it had.

    \b
    interop contact export-personal 12 -o json --out person-12.json
    """
    from interop_cli.store.reading import persons

    with app.store.reading() as conn:
        found = persons.export(conn, contact_id)
    app.output.record(found, key="contact", personal=True)


@click.command("erase", cls=Command)
@CONTACT_ID
@option(
    "--attachments",
    is_flag=True,
    help=N_("Erase the attachments of the notes that mention the person, too."),
)
@option(
    "--attachment",
    "attachment_ids",
    type=RowId(),
    multiple=True,
    metavar="ID",
    help=N_("Erase this attachment too; several times for several."),
)
@option(
    "--everywhere",
    is_flag=True,
    help=N_("Erase what others have too: a shared phone, a client's own e-mail."),
)
@option("--confirm", "confirmation", metavar="ID", help=N_("Repeat the number of the contact."))
@pass_app
def erase_command(
    app: App,
    contact_id: int,
    attachments: bool,
    attachment_ids: tuple[int, ...],
    everywhere: bool,
    confirmation: str | None,
) -> None:
    """Erase a person for good: name, e-mails and phones, wherever they stand, the journal too.

    The contact stays under its number, inactive, so that documents keep their links. The file is
    then rewritten, so that nothing of it is left in there. This cannot be undone; copies made
    before still have the person.

    \b
    interop contact export-personal 12 -o json
    interop contact erase 12 --confirm 12
    """
    from interop_cli.services.people import erasing

    confirm.severe(app, str(contact_id), confirmation)
    rules = app.rules()
    outcome = app.run(
        "contact.erase",
        lambda uow: erasing.erase(
            uow,
            contact_id,
            app.rules(),
            everywhere=everywhere,
            attachments=attachments,
            attachment_ids=attachment_ids,
        ),
    )
    if not app.dry_run:
        _scrub(app, rules)
        outcome.warnings += rules.warnings
    app.output.result(outcome.as_dict())


def _scrub(app: App, rules: Context) -> None:
    """Rewrite the database without what was erased, and tell what is out of our hands."""
    from interop_cli.store.engines.files import copies

    with app.output.progress(None, _("Rewriting the database")):
        whole = app.store.conn.scrub()
    if not whole:
        rules.warn(
            "database",
            "erase.scrub",
            msg("old rows stay in the server's files until its owner runs: VACUUM FULL"),
        )
    for path in copies(app.store.conn):
        rules.warn(
            "copies",
            "erase.copies",
            msg("{path} is older and may still have the person", path=path),
        )
