"""Taking a file in: its rows under our names, and the three outputs of an import."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields.nested import BY
from interop_cli.domain.messages import counted, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.values.text import (
    ENTITY,
    NEEDED,
    NO_VALUE,
    SHORTENED,
    encoded_twice,
    without_value,
)
from interop_cli.shell import selectors
from interop_cli.shell.completion import entity_of

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.errors import Detail
    from interop_cli.domain.rules import Context
    from interop_cli.inputs import Record
    from interop_cli.inputs.mapping import Fields
    from interop_cli.inputs.mapping.columns import ColumnMap
    from interop_cli.inputs.mapping.rows import FieldRecord, RowMaker
    from interop_cli.inputs.rejects import RejectsWriter
    from interop_cli.inputs.source import Source
    from interop_cli.output.notices import Advance
    from interop_cli.services import Outcome
    from interop_cli.services.imports.rows import Rejects
    from interop_cli.shell.import_options import ImportOptions
    from interop_cli.store.writing.unit_of_work import UnitOfWork

PROGRESS_EVERY = 1000
LARGE = 1_000_000  # bytes: thousands of rows, also of a workbook
NAMED_ROWS = ("ndjson", "vcard")
"""The formats whose rows each have the names they need; there is no header."""


@dataclass
class ImportReader:
    """Gives the rows of a source under our names."""

    source: Source
    asked: ImportOptions
    fields: Fields
    columns: ColumnMap
    advance: Advance
    warnings: list[RuleWarning] = field(default_factory=list)
    _lists: bool = False

    def records(self, country: str = "CA") -> Iterator[FieldRecord]:
        """The records, from the start of the source: a row each, unless the mapping joins rows.

        Rows without any content are passed over. ``country`` is that of addresses which name none.
        """
        from interop_cli.inputs.mapping.joining import joined

        rows = self._rows(country)
        first = next(rows, None)
        if first is None:
            return
        whole = chain((first,), rows)
        # Any later object may have what only a list can hold.
        lists = self._lists or (self._ndjson and self.fields.has("line.description"))
        columns = self.columns
        yield from joined(whole, columns.join, columns.first) if lists else whole

    def _rows(self, country: str) -> Iterator[FieldRecord]:
        from interop_cli.inputs.mapping.rows import FieldRecord, RowMaker
        from interop_cli.inputs.reading import read_records

        self.warnings.clear()  # the unit of work may begin again
        self._doubt_encoding()
        self._doubt_sheet()
        maker = RowMaker(
            self.columns, self.fields, self.source.name, partial=self._ndjson, country=country
        )
        read, left_out = 0, Counter[str]()
        vcards, whole = self._format == "vcard", self._format == "xlsx"  # read at once
        for number, record in enumerate(read_records(self.source, **self._form), 1):
            if record.error is None and not any(record.values.values()):
                continue  # as Excel leaves them at the end
            if vcards:
                left_out.update(record.raw)
                for name in () if self.asked.companies else BY:
                    record.values.pop(name, None)
            if maker.as_is and record.cells:
                row = FieldRecord(record.line, record.values, record.error, record)
            elif (made := maker.make(record)) is not None:
                row = made
                self._lists = maker.lists or bool(self.columns.join)
            else:
                continue
            yield row if self._plain(record, row.values) else self._doubted(row)
            if number % PROGRESS_EVERY == 0 and not whole:
                read, before = self.source.position(), read
                self.advance(read - before)
        self._say(maker, left_out)

    def _say(self, maker: RowMaker, properties: Counter[str]) -> None:
        """Warn of what the mapping has left out, and of vCards what has no field."""
        from interop_cli.inputs.mapping import NAMED_AT_ONCE

        if properties:
            names = ", ".join(f"{name} ({count})" for name, count in sorted(properties.items()))
            reason = msg("properties that were left out of the vCards: {names}", names=names)
            self.warnings.append(RuleWarning("", "import.vcard.left_out", reason))
        if maker.others and self.columns.others == "ignore":
            names = ", ".join(maker.others[:NAMED_AT_ONCE])
            names += ", …" if len(maker.others) > NAMED_AT_ONCE else ""
            reason = msg("columns that were left out: {names}", names=names)
            self.warnings.append(RuleWarning("", "import.columns.ignored", reason))
        if maker.left_out:
            reason = counted(
                "{count} row was left out, as the mapping says (where)",
                "{count} rows were left out, as the mapping says (where)",
                count=maker.left_out,
            )
            self.warnings.append(RuleWarning("", "import.rows.left_out", reason))

    def _doubt_encoding(self) -> None:
        """Say where another encoding than the one that was named reads the file into French."""
        chosen = self._form["encoding"]
        if chosen is None or self._format != "csv":
            return
        from interop_cli.inputs.lines import SAMPLE, better_encoding

        with self.source.binary() as stream:
            better = better_encoding(stream.read(SAMPLE), chosen)
        if better:
            message = msg(
                "read as {encoding}; as {better} it would have more French letters",
                encoding=chosen,
                better=better,
            )
            self.warnings.append(RuleWarning("", "input.encoding.doubtful", message))

    def _doubt_sheet(self) -> None:
        """Say which sheets of a workbook are not read where none is named, and what is hidden."""
        if self._format != "xlsx":
            return
        from interop_cli.inputs.workbook import sheets_left_out, what_hides

        if how := what_hides(self.source, self.asked.sheet):
            message = (
                msg("the sheet is filtered; the rows that it hides are read too")
                if how == "filtered"
                else msg("rows or columns of the sheet are hidden; they are read too")
            )
            self.warnings.append(RuleWarning("", f"input.sheet.{how}", message))
        if self.asked.sheet is None and (names := sheets_left_out(self.source)):
            message = msg(
                "sheets that were not read (--sheet NAME): {names}", names=", ".join(names)
            )
            self.warnings.append(RuleWarning("", "input.sheet.others", message))

    def _plain(self, record: Record, values: dict[str, Any]) -> bool:
        """Whether no cell is to be looked at; quickly told of nearly every row."""
        cells = record.cells or [value for value in values.values() if isinstance(value, str)]
        if not record.cells and values.get("uid"):  # ours: where there is nothing it says null
            return not encoded_twice("".join(cells))
        text = "".join(cells)
        if "E+" in text or ("&" in text and ENTITY.search(text)):
            return False
        return NO_VALUE.isdisjoint(cells) and not encoded_twice(text)

    def _doubted(self, row: FieldRecord) -> FieldRecord:
        """The row without the values that are none; these, odd letters and lost digits are said."""
        kept = dict(row.values)
        for name, message in without_value(row.values):
            self.warnings.append(RuleWarning(name, "import.no_value", message, row.line))
            if name.rpartition(".")[2] not in NEEDED:
                del kept[name]
        for name, value in kept.items():
            if not isinstance(value, str):
                continue
            if encoded_twice(value):
                message = msg("holds letters that were encoded twice, such as Ã© for é")
                self.warnings.append(RuleWarning(name, "import.encoded_twice", message, row.line))
            elif "&" in value and ENTITY.search(value):
                message = msg("holds letters as web pages write them, such as &amp; for &")
                self.warnings.append(RuleWarning(name, "import.entity", message, row.line))
            elif SHORTENED.fullmatch(value):
                message = msg("holds a long number of which a spreadsheet kept the first digits")
                self.warnings.append(RuleWarning(name, "import.shortened", message, row.line))
        return row._replace(values=kept)

    def rejects(self, path: str) -> RejectsWriter:
        """A writer of files like this one, for the rows that are refused."""
        from interop_cli.inputs.reading import read_layout
        from interop_cli.inputs.rejects import RejectsWriter

        header = self.columns.header
        before = max(header - 1, 0) if isinstance(header, int) else 0
        return RejectsWriter.like(path, read_layout(self.source, **self._form), before=before)

    @cached_property
    def _form(self) -> dict[str, Any]:
        form = self.asked.reading(self.source, self.columns)
        named = form["format"] in NAMED_ROWS
        return form if named else {**form, "head": self.columns.head()}

    @property
    def _format(self) -> str:
        return str(self._form["format"])

    @property
    def _ndjson(self) -> bool:
        """Whether each row has the names it needs, not all of them."""
        return self._format in NAMED_ROWS


class Task(Protocol):
    """An import at work: see ``services/imports``."""

    large: bool

    @property
    def rejected(self) -> Rejects: ...
    @property
    def context(self) -> Context: ...

    def run(self, records: Iterable[Any]) -> Outcome: ...


def take_in(
    app: App,
    operation: str,
    file: str,
    asked: ImportOptions,
    fields: Fields,
    task_for: Callable[[UnitOfWork, ColumnMap], Task],
) -> None:
    """Read the file and write it in one transaction; then the rejects and the results."""
    from interop_cli.inputs.source import open_source
    from interop_cli.services import warnings_told
    from interop_cli.services.imports.rows import MAX_DETAILS, repeated

    entity = entity_of(operation)
    columns = asked.column_map(entity)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(file, sys.stdin))
        if asked.suggest:
            app.output.text(suggested(source, asked, entity, fields, columns))
            return
        advance = stack.enter_context(app.output.progress(source.size, file))
        reader = ImportReader(source, asked, fields, columns, advance, app.warnings)
        writer = stack.enter_context(reader.rejects(asked.rejects)) if asked.rejects else None

        said: list[RuleWarning] = []

        def work(uow: UnitOfWork) -> Outcome:
            nonlocal said
            task = task_for(uow, columns)
            said = task.context.warnings
            task.large = source.size >= LARGE
            if writer:
                writer.restart()
                task.rejected.pass_on = partial(_pass_on, writer)
            return task.run(reader.records(task.context.policy.country))

        try:
            outcome = repeated(lambda: app.run(operation, work))
        except InteropError as error:
            if found := [*app.warnings, *said]:
                error.data["warnings"] = warnings_told(found[:MAX_DETAILS])
            raise
        if writer and not app.dry_run:
            writer.commit()
    selectors.deliver(app, outcome, asked.results)


def suggested(
    source: Source, asked: ImportOptions, entity: str, fields: Fields, columns: ColumnMap
) -> Iterator[str]:
    """The mapping that is guessed for a file, or the ready one that was named."""
    from interop_cli.i18n import translate
    from interop_cli.inputs.mapping.loading import text_of_map
    from interop_cli.inputs.mapping.suggesting import suggestion

    if asked.mapping is not None and columns.file is not None:
        yield text_of_map(asked.mapping, entity)
        return
    for line in suggestion(source, entity, fields, **asked.reading(source, columns)):
        if isinstance(line, str):
            yield line + "\n"
        else:
            text = textwrap.wrap(translate(line), 96, break_long_words=False)
            yield "".join(f"# {part}\n" for part in text)


def _pass_on(writer: RejectsWriter, record: FieldRecord, faults: list[Detail]) -> None:
    """Write the rows that one record was made of, each with the reason."""
    rows = record.source if isinstance(record.source, list) else [record.source]
    for row in rows:
        writer.write(row, reasons(faults, row.line if len(rows) > 1 else None))


def reasons(details: Iterable[Detail], line: int | None = None) -> str:
    """Why a row was refused, as the cell of a file of rejects.

    ``line`` is that of a row which was refused together with others: what is wrong elsewhere is
    said with its line.
    """
    from interop_cli.i18n import _, labelled, translate

    def told(detail: Detail) -> str:
        elsewhere = line is not None and detail.line not in (None, line)
        place = [_("line {line}", line=detail.line)] if elsewhere else []
        label = ", ".join([*place, detail.path] if detail.path else place)
        text = translate(detail.message) if detail.message else ""
        return labelled(label, text) if label and text else label or text

    return "; ".join(map(told, details))
