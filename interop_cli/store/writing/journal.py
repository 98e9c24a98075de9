"""The journal: operations and the changes they made, written with the data they describe.

An operation's ``digest`` is the SHA-256 of its changes. Its seal gives it a place in the chain, and
a ``hash`` of the digest and the operation's own fields with the hash of the place before, so that a
changed, removed or reordered entry shows. Whoever can rewrite the whole file can rewrite the whole
chain: it makes tampering evident, it does not prevent it.

Places have no gaps; the ids of operations may, and need not be in the order of the places: on a
server, writers work side by side, and who has committed seals in a step of its own what is not
sealed yet: at once, or where one goes on writing, a few times a second and at the end (see
``Store.seal``). One who is killed in between leaves that to the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.errors import InteropError, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row

GENESIS = "0" * 64
CHANGE_COLUMNS = ("operation_id", "entity", "entity_id", "client_id", "action", "before", "version")
CHUNK = 5000
Change = tuple[Any, ...]
"""A change as it is hashed: the columns above, without the operation."""


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
    rows = conn.query(f"SELECT hash FROM {seals_of(conn)} ORDER BY position LIMIT 1")
    return str(rows[0]["hash"]) if rows else GENESIS


def seals_of(conn: Connection) -> str:
    """What the seals are read from: ``position``, ``operation_id``, ``hash``.

    Before there was a table for them, an operation had its hash, and its id was its place.
    """
    if "seal" in conn.tables():
        return "seal"
    return "(SELECT id AS position, id AS operation_id, hash FROM operation) AS seal"


def changes_of(conn: Connection, operation_id: int) -> Iterator[Row]:
    """The changes of one operation, in the order they were made, streamed."""
    sql = (
        "SELECT id, entity, entity_id, client_id, action, before, version FROM change"
        " WHERE operation_id = :operation ORDER BY id"
    )
    names = ("id", "entity", "entity_id", "client_id", "action", "before", "version")
    for batch in conn.batches(sql, {"operation": operation_id}, CHUNK):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def net_effects(changes: Iterator[Row]) -> dict[tuple[str, int], tuple[str, str | None, int]]:
    """The changes of an operation as one effect a row: (action to undo it, before, version).

    A row changed twice goes back to what it was before the first; one both made and removed by
    the operation has no effect.
    """
    effects: dict[tuple[str, int], tuple[str, str | None, int]] = {}
    opposite = {"insert": "delete", "update": "update", "delete": "insert"}
    for change in changes:
        key = (change["entity"], change["entity_id"])
        action, before, version = opposite[change["action"]], change["before"], change["version"]
        earlier = effects.pop(key, None)
        if earlier is None:
            effects[key] = (action, before, version)
        else:
            effect = _net_effect(earlier, action, before, version)
            if effect is not None:
                effects[key] = effect
    return effects


def _net_effect(
    earlier: tuple[str, str | None, int], action: str, before: str | None, version: int
) -> tuple[str, str | None, int] | None:
    first_action, first_before, _version = earlier
    if first_action == "delete":  # made by this operation
        return None if action == "insert" else ("delete", None, version)
    older: dict[str, Any] = json.loads(first_before or "{}")
    newer: dict[str, Any] = json.loads(before or "{}")
    values = json.dumps({**newer, **older}, ensure_ascii=False)
    return (action, values, version)


class Changes:
    """The changes of one operation, noted as they are made, and hashed as they are written.

    ``waiting`` are those that are not written yet. ``unknown`` says that some were made by the
    database itself, ``redacted`` that values were taken out: then what is there is read again.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._digest = hashlib.sha256()
        self._count = 0
        self.waiting: list[Change] = []
        self.unknown = False
        self.redacted = False

    def flush(self, operation_id: int) -> None:
        """Write those that wait."""
        if not self.waiting:
            return
        self._conn.insert_many(
            "change", CHANGE_COLUMNS, ((operation_id, *change) for change in self.waiting)
        )
        self._count += len(self.waiting)
        self._digest.update(_hashed(self.waiting))
        self.waiting = []

    def made(
        self,
        operation_id: int,
        entity: str,
        owners: Sequence[tuple[int, int | None]],
        rows: str,
        params: Mapping[str, object],
    ) -> None:
        """Write that rows were inserted: their ids, ascending, each with its owner.

        ``rows`` is SQL that finds the same (``SELECT id, owner FROM …``). The database makes the
        changes of them: a third of what it costs to hand it each.
        """
        self.flush(operation_id)
        self._conn.execute(
            f"INSERT INTO change ({', '.join(CHANGE_COLUMNS)}) SELECT :operation_id,"
            f" '{entity}', id, owner, 'insert', NULL, 1 FROM ({rows}) AS made ORDER BY id",
            **params,
            operation_id=operation_id,
        )
        self._count += len(owners)
        self._digest.update(_hashed_inserts(entity, owners))

    def rest(self, operation_id: int | None) -> tuple[int, str, list[Change]]:
        """How many there are in all, their digest, and those that are still to be written."""
        if operation_id is not None and (self.unknown or self.redacted):
            self.flush(operation_id)
            return *digest_of(self._conn, operation_id), []
        left, self.waiting = self.waiting, []
        if left:
            self._digest.update(_hashed(left))
        return self._count + len(left), self._digest.hexdigest(), left


def _hashed(changes: Iterable[Change]) -> bytes:
    # repr of plain text and integers is unambiguous and the same on both engines.
    return ("\n".join(map(repr, changes)) + "\n").encode("utf-8", "surrogatepass")


def _hashed_inserts(entity: str, owners: Iterable[tuple[int, int | None]]) -> bytes:
    """The same of inserted rows, in half its time: but for the numbers the lines are alike."""
    begin, end = _hashed([(entity, 0, 0, "insert", None, 1)]).decode().split("0, 0")
    return "".join([f"{begin}{row_id}, {owner}{end}" for row_id, owner in owners]).encode()


