"""The lines of a text file: which bytes are text, decoded strictly and never longer than a limit.

A line ends with LF, CR LF or CR, mixed as they come, and keeps its end. Reading chunks instead of
``TextIOWrapper.readline`` is what bounds a line, and what tells the line of a byte that is bad.

Of the encodings that the bytes may be in, the usual guessers weigh the frequencies of whole texts;
in a list of names and streets there are a few letters with accents, and of cp1252, Mac Roman and
cp850 they name the first. What decides here is whether those letters are French and stand where
such letters do: ``L‚ger`` and ``LŽger`` do not.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from itertools import chain

from interop_cli.domain.errors import InvalidData, UsageError
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.inputs import invalid
from interop_cli.inputs.source import Source

DEFAULT = "utf-8"
BOM = "\ufeff"

_SHEET = N_("it is a spreadsheet or an archive")
_PACKED = N_("it is compressed")
_ARCHIVES = (
    (b"PK\x03\x04", _SHEET),
    (b"PK\x05\x06", _SHEET),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SHEET),
    (b"7z\xbc\xaf\x27\x1c", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"\xfd7zXZ\0", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
    (b"%PDF", N_("it is a PDF")),
)
# What many systems call .xls.
_PAGES = (b"<!doctype", b"<html", b"<table", b"<?xml")
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def check_encoding(name: str) -> str:
    """``name``, where Python knows a text encoding so called; else ``UsageError``."""
    try:
        codecs.getincrementaldecoder(name)
        # base64 and the like are codecs, and give no text.
        if getattr(codecs.lookup(name), "_is_text_encoding", True):
            return name
    except (LookupError, ValueError):
        pass
    raise UsageError(
        "input.encoding.unknown",
        msg("There is no encoding named {name}.", name=name),
        hint=msg("Such as: {examples}", examples="utf-8, cp1252, latin-1, utf-16"),
    )


def check_kind(file: str, head: bytes, chosen: str | None, *, option: bool) -> None:
    """Raise ``InvalidData`` where the first bytes are those of an archive, a page or UTF-16.

    ``chosen`` is the encoding the user named, ``option`` whether there is such an option here.
    """
    for magic, reason in _ARCHIVES:
        if head.startswith(magic):
            hint = msg("Save it as CSV (UTF-8) or .xlsx, or unpack it first.")
            raise invalid("input.archive", file, Message(reason), hint=hint)
    if head[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PAGES):
        hint = msg("Open it in a spreadsheet and save it as .xlsx, or as CSV (UTF-8).")
        raise invalid("input.archive", file, msg("it is a web page or XML"), hint=hint)
    for mark, name in _WIDE if chosen is None else ():
        if head.startswith(mark):
            reason_wide = msg(
                "byte 0x{byte} is not {encoding}", byte=_hex(head, 0), encoding="utf-8"
            )
            raise invalid("input.encoding", file, reason_wide, line=1, hint=_hint(name, option))
    if chosen is None and b"\0" in head and (wide := wide_encoding(head)):
        not_text = msg("it is not {encoding}", encoding=DEFAULT)
        raise invalid("input.encoding", file, not_text, line=1, hint=_hint(wide, option))


def not_decoded(
    file: str, error: UnicodeError, line: int, chosen: str | None, *, option: bool
) -> InvalidData:
    """The error of a byte that is not text; ``line`` is where it stands."""
    encoding = chosen or DEFAULT
    if isinstance(error, UnicodeDecodeError) and error.start < len(error.object):
        byte = _hex(error.object, error.start)
        reason = msg("byte 0x{byte} is not {encoding}", byte=byte, encoding=encoding)
    else:
        reason = msg("it is not {encoding}", encoding=encoding)
    data = error.object if isinstance(error, UnicodeDecodeError) else b""
    hint = _better(data, chosen, option)
    return invalid("input.encoding", file, reason, line=line, hint=hint)


def _better(data: bytes, chosen: str | None, option: bool) -> Message | None:
    """What to do about bytes that are not in the encoding they were read in."""
    if chosen is None and mostly_utf8(data):
        return msg("The other letters of the file are UTF-8: correct those of this line.")
    found = likely_encoding(data)
    if chosen is None and _ACCENTED.search(data):
        return msg(
            "Some letters of the file are UTF-8, others are not: save it again in one encoding."
        )
    if found and found != chosen:
        return _hint(found, option)
    return _hint("NAME", option) if chosen is None else None


def text_before(error: UnicodeError) -> str:
    """What was decoded before the error, so that its lines can be counted."""
    if not isinstance(error, UnicodeDecodeError):
        return ""
    try:
        return error.object[: error.start].decode(error.encoding, "replace")
    except LookupError:
        return error.object[: error.start].decode("latin-1")


def _hint(name: str, option: bool) -> Message:
    if option:
        return msg("Say which encoding it is in: {option}", option=f"--encoding {name}")
    return msg("Turn it into UTF-8: {command}", command=f"iconv -f {name} -t utf-8")


def _hex(data: bytes, index: int) -> str:
    return f"{data[index]:02X}"


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


# Windows, old Macs, DOS, and DOS in Canadian French: of equals, the first.
ENCODINGS = ("cp1252", "mac_roman", "cp850", "cp863")
_LETTERS = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ")
_MARKS = frozenset("«»°’‘“”–—…€\u00a0")
_INSIDE = frozenset("’–—")  # of a word
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(128))
# Those of French in UTF-8; elsewhere two signs that do not follow each other in a word.
_ACCENTED = re.compile(rb"[a-z]\xc3[\xa0-\xbf](?![\x80-\xff])", re.IGNORECASE)
# Those in which French may have been written, as Python calls them; of Polish we know nothing.
_WESTERN = frozenset("cp1252 mac-roman cp850 cp863 cp437 iso8859-1 iso8859-15".split())
SHORTEST = 8  # characters that tell UTF-16
SAMPLE = 1024 * 1024  # bytes


def likely_encoding(data: bytes) -> str | None:
    """The one of ``ENCODINGS`` that reads ``data`` into French letters best.

    ``None`` where none of them gives more French than nonsense.
    """
    scores = {name: _score(data[:SAMPLE], name) for name in ENCODINGS}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else None


def better_encoding(data: bytes, chosen: str) -> str | None:
    """Another encoding that reads ``data`` into more French than the one that was chosen."""
    try:
        known = codecs.lookup(chosen).name in _WESTERN
    except LookupError:  # who reads the file says that
        known = False
    found = likely_encoding(data) if known else None
    if found is None or _score(data[:SAMPLE], found) <= max(_score(data[:SAMPLE], chosen), 0):
        return None
    return found


def mostly_utf8(data: bytes) -> bool:
    """Whether more letters beyond ASCII are UTF-8 than are not."""
    rest, good = _MULTIBYTE.subn(b"", data)
    return good > len(rest.translate(None, _ASCII))


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of mostly Latin text is zero."""
    half = len(head) // 2
    if half < SHORTEST:
        return None
    zeros = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if min(zeros) * 4 > max(zeros) or max(zeros) * 2 < half:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _score(data: bytes, encoding: str) -> int:
    """How many characters beyond ASCII are French where they stand, less those that are not."""
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return -len(data)
    score = 0
    for index, char in enumerate(text):
        if not char.isascii():
            before, after = text[max(index - 1, 0) : index], text[index + 1 : index + 2]
            score += 1 if _fits(char, before, after) else -1
    return score


def _fits(char: str, before: str, after: str) -> bool:
    if char in _LETTERS:
        # "éric", "Éric" and "LÉGER" yes; "LÉger" and "lÉGER" no.
        if char.islower():
            return not after.isupper()
        return not (before.islower() or (before.isalpha() and after.islower()))
    if char not in _MARKS:
        return False
    return char in _INSIDE or not (before.isalpha() and after.isalpha())
