"""Help and questions on a stream whose encoding lacks some letters: the nearest that it has.

Data and messages are UTF-8 whatever the locale says; what click writes is in the locale's encoding.
"""

from __future__ import annotations

import codecs
import sys
from contextlib import suppress

NAME = "interop.nearest"
_NEAREST = {
    "…": "...",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "x",
    "œ": "oe",
    "Œ": "OE",
}


def bear_all_letters() -> None:
    """Have stdout and stderr write what is near to a letter that their encoding lacks."""
    codecs.register_error(NAME, _nearest)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with suppress(OSError):  # what is not what it was opened as cannot tell its place
                reconfigure(errors=NAME)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_near(letter, error.encoding) for letter in lost), error.end


def _near(letter: str, encoding: str) -> str:
    """The letter without its accent, something like it, or its number."""
    from unicodedata import normalize

    plain = normalize("NFKD", letter).encode("ascii", "ignore").decode()
    for text in (_NEAREST.get(letter, plain), plain):
        if text and _has(encoding, text):
            return text
    return letter.encode("ascii", "backslashreplace").decode()


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True
