"""Searching the full-text index of SQLite."""

from __future__ import annotations

INDEXED_WORDS = 3  # of a search are looked up in the index


def match(words: str) -> tuple[str, dict[str, object]]:
    """See ``Connection.match``."""
    # The longest words find few clients; "ca" finds half of them, and the index would collect
    # them all. The short ones are looked for in the text of those few.
    asked = sorted(set(words.split()), key=lambda word: (-len(word), word))
    params: dict[str, object] = {"search": " ".join(f'"{word}"*' for word in asked[:INDEXED_WORDS])}
    sql = "c.id IN (SELECT rowid FROM client_search_fts WHERE client_search_fts MATCH :search)"
    for number, word in enumerate(asked[INDEXED_WORDS:]):
        params[f"word{number}"] = f" {word}"
        sql += (
            " AND EXISTS (SELECT 1 FROM client_search s WHERE s.client_id = c.id"  # noqa: S608
            f" AND instr(' ' || s.words, :word{number}))"
        )
    return sql, params
