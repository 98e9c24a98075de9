"""What erasing a person left: rows that others may have a right to, and old pages of the file.

Erasing forgets what a person was called, so a second run could not find again what the first one
left. It is kept here by its numbers: no name, no address.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TypedDict

from interop_cli.domain.errors import InteropError
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.writing.tables import TABLES


class Remains(TypedDict):
    """What was left, and why one has to look at it.

    ``left``: others have the same value (``{"what", "kind", "reference"}``); ``elsewhere``: rows of
    other clients that have the name (``{"kind", "reference"}``); ``namesakes``: contacts of other
    clients; ``family``: notes that have the family name alone; ``attachments``: of notes that
    mentioned the person.
    """

    left: list[Row]
    elsewhere: list[Row]
    namesakes: list[int]
    family: list[int]
    attachments: list[int]


def remember(conn: Connection, contact_id: int, remains: Remains, now: str) -> Remains:
    """Keep what is left beside what was left before, as far as it is there; all of it.

    Until ``finish`` the database counts as not rewritten.
    """
    before = _remembered(conn, contact_id)
    found: Remains = {
        "left": _rows(conn, [*before["left"], *remains["left"]]),
        "elsewhere": _rows(conn, [*before["elsewhere"], *remains["elsewhere"]]),
        "namesakes": _ids(conn, "contact", [*before["namesakes"], *remains["namesakes"]]),
        "family": _ids(conn, "note", [*before["family"], *remains["family"]]),
        "attachments": _ids(conn, "attachment", [*before["attachments"], *remains["attachments"]]),
    }
    text = json.dumps(found, ensure_ascii=False)
    kept = conn.execute(
        "UPDATE erasure SET remains = :text, rewritten = 0 WHERE contact_id = :id",
        id=contact_id,
        text=text,
    )
    if not kept:
        conn.insert_many(
            "erasure", ("contact_id", "at", "remains", "rewritten"), [(contact_id, now, text, 0)]
        )
    return found


def unfinished(conn: Connection) -> list[int]:
    """The contacts that were erased without the database having been rewritten since."""
    rows = conn.query("SELECT contact_id AS id FROM erasure WHERE rewritten = 0 ORDER BY 1")
    return [row["id"] for row in rows]


def finish(conn: Connection, *, wait: bool = True) -> str | None:
    """Rewrite the database without what was erased; what stands in the way (``Connection.scrub``).

    Raises what the engine raises where it cannot be written. ``wait``: for those in the way.
    """
    done = unfinished(conn)
    hindrance = conn.scrub(wait=wait)
    if hindrance is None and done:
        with conn.write():
            for contact_id in done:
                conn.execute(
                    "UPDATE erasure SET rewritten = 1 WHERE contact_id = :id", id=contact_id
                )
    return hindrance


def catch_up(conn: Connection) -> None:
    """Finish what an earlier run could not, where nobody is in the way; else leave it as it is."""
    with suppress(InteropError):
        if unfinished(conn):
            finish(conn, wait=False)


def _remembered(conn: Connection, contact_id: int) -> Remains:
    rows = conn.query("SELECT remains FROM erasure WHERE contact_id = :id", id=contact_id)
    if rows:
        found: Remains = json.loads(rows[0]["remains"])
        return found
    return {"left": [], "elsewhere": [], "namesakes": [], "family": [], "attachments": []}


def _rows(conn: Connection, rows: list[Row]) -> list[Row]:
    unique = [row for number, row in enumerate(rows) if row not in rows[:number]]
    return [row for row in unique if _exists(conn, row["kind"], row["reference"])]


def _exists(conn: Connection, kind: str, reference: str) -> bool:
    if not reference.startswith("#"):
        return True  # a client by its code; it may have another one by now
    table = TABLES[kind].name
    return bool(conn.query(f"SELECT 1 AS x FROM {table} WHERE id = :id", id=int(reference[1:])))


def _ids(conn: Connection, table: str, ids: list[int]) -> list[int]:
    return [one for one in sorted(set(ids)) if _exists(conn, table, f"#{one}")]
