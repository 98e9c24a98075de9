"""Cells that hold what nobody typed: a program's word for nothing, or letters encoded twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from interop_cli.domain.messages import N_, Message, msg

NO_VALUE = frozenset(
    "#N/A #NA #N/D #REF! #VALUE! #VALEUR! #DIV/0! #NUM! #NOMBRE! #NAME? #NOM? #NULL! #NUL! #SPILL!"
    " #CALC! #FIELD! #BUSY! #GETTING_DATA NULL null (null) (NULL) <null> <NULL> [null] [NULL] \\N"
    " NaN nan None undefined".split()
)
"""What spreadsheets and databases write where there is no value."""
NEEDED = frozenset({"name", "line1", "city", "text"})
"""Fields without which there is no record, by the last part of their names."""

_LEFT_OUT = N_("the cell holds {word}, which stands for no value; it was left out")
_KEPT = N_("the cell holds {word}, which stands for no value; only a new record gets it")

_TYPED = "àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ«»°©®\u00a0‘’“”…–—€"
_READ_AS = ("cp1252", "mac_roman", "cp850")
# How the above begins when its bytes are read so: looked for before anything else is. One set of
# letters in front lets the search run over all others.
_BEGINNING = re.compile("[ÃÂÅ√¬≈├┬┼â‚Ô](?:(?<=[ÃÂÅ√¬≈├┬┼])|(?<=â)€|(?<=‚)Ä|(?<=Ô)Ç)")


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
