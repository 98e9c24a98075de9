"""Lines of a document as they are typed: ``description;quantity;unit price``, or in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import msg


def parse_lines(texts: Iterable[str]) -> list[dict[str, Any]]:
    """The fields of each line; a fourth part says how it is taxed (standard, federal, exempt).

    A semicolon in the description is fine. Raises UsageError ``usage.line``.
    """
    return [_parsed(text) for text in texts]


def _parsed(text: str) -> dict[str, Any]:
    from interop_cli.domain.document_line import TAX_GROUPS
    from interop_cli.domain.text import fold

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
    from interop_cli.domain.services.document_fields import LINE_FIELDS
    from interop_cli.inputs.mapping import ColumnMap
    from interop_cli.inputs.reading import read_records
    from interop_cli.inputs.source import open_source

    lines: list[dict[str, Any]] = []
    with open_source(file, sys.stdin) as source:
        for record in read_records(source):
            if record.error is not None:
                raise _bad_row(file, record.error)
            names = ColumnMap().apply(list(record.values), LINE_FIELDS, file=file)
            values = zip(names, record.values.values(), strict=True)
            lines.append({name: value for name, value in values if name})
    return lines


def _bad_row(file: str, detail: Any) -> Exception:
    from interop_cli.domain.errors import InvalidData

    return InvalidData(detail.code, msg("{file} cannot be read.", file=file), details=[detail])
