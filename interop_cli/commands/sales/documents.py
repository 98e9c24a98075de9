"""``sales document add``, ``list``, ``show``, ``void``, how lines are typed; ``sales import``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.commands import lists
from interop_cli.commands.sales.paper import print_command
from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import AMOUNTS, DOCUMENT, LINE_FIELDS, PLACE_PARTS, Card
from interop_cli.domain.fields.field import SYSTEM, listed, names, on_card, taken
from interop_cli.domain.fields.nested import BY
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.closed_lists import KIND_TITLE
from interop_cli.i18n import _, labelled
from interop_cli.inputs.mapping import Fields
from interop_cli.shell.command import Group, argument, command, given, option
from interop_cli.shell.import_options import ImportOptions, import_options
from interop_cli.shell.importing import take_in
from interop_cli.shell.options import DOCUMENT_STATUS, KIND, field_options
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.output import Style
    from interop_cli.services.imports.documents import DocumentImport
    from interop_cli.store.writing.unit_of_work import UnitOfWork


document_command = Group(
    "document", help=N_("Quotes, jobs, packing slips, invoices, credit notes.")
)
document_command.add_command(print_command)


@document_command.command("add")
@argument("client", metavar="CODE")
@option("--kind", type=KIND, required=True, help=N_("What it is."))
@option("--status", type=DOCUMENT_STATUS, help=N_("posted, unless you say draft."))
@field_options(DOCUMENT)
@option(
    "--line",
    "line",
    multiple=True,
    metavar='"TEXT;QTY;PRICE"',
    help=N_("A line: description;quantity;unit price; several times for several."),
)
def add_command(app: App, client: str, kind: str, line: tuple[str, ...], **fields: Any) -> None:
    """Record a document of a client; a job ends a prospect.

    \b
    interop sales document add ACME --kind quote --subtotal 1250.00
    interop sales document add ACME --kind job --number D-1042 --line "Cartes;500;0,08"
    """
    from interop_cli.services.sales import documents
    from interop_cli.store.reading.called import resolve

    values = given(fields)
    values["lines"] = parse_lines(line)
    conn = app.store.conn
    head = lists.lines_above(app, conn, resolve(conn, client)[0])
    outcome = app.run(
        "sales.document.add", lambda uow: documents.add(uow, client, kind, values, app.rules())
    )
    app.output.result(outcome.as_dict(), head=head)


@document_command.command("list")
@lists.ANY_CLIENT
@option("--kind", type=KIND, help=N_("Only documents of this kind."))
@option("--status", type=DOCUMENT_STATUS, help=N_("Only documents of this status."))
@option("--since", metavar="YYYY-MM-DD", help=N_("From this date on."))
@option("--until", metavar="YYYY-MM-DD", help=N_("Up to this date."))
@lists.row_options("NUMBER|#ID")
def list_command(
    app: App,
    client: str | None,
    since: str | None,
    until: str | None,
    asked: lists.Asked,
    **of: str | None,
) -> None:
    """List documents, the latest first: of one client, or of all.

    \b
    interop sales document list ACME --kind invoice
    interop sales document list --filter "total_cents > 1000000" --since 2026-01-01 -o csv
    """
    from interop_cli.store.reading import documents

    since, until = lists.day("--since", since), lists.day("--until", until)
    lists.check_span(since, until)
    also = documents.chosen_by(since=since, until=until, **of)
    columns = documents.columns()
    lists.show(app, documents.VIEW, columns, asked, also, client=client)


@document_command.command("show")
@argument("number", metavar="NUMBER|#ID")
@option("--kind", type=KIND, help=N_("Which one, where several kinds have this number."))
def show_command(app: App, number: str, kind: str | None) -> None:
    """Show a document with its lines.

    \b
    interop sales document show 10248
    interop sales document show 12 --kind quote --json
    """
    show(app, number, kind)


def show(app: App, number: str, kind: str | None) -> None:
    """Print a document."""
    from interop_cli.store.reading import documents

    with app.store.reading() as conn:
        found = documents.one(conn, documents.document_named(conn, number, kind))
    app.output.record(found, "document", card=card, key="number")


@document_command.command("void")
@argument("number", metavar="NUMBER|#ID")
@option("--kind", type=KIND, help=N_("Which one, where several kinds have this number."))
def void_command(app: App, number: str, kind: str | None) -> None:
    """Make a document count no more; it stays readable.

    \b
    interop sales document void 10248 --kind invoice
    """
    from interop_cli.services.sales import documents

    app.write("sales.document.void", lambda uow: documents.void(uow, number, kind))


def card(document: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The lines of a document, as a person reads it."""
    from interop_cli.domain.values.money import format_cents, format_decimal, format_price
    from interop_cli.i18n import language
    from interop_cli.output.words import spoken, title

    def amount(cents: int) -> str:
        return format_cents(cents, document["currency"], language())

    def decimal(text: str) -> str:
        return format_decimal(text, language())

    lines = list(lists.note_lines(document["notes"], style))
    yield from [*lines, ""] if lines else []
    yield style.bold(f"{_(KIND_TITLE[document['kind']])} {document['number'] or '—'}")
    for name in names(on_card(DOCUMENT, Card.DOCUMENT)):
        if document[name]:
            text = document[name]
            if name == "status":
                text = spoken("status", text, document["kind"])
            yield f"  {labelled(title(name), text)}"
    for line in document["lines"]:
        price = f"{decimal(line['quantity'])} × {format_price(line['unit_price'], language())}"
        cost = amount(line["amount_cents"])
        yield f"  {line['position']}. {line['description']}  {price}  {cost}"
    yield f"  {labelled(title('subtotal_cents'), amount(document['subtotal_cents']))}"
    for tax in document["taxes"]:
        label = f"{_(TAXES[tax['tax']])} {decimal(tax['rate'])} %"
        yield f"  {labelled(label, amount(tax['amount_cents']))}"
    if document["tax_cents"] and not document["taxes"]:
        yield f"  {labelled(title('tax_cents'), amount(document['tax_cents']))}"
    yield f"  {labelled(title('total_cents'), amount(document['total_cents']))}"
    for mailing in document.get("mailings", ()):
        yield "  " + labelled(_("E-mail"), lists.mailing_line(mailing))


