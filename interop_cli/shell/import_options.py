"""The options of taking a file in: how it is written, and what its columns are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.shell import selectors
from interop_cli.shell.command import gathered, option
from interop_cli.shell.completion import ReadyOrFile
from interop_cli.shell.options import CONTINUE_ON_ERROR
from interop_cli.shell.paths import FileWritten

if TYPE_CHECKING:
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.inputs.source import Source

F = TypeVar("F", bound=Callable[..., Any])

FORM_OPTIONS = (
    option(
        "--format",
        "form",
        type=click.Choice(("csv", "ndjson", "xlsx")),
        help=N_("Form of the file."),
    ),
    option(
        "--sheet",
        metavar="NAME|N",
        help=N_("Sheet of an Excel workbook, by its name or number; else the first with content."),
    ),
    option(
        "--mapping",
        type=ReadyOrFile(),
        metavar="NAME|FILE.toml",
        help=N_("What the columns are: a ready mapping, or a file; see: interop help mapping."),
    ),
    option(
        "--map",
        "pairs",
        multiple=True,
        metavar="COLUMN=FIELD",
        help=N_("One column's field; several times for several."),
    ),
    option(
        "--suggest",
        is_flag=True,
        help=N_("Print a mapping for this file, guessed from it, and write nothing."),
    ),
)
READING_OPTIONS = (
    option("--encoding", metavar="NAME", help=N_("Encoding of the file; UTF-8 unless said.")),
    option("--delimiter", metavar="C", help=N_("What separates the columns of a CSV.")),
    CONTINUE_ON_ERROR,
    option(
        "--rejects",
        type=FileWritten(tells=True),
        metavar="FILE",
        help=N_("Write the rows that were refused, with the reason, to correct them."),
    ),
    selectors.RESULTS,
)


@dataclass(frozen=True)
class ImportOptions:
    """The options as typed: how the file is written, and what to do with bad rows."""

    encoding: str | None
    delimiter: str | None
    continue_on_error: bool
    rejects: str | None
    results: str | None
    form: str | None = None
    mapping: str | None = None
    pairs: tuple[str, ...] = ()
    suggest: bool = False
    sheet: str | None = None
    vcards: bool = False
    """Whether vCards may come."""
    companies: bool = True
    """Whether a vCard's company is its client."""

    def column_map(self, entity: str) -> ColumnMap:
        """What ``--mapping`` and ``--map`` say about the columns; the latter wins.

        ``entity`` is what the file holds.
        """
        from interop_cli.inputs.mapping.columns import parse_pairs
        from interop_cli.inputs.mapping.loading import load_map

        pairs = parse_pairs(self.pairs)
        return pairs if self.mapping is None else load_map(self.mapping, entity).with_pairs(pairs)

    def reading(self, source: Source, columns: ColumnMap) -> dict[str, Any]:
        """How to read the file: its format, and what is said of it here or in the mapping.

        Raises UsageError ``input.option`` for vCards where none may come.
        """
        from interop_cli.inputs.reading import find_format

        found = self.form or find_format(source)
        if found == "vcard" and not self.vcards:
            raise UsageError(
                "input.option",
                msg("vCards hold contacts."),
                hint=msg("interop contact import {file}", file=source.name),
            )
        said = columns.reading
        form = {"encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet}
        for name in {"csv": ("encoding", "delimiter"), "xlsx": ("sheet",)}.get(found, ()):
            form[name] = form[name] or said.get(name)
        return {"format": found, **form}


VCARD_OPTION = option(
    "--format",
    "form",
    type=click.Choice(("csv", "ndjson", "xlsx", "vcard")),
    help=N_("Form of the file."),
)


def import_options(*, form: str | None = None, vcards: bool = False) -> Callable[[F], F]:
    """Add the options; the command gets them as one ``asked``.

    ``form`` fixes the form of the file, whose columns then need no names.
    """
    several = READING_OPTIONS if form else FORM_OPTIONS + READING_OPTIONS
    if vcards:
        several = (VCARD_OPTION, *several[1:])
    names = ["encoding", "delimiter", "continue_on_error", "rejects", "results"]
    if form is None:
        names += ["form", "mapping", "pairs", "suggest", "sheet"]

    def asked(**typed: Any) -> ImportOptions:
        return ImportOptions(**{"form": form, **typed}, vcards=vcards)

    return gathered("asked", asked, names, *several)
