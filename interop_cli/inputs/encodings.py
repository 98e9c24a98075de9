"""Which encoding reads the bytes of a file into French.

The usual guessers weigh the frequencies of whole texts; in a list of names and streets there are a
few letters with accents, and of cp1252, Mac Roman and cp850 they name the first. What decides here
is whether those letters are French and stand where such letters do: ``L‚ger`` and ``LŽger`` do not.
"""

from __future__ import annotations

import codecs
import re

# Windows, old Macs, DOS, and DOS in Canadian French: of equals, the first.
ENCODINGS = ("cp1252", "mac_roman", "cp850", "cp863")
_LETTERS = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ")
_MARKS = frozenset("«»°’‘“”–—…€\u00a0")
_INSIDE = frozenset("’–—")  # of a word
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(128))
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