TAXES = {"gst": N_("GST"), "qst": N_("QST"), "hst": N_("HST")}


def parse_lines(texts: Iterable[str]) -> list[dict[str, Any]]:
    """The fields of each line; a fourth part says how it is taxed (standard, federal, exempt).

    A semicolon in the description is fine. Raises UsageError ``usage.line``.
    """
    return [_parsed(text) for text in texts]


def _parsed(text: str) -> dict[str, Any]:
    from interop_cli.domain.document import TAX_GROUPS
    from interop_cli.domain.values.text import fold

    parts = [part.strip() for part in text.rsplit(";", 3)]
    tax = parts.pop() if len(parts) > 3 and fold(parts[-1]) in TAX_GROUPS else ""
    if not tax:
        parts = [part.strip() for part in text.rsplit(";", 2)]
    if len(parts) < 3 or not all(parts):
        raise UsageError(
            "usage.line",
            msg("--line takes a description, a quantity and a unit price."),
            hint=msg("Such as: {examples}", examples='--line "Cartes professionnelles;500;0.08"'),
        )
    description, quantity, price = parts
    return {"description": description, "quantity": quantity, "unit_price": price, "tax": tax}


def read_lines(file: str) -> list[dict[str, Any]]:
    """The lines of a CSV or NDJSON file, with columns of these names."""
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.inputs.reading import read_records
    from interop_cli.inputs.source import open_source

    lines: list[dict[str, Any]] = []
    with open_source(file, sys.stdin) as source:
        for record in read_records(source):
            if record.error is not None:
                raise _bad_row(file, record.error)
            placed = ColumnMap().place(list(record.values), LINE, file=file)
            values = zip(placed.targets, record.values.values(), strict=True)
            lines.append({name: value for name, value in values if name})
    return lines


def _bad_row(file: str, detail: Any) -> Exception:
    from interop_cli.domain.errors import InvalidData

    return InvalidData(detail.code, msg("{file} cannot be read.", file=file), details=[detail])


@command("import")
@argument("file", type=FileRead(), metavar="FILE|-")
@option("--kind", type=KIND, help=N_("What the rows are."))
@import_options()
def import_command(app: App, file: str, asked: ImportOptions, kind: str | None) -> None:
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
            continue_on_error=asked.continue_on_error,
            want_rows=asked.results is not None,
        )

    take_in(app, "sales.import", file, asked, FIELDS, task)


LINE = Fields(LINE_FIELDS)
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
