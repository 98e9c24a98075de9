"""The search index: for each client, the folded words it can be found by.

Derived from the client, its former codes, addresses and contacts; renewed by the unit of work for
the clients it touched, never journaled.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from interop_cli.domain.text import words
from interop_cli.store.connection import Connection

CHUNK = 2000
# One row a client and source; each has one text column.
SOURCES = (
    "SELECT client.id AS client_id, code || ' ' || name || ' ' || COALESCE(email, '') || ' ' ||"
    " COALESCE(website, '') || ' ' || COALESCE(external_id, '') || ' ' || tags AS text,"
    " phone FROM client JOIN reindexed ON reindexed.id = client.id",
    "SELECT client_id, code AS text, NULL AS phone FROM client_code"
    " JOIN reindexed ON reindexed.id = client_code.client_id",
    "SELECT client_id, line1 || ' ' || COALESCE(line2, '') || ' ' || city || ' ' ||"
    " COALESCE(postal_code, '') || ' ' || COALESCE(REPLACE(postal_code, ' ', ''), '') || ' ' ||"
    " COALESCE(label, '') || ' ' || COALESCE(attention, '') AS text, phone FROM address"
    " JOIN reindexed ON reindexed.id = address.client_id",
    "SELECT client_id, name || ' ' || COALESCE(title, '') || ' ' || COALESCE(email, '') AS text,"
    " phone FROM contact JOIN reindexed ON reindexed.id = contact.client_id",
    "SELECT client_id, '' AS text, mobile AS phone FROM contact"
    " JOIN reindexed ON reindexed.id = contact.client_id WHERE mobile IS NOT NULL",
)
_DIGITS = re.compile(r"\D+")


def phone_words(phone: str | None) -> str:
    """A stored phone as words: all its digits, and those without the country's 1."""
    digits = _DIGITS.sub("", (phone or "").split(";")[0])
    return f"{digits} {digits[1:]}" if len(digits) == 11 and digits[0] == "1" else digits


def index(conn: Connection, client_ids: Collection[int]) -> None:
    """Renew what these clients are found by; those that are gone are taken out."""
    ordered = sorted(client_ids)
    for start in range(0, len(ordered), CHUNK):
        _index_chunk(conn, ordered[start : start + CHUNK])


def _index_chunk(conn: Connection, client_ids: list[int]) -> None:
    conn.temp_table("reindexed", "id BIGINT PRIMARY KEY")
    conn.insert_many("reindexed", ("id",), ((client_id,) for client_id in client_ids))
    texts: dict[int, list[str]] = {}
    for sql in SOURCES:
        for batch in conn.batches(sql, {}):
            for client_id, text, phone in batch:
                texts.setdefault(client_id, []).append(text)
                if phone:
                    texts[client_id].append(phone_words(phone))
    conn.forget_words()
    conn.execute("DELETE FROM client_search WHERE client_id IN (SELECT id FROM reindexed)")
    conn.insert_many(
        "client_search",
        ("client_id", "words"),
        ((client_id, distinct_words(parts)) for client_id, parts in texts.items()),
    )
    conn.learn_words()


def distinct_words(parts: Iterable[str]) -> str:
    """The folded words of several texts, each once, sorted: the same whatever came first."""
    return " ".join(sorted(set(words(" ".join(parts)).split())))
