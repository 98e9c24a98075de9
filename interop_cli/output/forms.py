"""The formats of data, and rows in those that are text; a table has a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.domain.messages import msg
from interop_cli.output.columns import ColumnChoice, Row, choose
from interop_cli.output.sanitise import printable_json

VCARDS = ("vcard", "vcard4")
CONTACT = ("name", "email", "phone", "mobile")
"""What a row has that is a contact."""


def choices(
    form: str, fields: Sequence[str] | None, columns: Sequence[Column], key: str
) -> list[ColumnChoice]:
    """The output columns for ``fields``, or those that a format shows; of ``codes``, the key."""
    if any(one.kind is ValueKind.MEMBERS for one in columns):  # they were chosen before
        return choose(columns, [one.name for one in columns])
    if form != "codes":
        return choose(columns, fields, table=form == "table")
    if fields and len(fields) > 1:
        raise UsageError("output.codes.fields", msg("The format codes shows one field."))
    return choose(columns, fields or [key])


def chunks(
    form: str,
    choices: list[ColumnChoice],
    columns: int,
    batches: Iterable[list[Row]],
    *,
    terminal: bool,
    dialect: str,
    comes_back: bool,
) -> Iterator[str]:
    """The text of rows of ``columns`` values; a ``terminal`` gets what it can print.

    ``comes_back``: the CSV is one that an import takes back as it was.
    """
    if form in ("json", "ndjson"):
        from interop_cli.output import rows

        make = rows.array if form == "json" else rows.ndjson
        objects = make(choices, columns, batches)
        return map(printable_json, objects) if terminal else objects
    from interop_cli.output import rows

    if form in VCARDS:
        from interop_cli.output.rows import VERSIONS, card_rows

        return card_rows(choices, batches, VERSIONS[form], terminal=terminal)
    if form == "csv":
        return rows.csv_rows(choices, batches, dialect=dialect, terminal=terminal, words=comes_back)
    return rows.tsv_rows(choices, batches, terminal=terminal, header=form == "tsv")


def made(form: str, blocks: Iterable[bytes], *, terminal: bool) -> Iterator[str | bytes]:
    """The text of a list in JSON whose objects an engine has made, in blocks of whole lines."""
    from interop_cli.output import rows

    objects = rows.made(blocks, array=form == "json")
    return (printable_json(one.decode()) for one in objects) if terminal else objects
