"""``sales document print`` and ``sales label``: what is printed of documents."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.shell.command import argument, command, option, options
from interop_cli.shell.options import KIND, filter_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.paper.sheets import Sheet
    from interop_cli.services import Outcome
    from interop_cli.services.sales.printing import Printing
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.reading.lists import Condition

FORMS = ("pdf", "html", "text")
ENDINGS = {".pdf": "pdf", ".html": "html", ".htm": "html", ".txt": "text"}
SUFFIXES = {"pdf": ".pdf", "html": ".html", "text": ".txt"}
CHOSEN = options(
    argument("numbers", nargs=-1, metavar="[NUMBER|#ID…|-]"),
    filter_option(N_("The documents a filter matches; several are AND.")),
)


@command("print", out_folder=True)
@CHOSEN
@option("--kind", type=KIND, help=N_("Of which kind they are."))
@option("--format", "form", type=click.Choice(FORMS), help=N_("pdf, or as --out ends."))
def print_command(
    app: App, numbers: tuple[str, ...], filters: tuple[str, ...], kind: str | None, form: str | None
) -> None:
    """Print quotes, work dockets, packing slips, invoices and credit notes.

    In the language of each client, or in that of --lang. --out names a file for all of them, or a
    folder for a file each; without it they go to stdout.

    \b
    interop sales document print 10248 --out 10248.pdf
    interop sales document print --filter "kind = invoice and date >= 2026-11-01" --out invoices/
    interop sales document print 10248 --format text
    """
    out = app.options.pop("out", None)
    printing, ids = _wanted(app, numbers, filters, kind)
    form = form or ENDINGS.get(Path(out).suffix.lower() if out else "", "pdf")
    _put_out(app, printing, ids, form, out)


@command("label", out_folder=True)
@CHOSEN
@option(
    "--kind", type=KIND, default="packing_slip", help=N_("Of which kind they are (packing_slip).")
)
@option(
    "--size",
    type=click.Choice(("4x6", "4x4", "avery-5163", "avery-5164", "avery-5168")),
    default="4x6",
    help=N_("Of the labels: inches, one a page; or a sheet of Avery's (4x6)."),
)
@option(
    "--copies",
    type=click.IntRange(1, 999),
    default=1,
    metavar="N",
    help=N_("How many boxes, a label each (1)."),
)
@option(
    "--of",
    type=click.IntRange(1, 999),
    metavar="M",
    help=N_("How many boxes there are in all, where it is more."),
)
def label_command(
    app: App,
    numbers: tuple[str, ...],
    filters: tuple[str, ...],
    kind: str,
    size: str,
    copies: int,
    of: int | None,
) -> None:
    """Print labels for parcels: where they go, from whom, which box of how many.

    The sender is as the client's shipper identity says: the shop, the client, or nobody.

    \b
    interop sales label 5012 --copies 3 --out labels.pdf
    interop sales label --filter "date = 2026-11-30" --size avery-5164 --out labels.pdf
    """
    from interop_cli.paper.labels import LABEL_SIZES, LabelBook
    from interop_cli.services import Outcome

    out = app.options.pop("out", None)
    printing, ids = _wanted(app, numbers, filters, kind)
    count = 0
    if ids:  # a sheet without a label is none
        book = LabelBook(printing.look, LABEL_SIZES[size])
        with app.output.progress(len(ids), "PDF") as advance:
            for labels in printing.labels(ids, copies, of):
                for label in labels:
                    book.add(label)
                    count += 1
                advance(1)
        printing.warn_of_signs(book.missing)
        _deliver(app, iter([book.content()]), out)
    outcome = Outcome(matched=len(ids), changed=len(ids), warnings=printing.warnings)
    outcome.extra = {"labels": count, "file": out}
    _tell(app, outcome, "sales.label", out)


def _wanted(
    app: App, numbers: tuple[str, ...], filters: tuple[str, ...], kind: str | None
) -> tuple[Printing, list[int]]:
    """Who prints, and the ids of the documents that are meant."""
    from interop_cli.store.reading import printed

    if bool(numbers) == bool(filters):
        raise UsageError(
            "usage.selector",
            msg("Say which documents: numbers, - or --filter, and one of these only."),
            hint=msg("See: interop sales document list"),
        )
    made, conn = printing(app), app.store.conn
    if numbers:
        return made, printed.named(conn, numbers_of(app, numbers), kind)
    return made, printed.chosen(conn, condition(app, filters, kind))


def printing(app: App) -> Printing:
    """What prints, as the company's settings say."""
    from datetime import UTC, datetime, time

    from interop_cli.paper.canvas import Look
    from interop_cli.paper.sheets import Letterhead
    from interop_cli.services.sales.printing import Printing, company_of
    from interop_cli.store.reading import printed

    get, conn = app.settings.get, app.store.conn
    look = Look(
        datetime.combine(app.today, time(), UTC),
        get("paper"),
        get("print.color"),
        tuple(get("print.fonts")),
    )
    return Printing(
        conn,
        company_of(get, printed.company_logo(conn)),
        look,
        Letterhead(get("print.head"), get("print.foot")),
        app.options.get("lang"),
        get("print.notes"),
        get("print.template"),
    )


