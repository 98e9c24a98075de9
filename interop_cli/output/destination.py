"""Where the data of a command goes: stdout, straight or through a pager, or a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from interop_cli.output import sink
from interop_cli.output.columns import ColumnChoice, Row


class Destination:
    """The file ``out``, or ``stdout``; ``pager``: what is longer than its screen is read in one.

    ``before`` is called before anything is written.
    """

    def __init__(
        self,
        out: Path | None,
        stdout: IO[str],
        environ: Mapping[str, str],
        *,
        pager: bool,
        before: Callable[[], None],
    ) -> None:
        self.out = out
        self._stdout = stdout
        self._environ = environ
        self._pager = pager
        self._before = before

    def write(
        self,
        chunks: Iterable[str | bytes],
        spool: bool = False,
        mode: int = sink.DATA,
        *,
        paged: bool = True,
    ) -> None:
        """Write text; the options are those of ``opened``."""
        self._before()
        with self.opened(spool, mode, paged=paged) as write:
            sink.write_all(chunks, write)

    @contextmanager
    def opened(
        self, spool: bool, mode: int = sink.DATA, *, paged: bool = False
    ) -> Iterator[sink.Write]:
        """A function that writes there.

        ``spool``: take all of it before a slow reader gets any. ``mode`` is that of a new file.
        """
        if self.out:
            with sink.whole_file(self.out, mode) as write:
                yield write
            return
        with sink.standard(self._stdout) as write:
            through = spool and not sink.is_regular(self._stdout)
            with (
                self._paged(write) if paged and self._pager else nullcontext(write) as read,
                sink.spooled(read) if through else nullcontext(read) as first,
            ):
                yield first

    def workbook(
        self,
        sheet: str,
        choices: Sequence[ColumnChoice],
        batches: Iterable[Sequence[Row]],
        mode: int = sink.DATA,
        *,
        words: bool = False,
    ) -> None:
        """Write rows as a workbook, which is made whole before any of it is written."""
        from interop_cli.disk import nameless_file
        from interop_cli.output.workbook import write_rows

        with nameless_file() as file:
            write_rows(file, sheet, choices, batches, words=words)
            with self.opened(spool=False, mode=mode) as write:
                while piece := file.read(sink.PIECE):
                    write(piece)

    def _paged(self, write: sink.Write) -> AbstractContextManager[sink.Write]:
        from interop_cli.output.pager import paged, pager_of

        command = pager_of(self._environ)
        return paged(command, self._stdout, self._environ, write) if command else nullcontext(write)
