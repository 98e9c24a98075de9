"""What clients are searched by in a SQLite file: its full-text index, or the words of each client.

The index gives the clients of a rare word at once. Those of a beginning of many words, such as a
letter, it first gathers whole; so frequent ones are looked for in the texts of those few that have
the others, and a beginning of but a few words is asked for as these. Where the first few are
wanted, a sample tells which are frequent, and how many are found decides what is done with them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from interop_cli.store.engines.connection import Match, Row

INDEXED_WORDS = 3  # of a search are looked up in the index
SHORT = 2  # letters: a word that begins so is one of half of the clients
MANY = 2000  # clients found, and more: they are tested in their order, not sorted
SOME = 400  # the same among a part of the clients
SPELT = 4  # words that begin so are looked up one by one
MOST = 20_000  # and more: the index is asked again, rather than told which they are
SAMPLE = 100  # clients
FREQUENT = 10  # of them have a word that is looked for in the texts of those that have the others

Condition = tuple[str, dict[str, object]]
Query = Callable[..., list[Row]]

_FOUND = "SELECT rowid FROM client_search_fts WHERE client_search_fts MATCH :{name}"
_SOME = f"SELECT COUNT(*) AS n, json_group_array(rowid) AS ids FROM ({_FOUND} LIMIT :enough)"
_TERMS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.client_search_terms"
    " USING fts5vocab(main, client_search_fts, instance)"
)
_HAS = "instr(' ' || s.words, :{}) > 0"
_NEXT = "SELECT term FROM temp.client_search_terms WHERE term >= :low AND term < :high LIMIT 1"


def all_of(words: str, name: str) -> Match:
    """A condition on ``c`` for all clients that have every word."""
    asked = _by_length(words)
    looked_up = _looked_up(asked)
    others = [word for word in asked if word not in looked_up]
    return Match(*_found(_begun(looked_up), others, name))


def few(words: str, name: str, query: Query, *, by_part: bool) -> Match:
    """The same, where the first few of them are wanted in an order that has an index.

    ``by_part``: what of many clients would have to be gathered is left to ``within``.
    """
    query(_TERMS)
    return _Few(_by_length(words), name, query).match(by_part=by_part)


class _Gathered(NamedTuple):
    """What the index has for ``words``, asked as ``begun``: ``ids`` in JSON, not all of many."""

    words: Sequence[str]
    begun: str
    n: int
    ids: str


class _Few:
    """The words of a search whose first few are wanted; to be made, it asks how frequent they are.

    ``asked`` are all of them, the rarest first, and ``rare`` those that the index is asked for.
    ``spelt`` has, of the words looked at so far, what ``_spelt`` found.
    """

    def __init__(self, asked: list[str], name: str, query: Query) -> None:
        self.name = name
        self.query = query
        self.asked = self.rare = asked
        self.spelt: dict[str, str | None] = {}
        exact = [*filter(self._spelt, asked[:INDEXED_WORDS])]
        if len(asked) > 1 and exact != asked:
            last = query("SELECT MAX(client_id) AS id FROM client_search")[0]["id"] or 0
            often = self._sample(range(1, last + 1), asked)
            self.asked = sorted(asked, key=often.__getitem__)
            rare = [word for word in self.asked if often[word] < FREQUENT or self._spelt(word)]
            self.rare = rare[:INDEXED_WORDS] or self.asked[:1]

    def match(self, *, by_part: bool) -> Match:
        exact = [*filter(self._spelt, self.rare)]
        if 0 < len(exact) < len(self.rare):
            # What has to be gathered is asked for only where these do not lead to few enough.
            found = self._ask(exact, MANY)
            if found.n <= MANY:
                return Match(*self._these(found, MANY))
        enough = MOST if len(exact) < len(self.rare) else MANY
        found = self._gather(self.rare, enough)
        if found.n <= enough:
            return Match(*self._these(found, MANY))
        apart = by_part and all(map(self._spelt, found.words))
        within = partial(self._having, found) if apart else None
        return Match(*_found(found.begun, self._others(found), self.name, plus="+"), within)

    def _having(self, whole: _Gathered, word: str) -> Condition:
        """What is so found, and has one more word, whole."""
        found = self._gather(whole.words, MOST, f' AND "{word}"')
        if not found.n:
            return "FALSE", {}
        if found.n <= MOST:
            return self._these(found, SOME)
        return _found(found.begun, self._others(found), self.name, plus="+")

    def _gather(self, words: Sequence[str], enough: int, also: str = "") -> _Gathered:
        """Ask the index for these words; for more, if the others are in hardly any of the texts."""
        found, more = self._ask(words, enough, also), self.asked[:INDEXED_WORDS]
        if found.n > SOME and len(words) < len(more):
            often = self._sample(json.loads(found.ids), self._others(found))
            if min(often.values()) < FREQUENT:
                return self._ask(more, enough, also)
        return found

    def _ask(self, words: Sequence[str], enough: int, also: str = "") -> _Gathered:
        begun = " AND ".join(self._spelt(word) or _begun([word]) for word in words) + also
        (row,) = self.query(_SOME.format(name=self.name), **{self.name: begun}, enough=enough + 1)
        return _Gathered(words, begun, row["n"], row["ids"])

    def _sample(self, ids: Sequence[int], words: Sequence[str]) -> dict[str, int]:
        """How many of a hundred of these clients have each of the words."""
        sample = json.dumps([*ids[:: len(ids) // SAMPLE + 1]])
        params = {f"word{number}": f" {word}" for number, word in enumerate(words)}
        often = ", ".join(f"TOTAL({_HAS.format(name)}) AS {name}" for name in params)
        sql = f"SELECT {often} FROM client_search s WHERE client_id IN"
        (row,) = self.query(
            f"{sql} (SELECT value FROM json_each(:sample))", **params, sample=sample
        )
        return dict(zip(words, row.values(), strict=True))

    def _these(self, found: _Gathered, many: int) -> Condition:
        """That a client is one of those found, and has the other words.

        Of many, the clients are tested as they come in their order: to look up the place of each in
        it takes longer. The plus leads SQLite, which has no statistics, to do so.
        """
        tested, params = _tested(self._others(found), self.name)
        plus = "+" if found.n > many else ""
        sql = f"{plus}c.id IN (SELECT value FROM json_each(:{self.name}_ids)){tested}"
        return sql, {f"{self.name}_ids": found.ids, **params}

    def _others(self, found: _Gathered) -> list[str]:
        return [word for word in self.asked if word not in found.words]

    def _spelt(self, word: str) -> str | None:
        if word not in self.spelt:
            self.spelt[word] = _spelt(word, self.query)
        return self.spelt[word]


def _found(begun: str, others: Sequence[str], name: str, plus: str = "") -> Condition:
    """That the index has a client for this, and its text the other words; ``plus``: see below."""
    tested, params = _tested(others, name)
    return f"{plus}c.id IN ({_FOUND.format(name=name)}){tested}", {name: begun, **params}


def _by_length(words: str) -> list[str]:
    """The words, each once, the longest first: they find few clients."""
    return sorted(set(words.split()), key=lambda word: (-len(word), word))


def _looked_up(asked: Sequence[str]) -> list[str]:
    """The words that the index is asked for; the others are looked for in the text of those few."""
    return [word for word in asked if len(word) > SHORT][:INDEXED_WORDS] or [*asked[:INDEXED_WORDS]]


def _begun(words: Sequence[str]) -> str:
    return " ".join(f'"{word}"*' for word in words)


def _spelt(word: str, query: Query) -> str | None:
    """The words of the index that begin with ``word``, where they are but a few.

    The index goes through the clients of a word as they are wanted. Those of a beginning it first
    gathers whole.
    """
    if not (word.isascii() and word.isalnum()):
        return None
    found, low, high = list[str](), word, word[:-1] + chr(ord(word[-1]) + 1)
    while rows := query(_NEXT, low=low, high=high):
        if len(found) == SPELT:
            return None
        found.append(rows[0]["term"])
        low = found[-1] + "\x01"
    return "(" + " OR ".join(f'"{one}"' for one in found) + ")" if found else None


def _tested(words: Sequence[str], name: str) -> Condition:
    """A condition, with AND, that the text of a client has these words; what it binds."""
    if not words:
        return "", {}
    params = {f"{name}_{number}": f" {word}" for number, word in enumerate(words)}
    having = " AND ".join(map(_HAS.format, params))
    sql = f" AND EXISTS (SELECT 1 FROM client_search s WHERE s.client_id = c.id AND {having})"
    return sql, dict[str, object](params)
