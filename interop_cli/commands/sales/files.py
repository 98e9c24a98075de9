"""``sales import``: documents out of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.domain.fields.document import AMOUNTS, DOCUMENT
from interop_cli.domain.fields.field import SYSTEM, listed, names, taken
from interop_cli.domain.fields.nested import BY
from interop_cli.domain.messages import N_
from interop_cli.domain.values.document_kinds import KIND_NAMES
from interop_cli.inputs.mapping import Fields
from interop_cli.services.imports.documents import PLACE_PARTS
from interop_cli.services.sales.documents import LINE_FIELDS
from interop_cli.shell.command import Command, option, pass_app
from interop_cli.shell.importing import take_in
from interop_cli.shell.intake import Intake, intake_options
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.services.imports.documents import DocumentImport
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@click.command("import", cls=Command)
@click.argument("file", type=FileRead(), metavar="FILE|-")
@option("--kind", type=click.Choice(KIND_NAMES), help=N_("What the rows are."))
@intake_options()
@pass_app
def import_command(app: App, file: str, intake: Intake, kind: str | None) -> None:
    """Take documents over from the ERP: all of the file, or nothing.

    A row is recognised by its kind and number, and updated where it is known already. Amounts are
    decimal (subtotal, tax, total) or in cents (subtotal_cents…); where only the subtotal is given,
    there are no taxes. The client is named in client (its code), client.external_id, client.email
    or client.name; one that fits several clients is refused. A contact is one of the client's by
    id, e-mail or name, ship_to an address by id, label or text; they are then in use. What fits
    several of them is refused, and other text stays text.

    \b
    interop sales import invoices.csv --kind invoice --dry-run
    interop sales import orders.csv --kind invoice --mapping northwind
    """
    from interop_cli.services.imports.documents import DocumentImport

    def task(uow: UnitOfWork, _columns: ColumnMap) -> DocumentImport:
        return DocumentImport(
            uow,
            app.rules(),
            kind=kind,
            continue_on_error=intake.continue_on_error,
            want_rows=intake.results is not None,
        )

    take_in(app, "sales.import", file, intake, FIELDS, task)


FIELDS = Fields(
    known=(
        *names(taken(DOCUMENT)),
        *BY,
        *AMOUNTS,  # or in cents
        "lines",
        *(f"ship_to.{part}" for part in PLACE_PARTS),
    ),
    # What a list shows and an import does not write.
    ignored=frozenset({*SYSTEM, *names(listed(DOCUMENT))} - {*names(taken(DOCUMENT))}),
    accepts=frozenset(f"line.{name}" for name in LINE_FIELDS).__contains__,
)
