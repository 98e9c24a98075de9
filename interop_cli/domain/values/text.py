"""Text as the tool keeps it, and the folded forms under which it is compared and searched.

SQLite's NOCASE, LIKE and ORDER BY know ASCII only, so whatever must be unique, sorted or found
without regard to case and accents is stored a second time, folded here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, cast

from interop_cli.domain.messages import N_, Message, msg


class _Later:
    """What ``pattern`` gives; it has a method of a pattern once that was asked for."""

    def __init__(self, *asked: Any) -> None:
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._asked), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression that is compiled when something is first looked for with it.

    To compile all of them takes a tenth of the start of a program that needs one or two.
    """
    return cast("re.Pattern[str]", _Later(text, flags))


# Letters that Unicode does not take apart, as people type them without a French keyboard.
_LETTERS = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_NOT_WORD = pattern(r"[\W_]+")
_PHONE = pattern(r"\s*\+?[\d\s().-]+\s*")
_BEGUN = pattern(
    r"\s*(?:\+?1[\s.-]+)?\(?(\d{3})\)?[\s.-]+(\d{3})(?:[\s.-]*(\d{1,3}))?\s*", re.ASCII
)
NATIONAL_DIGITS = 10  # of a telephone of Canada and its neighbour, area code included
ALIKE = 0.7  # of two names, of 1, for one to be taken for a slip of the other
SHORTEST_MISSPELT = 3  # of two letters, half are another name
SHORTEST_BEGINNING = 4  # of a name, to tell which one is meant
_KEPT_CONTROLS = "\n\t"
BEGINNING = 1  # letters of a code: clients whose codes begin so alike are looked for together
_NOWHERE, _LAST = 0xE000, 0xF8FF  # Unicode's private use
# Of Unicode's white space, what is neither a line end nor a tab; then spaces without a width.
_NO_WIDTH: dict[int, str] = dict.fromkeys((0x200B, 0x2060, 0xFEFF), "")
_SPACES: dict[int, str] = _NO_WIDTH | dict.fromkeys(
    (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "
)


class _FoldTable(dict[int, str]):
    """What each casefolded character becomes; filled as characters are met."""

    def __missing__(self, codepoint: int) -> str:
        char = chr(codepoint)
        if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Mn", "Me"}:
            folded = ""
        else:
            folded = _LETTERS.get(char, char)
        self[codepoint] = folded
        return folded


_FOLD = _FoldTable()


_UNKNOWN = 0xFF


@cache
def _latin_table() -> bytes:
    """What each character of Latin-1 becomes where that is one character of ASCII.

    It spares nearly all French the normalizations: a table of bytes takes a tenth of their time.
    """
    folded = (_taken_apart(chr(code)) for code in range(256))
    return bytes(ord(c) if len(c) == 1 and c.isascii() else _UNKNOWN for c in folded)


@cache
def _word_table() -> bytes:
    """The same for ``words``, to which what is no letter or digit is a space."""
    return bytes(c if c == _UNKNOWN or chr(c).isalnum() else 32 for c in _latin_table())


def nfc(s: str) -> str:
    """``s`` in Unicode's composed form, so that equal text has equal bytes."""
    return unicodedata.normalize("NFC", s)


def clean(s: str) -> str:
    """``s`` composed and without surrounding spaces; spaces inside stay as they were typed.

    No-break spaces and their like are spaces, and those of no width are left away: a page, a
    letter or a telephone that text was copied from has put them there. Control characters and
    lone surrogates are refused with ``text.control``. Other invisible characters are data: the
    output shows them escaped.
    """
    s = s.strip()
    if s.isprintable():
        return s if s.isascii() else nfc(s)
    s = s.translate(_SPACES).strip()
    _refuse_controls(s, "")
    return nfc(s)


def clean_value(s: str) -> str:
    """``clean`` for what is no prose: a number, a code, a date, a word of a list.

    Nothing invisible is part of it, and neither is the apostrophe by which a spreadsheet is told
    that what follows is text (``'0123``).
    """
    s = s.strip()
    if not (s.isascii() and s.isprintable()):
        s = clean("".join(char for char in s if unicodedata.category(char) != "Cf"))
    return s.lstrip("'").lstrip() if s[:1] == "'" else s


def clean_lines(s: str) -> str:
    """Like ``clean`` for text of several lines: tabs and newlines are kept, ``\\r\\n`` made one.

    No-break spaces stay, as the French put them before a colon.
    """
    s = s.strip().replace("\r\n", "\n").replace("\r", "\n")
    if not s.isprintable():
        s = s.translate(_NO_WIDTH)
    _refuse_controls(s, _KEPT_CONTROLS)
    return nfc(s)


def _refuse_controls(s: str, kept: str) -> None:
    if s.isprintable():
        return
    from interop_cli.domain.rules import fault

    for char in s:
        if unicodedata.category(char) in {"Cc", "Cs"} and char not in kept:
            raise fault(
                "text.control",
                N_("contains a control character (U+{codepoint})"),
                codepoint=f"{ord(char):04X}",
            )


@lru_cache(maxsize=512)  # an import folds a name when it looks for it, and when it writes it
def fold(s: str) -> str:
    """``s`` without marks, case, or doubled spaces: equal for all spellings of one text."""
    if s.isascii():
        return " ".join(s.lower().split())
    try:
        latin = s.encode("latin-1").translate(_latin_table())
        s = latin.decode("ascii")
    except UnicodeError:
        s = _taken_apart(s)
    return " ".join(s.split())


def _taken_apart(s: str) -> str:
    s = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", s).casefold())
    return unicodedata.normalize("NFC", s.translate(_FOLD))


def caseless(s: str) -> str:
    """``s`` composed, without case, doubled spaces or what has no width; its accents stay.

    Equal for all ways to write down one identifier of another system, where ``É-7`` and ``E-7``
    are two.
    """
    if not s.isascii():
        s = nfc(nfc(s).casefold())
        s = "".join(char for char in s if unicodedata.category(char) != "Cf")
    return " ".join(s.lower().split()).lstrip("'")  # of a spreadsheet


def words(s: str) -> str:
    """The letters and digits of ``s``, folded, one space between words: what is searched."""
    return " ".join(word_list(s))


def searched_words(s: str) -> str:
    """``words`` of what one searches; a telephone, however it is spaced, is one word."""
    digits = "".join(c for c in s if c.isdecimal())
    is_phone = _PHONE.fullmatch(s) and len(digits) >= NATIONAL_DIGITS
    return digits if is_phone else words(s)


def begun_phone(s: str) -> str | None:
    """The digits of what may be a telephone's beginning, as ``418 555``; None of other text."""
    found = _BEGUN.fullmatch(s)
    return "".join(filter(None, found.groups())) if found else None


def word_list(s: str) -> list[str]:
    """``words``, as a list."""
    try:
        return s.encode("latin-1").translate(_word_table()).decode("ascii").split()
    except UnicodeError:
        return _NOT_WORD.sub(" ", fold(s)).split()


@lru_cache(maxsize=4096)
def word_of_beginning(beginning: str) -> str:
    """A word for what begins so, that no text has: its letters are moved to where none are."""
    return "".join(chr(min(_NOWHERE + ord(sign), _LAST)) for sign in beginning)


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that was probably meant, in any case; None where none is like it."""
    from difflib import get_close_matches

    if len(name) < SHORTEST_MISSPELT:
        return None
    known = {one.lower(): one for one in names}
    typed = name.lower()
    found = get_close_matches(typed, known, 1, ALIKE)
    if not found and len(typed) >= SHORTEST_BEGINNING:
        begun = [one for one in known if one.startswith(typed)]
        found = begun if len(begun) == 1 else []
    return known[found[0]] if found else None


NO_VALUE = frozenset(
    "#N/A #NA #N/D #REF! #VALUE! #VALEUR! #DIV/0! #NUM! #NOMBRE! #NAME? #NOM? #NULL! #NUL! #SPILL!"
    " #CALC! #FIELD! #BUSY! #GETTING_DATA NULL null (null) (NULL) <null> <NULL> [null] [NULL] \\N"
    " NaN nan None undefined".split()
)
"""What spreadsheets and databases write where there is no value."""
SHORTENED = pattern(r"[-+]?\d(?:[.,]\d+)?E\+\d{2,3}")
"""How a spreadsheet writes a long number, of which only the first digits are left."""
ENTITY = pattern(r"&(?:#\d{2,6}|#x[0-9a-f]{2,5}|[a-z]{2,8});", re.IGNORECASE)
"""A letter as web pages write it: ``&amp;``, ``&#233;``."""
NEEDED = frozenset({"name", "line1", "city", "text"})
"""Fields without which there is no record, by the last part of their names."""

_LEFT_OUT = N_("the cell holds {word}, which stands for no value; it was left out")
_KEPT = N_("the cell holds {word}, which stands for no value; only a new record gets it")

_TYPED = "àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ«»°©®\u00a0‘’“”…–—€"
_READ_AS = ("cp1252", "mac_roman", "cp850")
# How the above begins when its bytes are read so: looked for before anything else is. One set of
# letters in front lets the search run over all others.
_BEGINNING = pattern("[ÃÂÅ√¬≈├┬┼â‚Ô](?:(?<=[ÃÂÅ√¬≈├┬┼])|(?<=â)€|(?<=‚)Ä|(?<=Ô)Ç)")


def without_value(values: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    """The fields whose cell holds a word for nothing, and what is said of each.

    A cell is left out of its row, so that a formula that failed clears nothing: what is stored
    stays. A field of ``NEEDED`` is kept as written: a new record has to hold something there, and
    there are people called Null.
    """
    for name, value in values.items():
        # The word is one of the list's own, so that nothing of a person is said.
        if is_no_value(value) and not (name == "shipper_identity" and value == "None"):
            kept = name.rpartition(".")[2] in NEEDED
            yield name, msg(_KEPT if kept else _LEFT_OUT, word=value)


def is_no_value(value: object) -> bool:
    """Whether a cell holds a word for nothing."""
    return isinstance(value, str) and value in NO_VALUE


def encoded_twice(text: str) -> bool:
    """Whether ``text`` has letters whose UTF-8 was taken for another encoding (``LÃ©ger``)."""
    if text.isascii() or not _BEGINNING.search(text):
        return False
    return _twice().search(text) is not None


@cache
def _twice() -> re.Pattern[str]:
    forms = {_misread(char, codec) for char in _TYPED for codec in _READ_AS}
    return re.compile("|".join(map(re.escape, sorted(forms))))


def _misread(char: str, codec: str) -> str:
    """The UTF-8 of a character as another encoding reads it; where it cannot, as Latin-1 does."""
    return "".join(
        byte.decode("latin-1") if (read := byte.decode(codec, "replace")) == "\ufffd" else read
        for byte in (bytes([number]) for number in char.encode())
    )
