"""Clients and their former codes, as the services write them.

What belongs to merged clients is moved set-based. A table whose rows belong to a client needs
nothing here but its row in ``tables.py``: its ``client_id`` is moved. What else names a client, a
contact or an address stands in the tables below, and counts where the table exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from interop_cli.domain.client import Client
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.fields.field import flags
from interop_cli.domain.values.code import code_key, numbered, strip_legal_suffix
from interop_cli.domain.values.text import caseless, fold
from interop_cli.store.engines.connection import Row, fill_id_table
from interop_cli.store.reading import used_by
from interop_cli.store.reading.called import client_not_found, id_named
from interop_cli.store.writing.tables import TABLES, Ordered
from interop_cli.store.writing.writer import Writer

FLAGS = flags(CLIENT)
MANY = 10_000  # clients
# Indexes: of names alone, and of what tells which client a row may be about.
NAMED_BY = ("client_name_key",)
FOUND_BY = ("client_core_key", "client_email_key")
_SHARED = (
    "SELECT {0} AS number FROM client WHERE merged_into_id IS NULL AND {0} IS NOT NULL{1}"
    " GROUP BY {0} HAVING COUNT(*) > 1"
)


def to_row(client: Client) -> Row:
    """The columns of a client, the folded keys among them."""
    tags, tags_key = _stored_tags(tuple(client.tags))
    accounting = client.accounting
    email, external_id = client.email, client.external_id
    return {
        **client.__dict__,  # its fields; asking for one after the other takes three times as long
        "code_key": code_key(client.code or ""),
        "name_key": fold(client.name),
        "core_key": strip_legal_suffix(client.name),
        "email_key": fold(email) if email else None,
        "external_id_key": caseless(external_id) if external_id else None,
        **{name: int(getattr(client, name)) for name in FLAGS},
        "tags": tags,
        "tags_key": tags_key,
        "accounting": json.dumps(accounting, ensure_ascii=False, sort_keys=True)
        if accounting
        else "{}",
    }


@lru_cache(maxsize=1024)
def _stored_tags(tags: tuple[str, ...]) -> tuple[str, str]:
    """Tags as they are stored, and their key; many clients share the same few."""
    return json.dumps(tags, ensure_ascii=False), "|" + "".join(fold(tag) + "|" for tag in tags)


def to_client(row: Row) -> Client:
    """The entity of a stored row."""
    values = {name: row[name] for name in Client.model_fields}
    values.update(
        **{name: bool(row[name]) for name in FLAGS},
        tags=json.loads(row["tags"]),
        accounting=json.loads(row["accounting"]),
    )
    return Client.stored(values)


class ClientRepository:
    """Finds and writes clients inside a unit of work."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn
        self._numbers: dict[str, int] = {}

    # -- finding ----------------------------------------------------------------------------

    def row(self, ref: str, *, shared: bool = False) -> Row:
        """The stored row of a client named by its code, present or former, or ``#id``.

        Nobody else changes it, nor what belongs to it, until this is done: the row of a client is
        locked as it is read, and read before what belongs to it is. ``shared``: nobody changes it,
        and others may read it so, too, as who pays for another.

        Raises NotFound ``client.not_found``.
        """
        found = self.find(ref, shared=shared)
        if found is None:
            raise client_not_found(ref)
        return found

    def find(self, ref: str, *, shared: bool = False) -> Row | None:
        """As ``row``, or None."""
        wanted = id_named(ref)
        if wanted is not None:
            rows = self._rows("id = :id", shared, id=wanted)
        else:
            rows = self._rows(
                "id = (SELECT id FROM client WHERE code_key = :key"
                " UNION ALL SELECT client_id FROM client_code WHERE code_key = :key LIMIT 1)",
                shared,
                key=code_key(ref),
            )
        return rows[0] if rows else None

    def entity(self, row: Row) -> Client:
        """The client of a stored row."""
        return to_client(row)

    def columns_of(self, client: Client) -> Row:
        """The columns that a client is stored in."""
        return to_row(client)

    def by_id(self, client_id: int, *, shared: bool = False) -> Row:
        """The stored row of a client known to exist; see ``row``."""
        return self._rows("id = :id", shared, id=client_id)[0]

    def _rows(self, where: str, shared: bool, **params: object) -> list[Row]:
        return self.conn.query(f"SELECT * FROM client WHERE {where}{self._lock(shared)}", **params)

    def _lock(self, shared: bool) -> str:
        return self.conn.shared if shared else self.conn.locked

    def lock(self, client_ids: Iterable[int]) -> None:
        """Keep others off these clients, before what belongs to them is read."""
        condition, among = self.conn.among("id", client_ids)
        self.conn.lock("client", condition, among=among)

    def keep(self, client_ids: Sequence[int]) -> int:
        """Keep others from changing these clients from now on; how many had been merged by then."""
        merged = 0
        for start in range(0, len(client_ids), MANY):
            condition, among = self.conn.among("id", client_ids[start : start + MANY])
            rows = self.conn.query(
                f"SELECT merged_into_id FROM client WHERE {condition}"
                f" ORDER BY id{self.conn.shared}",
                among=among,
            )
            merged += sum(row["merged_into_id"] is not None for row in rows)
        return merged

    def by_column(
        self, column: str, values: Iterable[object], *, lock: bool = True, shared: bool = False
    ) -> dict[object, Row]:
        """The rows whose ``column`` (``id``, ``code_key``, ``external_id_key``) is given.

        The first by id where several share a value. Without ``lock`` they may be changed by others.
        """
        found: dict[object, Row] = {}
        if not (asked := dict.fromkeys(values)):
            return found
        condition, wanted = self.conn.among(column, asked)
        for row in self.conn.query(
            f"SELECT * FROM client WHERE {condition} ORDER BY id"
            f"{self._lock(shared) if lock else ''}",
            among=wanted,
        ):
            found.setdefault(row[column], row)
        return found

    def named(self, refs: Iterable[str], *, shared: bool = False) -> dict[str, Row]:
        """The stored rows that these codes, present or former, or ``#id`` name: ref -> row."""
        ids, keys = {}, {}
        for ref in dict.fromkeys(refs):
            if (wanted := id_named(ref)) is not None:
                ids[ref] = wanted
            else:
                keys[ref] = code_key(ref)
        by_key = self.by_column("code_key", keys.values(), shared=shared)
        former = self.retired_codes(key for key in keys.values() if key not in by_key)
        by_id = self.by_column("id", [*ids.values(), *former.values()], shared=shared)
        found = {ref: by_id.get(wanted) for ref, wanted in ids.items()}
        found |= {ref: by_key.get(key) or by_id.get(former.get(key)) for ref, key in keys.items()}
        return {ref: row for ref, row in found.items() if row is not None}

    def retired_codes(self, keys: Iterable[str]) -> dict[str, int]:
        """Of these folded codes, those that a client had before: code key -> that client's id."""
        if not (asked := dict.fromkeys(keys)):
            return {}
        condition, wanted = self.conn.among("code_key", asked)
        rows = self.conn.query(
            f"SELECT code_key, client_id FROM client_code WHERE {condition}", among=wanted
        )
        return {row["code_key"]: row["client_id"] for row in rows}

    # -- codes ------------------------------------------------------------------------------

    def free_code(self, stem: str) -> str:
        """A code made of ``stem`` and the next number that no client has or had."""
        if stem not in self._numbers:
            if self.writer.again:  # another one took the same: those who lost take turns
                self.conn.in_turn("code")
            self._numbers[stem] = self._highest_number(stem)
        self._numbers[stem] += 1
        return numbered(stem, self._numbers[stem])

    def _highest_number(self, stem: str) -> int:
        prefix = code_key(stem) + "-"
        rows = self.conn.query(
            "SELECT code_key FROM client WHERE code_key >= :low AND code_key < :high"
            " UNION ALL SELECT code_key FROM client_code"
            " WHERE code_key >= :low AND code_key < :high",
            low=prefix,
            high=prefix[:-1] + ".",  # "." follows "-"
        )
        numbers = (row["code_key"][len(prefix) :] for row in rows)
        return max((int(n) for n in numbers if n.isascii() and n.isdigit()), default=0)

    def retire_code(self, row: Row) -> None:
        """Keep a client's present code resolving to it after it gets another."""
        values = {"client_id": row["id"], "code": row["code"], "code_key": row["code_key"]}
        self.writer.insert("client_code", [{**values, "merged": 0}])

    def release_code(self, key: str) -> int:
        """Forget that a client had this code; the number of rows (0 or 1)."""
        return self.writer.delete("client_code", "code_key = :key", key=key)

    # -- writing ----------------------------------------------------------------------------

    def expect_many(self, *, anew: bool, by_name: bool) -> None:
        """Prepare for a great many; ``anew``: nobody is looked for; ``by_name``: by name alone."""
        names = NAMED_BY + FOUND_BY if anew else () if by_name else NAMED_BY
        self.writer.dropped += self.conn.drop_indexes("client", names)

    def add(self, rows: Sequence[Ordered], words: Sequence[str | None] = ()) -> list[int]:
        """Insert the columns of clients that passed their rules; their ids.

        ``words``: see ``Writer.insert_ordered``.
        """
        return self.writer.insert_ordered("client", rows, words)

    def save(self, pairs: Sequence[tuple[Row, Client]]) -> int:
        """Write changed clients over the rows they were read from; how many differed."""
        return self.writer.save("client", [(row, to_row(client)) for row, client in pairs])

    def set_active(self, client_id: int, active: int) -> bool:
        """Make one client active or inactive; whether it was not. Its contacts: see ``follow``."""
        return (
            self.writer.update(
                "client",
                {"active": active},
                "id = :id AND active <> :active",
                id=client_id,
                active=active,
            )
            > 0
        )

    def set_payers(self, pairs: Sequence[tuple[Row, Row]]) -> None:
        """Write rows whose ``bill_to_id`` is another over those they were read from."""
        self.writer.save("client", pairs)

    def remove(self, client_id: int) -> None:
        """Delete a client with what belongs to it alone: codes, addresses, contacts and notes."""
        for table in ("attachment", "note", "contact", "client_code", "address"):
            self.writer.delete(table, "client_id = :id", id=client_id)
        self.writer.delete("client", "id = :id", id=client_id)

    # -- merging ----------------------------------------------------------------------------

    def move_to(self, winner: int, losers: Sequence[int]) -> dict[str, int]:
        """Give the winner what belongs to the losers; the number of rows by table.

        Not contacts and addresses: see ``combine``.
        """
        inherit(self.writer, winner, losers)
        return move(self.writer, winner, losers)

    def combine(self, entity: str, combined: Mapping[int, int], gone: Sequence[int]) -> None:
        """Let rows of ``contact`` or ``address`` stand for equal ones; delete those ``gone``."""
        refer(self.writer, entity, combined)
        for row_id in gone:
            self.writer.delete(entity, "id = :id", id=row_id)

    def take_over(
        self, entity: str, written: Sequence[tuple[Row, Row]], copies: Sequence[Row]
    ) -> None:
        """Write ``contact`` or ``address`` rows over those they were read from, and add others."""
        self.writer.save(entity, written)
        self.writer.insert(entity, copies)

    def add_former_codes(self, codes: Sequence[tuple[int, str, str, int]]) -> None:
        """Have codes (client id, as shown, folded, whether of a merged one) lead to clients."""
        names = ("client_id", "code", "code_key", "merged")
        self.writer.insert("client_code", [dict(zip(names, code, strict=True)) for code in codes])

    def set_merged(self, pairs: Sequence[tuple[Row, Row]]) -> None:
        """Write rows whose ``merged_into_id`` is another over those they were read from."""
        self.writer.save("client", pairs)

    def pass_codes(self, winner: int, codes: Iterable[tuple[str, str]]) -> None:
        """Have codes (as shown, folded) lead to a client; their clients must get others."""
        rows = [
            {"client_id": winner, "code": code, "code_key": key, "merged": 1} for code, key in codes
        ]
        self.writer.insert("client_code", rows)

    # -- use --------------------------------------------------------------------------------

    def billed_to(self, client_ids: Iterable[int]) -> dict[int, list[Row]]:
        """For each of these clients, those billed to it: ``id``, ``code``, ``active``."""
        found: dict[int, list[Row]] = {client_id: [] for client_id in client_ids}
        condition, ids = self.conn.among("bill_to_id", found)
        for row in self.conn.query(
            f"SELECT bill_to_id, id, code, active FROM client WHERE {condition} ORDER BY code_key",
            among=ids,
        ):
            found[row["bill_to_id"]].append(row)
        return found

    def payers_among(self, client_ids: Iterable[int]) -> set[int]:
        """Those of these clients that others are billed to."""
        condition, wanted = self.conn.among("bill_to_id", client_ids)
        rows = self.conn.query(
            f"SELECT DISTINCT bill_to_id AS id FROM client WHERE {condition}", among=wanted
        )
        return {row["id"] for row in rows}

    def sharing(
        self, columns: Sequence[str], client_ids: Iterable[int], limit: int
    ) -> Iterator[Row]:
        """Which others have the number of these clients, out of ``gst``, ``qst`` and ``neq``.

        ``column``, ``id``, ``code`` and the first ``limit`` codes of the ``others``, where there is
        one. No index helps here: ask once for many.
        """
        ids = list(client_ids)
        theirs = " AND {0} IN (SELECT {0} FROM client WHERE id IN (SELECT id FROM numbered))"
        if len(ids) >= MANY:
            # To sort all numbers there are is quicker than to look each of theirs up first.
            theirs = ""
            shared = _SHARED + " LIMIT 1"
            columns = [name for name in columns if self.conn.query(shared.format(name, ""))]
        if columns:
            fill_id_table(self.conn, "numbered", ids)
        for column in columns:
            # Few numbers are shared: they are found first, and only their clients are sorted.
            rows = self.conn.query(
                f"WITH shared AS ({_SHARED.format(column, theirs.format(column))}),"
                f" held AS (SELECT id, code, {column} AS number,"
                f" ROW_NUMBER() OVER (PARTITION BY {column} ORDER BY code_key) AS place FROM client"
                f" WHERE merged_into_id IS NULL AND {column} IN (SELECT number FROM shared))"
                " SELECT asked.id AS id, asked.code AS code, held.code AS other"
                " FROM held asked JOIN held ON held.number = asked.number AND held.id <> asked.id"
                " WHERE asked.id IN (SELECT id FROM numbered) AND held.place <= :places"
                " ORDER BY asked.id, held.place",
                places=limit + 1,  # the client itself may be among them
            )
            for client_id, group in groupby(rows, key=itemgetter("id")):
                found = list(group)
                others = [row["other"] for row in found[:limit]]
                code = found[0]["code"]
                yield {"column": column, "id": client_id, "code": code, "others": others}

    def blockers(self, client_id: int) -> list[Row]:
        """What uses the client and so keeps it from being deleted; see ``reading/used_by.py``."""
        return used_by.users_of(self.conn, "client", client_id)


