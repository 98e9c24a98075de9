"""What contacts, addresses and notes have in common: they are imported, and kept while in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from interop_cli.domain.fields import ADDRESS, CONTACT, NOTE
from interop_cli.domain.fields.field import SYSTEM, Field, listed, names, taken
from interop_cli.domain.fields.nested import BY
from interop_cli.domain.messages import N_
from interop_cli.inputs.mapping import Fields
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.import_options import ImportOptions, import_options
from interop_cli.shell.importing import take_in
from interop_cli.shell.options import ALLOW_MISMATCH
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.services.imports.belonging import BelongingImport
    from interop_cli.store.writing.unit_of_work import UnitOfWork

F = TypeVar("F", bound=Callable[..., Any])
CLIENT = option(
    "--client", metavar="CODE", help=N_("Whose all of them are; else each row names its client.")
)


def file_options(*, vcards: bool = False) -> Callable[[F], F]:
    """The file, whose rows it has, and how it is written; ``vcards``: it may hold these."""
    named = argument("file", type=FileRead(), metavar="FILE|-")

    def decorate(function: F) -> F:
        decorated: F = named(CLIENT(import_options(vcards=vcards)(function)))
        return decorated

    return decorate


@command("import")
@file_options(vcards=True)
def contact_import_command(app: App, file: str, asked: ImportOptions, client: str | None) -> None:
    """Create and update contacts from a CSV, Excel or NDJSON file: all of it, or nothing.

    A row names its client in client (its code), client.external_id, client.email or client.name; a
    contact is recognised by its e-mail, else by its name. Several that fit, and two rows about one,
    are refused. What the file does not name stays. vCards (.vcf) of version 3 and 4 are taken, too:
    the company of a card is its client, unless --client says whose they are.

    \b
    interop contact import people.csv --dry-run
    interop contact import people.csv --client ACME --map "E-mail=email"
    interop contact import people.vcf --client ACME
    """
    from interop_cli.services.imports.contacts import ContactImport

    asked = replace(asked, companies=client is None)
    _take_in(app, file, asked, CONTACT, client, ContactImport)


@command("import")
@file_options()
@ALLOW_MISMATCH
def address_import_command(
    app: App, file: str, asked: ImportOptions, client: str | None, allow_mismatch: bool
) -> None:
    """Create and update addresses from a CSV, Excel or NDJSON file: all of it, or nothing.

    A row names its client in client (its code), client.external_id, client.email or client.name; an
    address is recognised by its place, else by its label. Several that fit, and two rows about one,
    are refused. What the file does not name stays.

    \b
    interop address import depots.csv --dry-run
    interop address import depots.csv --client ACME
    """
    from interop_cli.services.imports.addresses import AddressImport

    _take_in(app, file, asked, ADDRESS, client, AddressImport, allow_mismatch=allow_mismatch)


@command("import")
@file_options()
def note_import_command(app: App, file: str, asked: ImportOptions, client: str | None) -> None:
    """Create and update notes from a CSV, Excel or NDJSON file: all of it, or nothing.

    A row names its client in client (its code), client.external_id, client.email or client.name; a
    note is recognised by its text. Attachments are base64, in NDJSON.

    \b
    interop note import notes.csv --dry-run
    interop note import notes.csv --client ACME
    """
    from interop_cli.services.imports.belonging import NoteImport

    _take_in(app, file, asked, NOTE, client, NoteImport)


def show(app: App, entity: str, row_id: int) -> None:
    """Write a contact or an address, under the notes about its client."""
    from interop_cli.commands.lists import show_under
    from interop_cli.store.reading import addresses, contacts

    with app.store.reading() as conn:
        client_id, found = (contacts if entity == "contact" else addresses).one(conn, row_id)
        show_under(app, conn, client_id, found, entity)


def why_not(app: App, entity: str, row_id: int) -> None:
    """Write what keeps a contact or an address from being deleted."""
    from interop_cli.commands.client.status import use_card
    from interop_cli.store.reading import addresses, contacts, used_by

    with app.store.reading() as conn:
        (contacts if entity == "contact" else addresses).one(conn, row_id)
        blockers = used_by.users_of(conn, entity, row_id)
    found = {"id": row_id, "deletable": not blockers, "blockers": blockers}
    app.output.record(found, card=partial(use_card, entity=entity), key="id")


def fields(entity: tuple[Field, ...]) -> Fields:
    """What a file of these may hold."""
    known = (*names(taken(entity)), *BY)
    return Fields(known, frozenset({*SYSTEM, *names(listed(entity))} - {*known}))


def _take_in(
    app: App,
    file: str,
    asked: ImportOptions,
    entity: tuple[Field, ...],
    client: str | None,
    kind: type[BelongingImport[Any]],
    *,
    allow_mismatch: bool = False,
) -> None:
    def task(uow: UnitOfWork, _columns: ColumnMap) -> BelongingImport[Any]:
        return kind(
            uow,
            app.rules(allow_mismatch=allow_mismatch),
            client=client,
            continue_on_error=asked.continue_on_error,
            want_rows=asked.results is not None,
        )

    take_in(app, f"{kind.kind}.import", file, asked, fields(entity), task)
