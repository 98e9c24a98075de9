"""The search index: for each client, the folded words it can be found by.

Derived from the client and what belongs to it: the columns that ``tables`` names as ``search``.
Renewed by the unit of work for the clients it touched, never journaled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from interop_cli.domain.fields import ENTITIES, Kind
from interop_cli.domain.values.text import BEGINNING, word_list, word_of_beginning
from interop_cli.store.engines.connection import Connection, fill_id_table
from interop_cli.store.writing.tables import ADDRESS, CLIENT, TABLES, Ordered, Table

CHUNK = 5000
PHONES = sorted(
    {field.stands_in for of in ENTITIES.values() for field in of if field.kind is Kind.PHONE}
)
_DIGITS = re.compile(r"\D+")

Values = Sequence[Any]


class SearchIndex:
    """What a unit of work has to renew in the index, and ``renew``, which does it.

    Clients that were just made are indexed from the rows at hand; the others from what the
    database holds of them at the end.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._touched: set[int] = set()
        self._made: dict[int, str | list[str]] = {}  # words, or that of a part and texts

    def made(self, table: Table, rows: Sequence[Ordered], words: Sequence[str | None]) -> None:
        """Rows of ``table`` were inserted; ``words``: see ``Writer.insert_ordered``."""
        if not table.search or not table.client:
            return
        text, known = text_maker(table), words or repeat(None)
        if table.client == "id":
            # What belongs to these clients is made right after them.
            if len(self._made) >= CHUNK:
                self._index_made()
            for row, said in zip(rows, known, strict=False):
                self._made[row[0]] = said or [part_word(row[_CODE_KEY]), text(row)]
            return
        place = table.place(table.client)
        for row, said in zip(rows, known, strict=False):
            parts = self._made.get(row[place])
            if isinstance(parts, list):
                parts.append(text(row))
            elif parts is None or not said:
                self.touch((row[place],))

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
        own = table.client == "id"
        columns = (*searched(table), *phones(table), *(("code_key",) if own else ()))
        names = ", ".join(f"{table.name}.{column}" for column in columns)
        sql = (
            f"SELECT {table.name}.{table.client}, {names} FROM {table.name}"
            f" JOIN reindexed ON reindexed.id = {table.name}.{table.client}"
        )
        text = text_maker(table, (table.client, *columns))
        for batch in conn.batches(sql, {}):
            for row in batch:
                parts = texts.setdefault(row[0], [""])
                parts.append(text(row))
                if own:
                    parts[0] = part_word(row[-1])
    conn.forget_words()
    conn.execute("DELETE FROM client_search WHERE client_id IN (SELECT id FROM reindexed)")
    _learn(conn, texts)


def _learn(conn: Connection, texts: Mapping[int, str | Sequence[str]]) -> None:
    rows = [
        (client_id, parts if isinstance(parts, str) else distinct_words(parts[1:], parts[0]))
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
def text_maker(table: Table, order: tuple[str, ...] = ()) -> Callable[[Values], str]:
    """A function that gives, as one text, what a row of ``table`` is found by.

    The row has its values in this ``order``; without it in that of the table.
    """
    place = (order or table.all_columns).index
    columns, numbers = searched(table), tuple(map(place, phones(table)))
    # Of two places itemgetter makes a tuple; a word that is said twice counts once.
    values = itemgetter(*map(place, columns), place(columns[0]))
    postal_code = place("postal_code") if "postal_code" in columns else None

    def text(row: Values) -> str:
        parts = [*filter(None, values(row))]
        for number in numbers:
            if phone := row[number]:
                parts.append(phone_words(phone))
        if postal_code is not None and (code := row[postal_code]):
            parts.append(code.replace(" ", ""))
        return " ".join(parts)

    return text


def phone_words(phone: str) -> str:
    """A stored phone as words: all its digits, and those without the country's 1."""
    digits = phone.partition(";")[0].removeprefix("+")
    if not digits.isdecimal():  # kept as it was typed
        digits = _DIGITS.sub("", digits)
    return f"{digits} {digits[1:]}" if len(digits) == 11 and digits[0] == "1" else digits


def words_of(client: Ordered, address: Ordered) -> str:
    """What a new client with its main address is found by."""
    texts = (_CLIENT_TEXT(client), _ADDRESS_TEXT(address))
    return distinct_words(texts, part_word(client[_CODE_KEY]))


def distinct_words(parts: Iterable[str], part: str = "") -> str:
    """The folded words of several texts, each once: the same whichever text came first.

    Last the word of the part of the clients.
    """
    # Sorting two texts rather than their twenty words.
    return " ".join([*dict.fromkeys(word_list(" ".join(sorted(parts)))), part]).rstrip(" ")


def part_word(code_key: str) -> str:
    """What all clients are found by whose codes begin alike: a search need not gather them all."""
    return word_of_beginning(code_key[:BEGINNING])


_CODE_KEY = CLIENT.place("code_key")
_CLIENT_TEXT, _ADDRESS_TEXT = text_maker(CLIENT), text_maker(ADDRESS)
