"""How our records are read for a target, the stamps that tell when one has changed, and where a
client stands in each target: on its card, and in filters (``sync.TARGET``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading.fields import ListField

if TYPE_CHECKING:
    from interop_cli.domain.sync.records import LocalRecord

# Beside the client ``c``: its main address and who pays for it. Scopes and filters speak of them.
PEOPLE = (
    " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
    " LEFT JOIN client p ON p.id = c.bill_to_id"
)


def _no_params(_conn: Connection, _target_id: int) -> dict[str, Any]:
    return {}


def _no_more(_conn: Connection, _rows: Sequence[Row], _bound: Mapping[str, Any]) -> None:
    """Everything stands in the row."""


class RecordSource(NamedTuple):
    """How an entity is read: ``columns`` are name -> SQL, ``stamp`` SQL for text.

    ``client`` is the column with the client's id, ``eligible`` what a record must be to be sent
    for the first time; ``order`` puts those first that others refer to. Of the table only what
    ``only`` holds for is such a record at all.
    """

    table: str
    columns: dict[str, str]
    tables: str
    stamp: str
    client: str
    eligible: str
    order: str
    local: Callable[[Row], LocalRecord]
    only: str = "TRUE"
    params: Callable[[Connection, int], dict[str, Any]] = _no_params
    """What the SQL is bound to besides ``:target``."""
    complete: Callable[[Connection, Sequence[Row], Mapping[str, Any]], None] = _no_more
    """Adds to a batch of rows what stands in other tables, given what the SQL is bound to."""


# The first contact with an e-mail has it; remotes want it to be one's own.
EMAIL_OWNER = (
    "(SELECT MIN(o.id) FROM contact o JOIN client oc ON oc.id = o.client_id"
    " WHERE o.email_key = t.email_key AND o.active = 1 AND oc.active = 1"
    " AND (oc.prospect = 0 OR o.id = t.id))"
)


def client_stamp(target: str | None = None) -> str:
    """Of the client, its main address, its billing contact, and its payer's twin.

    None: that contact is at hand as ``b``, and that twin as ``pl``.
    """
    billing = "CAST(b.id AS TEXT) || ':' || CAST(b.version AS TEXT)"
    if target is not None:
        billing = (
            f"(SELECT {billing} FROM contact b"
            " WHERE b.client_id = c.id AND b.billing = 1 AND b.active = 1)"
        )
    payer = "pl.remote_id" if target is None else _twin(target, "c.bill_to_id")
    return _joined("c.version", "a.id", "a.version", billing, payer)


def contact_stamp(target: str | None = None) -> str:
    """Of the contact, its client's twin (None: at hand as ``cl``), and who has its e-mail."""
    twin = "cl.remote_id" if target is None else _twin(target, "t.client_id")
    return _joined("t.version", twin, EMAIL_OWNER)


def document_stamp() -> str:
    """Of the document, the twin of who pays (at hand as ``bl``), and that of the invoice that it
    corrects (``kl``).
    """
    return _joined("d.version", "bl.remote_id", "kl.remote_id")


def _twin(target: str, local_id: str) -> str:
    return (
        f"(SELECT tw.remote_id FROM sync_link tw WHERE tw.target_id = {target}"
        f" AND tw.entity = 'client' AND tw.local_id = {local_id})"
    )


def _joined(*parts: str) -> str:
    return " || '.' || ".join(f"COALESCE(CAST({part} AS TEXT), '')" for part in parts)


def current(stamp: str) -> str:
    """Whether the link ``l`` to the target ``s`` is in step with the record of this stamp."""
    return f"l.state = 'in_sync' AND l.target_version = s.version AND l.stamp = {stamp}"


# A contact's green dot: what HubSpot holds of it is what we would send.
HUBSPOT_SYNCED = (
    "CASE WHEN EXISTS (SELECT 1 FROM sync_link l JOIN sync_target s ON s.id = l.target_id"
    " WHERE s.kind = 'hubspot' AND l.entity = 'contact' AND l.local_id = t.id"
    f" AND {current(contact_stamp('l.target_id'))}) THEN 1 ELSE 0 END"
)


STATE = (
    f"CASE WHEN l.id IS NULL THEN 'none' WHEN l.state <> 'in_sync' THEN l.state"
    f" WHEN {current(client_stamp('l.target_id'))} THEN 'in_sync' ELSE 'pending' END"
)
PREFIX = "sync."


def states_of(conn: Connection, client_id: int) -> list[Row]:
    """The targets with the client's state in each: ``none`` where it has never been sent.

    ``state`` is a link's (see ``domain/sync/link.py``); a client changed since its last push is
    ``pending``.
    """
    rows = conn.query(
        f"SELECT s.name AS target, s.kind, {STATE} AS state, l.remote_id, l.pushed_at,"
        " l.error_code, l.error_field, l.error_text FROM client c"
        " JOIN sync_target s ON 1 = 1"
        " LEFT JOIN address a ON a.client_id = c.id AND a.main = 1"
        " LEFT JOIN sync_link l ON l.target_id = s.id AND l.entity = 'client'"
        " AND l.local_id = c.id WHERE c.id = :id ORDER BY s.name",
        id=client_id,
    )
    return [_shown(row) for row in rows]


def _shown(row: Row) -> Row:
    from interop_cli.store.sync.links import stored_message

    message = stored_message(row.pop("error_text"))
    code, field = row.pop("error_code"), row.pop("error_field")
    error = {"code": code, "field": field, "message": message} if message else None
    return {**row, "error": error}


def state_fields(conn: Connection, filters: Sequence[str]) -> tuple[ListField, ...]:
    """The fields ``sync.TARGET`` of the configured targets, where a filter asks for one."""
    if not any(PREFIX in text for text in filters):
        return ()
    # A target's name has small letters, digits, _ and - only.
    return tuple(
        ListField(
            PREFIX + row["name"],
            f"(SELECT {STATE} FROM sync_target s LEFT JOIN sync_link l"
            " ON l.target_id = s.id AND l.entity = 'client' AND l.local_id = c.id"
            f" WHERE s.name = '{row['name']}')",
            listed=False,
            choices=ClosedList.SYNC_STATE,
            always=True,
        )
        for row in conn.query("SELECT name FROM sync_target ORDER BY name")
    )