def numbers_of(app: App, numbers: tuple[str, ...]) -> Sequence[str]:
    """The numbers as typed, or the lines of stdin; warns where nothing came in."""
    from interop_cli.inputs.reading import read_codes
    from interop_cli.inputs.source import open_source
    from interop_cli.shell.selectors import nothing_came

    if numbers != ("-",):
        return numbers
    with open_source("-", sys.stdin) as source:
        found = [code for _line, code in read_codes(source, null=False)]
    if not found:
        app.warnings.append(nothing_came())
    return found


def condition(app: App, filters: tuple[str, ...], kind: str | None) -> Condition:
    """The documents of a kind that filters match."""
    from interop_cli.shell.selectors import condition_of, say_left_out
    from interop_cli.store.reading import documents

    found = condition_of(app, filters, documents.FIELDS, documents.SOURCE)
    found &= documents.chosen_by(kind=kind, status=None, since=None, until=None)
    say_left_out(app, documents.SOURCE, found)
    return found


def _put_out(app: App, printing: Printing, ids: Sequence[int], form: str, out: str | None) -> None:
    """Draw documents into one file, or into one each where ``out`` is a folder.

    Where there are none, nothing is written.
    """
    from interop_cli.services import Outcome

    outcome, found = Outcome(), printing.sheets(ids)
    folder = Path(out) if out and (out.endswith(("/", "\\")) or Path(out).is_dir()) else None
    with app.output.progress(None, form.upper()) as advance:

        def noted() -> Iterator[Sheet]:
            for document, one in found:
                outcome.items.append(_item(document, out))
                advance(1)
                yield one

        if folder is None and ids:
            _deliver(app, _chunks(printing, form, noted(), outcome.items), out)
        elif folder is not None:
            for document, one in found:
                file = folder / _name(document, form)
                app.paths.claim(str(file))
                outcome.items.append(_item(document, str(file)))
                if not app.dry_run:
                    folder.mkdir(exist_ok=True)
                _deliver(app, _chunks(printing, form, iter([one]), outcome.items), str(file))
                advance(1)
    outcome.matched = outcome.changed = len(outcome.items)
    outcome.extra = {"pages": sum(item["pages"] for item in outcome.items)}
    outcome.warnings = printing.warnings
    _tell(app, outcome, "sales.document.print", out)


def _chunks(
    printing: Printing, form: str, sheets: Iterator[Sheet], items: list[dict[str, Any]]
) -> Iterator[bytes]:
    """A file of sheets, in pieces; the last of ``items`` learn how many pages each has."""
    from interop_cli.paper.pages import html_page, text_pages

    if form == "pdf":
        content, pages = printing.pdf(sheets)
        for item, count in zip(items[-len(pages) :], pages, strict=True):
            item["pages"] = count
        yield content
        return
    look = printing.look
    chunks = text_pages(sheets) if form == "text" else html_page(sheets, look.paper, look.color)
    yield from map(str.encode, chunks)


def _deliver(app: App, chunks: Iterator[bytes], out: str | None) -> None:
    """Write a file, or to stdout where none is named; in a dry run, only make it."""
    from interop_cli.output.sink import PERSONAL, whole_file

    if app.dry_run:
        deque(chunks, maxlen=0)
    elif out is None or out == "-":
        app.output.document(chunks)
    else:
        with whole_file(Path(out), PERSONAL) as write:
            for chunk in chunks:
                write(chunk)


def _name(document: Row, form: str) -> str:
    """The name of a document's file in a folder: ``invoice-10248.pdf``."""
    from interop_cli.paper.sheets import in_file_name

    number = document["number"] or f"id{document['id']}"
    return f"{document['kind']}-{in_file_name(number)}{SUFFIXES[form]}"


def _item(document: Row, file: str | None) -> dict[str, Any]:
    names = ("id", "kind", "number", "client")
    return {
        **{name: document[name] for name in names},
        "pages": 1,
        "file": file,
        "status": "ok",
        "error": None,
    }


def _tell(app: App, outcome: Outcome, operation: str, out: str | None) -> None:
    """Say what was printed; on stdout only where the documents are elsewhere."""
    outcome.operation, outcome.dry_run = operation, app.dry_run
    app.conclude(outcome)
    if out is None or out == "-":
        from interop_cli.output.notices import warnings

        for warning in warnings(outcome.as_dict()):
            app.output.warn(warning)
        return
    app.output.result(outcome.as_dict())
