"""Who is who: which client a row of a file, a reference, or a new card is about.

The rule:

1. Everything is compared folded: without case, however accents are composed and spaces doubled.
2. A uid, code or external id that contradicts a client's own excludes that client. Only a named
   key that comes before it, and that agrees, lets it stand.
3. The keys are asked in their order, and narrow: what several clients share, the next key decides.
   Without a value for any of them, the natural key is asked.
4. An e-mail counts where the name or the place agrees, too, unless it was named as a key: branches
   share their bookkeeper's. The natural key is the whole name, legal form included, and the place:
   the postal code, or street and city.
5. One that is left is found; several are ambiguous; none is new.

A client that others were merged into, or that had other codes, is also what they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from interop_cli.domain.values.code import code_key, strip_legal_suffix, uid_key
from interop_cli.domain.values.text import NO_VALUE, caseless, fold


class Key(StrEnum):
    """What a client is found by."""

    UID = "uid"
    CODE = "code"
    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    NATURAL = "natural"
    NAME = "name"  # alone: in references only, where somebody meant a client that there is


DEFAULT = (Key.CODE, Key.EXTERNAL_ID, Key.EMAIL, Key.NATURAL)
NAMEABLE = (Key.UID, *DEFAULT)
IDENTIFIERS = (Key.UID, Key.CODE, Key.EXTERNAL_ID)


def read_keys(text: str) -> tuple[Key, ...]:
    """The keys in ``external_id, email``; raises ValueError for what is none, or comes twice."""
    found = tuple(Key(word.strip().lower()) for word in text.split(","))
    if len(set(found)) < len(found) or not set(found) <= set(NAMEABLE):
        raise ValueError(text)
    return found


class Identity(NamedTuple):
    """What tells who somebody is, folded; ``""`` where nothing does.

    ``core`` is the name without its legal form; ``street`` both of its lines.
    """

    uid: str = ""
    code: str = ""
    external_id: str = ""
    email: str = ""
    name: str = ""
    core: str = ""
    postal_code: str = ""
    street: str = ""
    city: str = ""

    def has(self, key: Key) -> bool:
        """Whether there is something to ask this key about."""
        if key is Key.NATURAL:
            return bool(self.name and (self.postal_code or (self.street and self.city)))
        return bool(getattr(self, key))

    def is_there(self, other: Identity) -> bool:
        """Whether both are at one place: of one postal code, or in one street of one city."""
        if self.postal_code and self.postal_code == other.postal_code:
            return True
        return bool(
            self.street and self.city and (self.street, self.city) == (other.street, other.city)
        )

    def agrees(self, key: Key, other: Identity, *, trusted: bool) -> bool:
        """Whether a key finds ``other`` for this one; ``trusted``: the key was named."""
        if key is Key.NATURAL:
            return self.name == other.name != "" and self.is_there(other)
        own: str = getattr(self, key)
        if own == "" or own != getattr(other, key):
            return False
        if key is Key.EMAIL and not trusted:
            return self.name == other.name or self.is_there(other)
        return True

    def resembles(self, other: Identity) -> bool:
        """Whether name and place are the same, whatever the legal form."""
        return self.core == other.core != "" and self.is_there(other)


NOBODY = Identity()


_SAID = (
    *("uid", "code", "external_id", "email", "name", "postal_code"),
    *("line1", "line2", "city"),
)


@lru_cache(maxsize=64)
def _under(prefix: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in _SAID)


def identity(values: Mapping[str, Any], prefix: str = "") -> Identity:
    """What a row says of who its client is; ``prefix`` stands before the names of its fields."""
    said = []
    for name in _under(prefix):
        value = values.get(name)
        found = "" if value is None else value if type(value) is str else str(value)
        said.append("" if found in NO_VALUE else found)
    uid, code, external_id, email, name, postal_code, line1, line2, city = said
    return Identity(
        uid and uid_key(uid),
        code and code_key(code),
        external_id and caseless(external_id),
        email and fold(email).lstrip("'"),  # of a spreadsheet
        name and fold(name),
        name and strip_legal_suffix(name),
        postal_code and bare_postal_code(postal_code),
        line1 and fold(f"{line1} {line2}" if line2 else line1),
        city and fold(city),
    )


@lru_cache(maxsize=256)
def bare_postal_code(text: str) -> str:
    """A postal code without spaces and hyphens, in capitals."""
    return "".join(filter(str.isalnum, text)).upper()


@dataclass(slots=True)
class Candidate:
    """A client that may be meant, or a row of the file that is not written yet (``line``).

    ``own`` is who it is, ``former`` its other codes, ``absorbed`` who was merged into it.
    """

    id: int
    code: str
    own: Identity
    line: int = 0
    former: tuple[Identity, ...] = ()
    absorbed: tuple[Identity, ...] = ()

    def agrees(self, key: Key, row: Identity, *, trusted: bool) -> bool:
        """Whether a key of the row finds it, under any of its names."""
        return any(
            row.agrees(key, one, trusted=trusted)
            for one in (self.own, *self.former, *self.absorbed)
        )

    def contradicts(self, key: Key, row: Identity) -> bool:
        """Whether the row has another uid, code or external id than it."""
        given: str = getattr(row, key)
        own: str = getattr(self.own, key)
        return given != "" != own and not self.agrees(key, row, trusted=True)


class Decision(NamedTuple):
    """What became of a row: ``left`` are the clients it may be, ``by`` is what found them.

    One is found, none is new, several are ambiguous. ``merged``: it is about a client that was
    merged into the one found. ``similar`` have the name and the place of one that is new.
    """

    left: Sequence[Candidate] = ()
    by: Key | None = None
    merged: bool = False
    similar: Sequence[Candidate] = ()


NEW = Decision()


def decide(
    row: Identity,
    candidates: Sequence[Candidate],
    keys: Sequence[Key] = DEFAULT,
    *,
    named: bool = False,
) -> Decision:
    """Which of the candidates the row is about; ``named``: a person named the keys."""
    if not candidates:
        return NEW
    asked = [key for key in keys if row.has(key)]
    if not asked and row.has(Key.NATURAL):
        asked = [Key.NATURAL]
    pool: Sequence[Candidate] = [
        one for one in candidates if not _excluded(row, one, asked if named else ())
    ]
    by = None
    for key in asked:
        found = [one for one in pool if one.agrees(key, row, trusted=named)]
        if found:
            pool, by = found, key
            if len(found) == 1:
                break
    if by is None:
        return Decision(similar=similar(row, candidates))
    return Decision(pool, by, len(pool) == 1 and _merged(row, pool[0], by, named=named))


def similar(row: Identity, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those of the same name, whatever its legal form, at the same place."""
    if not row.core:
        return []
    return [
        one for one in candidates if any(row.resembles(own) for own in (one.own, *one.absorbed))
    ]


def _excluded(row: Identity, one: Candidate, named: Sequence[Key]) -> bool:
    """Whether an identifier contradicts, and no named one before it agrees."""
    agreed = False
    for key in sorted(IDENTIFIERS, key=lambda key: _place(key, named)):
        if key in named and one.agrees(key, row, trusted=True):
            agreed = True
        elif one.contradicts(key, row) and (key is Key.UID or not agreed):
            return True
    return False


def _place(key: Key, named: Sequence[Key]) -> int:
    """Where a key stands: the named ones in their order, then the others."""
    return named.index(key) if key in named else len(named)


def _merged(row: Identity, one: Candidate, by: Key, *, named: bool) -> bool:
    """Whether the key found it only as what was merged into it."""
    return not any(row.agrees(by, own, trusted=named) for own in (one.own, *one.former))
