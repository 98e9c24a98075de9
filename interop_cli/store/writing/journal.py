"""The journal: operations and the changes they made, written with the data they describe.

An operation's ``digest`` is the SHA-256 of its changes; its ``hash`` chains the digest and the
operation's own fields to the operation before it, so that a changed, removed or reordered entry
shows. Whoever can rewrite the whole file can rewrite the whole chain: it makes tampering evident,
it does not prevent it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interop_cli.domain.errors import UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row

GENESIS = "0" * 64
CHANGE_COLUMNS = ("operation_id", "entity", "entity_id", "client_id", "action", "before", "version")


@dataclass(frozen=True)
class Operation:
    """What is being done: its dotted name, who does it, the command without values, and when."""

    name: str
    actor: str
    command: str
    at: str
    undoes: int | None = None


def origin(conn: Connection) -> str:
    """What the uids of older rows are derived from: the hash of the first operation.

    It is the same in every copy of a database, so two that migrate the same backup agree.
    """
    rows = conn.query("SELECT hash FROM operation ORDER BY id LIMIT 1")
    return str(rows[0]["hash"]) if rows else GENESIS


def changes_of(conn: Connection, operation_id: int, *, newest_first: bool = False) -> Iterator[Row]:
    """The changes of one operation, in the order they were made or the reverse, streamed."""
    order = "DESC" if newest_first else "ASC"
    sql = (
        "SELECT id, entity, entity_id, client_id, action, before, version FROM change"  # noqa: S608
        f" WHERE operation_id = :operation ORDER BY id {order}"
    )
    names = ("id", "entity", "entity_id", "client_id", "action", "before", "version")
    for batch in conn.batches(sql, {"operation": operation_id}, 5000):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def digest_of(conn: Connection, operation_id: int) -> tuple[int, str]:
    """How many changes the operation has, and the SHA-256 of them and its redactions in order."""
    digest, count = hashlib.sha256(), 0
    sql = (
        "SELECT entity, entity_id, client_id, action, before, version FROM change"
        " WHERE operation_id = :operation ORDER BY id"
    )
    for batch in conn.batches(sql, {"operation": operation_id}, 5000):
        count += len(batch)
        # repr of plain text and integers is unambiguous and the same on both engines.
        digest.update("\n".join(map(repr, batch)).encode("utf-8", "surrogatepass") + b"\n")
    for row in conn.query(REDACTIONS + " WHERE operation_id = :id ORDER BY id", id=operation_id):
        digest.update(repr(tuple(row.values())).encode() + b"\n")
    return count, digest.hexdigest()


REDACTIONS = "SELECT redacted_id, before, after FROM redaction"


def standing_digest(conn: Connection, operation_id: int, sealed: str) -> str | None:
    """The digest that an operation's changes must have, given the one it was sealed with.

    Another one where they were redacted since (see ``redact``); None where the redactions do
    not follow from one another.
    """
    rows = conn.query(REDACTIONS + " WHERE redacted_id = :id ORDER BY id", id=operation_id)
    for row in rows:
        if row["before"] != sealed:
            return None
        sealed = row["after"]
    return sealed


def chain(previous: str, operation_id: int, operation: Operation, digest: str) -> str:
    """The hash of an operation, given the hash of the one before it."""
    fields = [
        previous,
        operation_id,
        operation.name,
        operation.at,
        operation.actor,
        operation.command,
        operation.undoes,
        digest,
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def head(conn: Connection) -> tuple[int, str]:
    """The id and the hash of the last operation; 0 and zeros before the first."""
    rows = conn.query("SELECT id, hash FROM operation ORDER BY id DESC LIMIT 1")
    return (rows[0]["id"], rows[0]["hash"]) if rows else (0, GENESIS)


def seal(conn: Connection, operation_id: int, operation: Operation) -> tuple[int, str]:
    """Write the operation after its changes; how many there are, and its hash."""
    count, digest = digest_of(conn, operation_id)
    previous_id, previous = head(conn)
    if operation_id <= previous_id:  # the writers' lock makes this impossible
        raise RuntimeError("operations out of order")
    sealed = chain(previous, operation_id, operation, digest)
    conn.execute(
        "INSERT INTO operation (id, name, at, actor, command, undoes, changes, digest, hash)"
        " VALUES (:id, :name, :at, :actor, :command, :undoes, :changes, :digest, :hash)",
        id=operation_id,
        name=operation.name,
        at=operation.at,
        actor=operation.actor,
        command=operation.command,
        undoes=operation.undoes,
        changes=count,
        digest=digest,
        hash=sealed,
    )
    return count, sealed


def holds(conn: Connection, operation_id: int, sealed: str) -> bool:
    """Whether the journal has the operation of this id and hash."""
    rows = conn.query("SELECT hash FROM operation WHERE id = :id", id=operation_id)
    return bool(rows) and rows[0]["hash"] == sealed


def broken_links(conn: Connection) -> Iterator[Row]:
    """The operations whose changes or hash are not what they were when written.

    Rows ``{"operation_id", "reason"}`` with reason ``changes``, ``chain`` or ``order``.
    """
    previous, expected = GENESIS, 1
    rows = conn.query(
        "SELECT id, name, at, actor, command, undoes, changes, digest, hash"
        " FROM operation ORDER BY id"
    )
    for row in rows:
        operation = Operation(row["name"], row["actor"], row["command"], row["at"], row["undoes"])
        if row["id"] != expected:
            yield {"operation_id": expected, "reason": "missing"}
        digest = standing_digest(conn, row["id"], row["digest"])
        if digest_of(conn, row["id"]) != (row["changes"], digest):
            yield {"operation_id": row["id"], "reason": "changes"}
        if chain(previous, row["id"], operation, row["digest"]) != row["hash"]:
            yield {"operation_id": row["id"], "reason": "chain"}
        previous, expected = row["hash"], row["id"] + 1
    orphans = conn.query(
        "SELECT operation_id FROM change"
        " WHERE operation_id NOT IN (SELECT id FROM operation) UNION"
        " SELECT operation_id FROM redaction"
        " WHERE operation_id NOT IN (SELECT id FROM operation) ORDER BY operation_id"
    )
    for row in orphans:
        yield {"operation_id": row["operation_id"], "reason": "missing"}


def redact(conn: Connection, ours: int, texts: Mapping[int, Mapping[int, str]]) -> int:
    """Write texts over the ``before`` of changes, in the operation ``ours``; how many.

    ``texts``: operation id -> change id -> text. Raises UnusableDb ``journal.broken`` where the
    changes of one of these operations are not what the journal says.
    """
    for operation_id, changes in sorted(texts.items()):
        if operation_id != ours:
            _declare(conn, ours, operation_id)
        conn.execute_many(
            "UPDATE change SET before = :text WHERE id = :id",
            [{"id": change_id, "text": text} for change_id, text in changes.items()],
        )
        if operation_id != ours:
            conn.execute(
                "UPDATE redaction SET after = :digest"
                " WHERE operation_id = :ours AND redacted_id = :id",
                digest=digest_of(conn, operation_id)[1],
                ours=ours,
                id=operation_id,
            )
    return sum(map(len, texts.values()))


def _declare(conn: Connection, ours: int, operation_id: int) -> None:
    operation: Row = conn.query("SELECT digest FROM operation WHERE id = :id", id=operation_id)[0]
    digest = standing_digest(conn, operation_id, operation["digest"])
    if digest is None or digest_of(conn, operation_id)[1] != digest:
        raise UnusableDb(
            "journal.broken",
            msg("The journal is not as it was written; nothing was changed."),
            hint=msg("See: interop journal verify"),
        )
    (row_id,) = conn.next_ids("redaction", 1)
    conn.insert_many(
        "redaction",
        ("id", "operation_id", "redacted_id", "before", "after"),
        [(row_id, ours, operation_id, digest, "")],
    )
