"""What uses a thing, and so keeps it from being deleted, and the refusal that lists all of it.

Each answer is a list of ``{"kind", "count", "references"}``: every kind there is, with the number
of users and the first few by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.values.closed_lists import KIND_NAMES, USER_TITLES
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.sync.links import LIVE

SHOWN = 5


def _documents(condition: str) -> tuple[tuple[str, str], ...]:
    """The documents for which ``condition`` holds, the latest first: a user for each kind."""
    return tuple(
        (
            kind,
            "SELECT COALESCE(number, '#' || CAST(id AS TEXT)) AS reference FROM document"
            f" WHERE kind = '{kind}' AND ({condition}) ORDER BY date DESC, id DESC",
        )
        for kind in KIND_NAMES
    )


def _linked(entity: str) -> tuple[str, str]:
    """A twin in a target: without ours, the one over there would be nobody's."""
    return (
        "sync",
        "SELECT s.name AS reference FROM sync_link l JOIN sync_target s ON s.id = l.target_id"
        f" WHERE l.entity = '{entity}' AND l.local_id = :id AND {LIVE} ORDER BY s.name",
    )


# kind, the query of its references with :id bound; a new kind of user is a new row here.
USERS: dict[str, tuple[tuple[str, str], ...]] = {
    "client": (
        (
            "bill_to",
            "SELECT code AS reference FROM client WHERE bill_to_id = :id ORDER BY code_key",
        ),
        *_documents("client_id = :id OR bill_to_id = :id"),
        _linked("client"),
        (
            "merged",
            "SELECT code AS reference FROM client WHERE merged_into_id = :id ORDER BY code_key",
        ),
    ),
    "address": (
        (
            "main",
            "SELECT '#' || CAST(id AS TEXT) AS reference FROM address WHERE id = :id AND main = 1",
        ),
        *_documents("ship_to_id = :id"),
    ),
    "contact": (
        (
            "billing",
            "SELECT client.code AS reference FROM contact JOIN client ON client.id = client_id"
            " WHERE contact.id = :id AND billing = 1",
        ),
        *_documents("contact_id = :id"),
        _linked("contact"),
    ),
    "note": (
        (
            "attachment",
            "SELECT '#' || CAST(id AS TEXT) AS reference FROM attachment WHERE note_id = :id"
            " ORDER BY id",
        ),
    ),
}


def users_of(conn: Connection, entity: str, entity_id: int) -> list[Row]:
    """What uses a client, an address, a contact or a note."""
    found = []
    for kind, sql in USERS[entity]:
        rows = conn.query(f"{sql} LIMIT {SHOWN}", id=entity_id)
        if rows:
            count = len(rows)
            if count == SHOWN:
                (counted,) = conn.query(f"SELECT COUNT(*) AS n FROM ({sql}) used", id=entity_id)
                count = counted["n"]
            references = [row["reference"] for row in rows]
            found.append({"kind": kind, "count": count, "references": references})
    return found


def in_use(
    code: str, blockers: Sequence[Mapping[str, Any]], message: Message, hint: Message
) -> Conflict:
    """The error that lists every blocker: its kind, how many, and the first references."""
    details = [
        Detail(
            blocker["kind"],
            f"in_use.{blocker['kind']}",
            msg(
                "{count} ({references})",
                count=blocker["count"],
                references=", ".join(blocker["references"]),
            ),
            title=Message(USER_TITLES[blocker["kind"]]),
        )
        for blocker in blockers
    ]
    return Conflict(code, message, hint=hint, details=details, blockers=list(blockers))


def kept(entity: str, key: str) -> RuleWarning:
    """What tells that one asked to be deleted was deactivated: it is in use."""
    return RuleWarning(
        "active", f"{entity}.kept", msg("is in use: inactive instead of deleted"), key=key
    )
