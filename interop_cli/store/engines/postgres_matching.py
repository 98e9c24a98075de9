"""What clients are searched by on a server: its index of words, and the words of each client.

The index first gathers whole all that have a beginning of a word, and then goes to each of them. So
where the first few are wanted, it is asked for what few clients have, by the server's own estimate;
the rest is looked for in the texts of those, and a frequent word part by part of all clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from interop_cli.store.engines.connection import Match, Row

ESTIMATED = 8  # so many words, the longest, the server is asked to estimate
RARE = 20_000  # clients who have a word, at the most, are gathered for a second one
FEW = 500  # clients found, at the most: more are looked for part by part
SOME = 2000  # ids; beyond, clients are tested in the order of their codes instead of looked up

Condition = tuple[str, dict[str, object]]
Query = Callable[..., list[Row]]


def all_of(words: str, name: str) -> Match:
    """A condition on ``c`` for all clients that have every word."""
    sql, params = _having(_begun(words.split()), (), name)
    return Match(f"c.id IN ({sql})", params)


def few(words: str, name: str, query: Query, *, by_part: bool) -> Match:
    """The same, where the first few of them are wanted in an order that has an index.

    ``by_part``: what of many clients would have to be gathered is left to ``within``.
    """
    asked = sorted(dict.fromkeys(words.split()), key=len, reverse=True)
    clients, total = _estimated(asked[:ESTIMATED], query)
    indexed, expected = list[str](), float(total)
    for word in sorted(clients, key=clients.__getitem__):
        if not indexed or (expected > FEW and clients[word] <= RARE):
            indexed.append(word)
            expected *= clients[word] / total
    others = [word for word in asked if word not in indexed]
    sql, params = _having(_begun(indexed), others, name)
    if not by_part or expected <= 4 * FEW:
        found = query(f"{sql} LIMIT {FEW + 1}", **params)
        if len(found) <= FEW:
            return Match(*_these(found, name))

    def within(word: str) -> Condition:
        sql, params = _having(f"{_begun(indexed)} & {_quoted(word)}", others, name)
        found = query(f"{sql} LIMIT {RARE + 1}", **params)
        return _these(found, name) if len(found) <= RARE else (f"c.id + 0 IN ({sql})", params)

    return Match(f"c.id IN ({sql})", params, within if by_part else None)


def _having(indexed: str, others: Iterable[str], name: str) -> Condition:
    """The clients whom the index has for this, and whose text has the other words."""
    tested = {f"{name}_{number}": f" {word}" for number, word in enumerate(others)}
    sql = (
        "SELECT client_id FROM client_search"
        f" WHERE array_to_tsvector(string_to_array(words, ' ')) @@ CAST(:{name} AS tsquery)"
    )
    sql += "".join(f" AND strpos(' ' || words, :{one}) > 0" for one in tested)
    return sql, {name: indexed, **tested}


def _estimated(words: Sequence[str], query: Query) -> tuple[dict[str, int], int]:
    """How many clients may have each of these words, and how many there are."""
    asked = [_having(_begun([word]), (), f"word_{number}") for number, word in enumerate(words)]
    parts = [*(sql for sql, _params in asked), "SELECT client_id FROM client_search"]
    bound = {name: value for _sql, params in asked for name, value in params.items()}
    (row,) = query(f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(parts)}", **bound)
    ((plan,),) = row.values()
    branches = [plan["Plan"]]
    while len(branches) == 1:  # a server may gather what it does side by side
        branches = branches[0]["Plans"]
    *counts, total = (max(one["Plan Rows"], 1) for one in branches)
    return dict(zip(words, counts, strict=True)), total


def _these(found: Sequence[Row], name: str) -> Condition:
    """That a client is one of those found."""
    ids = [row["client_id"] for row in found]
    # Of many, the place of each is not looked up.
    column = "c.id + 0" if len(ids) > SOME else "c.id"
    return (f"{column} = ANY(:{name}_ids)", {f"{name}_ids": ids}) if ids else ("FALSE", {})


def _begun(words: Sequence[str]) -> str:
    return " & ".join(f"{_quoted(word)}:*" for word in words)


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "").replace("'", "") + "'"