def digest_of(conn: Connection, operation_id: int) -> tuple[int, str]:
    """How many changes the operation has, and the SHA-256 of them and its redactions in order."""
    digest, count = hashlib.sha256(), 0
    sql = (
        "SELECT entity, entity_id, client_id, action, before, version FROM change"
        " WHERE operation_id = :operation ORDER BY id"
    )
    for batch in conn.batches(sql, {"operation": operation_id}, CHUNK):
        count += len(batch)
        digest.update(_hashed(batch))
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
    """The last place of the chain and its hash; 0 and zeros before the first."""
    rows = conn.query("SELECT position, hash FROM seal ORDER BY position DESC LIMIT 1")
    return (rows[0]["position"], rows[0]["hash"]) if rows else (0, GENESIS)


def record(
    conn: Connection, operation_id: int | None, operation: Operation, changes: Changes
) -> tuple[int, str]:
    """Write an operation, to be sealed, with what is left of its changes; its id and its digest.

    A new id where it has none yet.
    """
    count, digest, left = changes.rest(operation_id)
    if count == 0 and not changes.redacted:
        raise RuntimeError("an operation without changes")
    said = {
        "name": operation.name,
        "at": operation.at,
        "actor": operation.actor,
        "command": operation.command,
        "undoes": operation.undoes,
        "changes": count,
        "digest": digest,
    }
    parts = [("change", CHANGE_COLUMNS, left), ("unsealed", ("operation_id",), [()])]
    made = conn.insert_with("operation", list(said), list(said.values()), parts, operation_id)
    return made, digest


FIELDS = "o.id, o.name, o.actor, o.command, o.at, o.undoes, o.changes, o.digest"


def seal(conn: Connection) -> int:
    """Give the operations that have none a place in the chain; how many. One does it at a time."""
    rows = conn.query(
        f"SELECT {FIELDS} FROM unsealed JOIN operation o ON o.id = operation_id ORDER BY o.id"
    )
    if not rows:
        return 0
    position, previous = head(conn)
    seals = []
    for position, row in enumerate(rows, position + 1):  # noqa: B020 - it goes on from there
        previous = chain(previous, row["id"], _operation(row), row["digest"])
        seals.append((position, row["id"], previous))
    conn.insert_many("seal", ("position", "operation_id", "hash"), seals)
    condition, ids = conn.among("operation_id", [row["id"] for row in rows])
    conn.execute(f"DELETE FROM unsealed WHERE {condition}", among=ids)
    return len(seals)


def seal_apart(conn: Connection) -> None:
    """Seal what has been committed, unless another one is at it, who then looks once more.

    An error here is nobody's: what was to be done is done, and the next writer seals it.
    """
    with suppress(InteropError):
        while True:
            with conn.sealing() as ours:
                if not ours or not seal(conn):
                    return
            if not unsealed(conn):
                return


def unsealed(conn: Connection) -> int:
    """How many operations are not sealed yet."""
    return int(conn.query("SELECT COUNT(*) AS n FROM unsealed")[0]["n"])


def holds(conn: Connection, operation_id: int, digest: str) -> bool:
    """Whether the journal has the operation of this id and digest."""
    rows = conn.query("SELECT digest FROM operation WHERE id = :id", id=operation_id)
    return bool(rows) and rows[0]["digest"] == digest


def _operation(row: Row) -> Operation:
    return Operation(row["name"], row["actor"], row["command"], row["at"], row["undoes"])


def broken_links(conn: Connection) -> Iterator[Row]:
    """The operations whose changes or hash are not what they were when written.

    Rows ``{"operation_id", "reason"}`` with reason ``changes``, ``chain``, ``missing`` (of a place
    in the chain that nothing has: its number), or ``seal``, of one that has lost its seal.
    """
    previous, expected = GENESIS, 1
    rows = conn.query(
        f"SELECT s.position, s.operation_id, s.hash, {FIELDS} FROM seal s"
        " LEFT JOIN operation o ON o.id = s.operation_id ORDER BY s.position"
    )
    for row in rows:
        if row["position"] != expected:
            yield {"operation_id": expected, "reason": "missing"}
        if row["id"] is None:
            yield {"operation_id": row["operation_id"], "reason": "missing"}
        else:
            if not _has_its_changes(conn, row):
                yield {"operation_id": row["id"], "reason": "changes"}
            if chain(previous, row["id"], _operation(row), row["digest"]) != row["hash"]:
                yield {"operation_id": row["id"], "reason": "chain"}
        previous, expected = row["hash"], row["position"] + 1
    for row in conn.query(
        f"SELECT {FIELDS}, u.operation_id AS waits FROM operation o"
        " LEFT JOIN unsealed u ON u.operation_id = o.id"
        " WHERE o.id NOT IN (SELECT operation_id FROM seal) ORDER BY o.id"
    ):
        if not _has_its_changes(conn, row):
            yield {"operation_id": row["id"], "reason": "changes"}
        if row["waits"] is None:
            yield {"operation_id": row["id"], "reason": "seal"}
    orphans = conn.query(
        "SELECT operation_id FROM change"
        " WHERE operation_id NOT IN (SELECT id FROM operation) UNION"
        " SELECT operation_id FROM redaction"
        " WHERE operation_id NOT IN (SELECT id FROM operation) ORDER BY operation_id"
    )
    for row in orphans:
        yield {"operation_id": row["operation_id"], "reason": "missing"}


def _has_its_changes(conn: Connection, row: Row) -> bool:
    digest = standing_digest(conn, row["id"], row["digest"])
    return digest_of(conn, row["id"]) == (row["changes"], digest)


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
