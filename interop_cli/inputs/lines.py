"""The lines of a text file, decoded strictly and never longer than a limit.

A line ends with LF, CR LF or CR, mixed as they come, and keeps its end. Reading chunks instead of
``TextIOWrapper.readline`` is what bounds a line, and what tells the line of a byte that is bad.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import chain

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.inputs.encoding import (
    BOM,
    DEFAULT,
    check_encoding,
    check_kind,
    not_decoded,
    text_before,
)
from interop_cli.inputs.faults import invalid
from interop_cli.inputs.source import Source

MEGABYTE = 1024 * 1024
LINE_LIMIT = MEGABYTE  # bytes of UTF-8
RECORD_LIMIT = 16 * MEGABYTE
_CHUNK = 256 * 1024


class TextLines:
    """The lines of ``source``, to be iterated once.

    ``encoding`` is any of Python's text encodings, UTF-8 where not given. A byte order mark is
    dropped, and ``bom`` tells that it was there. ``limit`` is in bytes. A reader that makes
    records of several lines (``records=True``) keeps ``mark`` at the last line of the last
    record, and gets an error when the next one does not end within ``RECORD_LIMIT``.

    Raises ``InvalidData``: ``input.archive``, ``input.encoding``, ``input.nul``,
    ``input.line_too_long``, ``input.record_too_long``; and ``UsageError`` for an encoding that
    does not exist.
    """

    def __init__(
        self,
        source: Source,
        encoding: str | None = None,
        *,
        limit: int = LINE_LIMIT,
        records: bool = False,
        option: bool = False,
    ) -> None:
        self.bom = False
        self.mark = 0
        self._file = source.name
        self._source = source
        self._chosen = encoding
        self._decoder = codecs.getincrementaldecoder(check_encoding(encoding or DEFAULT))()
        self._limit = limit
        self._records = records
        self._option = option
        self._line = 1  # of the first character of _rest
        self._rest: list[str] = []  # the beginning of a line whose end was not read yet

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._batches())

    def _batches(self) -> Iterator[list[str]]:
        """The whole lines of each chunk."""
        length = 0
        for text in self._texts():
            ended = "\n" in text or "\r" in text or "".join(self._rest[-1:]).endswith("\r")
            self._rest.append(text)
            length += _size(text)
            if ended:
                lines = _split("".join(self._rest))
                # A CR at the end may be the first half of a CR LF.
                self._rest = [] if lines[-1].endswith("\n") else [lines.pop()]
                length = sum(map(_size, self._rest))
                if lines:
                    self._check_length(_size(lines[0]))
                    yield lines
                    self._line += len(lines)
            self._check_length(length)
        if self._rest:
            yield _split("".join(self._rest))

    def _texts(self) -> Iterator[str]:
        """The text of each chunk, checked."""
        stuck, mark, begun = 0, -1, False
        with self._source.binary() as stream:
            data = stream.read(_CHUNK)
            check_kind(self._file, data, self._chosen, option=self._option)
            while True:
                text = self._decode(data)
                if text and not begun:
                    begun, self.bom = True, text.startswith(BOM)
                    text = text.removeprefix(BOM)
                yield text
                if not data:
                    return
                stuck = stuck + len(text) if self._records and self.mark == mark else 0
                mark = self.mark
                if stuck > RECORD_LIMIT:
                    raise self._endless_record()
                data = stream.read(_CHUNK)

    def _decode(self, data: bytes) -> str:
        try:
            text = self._decoder.decode(data, not data)
        except UnicodeError as error:
            before = text_before(error)
            self._refuse_nul(before)
            line = self._line_after(before)
            raise not_decoded(self._file, error, line, self._chosen, option=self._option) from None
        self._refuse_nul(text)
        return text

    def _refuse_nul(self, text: str) -> None:
        if "\0" in text:
            line = self._line_after(text[: text.index("\0")])
            reason = msg("it holds a NUL character, which text files do not have")
            raise invalid("input.nul", self._file, reason, line=line)

    def _line_after(self, text: str) -> int:
        """The number of the line in which we are after ``text``."""
        text = "".join(self._rest) + text
        return self._line + text.count("\n") + text.count("\r") - text.count("\r\n")

    def _check_length(self, length: int) -> None:
        if length > self._limit:
            reason = msg("it is longer than {size} MB", size=self._limit // MEGABYTE)
            raise invalid("input.line_too_long", self._file, reason, line=self._line)

    def _endless_record(self) -> InvalidData:
        return invalid(
            "input.record_too_long",
            self._file,
            msg("a row that begins here is longer than {size} MB", size=RECORD_LIMIT // MEGABYTE),
            line=self.mark + 1,
            hint=msg("A quote may be missing its other half."),
        )


def _split(text: str) -> list[str]:
    """The lines with their ends; ``str.splitlines`` would split at form feeds and others too."""
    return io.StringIO(text, newline="").readlines()


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
