"""The first few of a long list of clients, looked for without gathering all that it has.

A search costs as much as it looks at. A word that a good part of the clients have is soon found in
the first of them; those of a rare one are few, and gathered; of a word between the two, those are
gathered whose codes begin alike. Each answer here is that of the whole list, or None: not worth it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from interop_cli.domain.values.text import BEGINNING, begun_phone, searched_words, word_of_beginning
from interop_cli.store.engines.connection import Connection
from interop_cli.store.reading.lists import Condition, Key, ordered

WORDS = "' ' || words"
WALKED = 2000  # clients, before all that a search finds are gathered
LETTERS = 2
LETTERS_WALKED = 20_000  # for beginnings of so few letters that many have each
AT_ONCE = 100  # clients, after which it is asked whether to go on
CHANCE = 1  # added to those found when it is judged whether to go on: one more may be near
CHOSEN = ((500, 2), (10_000, 20))  # the same of a condition; at least so many times those wanted
PARTS = 40  # of the clients, before all that a search finds are gathered
LAST_SIGN = 0xD7FF  # of a beginning: what comes after is no text

Within = Callable[[str], tuple[str, Mapping[str, object]]]


class Beginning(NamedTuple):
    """The part of a list that is wanted.

    The first ``limit`` clients ``c`` for whom ``condition`` holds, in the order of ``keys``;
    ``after`` is where to begin (AND …), which binds ``params``.
    """

    keys: Sequence[Key]
    limit: int
    condition: Condition
    after: str
    params: Mapping[str, Any]

    @property
    def walked(self) -> str:
        """SQL for the clients from there on, in their order."""
        return f" FROM client c WHERE TRUE{self.after}{ordered(self.keys)}"


def with_words(conn: Connection, wanted: Beginning, search: str) -> list[int] | None:
    """The ids of the first clients that a search finds, met by going along the order.

    None where that would take too long. It is soon done for a word that a good part of the clients
    have, as "inc." or a large city: to gather all of those and sort them takes a hundred times as
    long.
    """
    words = searched_words(search).split()
    if not words:
        return None
    bound = {f"word{number}": f" {word}" for number, word in enumerate(words)}
    has = " AND ".join(conn.holds(WORDS, f":{name}") for name in bound)
    if begun := begun_phone(search):
        bound["begun"] = f" {begun}"
        has = f"({has}) OR {conn.holds(WORDS, ':begun')}"
    # The order and the words alone at first; the client itself where they are found. Not EXISTS: a
    # server would rather read all words for it, once.
    sql = (
        "SELECT c.id, (SELECT 1 FROM client_search s WHERE s.client_id = c.id AND"
        f" ({has}) AND EXISTS (SELECT 1 FROM client c WHERE c.id = s.client_id AND"
        f" {wanted.condition.sql})) AS found{wanted.walked} LIMIT :most"
    )
    short = len(words) > 1 and max(map(len, words)) <= LETTERS
    most = LETTERS_WALKED if short else WALKED
    params = {**wanted.condition.params, **wanted.params, **bound, "most": most}
    ids: list[int] = []
    looked_at = 0
    with closing(conn.batches(sql, params, AT_ONCE)) as batches:
        for batch in batches:
            ids += [client_id for client_id, found in batch if found]
            looked_at += len(batch)
            if len(ids) >= wanted.limit:
                return ids[: wanted.limit]
            if (len(ids) + CHANCE) * most < wanted.limit * looked_at:
                return None  # at this rate not the last of them either
    return ids if looked_at < most else None


def by_part(conn: Connection, wanted: Beginning, within: Within) -> list[int] | None:
    """The same for words that many clients have, in the order of codes, the only key.

    Looked for among those whose codes begin alike, part by part.
    """
    (key,) = wanted.keys
    beyond = "c.code_key < :low" if key.descending else "c.code_key >= :high"
    next_code = f"SELECT c.code_key AS code FROM client c WHERE {beyond}{wanted.after}"
    condition, ids = wanted.condition, list[int]()
    low, high = chr(0x10FFFF), ""
    for _part in range(PARTS):
        bounds = {"low": low} if key.descending else {"high": high}
        rows = conn.query(f"{next_code}{ordered([key])} LIMIT 1", **wanted.params, **bounds)
        if not rows:
            return ids
        low = rows[0]["code"][:BEGINNING]
        if ord(low) >= LAST_SIGN:
            return None
        high = chr(ord(low) + 1)
        sql, bound = within(word_of_beginning(low))
        found = conn.query(
            "SELECT c.id AS id FROM client c WHERE c.code_key >= :low AND c.code_key < :high AND"
            f" {sql} AND {condition.sql}{wanted.after}{ordered([key])} LIMIT :left",
            **{**condition.params, **wanted.params, **bound},
            low=low,
            high=high,
            left=wanted.limit - len(ids),
        )
        ids += [row["id"] for row in found]
        if len(ids) == wanted.limit:
            return ids
    return None


def for_whom(conn: Connection, wanted: Beginning, joined: str) -> list[int] | None:
    """The same of a list that is not searched; ``joined`` is what its condition may look at.

    To go on in their order, which has a page read for every client, takes longer than to read all
    clients and sort those for whom the condition holds. Each attempt looks from the first one
    again, as others may write in between.
    """
    condition, order = wanted.condition, ordered(wanted.keys)
    sql = (
        f"SELECT c.id AS id FROM (SELECT c.id AS first{wanted.walked} LIMIT :more) AS walked"
        f" JOIN client c ON c.id = walked.first{joined} WHERE {condition.sql}{order}"
    )
    stages = [max(number, times * wanted.limit) for number, times in CHOSEN]
    for more in stages:
        rows = conn.query(sql, **{**condition.params, **wanted.params}, more=more)
        if len(rows) >= wanted.limit:
            return [row["id"] for row in rows[: wanted.limit]]
        if len(rows) * stages[-1] < wanted.limit * more:
            break  # at this rate not the last of them either
    return None
