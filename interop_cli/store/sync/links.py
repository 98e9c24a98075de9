"""Links as rows: read into the domain's ``Link``, written by claim and by settlement.

A settlement is a compare-and-set on the claim: whoever lost his claim changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.messages import Message
from interop_cli.domain.sync.link import Link, LinkFault, LinkState
from interop_cli.domain.sync.payload import dumped as payload_text
from interop_cli.store.engines.connection import Connection, query_in_chunks

if TYPE_CHECKING:
    from interop_cli.domain.sync.payload import Payload
    from interop_cli.domain.sync.records import RemoteRecord
    from interop_cli.store.writing.writer import Writer

LINK_COLUMNS = (
    "id", "state", "remote_id", "remote_key", "remote_version", "stamp", "pushed", "seen",
    "attempt", "attempt_key", "attempt_hash", "attempts", "next_at", "batch", "error_class",
    "error_code", "error_field", "error_text", "owner", "lease_until", "leaves", "heir", "drift",
    "kept",
)  # fmt: skip
CLEARED: Mapping[str, Any] = {
    "attempt": None, "attempt_key": None, "attempt_hash": None, "attempts": 0, "next_at": None,
    "error_class": None, "error_code": None, "error_field": None, "error_text": None, "seen": None,
    "seen_at": None, "drift": 0, "batch": None,
}  # fmt: skip
"""What a link forgets when its record is in step, or is to be looked at afresh."""
UNSURE = "state IN ('claimed', 'unknown', 'awaiting')"
"""Those that are in somebody's hands: being sent, or nobody knows."""
# These, or those that hold a record over there: deleting ours would strand it.
LIVE = f"(remote_id IS NOT NULL OR {UNSURE})"


def to_link(values: Sequence[Any]) -> Link:
    """The link of a row of ``LINK_COLUMNS``."""
    row = dict(zip(LINK_COLUMNS, values, strict=True))
    return Link(
        row["id"],
        LinkState(row["state"]),
        row["remote_id"],
        row["remote_key"],
        row["remote_version"],
        row["stamp"],
        _json(row["pushed"]) or {},
        _json(row["seen"]),
        _json(row["attempt"]),
        row["attempt_key"],
        row["attempt_hash"],
        row["attempts"],
        row["next_at"],
        row["batch"],
        _fault(row),
        owner=row["owner"],
        lease_until=row["lease_until"],
        leaves=row["leaves"],
        heir=row["heir"],
        drift=bool(row["drift"]),
        kept=_json(row["kept"]) or {},
    )


def _json(text: str | None) -> Any:
    return json.loads(text) if text else None


def dumped(value: Mapping[str, Any] | None) -> str | None:
    """A payload as it is stored."""
    return None if value is None else payload_text(value)


def message_text(message: Message) -> str:
    """A sentence as it is stored: it is translated for whoever reads it."""
    params = {
        name: str(value) if isinstance(value, Message) else value
        for name, value in message.params.items()
    }
    return json.dumps([message.msgid, params], ensure_ascii=False)


def stored_message(text: str | None) -> Message | None:
    """The sentence of a stored text."""
    if not text:
        return None
    msgid, params = json.loads(text)
    return Message(msgid, params)


def _fault(row: Mapping[str, Any]) -> LinkFault | None:
    message = stored_message(row["error_text"])
    if row["error_class"] is None or message is None:
        return None
    return LinkFault(row["error_class"], row["error_code"] or "", message, row["error_field"])


def linked(conn: Connection, target_id: int, entity: str) -> dict[str, int]:
    """All remote records that ours are linked to: remote id -> our id."""
    rows = conn.query(
        "SELECT remote_id, local_id FROM sync_link WHERE target_id = :target"
        " AND entity = :entity AND remote_id IS NOT NULL",
        target=target_id,
        entity=entity,
    )
    return {row["remote_id"]: row["local_id"] for row in rows}


def owners(
    conn: Connection, target_id: int, entity: str, remote_ids: Sequence[str]
) -> dict[str, int]:
    """Which of our records is linked to each of these remote ones."""
    sql = (
        "SELECT remote_id, local_id FROM sync_link WHERE target_id = :target"
        " AND entity = :entity AND remote_id IN ({places})"
    )
    rows = query_in_chunks(conn, sql, remote_ids, target=target_id, entity=entity)
    return {row["remote_id"]: row["local_id"] for row in rows}


def unsure(conn: Connection, target_id: int, entity: str) -> bool:
    """Whether it is not known of some records what became of them there."""
    sql = (
        "SELECT 1 FROM sync_link WHERE target_id = :target AND entity = :entity"
        " AND state IN ('claimed', 'unknown') LIMIT 1"
    )
    return bool(conn.query(sql, target=target_id, entity=entity))


def begun(conn: Connection, target_id: int, entity: str) -> bool:
    """Whether there is a link of any record of an entity."""
    sql = "SELECT 1 FROM sync_link WHERE target_id = :target AND entity = :entity LIMIT 1"
    return bool(conn.query(sql, target=target_id, entity=entity))


