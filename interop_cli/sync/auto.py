"""Pushing after a write (``sync.auto``): a trouble is a warning, and what was not sent is pending.

The write is committed and its answer printed by then; nothing here can make it fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.connectors import BY_FILE
from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import Message
from interop_cli.i18n import _, translate
from interop_cli.store.sync.records import EVERYTHING, Scope
from interop_cli.store.sync.targets import all_targets
from interop_cli.sync.push import Options, Push
from interop_cli.sync.report import ERROR, Report

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.connection import Connection
    from interop_cli.store.sync.targets import TargetRow

MANY = 2000


def push_written(app: App) -> None:
    """Push the clients that this run wrote to every target; never raises."""
    try:
        scope = _touched(app.store.conn, app.written)
        targets = all_targets(app.store.conn) if scope is not None else []
    except InteropError as error:
        _warn(app, "sync", error.message)
        return
    for target in targets:
        # A file for each write would be of no use: those wait for a push or an export.
        if scope is not None and target.kind not in BY_FILE:
            _push(app, target, scope)


def _push(app: App, target: TargetRow, scope: Scope) -> None:
    try:
        site = app.site(target)
        site.auto = True
        report = Push(site, scope, Options(patient=False, wait=0)).run()
    except InteropError as error:
        _warn(app, target.name, error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the write stands
        _warn(app, target.name, Message("{kind}", {"kind": type(error).__name__}))
    else:
        _tell(app, report)


def _tell(app: App, report: Report) -> None:
    if report.stopped is not None:
        _warn(app, report.target, report.stopped.message)
        return
    for line in report.lines.values():
        if line.status == ERROR and line.reason is not None:
            what = translate(line.reason.message)
            app.output.warn(
                _("{target}: {code} was not sent: {why}", target=report.target,
                  code=f"{line.code} {line.number}" if line.number else line.code, why=what)
            )  # fmt: skip


def _warn(app: App, target: str, why: Message) -> None:
    app.output.warn(
        _("{target}: not sent yet, it stays pending: {why}", target=target, why=translate(why))
    )


def _touched(conn: Connection, operations: list[int]) -> Scope | None:
    """The clients these operations touched, and those who pay for them; None: none at all."""
    written = ", ".join(map(str, operations))
    found = conn.query(
        "SELECT DISTINCT client_id AS id FROM change"  # noqa: S608 - our own numbers
        f" WHERE operation_id IN ({written}) AND client_id IS NOT NULL"
    )
    if len(found) > MANY:
        return EVERYTHING
    ids = [row["id"] for row in found]
    if not ids:
        return None
    places = ", ".join(map(str, ids))
    payers = conn.query(
        "SELECT bill_to_id AS id FROM client"  # noqa: S608
        f" WHERE id IN ({places}) AND bill_to_id IS NOT NULL"
        " UNION SELECT d.bill_to_id AS id FROM change ch JOIN document d ON d.id = ch.entity_id"
        f" WHERE ch.operation_id IN ({written}) AND ch.entity = 'document'"
        " AND d.bill_to_id IS NOT NULL"
    )
    return Scope(tuple(dict.fromkeys([*(row["id"] for row in payers), *ids])))
