"""What ``import`` and ``apply`` share: from a file to the import service, and its three outputs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.commands import selectors
from interop_cli.domain.errors import Detail, InteropError
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.mapping import Mapping
    from interop_cli.inputs.source import Source
    from interop_cli.output import Column
    from interop_cli.store.uow import UnitOfWork

# Fields of a client that the file may hold and an import does not write.
READ_ONLY = frozenset({
    "id", "version", "created_at", "updated_at", "former_codes", "documents", "sales", "sync",
})  # fmt: skip
NOT_STORED = ("contact", "address", "note", "contacts", "addresses", "notes")


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """A row of the file under our names; ``source`` is the row as it was read."""

    line: int
    values: dict[str, Any]
    error: Detail | None
    source: Any


def known(name: str) -> bool:
    """Whether an import understands a field of this name."""
    from interop_cli.domain.services.client_fields import FIELDS

    root = name.partition(".")[0].rstrip("0123456789")
    return name in FIELDS or name in READ_ONLY or root in NOT_STORED


def run_import(
    app: App, operation: str, file: str, *, form: str | None, mapping: str | None,
    pairs: tuple[str, ...], key: str | None, encoding: str | None, delimiter: str | None,
    continue_on_error: bool, rejects: str | None, results: str | None, allow_mismatch: bool,
    reuse: bool,
) -> None:  # fmt: skip
    """Read the file and write it in one transaction; then the rejects and the results."""
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.mapping import load_mapping
    from interop_cli.inputs.source import open_source

    names = load_mapping(mapping, pairs)
    done: list[Import] = []
    with open_source(file, sys.stdin) as source, app.output.progress(source.size, file) as advance:

        def work(uow: UnitOfWork) -> Any:
            rules = app.rules(allow_mismatch=allow_mismatch)
            task = Import(
                uow, rules, key=key or names.key or "code", continue_on_error=continue_on_error,
                want_rows=results is not None, reuse=reuse,
            )  # fmt: skip
            reader = Reader(source, form, encoding, delimiter, names, advance)
            outcome = task.run(reader.records())
            for column in reader.ignored:
                rules.warn(column, "import.not_stored", msg("this column is not stored yet"))
            done[:] = [task]
            return outcome

        outcome = app.run(operation, work)
        if rejects and done[0].rejected and not app.dry_run:
            write_rejects(source, done[0], rejects, form, encoding, delimiter)
    selectors.deliver(app, outcome, results)


@dataclass
class Reader:
    """Gives the rows of a source under our names, and remembers what it left out."""

    source: Source
    form: str | None
    encoding: str | None
    delimiter: str | None
    names: Mapping
    advance: Callable[[int], None]

    def __post_init__(self) -> None:
        self.ignored: list[str] = []

    def records(self) -> Iterator[FieldRecord]:
        """The rows, from the start of the source."""
        from interop_cli.inputs.reading import read_records

        fields: dict[str, str | None] = {}
        rows = read_records(
            self.source, format=self.form, encoding=self.encoding, delimiter=self.delimiter
        )
        for record in rows:
            if not fields.keys() >= record.values.keys():
                fields = self._fields(list(record.values), fields)
            values = {
                name: value
                for column, value in record.values.items()
                if (name := fields[column]) is not None
            }
            for name, default in self.names.defaults.items():
                values.setdefault(name, default)
            yield FieldRecord(record.line, values, record.error, record)
            if record.line % 1000 == 0:
                self.advance(self.source.position())

    def _fields(self, header: list[str], before: dict[str, str | None]) -> dict[str, str | None]:
        found = dict(zip(header, self.names.apply(header, known), strict=True))
        for column, name in found.items():
            root = (name or "").partition(".")[0].rstrip("0123456789")
            if root in NOT_STORED:
                if column not in self.ignored:
                    self.ignored.append(column)
                found[column] = None
            elif name in READ_ONLY:
                found[column] = None
        return {**before, **found}


def write_rejects(
    source: Source, task: Import, path: str, form: str | None, encoding: str | None,
    delimiter: str | None,
) -> None:  # fmt: skip
    """Write the refused rows as they were read, each with its reason."""
    from interop_cli.i18n import translate
    from interop_cli.inputs.reading import rejects_for

    writer = rejects_for(source, Path(path), format=form, encoding=encoding, delimiter=delimiter)
    try:
        for rejected in task.rejected:
            reasons = (
                f"{detail.path}: {translate(detail.message)}" if detail.message else detail.path
                for detail in rejected.details
            )
            writer.write(rejected.record.source, "; ".join(reasons))
        writer.commit()
    except BaseException:
        with suppress(OSError, InteropError):
            writer.discard()
        raise


def export_columns() -> list[Column]:
    """What an export holds: the fields of a client that an import takes back."""
    from interop_cli.commands.client.reading import column
    from interop_cli.store.views.clients import LISTED

    return [column(field) for field in LISTED if field.name not in READ_ONLY]
