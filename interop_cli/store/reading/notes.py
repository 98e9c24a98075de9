"""Notes of a client with their attachments, and one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from interop_cli.domain.errors import NotFound, UsageError
from interop_cli.domain.fields import NOTE, Kind
from interop_cli.domain.fields.field import Column, ValueKind, names
from interop_cli.domain.messages import msg
from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.domain.values.text import fold
from interop_cli.store.engines.connection import Connection, Row, query_in_chunks
from interop_cli.store.reading.fields import list_fields
from interop_cli.store.reading.lists import Condition, Key, ListView, grouped, row_named

FIELDS = list_fields(NOTE, "n", {"client": ("c.code", "c.code_key"), "attachments": ("NULL", "")})
NAMES = tuple(field.name for field in FIELDS)
OWN = ", ".join(f"{one.sql} AS {one.name}" for one in FIELDS if one.name != "attachments")
FROM = " FROM note n JOIN client c ON c.id = n.client_id"
ATTACHED = ("id", "name", "size")
SORT = " ORDER BY n.noted_at DESC, n.id DESC"


def columns() -> list[Column]:
    """The columns of a note; attachments are objects with ``id``, ``name`` and ``size``."""
    return [
        field.column._replace(members=ATTACHED if field.name == "attachments" else ())
        for field in FIELDS
    ]


def of_client(conn: Connection, client_id: int) -> list[Row]:
    """A client's notes as objects, the latest first."""
    return nested(conn, [client_id])[client_id]


def of_category(conn: Connection, category: str, offered: Sequence[str]) -> Condition:
    """That a note ``n`` is of a category, read as when it is written.

    Raises UsageError ``filter.value`` for one that is neither on offer nor any note's.
    """
    known = [name for name, _notes, _offered in categories(conn, offered)]
    if fold(category) not in map(fold, known):
        text = msg("--category: is not one of {choices}", choices=", ".join(known))
        raise UsageError("filter.value", text, hint=msg("See: interop note categories"))
    return Condition(f"{conn.folded('n.category')} = :category", {"category": fold(category)})


def nested(conn: Connection, client_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The notes of clients as the objects on their cards: client id -> objects."""
    ids = list(client_ids)
    found: dict[int, list[Row]] = {client_id: [] for client_id in ids}
    condition, among = conn.among("client_id", ids)
    for owner, note in _objects(conn, condition, among):
        found[owner].append(note)
    return found


def one(conn: Connection, note_id: int) -> tuple[int, Row]:
    """The client's id and the note as an object; raises NotFound ``note.not_found``."""
    rows = conn.query("SELECT client_id FROM note WHERE id = :id", id=note_id)
    if not rows:
        raise note_not_found(note_id)
    owner = rows[0]["client_id"]
    return owner, next(note for note in of_client(conn, owner) if note["id"] == note_id)


def categories(conn: Connection, offered: Sequence[str]) -> list[tuple[str, int, int]]:
    """The categories on offer, then others that notes still have: name, notes, on offer."""
    counts = {
        row["category"]: int(row["n"])
        for row in conn.query("SELECT category, COUNT(*) AS n FROM note GROUP BY category")
    }
    names = [*offered, *sorted(counts.keys() - set(offered))]
    return [(name, counts.get(name, 0), int(name in offered)) for name in names]


def saved_columns() -> list[Column]:
    """The columns of what ``note save`` has written."""
    kinds = {"id": ValueKind.INT, "size": ValueKind.INT}
    return [
        Column(name, kinds.get(name, ValueKind.TEXT)) for name in ("id", "name", "size", "file")
    ]


def content(conn: Connection, attachment_id: int) -> bytes:
    """What an attachment holds."""
    rows = conn.query(
        "SELECT content FROM attachment JOIN blob ON blob.sha256 = attachment.sha256"
        " WHERE attachment.id = :id",
        id=attachment_id,
    )
    return bytes(rows[0]["content"])


def contents(conn: Connection, client_ids: Iterable[int]) -> dict[int, bytes]:
    """What the attachments of clients hold: attachment id -> content."""
    return blobs(conn, "attachment", "sha256", "client_id", client_ids)


def blobs(
    conn: Connection, table: str, named: str, owner: str, client_ids: Iterable[int]
) -> dict[int, bytes]:
    """What the files hold that rows of a table name in the column ``named``: id -> content."""
    sql = (
        f"SELECT {table}.id AS id, content FROM {table}"
        f" JOIN blob ON blob.sha256 = {table}.{named} WHERE {owner} IN ({{places}})"
    )
    return {row["id"]: bytes(row["content"]) for row in query_in_chunks(conn, sql, client_ids)}


def sizes(conn: Connection, client_ids: Iterable[int]) -> dict[int, int]:
    """How many bytes the attachments of each client have."""
    condition, among = conn.among("client_id", client_ids)
    rows = conn.query(
        f"SELECT client_id, SUM(size) AS size FROM attachment WHERE {condition} GROUP BY client_id",
        among=among,
    )
    return {row["client_id"]: int(row["size"]) for row in rows}


def note_not_found(note_id: int | str) -> NotFound:
    """The error for an id that no note has."""
    return NotFound(
        "note.not_found",
        msg("There is no note {id}.", id=note_id),
        hint=msg("List a client's notes with: interop note list CODE"),
    )


def _objects(conn: Connection, condition: str, among: object) -> Iterator[tuple[int, Row]]:
    """Notes in their order, each with its client's id; the condition names ``client_id``."""
    sql = f"SELECT n.client_id AS owner, {OWN}{FROM} WHERE n.{condition}{SORT}"
    rows = conn.query(sql, among=among)
    attached = {}
    if rows:
        sql = f"SELECT note_id, id, name, size FROM attachment WHERE {condition} ORDER BY id"
        attached = grouped(conn.query(sql, among=among), "note_id")
    for row in rows:
        owner = row.pop("owner")
        yield owner, {**row, "attachments": attached.get(row["id"], [])}


def _named(conn: Connection, ref: str) -> int:
    return row_named(conn, "note", ref, note_not_found)


def _attached(conn: Connection, note_ids: Iterable[int]) -> dict[int, list[Row]]:
    """What is attached to notes: note id -> objects."""
    ids = list(note_ids)
    found: dict[int, list[Row]] = {note_id: [] for note_id in ids}
    sql = "SELECT note_id, id, name, size FROM attachment WHERE note_id IN ({places}) ORDER BY id"
    for row in query_in_chunks(conn, sql, ids):
        found[row.pop("note_id")].append(row)
    return found


COUNT = "(SELECT COUNT(*) FROM attachment f WHERE f.note_id = n.id AND f.client_id = n.client_id)"
COMPARED: dict[str, dict[str, Any]] = {
    "category": {"choices": ClosedList.NOTE_CATEGORY},
    # How many there are.
    "attachments": {"sql": COUNT, "kind": Kind.INT, "always": True},
}
"""What filters and sorting look at, where it is not what is shown."""
VIEW = ListView(
    source=FROM,
    table="note n",
    columns={field.name: field.sql for field in FIELDS},
    fields=tuple(field._replace(**COMPARED.get(field.name, {})) for field in FIELDS),
    own=(Key("n.noted_at", descending=True), Key("n.id", descending=True)),
    searched=("category", "text", "author", *names(field for field in NOTE if field.searched)),
    nested={"attachments": _attached},
    named=_named,
    owner="id",
)
"""The latest first."""
