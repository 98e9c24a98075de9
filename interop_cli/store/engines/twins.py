"""A database and its copy: one that goes on beside it (a clone), or takes its place (a move).

Two that hold the same must not send the same: a clone sends nothing by itself, and of two of which
one has taken the other's place the other is only read.
"""

from __future__ import annotations

from typing import NoReturn

from interop_cli.domain.errors import UnusableDb
from interop_cli.domain.messages import Message, msg
from interop_cli.store.engines.connection import Connection, Row

MOVED = "SELECT place FROM moved"
MAIL = "mail.enabled"
"""The setting that lets mail go."""


def moved_to(conn: Connection) -> str | None:
    """Where the database was moved, which nobody writes to since; None where it was not."""
    if "moved" not in conn.tables():
        return None  # of an older schema
    rows = conn.query(MOVED)
    return str(rows[0]["place"]) if rows else None


def mark_moved(conn: Connection, place: str, now: str) -> None:
    """Have nobody write to the database any more, once this transaction is committed."""
    conn.insert_many("moved", ("id", "place", "at"), [(1, place, now)])


def moved(place: str) -> tuple[Message, Message]:
    """What is said of a database that was moved, and what helps."""
    return (
        msg("The database was moved to {place}; here it can only be read.", place=place),
        msg("Name its new place with --db or in INTEROP_DB."),
    )


def refuse_moved(place: str) -> NoReturn:
    """Raise UnusableDb ``db.moved``: whoever would write is told where to."""
    message, hint = moved(place)
    raise UnusableDb("db.moved", message, hint=hint)


def as_clone(conn: Connection) -> None:
    """Have a copy send nothing by itself, in a transaction; the original goes on being used.

    Its targets of sync may hold more by now, so nothing is created there before it is matched; and
    mail goes only once somebody says so here.
    """
    conn.execute("UPDATE sync_target SET introduced = 0, pulled_at = NULL")
    conn.execute("UPDATE setting SET value = 'false' WHERE name = :name", name=MAIL)


def sends_mail(conn: Connection) -> bool:
    """Whether mail goes from this database, which it does no more from a clone."""
    sql = "SELECT 1 AS x FROM setting WHERE name = :name AND value = 'true'"
    return bool(conn.query(sql, name=MAIL))


def met_targets(conn: Connection) -> list[str]:
    """The targets of sync that a clone has to match again."""
    if "sync_target" not in conn.tables():
        return []
    return [row["name"] for row in kept_of(conn) if row["introduced"]]


def kept_of(conn: Connection) -> list[Row]:
    """What a clone loses, and a database that takes the place of another keeps."""
    return conn.query("SELECT name, introduced, pulled_at FROM sync_target ORDER BY name")


def give_back(conn: Connection, kept: list[Row], *, mail: bool) -> None:
    """Make a clone the one that goes on, with what ``kept_of`` and ``sends_mail`` said before."""
    if mail:
        conn.execute("UPDATE setting SET value = 'true' WHERE name = :name", name=MAIL)
    conn.execute_many(
        "UPDATE sync_target SET introduced = :introduced, pulled_at = :pulled_at"
        " WHERE name = :name",
        kept,
    )
