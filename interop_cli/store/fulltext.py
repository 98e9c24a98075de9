"""Searching the full-text index of SQLite."""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.connection import Row

INDEXED_WORDS = 3  # of a search are looked up in the index
MANY = 2000  # clients found, and more

_FOUND = "SELECT rowid FROM client_search_fts WHERE client_search_fts MATCH :search"
_SOME = f"SELECT COUNT(*) AS n, json_group_array(rowid) AS ids FROM ({_FOUND} LIMIT :enough)"  # noqa: S608


def match(
    words: str, query: Callable[..., list[Row]] | None = None
) -> tuple[str, dict[str, object]]:
    """See ``Connection.match``; ``query`` is the connection's, where few clients are wanted."""
    # The longest words find few clients; "ca" finds half of them, and the index would collect
    # them all. The short ones are looked for in the text of those few.
    asked = sorted(set(words.split()), key=lambda word: (-len(word), word))
    params: dict[str, object] = {"search": " ".join(f'"{word}"*' for word in asked[:INDEXED_WORDS])}
    sql = f"c.id IN ({_FOUND})"
    if query is not None:
        (found,) = query(_SOME, **params, enough=MANY + 1)
        if found["n"] > MANY:
            # To look up the place of each in the order takes longer than to test the clients as
            # they come in it; the plus leads SQLite, which has no statistics, to do that.
            sql = f"+{sql}"
        else:
            sql = "c.id IN (SELECT value FROM json_each(:found))"
            params = {"found": found["ids"]}
    for number, word in enumerate(asked[INDEXED_WORDS:]):
        params[f"word{number}"] = f" {word}"
        sql += (
            " AND EXISTS (SELECT 1 FROM client_search s WHERE s.client_id = c.id"  # noqa: S608
            f" AND instr(' ' || s.words, :word{number}))"
        )
    return sql, params