def held_there(
    conn: Connection, target_id: int, entity: str, ids: Sequence[int] | None = None
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """What our records hold there, and what a call without an answer may have brought, by our ids.

    Those deleted there hold nothing. ``ids``: of these records only.
    """
    sql = (
        "SELECT local_id, CASE WHEN remote_id IS NOT NULL THEN pushed END AS pushed,"
        " CASE WHEN state IN ('claimed', 'unknown') THEN attempt END AS attempt FROM sync_link"
        " WHERE target_id = :target AND entity = :entity AND state <> 'detached'"
    )
    values: dict[str, Any] = {"target": target_id, "entity": entity}
    if ids is None:
        for batch in conn.batches(sql, values, 2000):
            for local_id, *known in batch:
                yield local_id, [_json(text) for text in known if text]
        return
    for row in query_in_chunks(conn, f"{sql} AND local_id IN ({{places}})", ids, **values):
        yield row["local_id"], [_json(row[name]) for name in ("pushed", "attempt") if row[name]]


def last_pushed(conn: Connection, target_id: int) -> str | None:
    """When something was last pushed to a target."""
    sql = "SELECT MAX(pushed_at) AS at FROM sync_link WHERE target_id = :target"
    at: str | None = conn.query(sql, target=target_id)[0]["at"]
    return at


class LinkRepository:
    """Writes links inside a unit of work. Derived data: none of it is journaled."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def claim(
        self,
        target_id: int,
        entity: str,
        claims: Iterable[Mapping[str, Any]],
        owner: str,
        until: str,
    ) -> None:
        """Mark records as being sent: ``local_id``, ``key``, ``attempt``, ``attempt_key``,
        ``attempt_hash``.

        Committed before the call, so that whoever comes later knows that there may have been one.
        """
        rows = [
            {
                **row,
                "target": target_id,
                "entity": entity,
                "owner": owner,
                "until": until,
                "now": self.writer.now,
            }
            for row in claims
        ]
        self.writer.derived = True
        self.conn.execute_many(
            "INSERT INTO sync_link (target_id, entity, local_id, state, remote_key, owner,"
            " lease_until, attempt, attempt_key, attempt_hash, attempts, created_at, updated_at)"
            " VALUES (:target, :entity, :local_id, 'claimed', :key, :owner, :until, :attempt,"
            " :attempt_key, :attempt_hash, 1, :now, :now)"
            " ON CONFLICT (target_id, entity, local_id) DO UPDATE SET state = 'claimed',"
            " owner = excluded.owner, lease_until = excluded.lease_until,"
            " attempt = excluded.attempt, attempt_key = excluded.attempt_key,"
            " attempt_hash = excluded.attempt_hash, attempts = sync_link.attempts + 1,"
            " updated_at = excluded.updated_at, remote_key = CASE"
            " WHEN sync_link.remote_id IS NULL THEN excluded.remote_key"
            " ELSE sync_link.remote_key END",
            rows,
        )

    def ensure(self, target_id: int, entity: str, local_id: int, state: LinkState) -> None:
        """Make a link where there is none."""
        self.writer.derived = True
        self.conn.execute(
            "INSERT INTO sync_link (target_id, entity, local_id, state, created_at, updated_at)"
            " SELECT :target, :entity, :local_id, :state, :now, :now WHERE NOT EXISTS"
            " (SELECT 1 FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND local_id = :local_id)",
            target=target_id,
            entity=entity,
            local_id=local_id,
            state=state,
            now=self.writer.now,
        )

    def bring(
        self, target_id: int, entity: str, pairs: Iterable[tuple[int, RemoteRecord, Payload]]
    ) -> None:
        """Tie records that were just made here to those they were made of.

        Each with what it holds there; their stamps are told with ``refresh``, and what they keep
        there with ``keep``.
        """
        self.writer.derived = True
        columns = (
            *("target_id", "entity", "local_id", "state", "remote_id", "remote_key"),
            *("remote_version", "stamp", "pushed", "created_at", "updated_at"),
        )
        now = self.writer.now
        self.conn.insert_many(
            "sync_link",
            columns,
            (
                (
                    *(target_id, entity, local_id, str(LinkState.PENDING), remote.remote_id),
                    *(remote.key, remote.version, "", dumped(pushed), now, now),
                )
                for local_id, remote, pushed in pairs
            ),
        )

    def keep(self, target_id: int, entity: str, kept: Mapping[int, Payload]) -> None:
        """Note what records, by our ids, keep there (``payload.kept``)."""
        self.writer.derived = True
        self.conn.execute_many(
            "UPDATE sync_link SET kept = :kept WHERE target_id = :target AND entity = :entity"
            " AND local_id = :local_id",
            [
                {
                    "local_id": local_id,
                    "kept": dumped(fields),
                    "target": target_id,
                    "entity": entity,
                }
                for local_id, fields in kept.items()
                if fields
            ],
        )

    def compare_and_set(
        self,
        target_id: int,
        entity: str,
        local_id: int,
        owner: str | None = None,
        was: str | None = None,
        **values: Any,
    ) -> bool:
        """Set columns of a link; whether it was still as expected: else nothing is written.

        Expected is the claim of ``owner``, or the state ``was``. A new ``state`` ends a claim.
        """
        self.writer.derived = True
        if "state" in values:
            values = {"owner": None, "lease_until": None, **values}
        sets = ", ".join(f"{name} = :{name}" for name in values)
        expected, params = "", {}
        if owner is not None:
            expected, params = " AND owner = :mine AND state = 'claimed'", {"mine": owner}
        elif was is not None:
            expected, params = " AND state = :was", {"was": was}
        count = self.conn.execute(
            f"UPDATE sync_link SET {sets}, updated_at = :now WHERE target_id = :target"
            f" AND entity = :entity AND local_id = :local_id{expected}",
            **values,
            **params,
            target=target_id,
            entity=entity,
            local_id=local_id,
            now=self.writer.now,
        )
        return count == 1

    def claimed_by(self, target_id: int, entity: str, owner: str, ids: Sequence[int]) -> set[int]:
        """Which of these records a run has claimed, and nobody has taken from it."""
        sql = (
            "SELECT local_id FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND state = 'claimed' AND owner = :owner AND local_id IN ({places})"
        )
        about = {"target": target_id, "entity": entity, "owner": owner}
        rows = query_in_chunks(self.conn, sql, ids, **about)
        return {row["local_id"] for row in rows}

    def settle(self, target_id: int, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """End claims that still stand: each row has ``local_id`` and the columns to set; of the
        others those of ``CLEARED`` are forgotten.

        Rows in which different columns are empty go in groups: what is empty is not bound.
        """
        groups: dict[tuple[tuple[str, bool], ...], list[dict[str, Any]]] = {}
        also = {"target": target_id, "entity": entity, "now": self.writer.now}
        for row in rows:
            filled = tuple([(name, value is None) for name, value in row.items()])
            groups.setdefault(filled, []).append({**row, **also})
        for filled, group in groups.items():
            self.writer.derived = True
            set_to = {name: "NULL" if one is None else str(one) for name, one in CLEARED.items()}
            set_to |= {name: "NULL" if empty else f":{name}" for name, empty in filled}
            set_to |= {"owner": "NULL", "lease_until": "NULL", "updated_at": ":now"}
            del set_to["local_id"]
            sets = ", ".join(f"{name} = {value}" for name, value in set_to.items())
            self.conn.execute_many(
                f"UPDATE sync_link SET {sets} WHERE target_id = :target"
                " AND entity = :entity AND local_id = :local_id",
                group,
            )

    def refresh(self, target_id: int, entity: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Note that records are in step as they are: ``local_id``, ``stamp``, ``form``,
        ``version``.
        """
        self.writer.derived = True
        self.conn.execute_many(
            "UPDATE sync_link SET state = 'in_sync', stamp = :stamp, form = :form,"
            " target_version = :version, error_class = NULL, error_code = NULL,"
            " error_field = NULL, error_text = NULL, attempt = NULL, attempt_hash = NULL,"
            " attempts = 0, next_at = NULL WHERE target_id = :target AND entity = :entity"
            " AND local_id = :local_id AND state IN ('pending', 'in_sync', 'failed')",
            [{**row, "target": target_id, "entity": entity} for row in rows],
        )

    def expire(self, target_id: int, dead: Callable[[str | None, str | None], bool]) -> int:
        """Turn claims whose holder is gone into unknown outcomes; how many.

        ``dead`` says it of an owner and the end of its lease.
        """
        rows = self.conn.query(
            "SELECT DISTINCT owner, lease_until FROM sync_link"
            " WHERE target_id = :target AND state = 'claimed'",
            target=target_id,
        )
        count = 0
        for row in rows:
            if dead(row["owner"], row["lease_until"]):
                self.writer.derived = True
                count += self.conn.execute(
                    "UPDATE sync_link SET state = 'unknown', owner = NULL, lease_until = NULL,"
                    " next_at = NULL WHERE target_id = :target AND state = 'claimed'"
                    " AND owner = :owner AND lease_until = :until",
                    target=target_id,
                    owner=row["owner"],
                    until=row["lease_until"],
                )
        return count

    def holder(self, target_id: int, entity: str, remote_id: str) -> int | None:
        """Which of our records is linked to a remote one."""
        rows = self.conn.query(
            "SELECT local_id FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND remote_id = :remote_id",
            target=target_id,
            entity=entity,
            remote_id=remote_id,
        )
        return rows[0]["local_id"] if rows else None

    def holders(self, target_id: int, entity: str, remote_ids: Sequence[str]) -> dict[str, int]:
        """Which of our records is linked to each of these remote ones."""
        return owners(self.conn, target_id, entity, remote_ids)

    def remove(self, target_id: int, entity: str, local_id: int) -> int:
        """Forget a link; how many there were."""
        self.writer.derived = True
        return self.conn.execute(
            "DELETE FROM sync_link WHERE target_id = :target AND entity = :entity"
            " AND local_id = :local_id",
            target=target_id,
            entity=entity,
            local_id=local_id,
        )
