"""The first clients that a search shows, without gathering all that it finds."""

from __future__ import annotations

from collections.abc import Mapping

from interop_cli.domain.values.text import searched_words
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.conditions import Condition

LOOKED_AT = (100, 1000)  # clients, before all that a search finds are gathered


def found_early(
    conn: Connection,
    search: str,
    limit: int,
    condition: Condition,
    place: tuple[str, str],
    params: Mapping[str, object],
) -> list[int]:
    """The ids of the clients to show, where the first few hundred in their order have them all.

    So it is with a word that a good part of the clients have, as "inc." or a large city; to gather
    all of those and sort them takes a hundred times as long as to look at the first. Else none.
    ``condition`` is on ``c``; ``place`` is where to begin (AND …) and ORDER BY, which bind
    ``params``.
    """
    wanted = [f" {word}" for word in searched_words(search).split()]
    if not wanted:
        return []
    sql = (
        "SELECT c.id, s.words FROM client c JOIN client_search s ON s.client_id = c.id"  # noqa: S608
        f" WHERE {condition.sql}{''.join(place)} LIMIT :looked_at"
    )
    for looked_at in LOOKED_AT:
        rows = conn.query(sql, **condition.params, **params, looked_at=looked_at)
        ids = [row["id"] for row in rows if all(word in f" {row['words']}" for word in wanted)]
        if len(ids) >= limit:
            return ids[:limit]
        if len(ids) * LOOKED_AT[-1] < limit * looked_at:
            break  # at this rate not the last of them either
    return []
