"""``contact export-personal`` and ``erase``: what Quebec's Law 25 gives a person a right to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from interop_cli.app import EXIT_ATTENTION
from interop_cli.domain.errors import InteropError, IoFailure
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell import confirm
from interop_cli.shell.command import RowId, argument, command, option
from interop_cli.shell.options import attachment_option, confirm_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.rules import Context
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

CONTACT_ID = argument("contact_id", type=RowId(), metavar="ID")


@command("export-personal")
@CONTACT_ID
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


@command("erase")
@CONTACT_ID
@option(
    "--attachments",
    is_flag=True,
    help=N_("Erase the attachments of the notes that mention the person, too."),
)
@attachment_option(N_("Erase this attachment too; several times for several."))
@option(
    "--everywhere",
    is_flag=True,
    help=N_(
        "Erase what others have too: a shared phone, a client's own e-mail, and the name in what"
        " is kept of other clients, but for those who have a contact of that name."
    ),
)
@confirm_option("ID", N_("Repeat the number of the contact."))
def erase_command(
    app: App,
    contact_id: int,
    attachments: bool,
    attachment_ids: tuple[int, ...],
    everywhere: bool,
    confirmation: str | None,
) -> None:
    """Erase a person for good: name, e-mails and phones, wherever they stand, the journal too.

    The contact stays under its number, inactive, so that documents keep their links. The database
    is then rewritten, so that nothing of it is left in there; where somebody is reading it, that
    is done by a later run (exit 10). This cannot be undone. What cannot be reached is said, and
    said again when the same is run again; copies made before still have the person, and so has a
    server's own log until it is used again.

    \b
    interop contact export-personal 12 -o json
    interop contact erase 12 --confirm 12
    """
    from interop_cli.i18n import translate
    from interop_cli.output.words import counted_rows
    from interop_cli.services.people import erasing
    from interop_cli.store.reading.called import lines

    def work(uow: UnitOfWork) -> Outcome:
        return erasing.erase(
            uow,
            contact_id,
            app.rules(),
            everywhere=everywhere,
            attachments=attachments,
            attachment_ids=attachment_ids,
        )

    def about() -> Iterator[str]:
        found = confirm.tried(app, "contact.erase", work)
        with app.store.reading() as conn:
            yield from lines(conn, "contact", [contact_id])
        for kind, count in found.extra["erased"].items():
            yield counted_rows(kind, count)
        for warning in found.warnings:
            yield translate(warning.message)

    confirm.severe(app, str(contact_id), confirmation, about=about)
    rules = app.rules()
    outcome = app.run("contact.erase", work)
    if not app.dry_run:
        _scrub(app, rules, contact_id)
    _tell_copies(app, rules)
    outcome.warnings += rules.warnings
    app.output.result(outcome.as_dict())


def _scrub(app: App, rules: Context, contact_id: int) -> None:
    """Rewrite the database without what was erased, and tell what hinders that."""
    from interop_cli.store.writing import erasures

    with app.output.progress(None, _("Rewriting the database")):
        try:
            hindrance = erasures.finish(app.store.conn)
        except InteropError as error:
            raise IoFailure(
                "erase.scrub",
                msg("The person was erased, but old pages of the file could not be rewritten."),
                hint=msg("Run it again: interop contact erase {id} --confirm {id}", id=contact_id),
                applied=True,
            ) from error
    if hindrance == "owner":
        rules.warn(
            "database",
            "erase.scrub",
            msg("old rows stay in the server's files until its owner runs: VACUUM FULL"),
        )
    if hindrance == "readers":
        rules.warn(
            "database",
            "erase.readers",
            msg("old pages stay in the files while another program is reading; run it again later"),
        )
        app.exit_code = EXIT_ATTENTION


def _tell_copies(app: App, rules: Context) -> None:
    """Name the copies made before, which are out of our hands."""
    from interop_cli.store.engines.copies import copies

    for path in copies(app.store.conn):
        rules.warn(
            "copies",
            "erase.copies",
            msg("{path} is older and may still have the person", path=path),
        )
