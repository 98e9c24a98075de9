"""``Output``: the one writer of data, in the format the user asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.errors import InteropError, UsageError
from interop_cli.domain.fields.field import Column
from interop_cli.domain.messages import msg
from interop_cli.i18n import ngettext
from interop_cli.output import sink
from interop_cli.output.columns import (
    CONTACT,
    VCARDS,
    ColumnChoice,
    Row,
    choices_of,
    choose,
    compact,
    made_as_text,
    plain,
    rows_as_text,
)
from interop_cli.output.notices import Advance, Notices, warnings
from interop_cli.output.sanitise import printable_json, printable_lines
from interop_cli.output.sink import Destination
from interop_cli.output.style import Style, is_screen, is_terminal, terminal_width, wants_color
from interop_cli.output.words import is_feminine

if TYPE_CHECKING:
    from interop_cli.output.charts import Drawing

Card = Callable[[Mapping[str, Any], Style], Iterable[str]]


class Part(NamedTuple):
    """One of several tables that stand under each other: its title, columns and rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    key: str


class Output:
    """Data to stdout or ``--out``, words to stderr; made once for a command.

    ``fields`` are the names of ``--fields``; ``out`` is ``--out`` (``-`` is stdout). ``pager``:
    what is longer than the screen of a terminal is read in one. The streams
    and ``environ`` are those of the process unless given. After any failure to write, call
    ``sink.discard``, so that Python does not complain about the stream when it exits.
    """

    def __init__(
        self,
        format: str = "table",
        *,
        fields: Sequence[str] | None = None,
        out: Path | str | None = None,
        color: str = "auto",
        quiet: bool = False,
        pager: bool = False,
        dialect: str = "rfc4180",
        error_format: str | None = None,
        stdout: IO[str] | None = None,
        stderr: IO[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.format = format
        self.sheet = "interop"
        """The name of the sheet of a workbook."""
        self.fields = list(fields) if fields else None
        self.out = Path(out) if out and str(out) not in sink.STDOUT else None
        self.quiet = quiet
        self.dialect = dialect
        self._environ = os.environ if environ is None else environ
        self._stdout = sys.stdout if stdout is None else stdout
        stderr = sys.stderr if stderr is None else stderr
        self.terminal = self.out is None and is_terminal(self._stdout)
        self._left_out: list[list[str]] = []
        on_screen = self.out is None and is_screen(self._stdout)
        room = terminal_width(self._environ, self._stdout) if self.terminal else None
        self.style = Style(wants_color(color, self._environ, on_screen), room)
        as_json = format in ("json", "ndjson") if error_format is None else error_format == "json"
        dressed = Style(wants_color(color, self._environ, is_screen(stderr)))
        self.notices = Notices(stderr, dressed, self._environ, quiet=quiet, as_json=as_json)
        self._place = Destination(
            self.out,
            self._stdout,
            self._environ,
            pager=pager and self.terminal,
            before=self.notices.clear,
        )

    # Data

    def pick(self, columns: Sequence[Column], key: str = "code") -> list[Column]:
        """The columns of ``columns`` that this output needs, to check and to read no others.

        Raises ``UsageError`` (``output.field.unknown``, ``output.codes.fields``).
        """
        return list(dict.fromkeys(columns[c.at] for c in self._choose(columns, key)))

    def rows(
        self,
        columns: Sequence[Column],
        batches: Iterable[Sequence[Row]],
        key: str = "code",
        *,
        spool: bool = False,
        dim: str | None = None,
        head: Sequence[str] = (),
        comes_back: bool = False,
    ) -> None:
        """Write a list. ``columns`` describe the tuples in ``batches``, which may be endless.

        ``spool`` reads all batches before a slow reader of stdout can hold them up. ``dim``
        names a boolean column: in a table, rows where it is false are greyed. ``head`` are lines
        that stand above a table, and nowhere else. ``comes_back``: the CSV or workbook is one
        that an import takes back as it was.
        """
        try:
            choices = self._choose(columns, key)
            self.check(contacts={*CONTACT} <= {one.name for one in choices})
            index = next((i for i, column in enumerate(columns) if column.name == dim), None)
            if self.format == "xlsx":
                self._place.workbook(self.sheet, choices, batches, words=comes_back)
                return
            chunks = self._chunks(
                choices, columns, _lists(batches), key, index, comes_back=comes_back
            )
            if self.format == "table":
                chunks = chain(self.style.rendered(head), chunks)
            self._place.write(chunks, spool)
            self._say_left_out()
        finally:
            if close := getattr(batches, "close", None):
                close()  # a reader gives its lock back now, not when it is collected

    def objects(self, blocks: Generator[bytes], *, spool: bool = False) -> None:
        """Write a list in JSON whose objects are made already: whole lines, one a row."""
        with closing(blocks):
            self._place.write(made_as_text(self.format, blocks, terminal=self.terminal), spool)

    def parts(self, parts: Sequence[Part], head: Sequence[str] = ()) -> None:
        """Write tables under each other, those without rows left out; for a table only."""
        chunks: list[Iterable[str]] = [self.style.rendered(head)]
        filled = [part for part in parts if part.rows] or parts[:1]
        for number, part in enumerate(filled):
            above = "\n" if number else ""
            chunks.append([f"{above}{self.style.render(self.style.bold(part.title))}\n"])
            chosen = choose(part.columns, None, table=True)
            chunks.append(self._chunks(chosen, part.columns, [[*part.rows]], part.key))
        self._place.write(chain.from_iterable(chunks))
        self._say_left_out()

    def record(
        self,
        obj: Mapping[str, Any],
        entity: str | None = None,
        *,
        card: Card | None = None,
        key: str = "code",
        personal: bool = False,
        last: tuple[str, Iterable[Mapping[str, Any]]] | None = None,
        spool: bool = False,
    ) -> None:
        """Write one object (``show``). ``card`` makes the lines of its table form.

        ``personal``: a file that is made for it is its owner's alone. ``last`` is its last key,
        with a list that is written as it comes; ``spool`` as in ``rows``.
        """
        from interop_cli.output import records

        self.check(contacts={*CONTACT} <= {*obj} and not self.fields)
        mode = sink.PERSONAL if personal else sink.DATA
        if last and self.fields:
            obj, last = {**obj, last[0]: list(last[1])}, None
        if last and self.format in ("json", "ndjson", "table"):
            indent = {"json": 2, "ndjson": 0}.get(self.format)
            chunks = records.streamed(obj, last[0], last[1], indent, self.style)
            shown = map(printable_json, chunks) if self.terminal and indent is not None else chunks
            self._place.write(shown, spool, mode)
            return
        chosen = records.chosen(obj, self.fields, entity)
        if self.format == "json":
            self._place.write([self._json(chosen, indent=2)], mode=mode)
        elif self.format == "ndjson":
            self._place.write([self._json(chosen)], mode=mode)
        elif self.format == "table":
            lines = (
                card(obj, self.style)
                if card and not self.fields
                else records.card(chosen, self.style)
            )
            self._place.write(self.style.rendered(lines), mode=mode)
        else:
            code = self.format == "codes" and not self.fields
            item = {key: records.code_of(obj, key)} if code else chosen
            columns, row = records.flat(item, all_values=bool(self.fields))
            choices = self._choose(columns, key)
            if self.format == "xlsx":
                self._place.workbook(self.sheet, choices, [[row]], mode)
            else:
                self._place.write(self._chunks(choices, columns, [[row]], key), mode=mode)

    def expect(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Refuse (``UsageError``) a write none of whose items has the fields asked for."""
        if self.fields and items:
            from interop_cli.output import records

            self._choose(records.checked_columns(items, self.fields), "id")

    def result(self, result: Mapping[str, Any], head: Sequence[str] = ()) -> None:
        """Write what a write did (CLI.md, "Shapes"); nothing at all when quiet.

        ``head`` are lines that stand above its table.
        """
        from interop_cli.output import records

        if self.quiet:
            if result.get("failed"):  # cron must hear of it
                self.notices.always(records.summary(result)[0])
            return
        if self.format in ("json", "ndjson"):
            shown = records.picked(result, self.fields)
            self._place.write([self._json(shown, indent=2 if self.format == "json" else None)])
            return
        if items := result.get("items") or []:
            key, columns, rows = records.laid_out(items, self.fields, self.format)
            if self.format == "xlsx":
                self._place.workbook(self.sheet, choose(columns, None), [rows])
            else:
                chosen = choose(columns, None)
                feminine = is_feminine(result.get("operation", ""))
                chunks = self._chunks(chosen, columns, [rows], key, feminine=feminine)
                if self.format == "table":
                    chunks = chain(self.style.rendered(head), chunks)
                self._place.write(chunks, paged=False)
                self._say_left_out()
        elif self.format == "xlsx":
            self._place.workbook(self.sheet, [], [])
        elif self.out:
            self._place.write([])
        for warning in warnings(result):
            self.warn(warning)
        for line in records.summary(result):
            self.message(line)

    def text(self, chunks: Iterable[str]) -> None:
        """Write text that says nothing of the data, such as a schema or a help page."""
        self._place.write(chunks, mode=sink.PUBLIC)

    def drawing(self, drawing: Drawing) -> None:
        """Write bars in the width and the characters of where they go."""
        from interop_cli.output import charts

        stream = None if self.out else self._stdout
        columns = terminal_width(self._environ, stream)
        blocks = charts.has_blocks(getattr(stream, "encoding", None))
        lines = charts.draw_bars(drawing, self.style, columns, blocks=blocks)
        self._place.write(self.style.rendered(lines))

    def picture(self, data: bytes) -> None:
        """Write an image; ``UsageError`` (``output.picture``) where a terminal would get it."""
        if self.terminal:
            raise UsageError(
                "output.picture",
                msg("A picture or a PDF is not shown on a terminal."),
                hint=msg("Name a file for it: --out FILE"),
            )
        with self._place.opened(spool=False) as write:
            write(data)

    def document(self, chunks: Iterator[bytes]) -> None:
        """Write a document to stdout; ``UsageError`` where a terminal would get a PDF."""
        first = next(chunks, b"")
        if first.startswith(b"%PDF"):
            self.picture(first)
            return
        texts = (chunk.decode() for chunk in chain([first], chunks))
        self._place.write(map(printable_lines, texts) if self.terminal else texts)

    def side_file(self, path: Path | str, chunks: Iterable[str], *, personal: bool = False) -> None:
        """Write a file beside the data or instead of it, whole or not at all; ``-`` is stdout.

        ``personal``: a new one is its owner's alone.
        """
        if str(path) in sink.STDOUT:
            self._place.write(chunks)
            return
        with sink.whole_file(Path(path), sink.PERSONAL if personal else sink.DATA) as write:
            sink.write_all(chunks, write)

    def finish(self) -> None:
        """Flush stdout and learn whether that worked: ``IoFailure``, or ``BrokenPipeError``."""
        self.notices.clear()
        sink.flush(self._stdout)

    # Words

    def message(self, text: str) -> None:
        """A sentence on stderr; nothing when quiet."""
        self.notices.message(text)

    def warn(self, text: str) -> None:
        """A warning on stderr; nothing when quiet."""
        self.notices.warn(text)

    def error(self, error: InteropError, words: Sequence[str] | None = None) -> None:
        """An error on stderr, as words or as one JSON line; also when quiet."""
        self.notices.error(error, words)

    def progress(self, total: int | None, label: str) -> AbstractContextManager[Advance]:
        """See ``Notices.progress``."""
        return self.notices.progress(total, label)

    # Inside

    def _choose(self, columns: Sequence[Column], key: str) -> list[ColumnChoice]:
        return choices_of(self.format, self.fields, columns, key)

    def _chunks(
        self,
        choices: list[ColumnChoice],
        columns: Sequence[Column],
        batches: Iterable[list[Row]],
        key: str,
        dim: int | None = None,
        *,
        comes_back: bool = False,
        feminine: bool = False,
    ) -> Iterator[str]:
        """The text of rows in this output's format."""
        if self.format == "table":
            from interop_cli.output.table import table

            return table(
                choices,
                batches,
                columns=columns,
                style=self.style,
                room=self.style.room,
                dim=dim,
                key=key,
                asked=bool(self.fields),
                feminine=feminine,
                left_out=lambda gone: self._left_out.append(_fields_of(choices, gone, key)),
            )
        return rows_as_text(
            self.format,
            choices,
            len(columns),
            batches,
            terminal=self.terminal,
            dialect=self.dialect,
            comes_back=comes_back,
        )

    def check(self, *, contacts: bool = False) -> None:
        """Refuse (``UsageError``) a workbook without a file, and vCards of what is no contact."""
        if self.format in VCARDS and not contacts:
            from interop_cli.output.rows import no_contact

            raise no_contact()
        if self.format == "xlsx" and not self.out:
            raise UsageError(
                "output.xlsx.out",
                msg("An Excel workbook is a file, and goes to no terminal and no pipe."),
                hint=msg("Name a file for it: --out FILE"),
            )

    def _json(self, value: object, indent: int | None = None) -> str:
        if indent:
            text = json.dumps(value, ensure_ascii=False, indent=indent, default=plain)
        else:
            text = compact(value)
        return (printable_json(text) if self.terminal else text) + "\n"

    def _say_left_out(self) -> None:
        """Say which columns had no room, as ``--fields`` takes them."""
        for names in self._left_out:
            self.message(
                ngettext(
                    "+{n} column: --fields {fields}",
                    "+{n} columns: --fields {fields}",
                    len(names) - 1,
                    fields=",".join(names),
                )
            )
        self._left_out = []


def _fields_of(
    choices: Sequence[ColumnChoice], gone: Sequence[ColumnChoice], key: str
) -> list[str]:
    """What names a row, and the columns that are gone."""
    names = [choice.name for choice in choices if choice not in gone]
    return [key if key in names else names[0], *(choice.name for choice in gone)]


def _lists(batches: Iterable[Sequence[Row]]) -> Iterator[list[Row]]:
    for batch in batches:
        yield batch if isinstance(batch, list) else list(batch)
