"""The names a record goes by: a client's code, made where none is given, and its uid for ever.

Row ids and codes change hands; a uid never does. It is a UUID as text, in small letters with its
hyphens, the same in every copy of a database, in files, and in other systems.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from interop_cli.domain.messages import N_
from interop_cli.domain.rules import fault, missing
from interop_cli.domain.values.text import clean_value, fold, word_list

if TYPE_CHECKING:
    from uuid import UUID


MAX_CODE = 20
MAX_STEM = 12
FALLBACK = "CLIENT"

_CODE = re.compile(r"[A-Z0-9._-]{1,20}")

# Each as ``words`` leaves it: without dots, so that "s.e.n.c." is "s e n c".
_LEGAL_SUFFIXES = tuple(
    tuple(suffix.split())
    for suffix in (
        "inc, incorporated, incorporee, ltd, limited, ltee, limitee, enr, enrg, enregistree,"
        " corp, corporation, co, company, cie, llc, llp, lp, plc, pty, ulc, pllc,"
        " senc, s e n c, sencrl, s e n c r l, sec, s e c, srl, s r l, s e n c r l srl,"
        " sarl, s a r l, sas, s a s, sasu, sa, s a, spa, s p a, gmbh, ag, kg, ohg, ug,"
        " bv, b v, nv, n v, ab, hb, oy, oyj, aps, as, a s, sl, s l, ltda, lda, scs, sprl, srls"
    ).split(",")
)
_SUFFIXES_BY_LAST = {
    last: sorted((s for s in _LEGAL_SUFFIXES if s[-1] == last), key=len, reverse=True)
    for last in {suffix[-1] for suffix in _LEGAL_SUFFIXES}
}
_EMPTY_WORDS = frozenset("a an and au aux d de des du et l la le les of the".split())


def check_code(text: str) -> str:
    """``text`` as a client's code: upper case, 1-20 of ``A-Z 0-9 . _ -``, not signs alone.

    Raises ``client.code.format``. On a command line, a code that begins with ``-`` goes after
    ``--``. Accents are refused rather than taken off: the person should choose.
    """
    code = check_former_code(text)
    if not any(map(str.isalnum, code)):  # a spreadsheet's sign for nothing; - names a stream
        raise fault("client.code.format", N_("a code has a letter or a digit"))
    return code


def check_former_code(text: str) -> str:
    """The same of a code that a client had; one of signs alone may have been given to it."""
    code = clean_value(text)
    if not code:
        raise missing()
    if not code.isascii():
        if any(unicodedata.decomposition(char) for char in code):
            raise fault(
                "client.code.format", N_("a code has no accents: only A to Z, 0 to 9, and . _ -")
            )
        raise fault("client.code.format", N_("a code has only A to Z, 0 to 9, and . _ -"))
    code = code.upper()
    if not _CODE.fullmatch(code):
        if len(code) > MAX_CODE:
            raise fault(
                "client.code.format", N_("a code has at most {max} characters"), max=MAX_CODE
            )
        raise fault("client.code.format", N_("a code has only A to Z, 0 to 9, and . _ -"))
    return code


def code_key(code: str) -> str:
    """The form under which a code is unique and looked up; takes whatever a person typed."""
    return fold(code).lstrip("'")  # of a spreadsheet


@lru_cache(maxsize=256)
def strip_legal_suffix(name: str) -> str:
    """The words of ``name``, folded, without "inc.", "ltée", "s.e.n.c." and their like at the end.

    Two spellings of a company compare equal by it. Something is always left of a name with words.
    """
    tokens = word_list(name)
    while len(tokens) > 1:
        for suffix in _SUFFIXES_BY_LAST.get(tokens[-1], ()):
            if len(suffix) < len(tokens) and tuple(tokens[-len(suffix) :]) == suffix:
                del tokens[-len(suffix) :]
                break
        else:
            break
    return " ".join(tokens)


def code_stem(name: str) -> str:
    """What a generated code for ``name`` begins with: its first words, 12 characters at most."""
    tokens = [token for token in strip_legal_suffix(name).upper().split() if token.isascii()]
    telling = [token for token in tokens if token.lower() not in _EMPTY_WORDS] or tokens
    if not telling:
        return FALLBACK
    stem = telling[0][:MAX_STEM]
    for token in telling[1:]:
        if len(stem) + len(token) > MAX_STEM:
            break
        stem += token
    return stem


def numbered(stem: str, n: int) -> str:
    """``IMPRIM-1``; a stem too long for a code of 20 characters is cut."""
    suffix = f"-{n}"
    return stem[: MAX_CODE - len(suffix)] + suffix


# As it is written, without its hyphens, in braces, or as a URN. Not the nil UUID: it names nothing.
_UUID = re.compile(
    r"(?:urn:uuid:)?(\{)?([0-9a-f]{8})(-?)([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{4})\3"
    r"([0-9a-f]{12})(?(1)\})",
    re.ASCII | re.IGNORECASE,
)
_NIL = "00000000-0000-0000-0000-000000000000"


def uid_key(value: object) -> str:
    """The form in which a uid is stored and looked up; what is none stays as it was typed."""
    text = str(value).strip()
    found = _UUID.fullmatch(text)
    return "-".join(found.group(2, 4, 5, 6, 7)).lower() if found else text


def check_uid(text: str) -> str:
    """``text`` as a uid, a UUID of any version; raises ``uid.format``."""
    uid = uid_key(text)
    if uid == _NIL or not _UUID.fullmatch(uid):
        raise fault("uid.format", N_("is not a UUID, such as 01935d2a-7c4e-7b1f-9a60-3f6d2c8e5b17"))
    return uid


def is_uid(text: str) -> bool:
    """Whether a text is a uid as it is stored."""
    return _UUID.fullmatch(text) is not None and uid_key(text) == text


def derived_uid(origin: str, entity: str, name: object) -> str:
    """The uid of what has none of its own: the same for the same origin, entity and name."""
    from uuid import uuid5

    return str(uuid5(_space(origin), f"{entity}/{name}"))


@lru_cache(maxsize=8)
def _space(origin: str) -> UUID:
    from uuid import NAMESPACE_URL, uuid5

    return uuid5(NAMESPACE_URL, f"interop:{origin}")
