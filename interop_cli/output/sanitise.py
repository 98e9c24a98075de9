"""Text from data, made safe to show on a terminal and to open in a spreadsheet.

A terminal obeys escape sequences and reorders text at bidirectional controls, so a client's name
could change the title of the window, hide what follows, or imitate another line. Control
characters (C0 with tab and line ends, DEL, C1), bidirectional controls, invisible characters,
line and paragraph separators and lone surrogates are therefore shown as ``\\x1b`` or ``\\u202e``.
"""

from __future__ import annotations

import re

from interop_cli.domain.values.text import NO_VALUE, pattern

_INVISIBLE = (
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff"
)
_UNSAFE = pattern(f"[\x00-\x1f\x7f-\x9f{_INVISIBLE}]")
_UNSAFE_JSON = pattern(f"[\x7f-\x9f{_INVISIBLE}]")
_LINE_END = pattern("\r\n|[\n\r\u2028\u2029]")
_ENDS = pattern("([\n\f])")
LINE_END = " ⏎ "


def printable(text: str) -> str:
    """``text`` with everything a terminal would obey or hide shown as an escape."""
    return _UNSAFE.sub(_escape, text) if _UNSAFE.search(text) else text


def printable_lines(text: str) -> str:
    """``printable`` for each line, the line ends and form feeds between them as they are."""
    return "".join(part if part in "\n\f" else printable(part) for part in _ENDS.split(text))


def one_line(text: str) -> str:
    """``printable``, with line ends shown as ``⏎``, for a cell of a table."""
    if not _UNSAFE.search(text):
        return text
    return printable(_LINE_END.sub(LINE_END, text.strip()))


def printable_json(text: str) -> str:
    """JSON text that means the same and holds nothing a terminal would obey or hide.

    JSON escapes C0 itself; the rest gets the escapes of JSON.
    """
    return _UNSAFE_JSON.sub(_escape_json, text) if _UNSAFE_JSON.search(text) else text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


# -- for a spreadsheet, which runs formulas ------------------------------------------------------
# A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab, a line end or NUL (or the full-width
# form of one of the signs) gets an apostrophe in front, as the OWASP advice on CSV injection
# says. A cell that already looks so guarded gets one more, and that is all:
# ``unguard(guard(x)) == x``, while ``'t Hooft`` and the like stay as they are. In a file that is to
# come back, ``words``, so does a word for nothing: an import takes it for none where it stands
# alone. Only then is what was said true of every text.
TRIGGERS = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
SUSPECT = TRIGGERS | {"'"} | {word[0] for word in NO_VALUE}


def guard(cell: str, *, words: bool = False) -> str:
    """``cell`` as it may stand in a CSV file that a spreadsheet opens."""
    return "'" + cell if cell[:1] in SUSPECT and _is_guarded(cell, words=words) else cell


def guard_cell(cell: str, *, words: bool = False) -> str:
    """``cell`` as it may stand in a workbook, where it is no formula by how it begins.

    What looks guarded gets one more apostrophe all the same: a CSV that was opened and saved as a
    workbook has such cells, and their guard is taken off. ``words`` as ``guard`` has it.
    """
    guarded = _is_guarded(cell, words=True) if cell[:1] == "'" else words and cell in NO_VALUE
    return "'" + cell if guarded else cell


def unguard(cell: str) -> str:
    """The text that ``guard`` was given."""
    return cell[1:] if cell[:1] == "'" and _is_guarded(cell, words=True) else cell


def _is_guarded(cell: str, *, words: bool) -> bool:
    """Whether a cell is one that gets an apostrophe, or would be without those that it has."""
    bare = cell.lstrip("'")
    return bare[:1] in TRIGGERS or (words and bare in NO_VALUE)
