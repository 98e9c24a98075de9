"""Acknowledging a batch: somebody says what became of the file that was handed over."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any, cast

from interop_cli.connectors.files.connector import Files
from interop_cli.domain.errors import InvalidData, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Link, LinkState, TroubleKind
from interop_cli.domain.sync.payload import digest
from interop_cli.domain.sync.plan import Step, Todo
from interop_cli.domain.sync.records import LocalRecord
from interop_cli.services import Outcome
from interop_cli.store.engines.connection import Connection
from interop_cli.store.sync import log
from interop_cli.store.sync.links import CLEARED, dumped, message_text
from interop_cli.store.sync.records import by_ids
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.settlement import pushed
from interop_cli.sync.target import OpenTarget

ENTITY = "client"
CODES = ("code", "client", "key", "name")
REASONS = ("reason", "error", "message", "raison", "erreur")


def target_of(conn: Connection, batch: str) -> tuple[int, bool]:
    """The id of the target a batch was made for, and whether it still waits.

    Raises NotFound ``sync.batch.unknown``.
    """
    known = log.target_of_batch(conn, batch)
    if known is not None:
        return known
    names = ", ".join(log.waiting_batches(conn)[:10])
    raise NotFound(
        "sync.batch.unknown",
        msg("There is no batch {batch}.", batch=batch[:60]),
        hint=msg("Waiting for an answer: {names}.", names=names)
        if names
        else msg("None waits for an answer."),
    )


def read_rejected(text: str) -> dict[str, tuple[int, str | None]]:
    """The rejected rows: what names the client -> line, reason.

    A name a line, or CSV with a header that has ``code`` (or ``name``) and may have ``reason``.
    Raises InvalidData for a file without rows.
    """
    lines = text.lstrip("\ufeff").splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    table = list(csv.reader(lines, delimiter=delimiter))
    header = [cell.strip().lower() for cell in table[0]] if table else []
    at = next((header.index(name) for name in CODES if name in header), None)
    why = next((header.index(name) for name in REASONS if name in header), None)
    found: dict[str, tuple[int, str | None]] = {}
    for number, row in enumerate(table, 1):
        if not any(cell.strip() for cell in row) or (number == 1 and at is not None):
            continue
        # Without a header a line is a name as it stands, commas and all.
        key = lines[number - 1] if at is None else row[at] if at < len(row) else ""
        reason = row[why].strip() if why is not None and why < len(row) else ""
        found[key.strip().casefold()] = (number, reason[:200] or None)
    if not found:
        raise InvalidData("sync.ack.empty", msg("The file of rejected rows has none."))
    return found


def acknowledge(
    uow: UnitOfWork, opened: OpenTarget, batch: str, rejected: Mapping[str, tuple[int, str | None]]
) -> Outcome:
    """Settle every client of a batch: taken, or ``rejected`` by code or by its name there.

    Raises InvalidData ``sync.ack.unknown`` for a rejected row that is not in the batch; nothing is
    settled then.
    """
    outcome = Outcome()
    ids = log.waiting_in(uow.conn, opened.target.id, ENTITY, batch)
    left = dict(rejected)
    # What was deleted here meanwhile is not found any more, and needs no answer.
    for local, link in list(by_ids(uow.conn, ENTITY, opened.target.id, ids)):
        names = {name.casefold() for name in (local.code, link.remote_key, link.remote_id) if name}
        hit = next((name for name in sorted(names) if name in left), None)
        refused = left.pop(hit) if hit is not None else None
        values = (
            _taken(opened, local, link) if refused is None else _refused(opened, link, refused[1])
        )
        uow.links.compare_and_set(
            opened.target.id, ENTITY, local.id, was=LinkState.AWAITING, **values
        )
        outcome.items.append(_item(opened, local, link, values))
    if left:
        line = min(number for number, _why in left.values())
        raise InvalidData(
            "sync.ack.unknown",
            msg("Line {line}: no client of batch {batch} is called so.", line=line, batch=batch),
        )
    _log(uow, opened, batch, outcome)
    outcome.matched = outcome.changed = len(outcome.items)
    return outcome


def _taken(opened: OpenTarget, local: LocalRecord, link: Link) -> dict[str, Any]:
    held = link.attempt or {}
    step = Step(Todo.UPDATE, local, link, opened.connector.payload(local))
    return {
        **CLEARED,
        **pushed(opened, step, held, dumped(held), None, opened.clock.stamp()),
        "remote_id": _key(opened, link),
    }


def _key(opened: OpenTarget, link: Link) -> str | None:
    key = (link.attempt or {}).get(cast("Files", opened.connector).profile.key)
    return str(key) if key else link.remote_id


def _refused(opened: OpenTarget, link: Link, reason: str | None) -> dict[str, Any]:
    """Refused as it was: blocked until it changes. One that was new there is not there."""
    text = msg("Refused there: {why}", why=reason) if reason else msg("Refused there.")
    fault = {
        "error_class": TroubleKind.VALIDATION,
        "error_code": "sync.ack.rejected",
        "error_field": None,
        "error_text": message_text(text),
    }
    gone = {} if link.pushed else {"remote_id": None, "remote_key": None}
    attempt = link.attempt or {}
    return {
        **CLEARED,
        "state": LinkState.FAILED,
        **fault,
        **gone,
        "stamp": "",
        "attempt": json.dumps(attempt, ensure_ascii=False, sort_keys=True),
        "attempt_hash": digest(attempt, opened.form),
    }


def _item(
    opened: OpenTarget, local: LocalRecord, link: Link, values: Mapping[str, Any]
) -> dict[str, Any]:
    state = values["state"]
    return {
        "target": opened.target.name,
        "entity": ENTITY,
        "id": local.id,
        "code": local.code,
        "status": "ok" if state is LinkState.IN_SYNC else "rejected",
        "remote_id": link.remote_id,
        "error": None,
    }


def _log(uow: UnitOfWork, opened: OpenTarget, batch: str, outcome: Outcome) -> None:
    events = []
    for item in outcome.items:
        done = item["status"] == "ok"
        events.append(
            opened.event(
                ENTITY,
                item["id"],
                "ack",
                "done" if done else "failed",
                request_id=batch,
                code=None if done else "sync.ack.rejected",
            )
        )
    uow.sync_log.write(events)
