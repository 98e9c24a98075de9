"""Pushing after a write (``sync.auto``): a trouble is a warning, and what was not sent is pending.

The write is committed and its answer printed by then; nothing here can make it fail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import Message
from interop_cli.i18n import _, translate
from interop_cli.store.sync.records import RecordScope, written_by
from interop_cli.store.sync.targets import all_targets
from interop_cli.sync.push import Options, Push
from interop_cli.sync.report import ERROR, Report

if TYPE_CHECKING:
    from interop_cli.store.store import Store
    from interop_cli.store.sync.targets import TargetRow
    from interop_cli.sync.target import OpenTarget

Warn = Callable[[str], None]


def push_written(
    store: Store,
    operations: Sequence[int],
    open_target: Callable[[TargetRow, float], OpenTarget],
    warn: Warn,
    seconds: float,
) -> None:
    """Push the clients that these operations wrote to every target; never raises.

    No call goes on after so many ``seconds``, all targets together: somebody waits.
    """
    ends = time.monotonic() + seconds
    try:
        scope = written_by(store.conn, operations)
        targets = all_targets(store.conn) if scope is not None else []
    except InteropError as error:
        _pending(warn, "sync", error.message)
        return
    for target in targets:
        if scope is not None:
            _push(target, scope, lambda one: open_target(one, ends), warn)


def _push(
    target: TargetRow,
    scope: RecordScope,
    open_target: Callable[[TargetRow], OpenTarget],
    warn: Warn,
) -> None:
    try:
        opened = open_target(target)
        if opened.connector.by_file:  # a file for each write would be of no use: they wait
            return
        opened.auto = True
        report = Push(opened, scope, Options(patient=False, wait=0)).run()
    except InteropError as error:
        _pending(warn, target.name, error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the write stands
        _pending(warn, target.name, Message("{kind}", {"kind": type(error).__name__}))
    else:
        _tell(report, warn)


def _tell(report: Report, warn: Warn) -> None:
    if report.stopped is not None:
        _pending(warn, report.target, report.stopped.message)
        return
    for line in report.lines.values():
        if line.status == ERROR and line.reason is not None:
            code = f"{line.code} {line.number}" if line.number else line.code
            why = translate(line.reason.message)
            warn(
                _("{target}: {code} was not sent: {why}", target=report.target, code=code, why=why)
            )


def _pending(warn: Warn, target: str, why: Message) -> None:
    warn(_("{target}: not sent yet, it stays pending: {why}", target=target, why=translate(why)))
