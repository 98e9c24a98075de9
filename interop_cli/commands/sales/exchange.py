"""``sales import``: documents out of files."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import selectors
from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.domain.kinds import KIND_NAMES
from interop_cli.domain.messages import N_

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.document_imports import DocumentImport
    from interop_cli.store.uow import UnitOfWork

OPTIONS = (
    option("--kind", type=click.Choice(KIND_NAMES), help=N_("What the rows are.")),
    option("--format", "form", type=click.Choice(("csv", "ndjson")), help=N_("Form of the file.")),
    option("--mapping", metavar="FILE.toml", help=N_("Which column is which field.")),
    option("--map", "pairs", multiple=True, metavar="COLUMN=FIELD",
           help=N_("One column's field; several times for several.")),
    option("--encoding", metavar="NAME", help=N_("Encoding of the file; UTF-8 unless said.")),
    option("--delimiter", metavar="C", help=N_("What separates the columns of a CSV.")),
    option("--continue-on-error", is_flag=True,
           help=N_("Write the good rows, report the others (exit 68).")),
    option("--rejects", metavar="FILE",
           help=N_("Write the rows that were refused, with the reason, to correct them.")),
    option("--results", metavar="FILE|-", help=N_("Write what became of each row, as NDJSON.")),
)  # fmt: skip


def _options(function: Any) -> Any:
    for decorate in reversed(OPTIONS):
        function = decorate(function)
    return function


@click.command("import", cls=Command)
@click.argument("file", metavar="FILE|-")
@_options
@pass_app
def import_command(
    app: App, file: str, kind: str | None, form: str | None, mapping: str | None,
    pairs: tuple[str, ...], encoding: str | None, delimiter: str | None, continue_on_error: bool,
    rejects: str | None, results: str | None,
) -> None:  # fmt: skip
    """Take documents over from the ERP: all of the file, or nothing.

    A row is recognised by its kind and number, and updated where it is known already. Amounts are
    decimal (subtotal, tax, total) or in cents (subtotal_cents…); where only the subtotal is given,
    there are no taxes.

    \b
    interop sales import invoices.csv --kind invoice --dry-run
    interop sales import orders.csv --kind invoice --mapping northwind-orders.toml
    """
    from interop_cli.commands.client.importing import column_map, reasons
    from interop_cli.commands.sales.reader import DocumentReader
    from interop_cli.domain.services.document_imports import DocumentImport
    from interop_cli.inputs.source import open_source

    columns = column_map(mapping, pairs)
    done: list[DocumentImport] = []
    with ExitStack() as stack:
        source = stack.enter_context(open_source(file, sys.stdin))
        advance = stack.enter_context(app.output.progress(source.size, file))
        reader = DocumentReader(source, form, encoding, delimiter, columns, advance)
        writer = stack.enter_context(reader.rejects(rejects)) if rejects else None

        def work(uow: UnitOfWork) -> Any:
            task = DocumentImport(
                uow, app.rules(), kind=kind, continue_on_error=continue_on_error,
                want_rows=results is not None,
            )  # fmt: skip
            done[:] = [task]
            return task.run(reader.records())

        outcome = app.run("sales.import", work)
        if writer and not app.dry_run:
            for rejected in done[0].rejected:
                writer.write(rejected.record.source, reasons(rejected.details))
            writer.commit()
    selectors.deliver(app, outcome, results)
