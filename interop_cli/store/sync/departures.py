"""Records that are to go in a target: those of ours that another one stands for, or nobody.

A merged client is still here, and says itself which one it went into. A contact that was combined
with another is gone: only its link remembers. Where the other one has no record there yet, it
takes over that of the merged one, so that nothing is made twice and nothing has to be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from interop_cli.domain.sync.link import Link
from interop_cli.domain.sync.records import Departure, LocalRecord
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.sync.links import LINK_COLUMNS, to_link

if TYPE_CHECKING:
    from interop_cli.store.writing.writer import Writer

COLUMNS = ", ".join(f"l.{name}" for name in LINK_COLUMNS)
# Nothing is under way, and what is known of the record there holds.
CALM = "('pending', 'in_sync', 'failed', 'conflict')"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """A record there that goes over from ``loser`` to the one that stands for it here."""

    loser: int
    link: Link


def with_losers(conn: Connection, client_ids: Sequence[int]) -> tuple[int, ...]:
    """These clients, and those that were merged into them."""
    sql = "SELECT id FROM client WHERE merged_into_id IN ({places}) ORDER BY id"
    losers = (row["id"] for row in query_in_chunks(conn, sql, client_ids))
    return tuple(dict.fromkeys((*client_ids, *losers)))


def gone_contacts(
    conn: Connection,
    target_id: int,
    *,
    ids: Sequence[int] | None = None,
    of_clients: Callable[[frozenset[int]], Collection[int]] | None = None,
) -> Iterator[tuple[LocalRecord, Link]]:
    """The contacts that are not here any more and have a record there, each with its link.

    ``ids``: only those; ``of_clients``: only those whose heirs are of the clients that it leaves
    over.
    """
    sql = (
        f"SELECT {COLUMNS}, l.local_id FROM sync_link l WHERE l.target_id = :target"
        " AND l.entity = 'contact' AND l.leaves IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM contact t WHERE t.id = l.local_id)"
    )
    if ids is None:
        rows = conn.query(sql, target=target_id)
    else:
        sql += " AND l.local_id IN ({places})"
        rows = list(query_in_chunks(conn, sql, ids, target=target_id))
    # Asked for in order, a planner reads all links in that order rather than the few that leave.
    rows.sort(key=itemgetter("local_id"))
    heirs = _heirs(conn, target_id, rows)
    if of_clients is not None:
        chosen = of_clients(frozenset(heir["client_id"] for heir in heirs.values()))
        heirs = {one: heir for one, heir in heirs.items() if heir["client_id"] in chosen}
        rows = [row for row in rows if row["local_id"] in heirs]
    for row in rows:
        heir = heirs.get(row["local_id"])
        link = to_link([row[name] for name in LINK_COLUMNS])
        yield _gone(row["local_id"], link, heir), link


def _gone(local_id: int, link: Link, heir: Row | None) -> LocalRecord:
    code = heir["code"] if heir else f"#{local_id}"
    departure = Departure(
        erased=link.leaves == "erase",
        heir=heir["id"] if heir else None,
        code=code,
        into=heir["remote_id"] if heir else None,
    )
    key = link.remote_key or f"#{local_id}"
    return LocalRecord(
        "contact", local_id, code, key, stamp="", active=False, values={}, departure=departure
    )


def _heirs(conn: Connection, target_id: int, rows: Sequence[Row]) -> dict[int, Row]:
    """The contact that stands for each: it may itself have been combined with another since."""
    found: dict[int, Row] = {}
    waiting = {row["local_id"]: row["heir"] for row in rows if row["heir"] is not None}
    sql = (
        "SELECT t.id, t.client_id, c.code, l.remote_id, l.state FROM contact t"
        " JOIN client c ON c.id = t.client_id LEFT JOIN sync_link l ON l.target_id = :target"
        " AND l.entity = 'contact' AND l.local_id = t.id AND l.state <> 'detached'"
        " WHERE t.id IN ({places})"
    )
    following = (
        "SELECT local_id, heir FROM sync_link WHERE target_id = :target AND entity = 'contact'"
        " AND heir IS NOT NULL AND local_id IN ({places})"
    )
    seen: set[int] = set()
    while waiting:
        heirs = set(waiting.values())
        there = {row["id"]: row for row in query_in_chunks(conn, sql, heirs, target=target_id)}
        found |= {one: there[heir] for one, heir in waiting.items() if heir in there}
        left = heirs - there.keys() - seen
        seen |= left
        nexts = {
            row["local_id"]: row["heir"]
            for row in query_in_chunks(conn, following, left, target=target_id)
        }
        waiting = {one: nexts[heir] for one, heir in waiting.items() if heir in nexts}
    return found


def inheritances(conn: Connection, entity: str, target_id: int) -> dict[int, Inheritance]:
    """Who takes over a record there, because it has none: our id -> from whom."""
    if entity == "client":
        return _of_clients(conn, target_id)
    if entity != "contact":
        return {}
    found: dict[int, Inheritance] = {}
    pairs = [
        (local.departure.heir, local.id, link)
        for local, link in gone_contacts(conn, target_id)
        if local.departure is not None
        and not local.departure.erased
        and local.departure.into is None
        and local.departure.heir is not None
        and link.remote_id is not None
        and f"'{link.state}'" in CALM
    ]
    free = _without_record(conn, entity, target_id, [heir for heir, _loser, _link in pairs])
    for heir, loser, link in pairs:
        if heir in free:
            found.setdefault(heir, Inheritance(loser, link))
    return found


def _of_clients(conn: Connection, target_id: int) -> dict[int, Inheritance]:
    rows = conn.query(
        f"SELECT {COLUMNS}, l.local_id, c.merged_into_id FROM client c JOIN sync_link l"
        " ON l.target_id = :target AND l.entity = 'client' AND l.local_id = c.id"
        f" WHERE c.merged_into_id IS NOT NULL AND l.remote_id IS NOT NULL AND l.state IN {CALM}"
        " ORDER BY l.local_id",
        target=target_id,
    )
    free = _without_record(conn, "client", target_id, [row["merged_into_id"] for row in rows])
    found: dict[int, Inheritance] = {}
    for row in rows:
        if row["merged_into_id"] in free:
            link = to_link([row[name] for name in LINK_COLUMNS])
            found.setdefault(row["merged_into_id"], Inheritance(row["local_id"], link))
    return found


def _without_record(
    conn: Connection, entity: str, target_id: int, ids: Sequence[int]
) -> frozenset[int]:
    """Those that have no record there, and of whom none is being made."""
    sql = (
        "SELECT local_id FROM sync_link WHERE target_id = :target AND entity = :entity"
        " AND (remote_id IS NOT NULL OR state NOT IN ('pending', 'failed'))"
        " AND local_id IN ({places})"
    )
    rows = query_in_chunks(conn, sql, ids, target=target_id, entity=entity)
    return frozenset(ids) - {row["local_id"] for row in rows}


class DepartureRepository:
    """Writes down what goes, inside a unit of work. Derived data: none of it is journaled."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def combined(self, entity: str, heirs: Mapping[int, int]) -> None:
        """Note that rows of ours (keys) are deleted, and that others stand for them."""
        if entity != "contact" or not heirs:
            return
        self.writer.derived = True
        self.conn.execute_many(
            "UPDATE sync_link SET leaves = 'merge', heir = :heir"
            " WHERE entity = 'contact' AND local_id = :gone AND leaves IS NULL",
            [{"gone": gone, "heir": heir} for gone, heir in heirs.items()],
        )
        # Of one that never arrived there is nothing to tell.
        self.conn.execute_many(
            "DELETE FROM sync_link WHERE entity = 'contact' AND local_id = :gone"
            " AND remote_id IS NULL AND state IN ('pending', 'failed', 'excluded')",
            [{"gone": gone} for gone in heirs],
        )

    def erased(self, contact_ids: Sequence[int]) -> None:
        """Note that people were erased: what is there of them is to be deleted."""
        self.writer.derived = True
        found, more = set[int](), set(contact_ids)
        sql = (
            "SELECT local_id FROM sync_link WHERE entity = 'contact' AND leaves = 'merge'"
            " AND heir IN ({places})"
        )
        while more:  # those who were combined with them are the same people
            found |= more
            more = {row["local_id"] for row in query_in_chunks(self.conn, sql, more)} - found
        self.conn.execute_many(
            "UPDATE sync_link SET leaves = 'erase' WHERE entity = 'contact' AND local_id = :id",
            [{"id": one} for one in sorted(found)],
        )

    def hand_over(self, target_id: int, entity: str, heirs: Mapping[int, Inheritance]) -> None:
        """Let records of ours have those there of the ones they stand for."""
        self.writer.derived = True
        same = {"target": target_id, "entity": entity}
        for heir, taken in heirs.items():
            self.conn.execute(
                "DELETE FROM sync_link WHERE target_id = :target AND entity = :entity"
                " AND local_id = :heir AND remote_id IS NULL",
                **same,
                heir=heir,
            )
            self.conn.execute(
                "UPDATE sync_link SET local_id = :heir, state = 'pending', stamp = '',"
                " leaves = NULL, heir = NULL, error_class = NULL, error_code = NULL,"
                " error_field = NULL, error_text = NULL, attempt = NULL, attempt_key = NULL,"
                " attempt_hash = NULL, updated_at = :now WHERE target_id = :target"
                " AND entity = :entity AND local_id = :loser",
                **same,
                heir=heir,
                loser=taken.loser,
                now=self.writer.now,
            )

    def settle(
        self,
        target_id: int,
        entity: str,
        departure: Departure,
        gone: int,
        remote_id: str | None,
        *,
        never_there: bool = False,
    ) -> None:
        """Forget the link of a record that is gone there; its heir may be known by another id.

        ``never_there``: unless it turned out to have a record there meanwhile.
        """
        self.writer.derived = True
        same = {"target": target_id, "entity": entity}
        (row,) = self.conn.query(
            "SELECT remote_id FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND local_id = :gone",
            **same,
            gone=gone,
        ) or [{"remote_id": None}]
        if never_there and row["remote_id"] is not None:
            return
        self.conn.execute(
            "DELETE FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND local_id = :gone",
            **same,
            gone=gone,
        )
        if departure.erased or remote_id is None or remote_id == row["remote_id"]:
            return
        # What of it changed there by the merge is looked at before anything more is sent.
        self.conn.execute(
            "UPDATE sync_link SET remote_id = :remote, stamp = '', updated_at = :now,"
            " state = CASE state WHEN 'in_sync' THEN 'pending' ELSE state END"
            " WHERE target_id = :target AND entity = :entity AND local_id = :heir"
            " AND remote_id = :into",
            **same,
            remote=remote_id,
            now=self.writer.now,
            heir=departure.heir,
            into=departure.into,
        )
