"""The search index: for each client, the folded words it can be found by.

Derived from the client and what belongs to it: the columns that ``tables`` names as ``search``.
Renewed by the unit of work for the clients it touched, never journaled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from interop_cli.domain.fields import ENTITIES, Kind
from interop_cli.domain.values.text import word_list
from interop_cli.store.engines.connection import Connection, Row, fill_id_table
from interop_cli.store.writing.tables import TABLES, Table

CHUNK = 5000
WORDS = "words"
"""Beside the columns of a new client what it and its main address are found by, where that is known
already; beside those of the address that its client has it."""
PHONES = sorted(
    {field.stands_in for of in ENTITIES.values() for field in of if field.kind is Kind.PHONE}
)
_DIGITS = re.compile(r"\D+")

Values = Mapping[str, Any]


class SearchIndex:
    """What a unit of work has to renew in the index, and ``renew``, which does it.

    Clients that were just made are indexed from the rows at hand; the others from what the
    database holds of them at the end.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._touched: set[int] = set()
        self._made: dict[int, str | list[str]] = {}  # words, or texts that have them

    def made(self, table: Table, ids: Sequence[int], rows: Sequence[Row]) -> None:
        """Rows of ``table`` were inserted under these ids."""
        if not table.search or not table.client:
            return
        if table.client == "id":
            # What belongs to these clients is made right after them.
            if len(self._made) >= CHUNK:
                self._index_made()
            text = text_maker(table)
            for row_id, row in zip(ids, rows, strict=True):
                self._made[row_id] = row.get(WORDS) or [text(row)]
            return
        text = text_maker(table)
        for row in rows:
            parts = self._made.get(row[table.client])
            if isinstance(parts, list):
                parts.append(text(row))
            elif parts is None or WORDS not in row:
                self.touch((row[table.client],))

    def touch(self, client_ids: Iterable[int]) -> None:
        """Something that these clients are found by has changed."""
        for client_id in client_ids:
            self._made.pop(client_id, None)
            self._touched.add(client_id)

    def renew(self) -> None:
        """Bring the index up to date."""
        self._index_made()
        ordered = sorted(self._touched)
        for start in range(0, len(ordered), CHUNK):
            _index_again(self._conn, ordered[start : start + CHUNK])
        self._touched.clear()

    def _index_made(self) -> None:
        if self._made:
            _learn(self._conn, self._made)
            self._made = {}


def _index_again(conn: Connection, client_ids: Collection[int]) -> None:
    """Renew these clients from the database; those that are gone are taken out."""
    fill_id_table(conn, "reindexed", client_ids)
    # Who writes the same client waits, and then finds what was written here.
    conn.lock("client", "id IN (SELECT id FROM reindexed)")
    texts: dict[int, list[str]] = {}
    for table in TABLES.values():
        if not table.search or not table.client:
            continue
        columns = [*searched(table), *phones(table)]
        names = ", ".join(f"{table.name}.{column}" for column in columns)
        sql = (
            f"SELECT {table.name}.{table.client}, {names} FROM {table.name}"  # noqa: S608
            f" JOIN reindexed ON reindexed.id = {table.name}.{table.client}"
        )
        text = text_maker(table)
        for batch in conn.batches(sql, {}):
            for client_id, *values in batch:
                row = dict(zip(columns, values, strict=True))
                texts.setdefault(client_id, []).append(text(row))
    conn.forget_words()
    conn.execute("DELETE FROM client_search WHERE client_id IN (SELECT id FROM reindexed)")
    _learn(conn, texts)


def _learn(conn: Connection, texts: Mapping[int, str | Sequence[str]]) -> None:
    rows = [
        (client_id, parts if isinstance(parts, str) else distinct_words(parts))
        for client_id, parts in texts.items()
    ]
    conn.insert_many("client_search", ("client_id", "words"), rows)
    conn.learn_words(rows)


# -- what a row is found by ---------------------------------------------------------------------


@cache
def searched(table: Table) -> tuple[str, ...]:
    """The columns of ``table`` whose text is searched, telephones excepted."""
    return tuple(sorted(table.search - {*PHONES, table.client}))


@cache
def phones(table: Table) -> tuple[str, ...]:
    """The columns of ``table`` that hold a telephone number."""
    return tuple(name for name in PHONES if name in table.search)


@cache
def text_maker(table: Table) -> Callable[[Values], str]:
    """A function that gives, as one text, what a row of ``table`` is found by."""
    columns, numbers = searched(table), phones(table)
    # Of two names itemgetter makes a tuple; a word that is said twice counts once.
    values = itemgetter(*columns, columns[0])
    has_postal_code = "postal_code" in columns

    def text(row: Values) -> str:
        parts = [*filter(None, values(row))]
        for name in numbers:
            if number := row[name]:
                parts.append(phone_words(number))
        if has_postal_code and row["postal_code"]:
            parts.append(row["postal_code"].replace(" ", ""))
        return " ".join(parts)

    return text


def phone_words(phone: str) -> str:
    """A stored phone as words: all its digits, and those without the country's 1."""
    digits = phone.partition(";")[0].removeprefix("+")
    if not digits.isdecimal():  # kept as it was typed
        digits = _DIGITS.sub("", digits)
    return f"{digits} {digits[1:]}" if len(digits) == 11 and digits[0] == "1" else digits


def note_words(client: Row, address: Row) -> None:
    """Put beside a new client and its main address what they are found by: see ``WORDS``."""
    texts = (text_maker(TABLES["client"])(client), text_maker(TABLES["address"])(address))
    client[WORDS] = distinct_words(texts)
    address[WORDS] = ""


def distinct_words(parts: Iterable[str]) -> str:
    """The folded words of several texts, each once: the same whichever text came first."""
    # Sorting two texts rather than their twenty words.
    return " ".join(dict.fromkeys(word_list(" ".join(sorted(parts)))))
