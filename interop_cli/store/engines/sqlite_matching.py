"""What clients are searched by in a SQLite file: its full-text index, or the words of each client.

The index gives the clients of a rare word at once. Those of a beginning of many words, such as a
letter, it first gathers whole; so short ones are looked for in the texts of those few that have
the others, and a beginning of but a few words is asked for as these. Where the first few are
wanted, how many are found decides what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from interop_cli.store.engines.connection import Match, Row

INDEXED_WORDS = 3  # of a search are looked up in the index
SHORT = 2  # letters: a word that begins so is one of half of the clients
MANY = 2000  # clients found, and more: they are tested in their order, not sorted
SOME = 400  # the same among a part of the clients
SPELT = 4  # words that begin so are looked up one by one
MOST = 20_000  # and more: the index is asked again, rather than told which they are

Condition = tuple[str, dict[str, object]]
Query = Callable[..., list[Row]]

_FOUND = "SELECT rowid FROM client_search_fts WHERE client_search_fts MATCH :{name}"
_SOME = f"SELECT COUNT(*) AS n, json_group_array(rowid) AS ids FROM ({_FOUND} LIMIT :enough)"
_TERMS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.client_search_terms"
    " USING fts5vocab(main, client_search_fts, instance)"
)
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
    asked = _by_length(words)
    looked_up = _looked_up(asked)
    query(_TERMS)
    spelt = {word: _spelt(word, query) for word in looked_up}
    exact = [word for word in looked_up if spelt[word]]
    # What has to be gathered is asked for only where the others do not lead to few enough.
    for some in [exact, looked_up] if 0 < len(exact) < len(looked_up) else [looked_up]:
        begun = " AND ".join(spelt[word] or _begun([word]) for word in some)
        others = [word for word in asked if word not in some]
        enough = MOST if len(some) > len(exact) else MANY
        (found,) = query(_SOME.format(name=name), **{name: begun}, enough=enough + 1)
        if found["n"] <= enough:
            return Match(*_these(found, others, name))
    within = (
        partial(_having, begun, others, name, query) if by_part and exact == looked_up else None
    )
    return Match(*_found(begun, others, name, plus="+"), within)


def _found(begun: str, others: Sequence[str], name: str, plus: str = "") -> Condition:
    """That the index has a client for this, and its text the other words; ``plus``: see below."""
    tested, params = _tested(others, name)
    return f"{plus}c.id IN ({_FOUND.format(name=name)}){tested}", {name: begun, **params}


def _having(begun: str, others: Sequence[str], name: str, query: Query, word: str) -> Condition:
    """What is so found, and has one more word, whole."""
    begun = f'{begun} AND "{word}"'
    (found,) = query(_SOME.format(name=name), **{name: begun}, enough=MOST + 1)
    if not found["n"]:
        return "FALSE", {}
    if found["n"] <= MOST:
        return _these(found, others, name, SOME)
    return _found(begun, others, name, plus="+")


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
    having = " AND ".join(f"instr(' ' || s.words, :{one})" for one in params)
    sql = f" AND EXISTS (SELECT 1 FROM client_search s WHERE s.client_id = c.id AND {having})"
    return sql, dict[str, object](params)


def _these(found: Row, others: Sequence[str], name: str, many: int | None = None) -> Condition:
    """That a client is one of those found, and has the other words.

    Of many, the clients are tested as they come in their order: to look up the place of each in it
    takes longer. The plus leads SQLite, which has no statistics, to do so.
    """
    tested, params = _tested(others, name)
    plus = "+" if found["n"] > (MANY if many is None else many) else ""
    sql = f"{plus}c.id IN (SELECT value FROM json_each(:{name}_ids)){tested}"
    return sql, {f"{name}_ids": found["ids"], **params}