# Rows that may equal one of the winner's, and are looked at one by one.
COMBINED = ("contact", "address")
# What is said of rows that were another client's: a file may still have that client.
MARKED = {"client_code": {"merged": 1}}
# Table, column: who pays. A row of the client itself (``client_id``) is not billed to itself.
PAYERS = (("client", "bill_to_id"), ("document", "bill_to_id"))
# Table, column, what it names: goes over to the row that an equal one was combined into.
REFERENCES = (("document", "contact_id", "contact"), ("document", "ship_to_id", "address"))


def move(writer: Writer, winner: int, losers: Sequence[int]) -> dict[str, int]:
    """Give the winner all that belongs to the losers; how many rows of each table.

    Contacts and addresses are the caller's.
    """
    ours = ", ".join(str(int(client_id)) for client_id in losers)
    _move_payers(writer, winner, ours)
    moved = {}
    for table in TABLES.values():
        if table.client == "client_id" and table.name not in COMBINED:
            values = {"client_id": winner, **MARKED.get(table.name, {})}
            moved[table.name] = writer.update(table.name, values, f"client_id IN ({ours})")
    return {name: count for name, count in moved.items() if count}


def _move_payers(writer: Writer, winner: int, losers: str) -> None:
    for table, column in PAYERS:
        if table not in TABLES:
            continue
        if TABLES[table].client == "client_id":
            # The check of the table is made row by row, so this comes before they move.
            everyone = f"{int(winner)}, {losers}"
            writer.update(
                table, {column: None}, f"{column} IN ({everyone}) AND client_id IN ({everyone})"
            )
        writer.update(table, {column: winner}, f"{column} IN ({losers})")


def refer(writer: Writer, entity: str, combined: Mapping[int, int]) -> None:
    """Let what names these contacts or addresses name those they were combined into."""
    for table, column, named in REFERENCES:
        if named != entity or table not in TABLES:
            continue
        for gone, kept in combined.items():
            writer.update(table, {column: kept}, f"{column} = :gone", gone=gone)


def inherit(writer: Writer, winner: int, losers: Sequence[int]) -> None:
    """Let the clients once merged into the losers be merged into the winner: one level only."""
    ours = ", ".join(str(int(client_id)) for client_id in losers)
    writer.update("client", {"merged_into_id": winner}, f"merged_into_id IN ({ours})")
