"""What ``import`` and ``apply`` share: from a file to the import service, and its three outputs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interop_cli.commands import selectors
from interop_cli.domain.errors import Detail

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.mapping import ColumnMap
    from interop_cli.inputs.rejects import RejectsWriter
    from interop_cli.inputs.source import Source
    from interop_cli.store.uow import UnitOfWork

# Fields of a client that the file may hold and an import does not write.
READ_ONLY = frozenset({
    "id", "version", "created_at", "updated_at", "former_codes", "documents", "sales", "sync",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """A row of the file under our names; ``source`` is the row as it was read."""

    line: int
    values: dict[str, Any]
    error: Detail | None
    source: Any


def run_import(
    app: App, operation: str, file: str, *, form: str | None, mapping: str | None,
    pairs: tuple[str, ...], key: str | None, encoding: str | None, delimiter: str | None,
    continue_on_error: bool, rejects: str | None, results: str | None, allow_mismatch: bool,
    reuse: bool,
) -> None:  # fmt: skip
    """Read the file and write it in one transaction; then the rejects and the results."""
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.source import open_source

    columns = column_map(mapping, pairs)
    done: list[Import] = []
    with ExitStack() as stack:
        source = stack.enter_context(open_source(file, sys.stdin))
        advance = stack.enter_context(app.output.progress(source.size, file))
        reader = Reader(source, form, encoding, delimiter, columns, advance)
        writer = stack.enter_context(reader.rejects(rejects)) if rejects else None

        def work(uow: UnitOfWork) -> Any:
            rules = app.rules(allow_mismatch=allow_mismatch)
            task = Import(
                rules, uow=uow, key=key or columns.key or "code", reuse=reuse,
                continue_on_error=continue_on_error, want_rows=results is not None,
            )  # fmt: skip
            outcome = task.run(reader.records())
            done[:] = [task]
            return outcome

        outcome = app.run(operation, work)
        if writer and not app.dry_run:
            for rejected in done[0].rejected:
                writer.write(rejected.record.source, reasons(rejected.details))
            writer.commit()
    selectors.deliver(app, outcome, results)


def column_map(mapping: str | None, pairs: tuple[str, ...]) -> ColumnMap:
    """What ``--mapping`` and ``--map`` say about the columns; the latter wins."""
    from interop_cli.inputs.mapfile import load_map
    from interop_cli.inputs.mapping import parse_pairs

    if mapping is None:
        return parse_pairs(pairs)
    found = load_map(mapping)
    found.columns.update(parse_pairs(pairs).columns)
    return found


def reasons(details: Iterable[Detail]) -> str:
    """Why a row was refused, as the cell of a file of rejects."""
    from interop_cli.i18n import translate

    return "; ".join(
        f"{detail.path}: {translate(detail.message)}" if detail.message else detail.path
        for detail in details
    )


@dataclass
class Reader:
    """Gives the rows of a source under our names."""

    source: Source
    form: str | None
    encoding: str | None
    delimiter: str | None
    columns: ColumnMap
    advance: Callable[[int], None]

    def records(self) -> Iterator[FieldRecord]:
        """The rows, from the start of the source."""
        from interop_cli.inputs.reading import read_records

        names: dict[str, str | None] = {}
        for record in read_records(self.source, **self._form):
            if not names.keys() >= record.values.keys():
                names |= self._names(list(record.values))
            values = {
                name: value
                for column, value in record.values.items()
                if (name := names[column]) is not None
            }
            for name, default in self.columns.defaults.items():
                values.setdefault(name, default)
            yield FieldRecord(record.line, values, record.error, record)
            if record.line % 1000 == 0:
                self.advance(self.source.position())

    def rejects(self, path: str) -> RejectsWriter:
        """A writer of files like this one, for the rows that are refused."""
        from interop_cli.inputs.reading import read_layout
        from interop_cli.inputs.rejects import RejectsWriter

        return RejectsWriter.like(path, read_layout(self.source, **self._form))

    @property
    def _form(self) -> dict[str, Any]:
        return {"format": self.form, "encoding": self.encoding, "delimiter": self.delimiter}

    def _names(self, header: list[str]) -> dict[str, str | None]:
        from interop_cli.domain.parts import is_field
        from interop_cli.domain.services.client_fields import FIELDS

        targets = self.columns.apply(
            header, FIELDS, accepts=is_field, ignored=READ_ONLY, file=self.source.name
        )
        return dict(zip(header, targets, strict=True))
