"""Taking a file in: its options, its rows under our names, and the three outputs of an import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

import click

from interop_cli.domain.errors import Detail
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.values.doubts import NEEDED, NO_VALUE, encoded_twice, without_value
from interop_cli.shell import selectors
from interop_cli.shell.command import option, options
from interop_cli.shell.paths import FileRead, FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.inputs.mapping import ColumnMap
    from interop_cli.inputs.records import Record
    from interop_cli.inputs.rejects import RejectsWriter
    from interop_cli.inputs.source import Source
    from interop_cli.output.notices import Advance
    from interop_cli.services.imports.rows import Rejects
    from interop_cli.services.outcome import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

F = TypeVar("F", bound=Callable[..., Any])
PROGRESS_EVERY = 1000

FORM_OPTIONS = (
    option("--format", "form", type=click.Choice(("csv", "ndjson")), help=N_("Form of the file.")),
    option(
        "--mapping", type=FileRead(), metavar="FILE.toml", help=N_("Which column is which field.")
    ),
    option(
        "--map",
        "pairs",
        multiple=True,
        metavar="COLUMN=FIELD",
        help=N_("One column's field; several times for several."),
    ),
)
INTAKE_OPTIONS = (
    option("--encoding", metavar="NAME", help=N_("Encoding of the file; UTF-8 unless said.")),
    option("--delimiter", metavar="C", help=N_("What separates the columns of a CSV.")),
    option(
        "--continue-on-error",
        is_flag=True,
        help=N_("Write the good rows, report the others (exit 68)."),
    ),
    option(
        "--rejects",
        type=FileWritten(tells=True),
        metavar="FILE",
        help=N_("Write the rows that were refused, with the reason, to correct them."),
    ),
    selectors.RESULTS,
)


@dataclass(frozen=True)
class Intake:
    """The options as typed: how the file is written, and what to do with bad rows."""

    encoding: str | None
    delimiter: str | None
    continue_on_error: bool
    rejects: str | None
    results: str | None
    form: str | None = None
    mapping: str | None = None
    pairs: tuple[str, ...] = ()

    def column_map(self) -> ColumnMap:
        """What ``--mapping`` and ``--map`` say about the columns; the latter wins."""
        from interop_cli.inputs.mapping import load_map, parse_pairs

        pairs = parse_pairs(self.pairs)
        if self.mapping is None:
            return pairs
        found = load_map(self.mapping)
        found.columns.update(pairs.columns)
        return found


def intake_options(*, form: str | None = None) -> Callable[[F], F]:
    """Add the options; the command gets them as one ``intake``.

    ``form`` fixes the form of the file, whose columns then need no names.
    """
    several = INTAKE_OPTIONS if form else FORM_OPTIONS + INTAKE_OPTIONS
    names = ["encoding", "delimiter", "continue_on_error", "rejects", "results"]
    if form is None:
        names += ["form", "mapping", "pairs"]

    def decorate(function: F) -> F:
        @wraps(function)
        def with_intake(*args: Any, **kwargs: Any) -> Any:
            values: dict[str, Any] = {"form": form} | {name: kwargs.pop(name) for name in names}
            return function(*args, intake=Intake(**values), **kwargs)

        return cast(F, options(*several)(with_intake))

    return decorate


class FieldRecord(NamedTuple):
    """A row of the file under our names; ``source`` is the row as it was read."""

    line: int
    values: dict[str, Any]
    error: Detail | None
    source: Any


@dataclass(frozen=True)
class Fields:
    """What a file may hold: ``known`` fields, others that ``accepts`` takes, and those ignored."""

    known: Collection[str]
    ignored: Collection[str]
    accepts: Callable[[str], bool] | None = None


@dataclass
class ImportReader:
    """Gives the rows of a source under our names."""

    source: Source
    intake: Intake
    fields: Fields
    columns: ColumnMap
    advance: Advance
    warnings: list[RuleWarning] = field(default_factory=list)

    def records(self) -> Iterator[FieldRecord]:
        """The rows, from the start of the source; those without any content are passed over."""
        from interop_cli.inputs.reading import read_records

        self.warnings.clear()  # the unit of work may begin again
        names: dict[str, str | None] = {}
        alike = False  # our names are the file's
        read = 0
        for number, record in enumerate(read_records(self.source, **self._form), 1):
            if record.error is None and not any(record.values.values()):
                continue  # as Excel leaves them at the end
            if alike and record.cells:  # every row of a CSV has the columns of the first
                values = record.values
            else:
                try:
                    values = _named(record.values, names)
                except KeyError:
                    names |= self._names(list(record.values))
                    alike = all(column == name for column, name in names.items())
                    values = _named(record.values, names)
            for name, default in self.columns.defaults.items():
                values.setdefault(name, default)
            if not self._plain(record, values):
                values = self._doubted(record.line, values)
            yield FieldRecord(record.line, values, record.error, record)
            if number % PROGRESS_EVERY == 0:
                read, before = self.source.position(), read
                self.advance(read - before)

    def _plain(self, record: Record, values: dict[str, Any]) -> bool:
        """Whether no cell is to be looked at; quickly told of nearly every row."""
        cells = record.cells or [value for value in values.values() if isinstance(value, str)]
        return NO_VALUE.isdisjoint(cells) and not encoded_twice("".join(cells))

    def _doubted(self, line: int, values: dict[str, Any]) -> dict[str, Any]:
        """The values without those that are none; both these and odd letters are said."""
        kept = dict(values)
        for name, message in without_value(values):
            self.warnings.append(RuleWarning(name, "import.no_value", message, line))
            if name.rpartition(".")[2] not in NEEDED:
                del kept[name]
        for name, value in kept.items():
            if isinstance(value, str) and encoded_twice(value):
                message = msg("holds letters that were encoded twice, such as Ã© for é")
                self.warnings.append(RuleWarning(name, "import.encoded_twice", message, line))
        return kept

    def rejects(self, path: str) -> RejectsWriter:
        """A writer of files like this one, for the rows that are refused."""
        from interop_cli.inputs.reading import read_layout
        from interop_cli.inputs.rejects import RejectsWriter

        return RejectsWriter.like(path, read_layout(self.source, **self._form))

    @property
    def _form(self) -> dict[str, Any]:
        intake = self.intake
        return {"format": intake.form, "encoding": intake.encoding, "delimiter": intake.delimiter}

    def _names(self, header: list[str]) -> dict[str, str | None]:
        from interop_cli.inputs.reading import find_format

        targets = self.columns.apply(
            header,
            self.fields.known,
            accepts=self.fields.accepts,
            ignored=self.fields.ignored,
            file=self.source.name,
            # Each object of NDJSON has the names it needs, not all of them.
            partial=(self.intake.form or find_format(self.source)) == "ndjson",
        )
        return dict(zip(header, targets, strict=True))


def _named(values: dict[str, Any], names: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for column, value in values.items() if (name := names[column]) is not None}


class Task(Protocol):
    """An import at work: see ``services/imports``."""

    @property
    def rejected(self) -> Rejects: ...

    def run(self, records: Iterable[Any]) -> Outcome: ...


def take_in(
    app: App,
    operation: str,
    file: str,
    intake: Intake,
    fields: Fields,
    task_for: Callable[[UnitOfWork, ColumnMap], Task],
) -> None:
    """Read the file and write it in one transaction; then the rejects and the results."""
    from interop_cli.inputs.source import open_source

    columns = intake.column_map()
    with ExitStack() as stack:
        source = stack.enter_context(open_source(file, sys.stdin))
        advance = stack.enter_context(app.output.progress(source.size, file))
        reader = ImportReader(source, intake, fields, columns, advance, app.warnings)
        writer = stack.enter_context(reader.rejects(intake.rejects)) if intake.rejects else None

        def work(uow: UnitOfWork) -> Outcome:
            task = task_for(uow, columns)
            if writer:
                writer.restart()
                task.rejected.pass_on = lambda record, faults: writer.write(
                    record.source, reasons(faults)
                )
            return task.run(reader.records())

        outcome = app.run(operation, work)
        if writer and not app.dry_run:
            writer.commit()
    selectors.deliver(app, outcome, intake.results)


def reasons(details: Iterable[Detail]) -> str:
    """Why a row was refused, as the cell of a file of rejects."""
    from interop_cli.i18n import labelled, translate

    return "; ".join(
        labelled(detail.path, translate(detail.message)) if detail.message else detail.path
        for detail in details
    )
