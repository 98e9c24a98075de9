"""What ``import`` and ``apply`` share: from a file to the import service, and its three outputs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.commands import selectors
from interop_cli.domain.errors import Detail
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.mapping import ColumnMap
    from interop_cli.inputs.rejects import RejectsWriter
    from interop_cli.inputs.source import Source
    from interop_cli.output import Column
    from interop_cli.store.uow import UnitOfWork

# Fields of a client that the file may hold and an import does not write.
READ_ONLY = frozenset({
    "id", "version", "created_at", "updated_at", "former_codes", "documents", "sales", "sync",
})  # fmt: skip
NESTED = frozenset({"contact", "address", "note", "contacts", "addresses", "notes"})


class FieldRecord(NamedTuple):
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
                uow, rules, key=key or columns.key or "code", continue_on_error=continue_on_error,
                want_rows=results is not None, reuse=reuse,
            )  # fmt: skip
            outcome = task.run(reader.records())
            for column in reader.not_stored:
                rules.warn(column, "import.not_stored", msg("this column is not stored yet"))
            done[:] = [task]
            return outcome

        outcome = app.run(operation, work)
        if writer and not app.dry_run:
            for rejected in done[0].rejected:
                writer.write(rejected.record.source, _reasons(rejected.details))
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


def _reasons(details: Iterable[Detail]) -> str:
    from interop_cli.i18n import translate

    return "; ".join(
        f"{detail.path}: {translate(detail.message)}" if detail.message else detail.path
        for detail in details
    )


@dataclass
class Reader:
    """Gives the rows of a source under our names, and remembers what it left out."""

    source: Source
    form: str | None
    encoding: str | None
    delimiter: str | None
    columns: ColumnMap
    advance: Callable[[int], None]
    not_stored: list[str] = field(default_factory=list)

    def records(self) -> Iterator[FieldRecord]:
        """The rows, from the start of the source."""
        from interop_cli.inputs.reading import read_records

        names: dict[str, str | None] = {}
        alike = False  # our names are the file's
        for record in read_records(self.source, **self._form):
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
        from interop_cli.domain.services.client_fields import FIELDS

        targets = self.columns.apply(
            header, FIELDS, accepts=_is_nested, ignored=READ_ONLY, file=self.source.name
        )
        found = dict(zip(header, targets, strict=True))
        for column, name in found.items():
            if name is not None and _is_nested(name):
                found[column] = None
                if column not in self.not_stored:
                    self.not_stored.append(column)
        return found


def _named(values: dict[str, Any], names: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for column, value in values.items() if (name := names[column]) is not None}


def _is_nested(name: str) -> bool:
    """Whether a field is of what belongs to a client: ``contact2.email``, ``addresses``."""
    return name.partition(".")[0].rstrip("0123456789") in NESTED


def export_columns() -> list[Column]:
    """What an export holds: the fields of a client that an import takes back."""
    from interop_cli.commands.client.reading import column
    from interop_cli.store.views.clients import LISTED

    return [column(field) for field in LISTED if field.name not in READ_ONLY]
