"""Which remote system a target is linked with: the records of any other one are strangers.

Asked when a target is connected, and by every run before it reads or writes a record. Ids of remote
records are small numbers in some systems: with another company's books a link would still fit.
"""

from __future__ import annotations

from dataclasses import replace

from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.records import RemoteIdentity
from interop_cli.store.sync.targets import RESTED, TargetRow
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.lease import refuse_busy
from interop_cli.sync.target import OpenTarget


def recognise(opened: OpenTarget, *, note: bool = True) -> None:
    """See to it that the remote is the one that the target's links belong to.

    It is asked once a run. Where it was not known yet it is noted, unless told not to. Raises
    Conflict ``sync.remote.other``, Trouble.
    """
    if not opened.recognised:
        opened.remote = opened.connector.identity()
        opened.recognised = True
    if opened.remote is None:
        return
    refuse_other(opened.target, opened.remote)
    if note and opened.target.remote is None:
        opened.note(remote=opened.remote.id, remote_name=opened.remote.name)


def refuse_other(target: TargetRow, found: RemoteIdentity) -> None:
    """Raise Conflict ``sync.remote.other`` where a target's links belong to another system."""
    if not _is_other(target, found):
        return
    raise Conflict(
        "sync.remote.other",
        msg(
            "{target} is linked with {known}, and this is {found}; nothing was sent.",
            target=target.name,
            known=target.remote_name or target.remote,
            found=found.name,
        ),
        hint=msg(
            "Make a target of its own for it with interop sync add, or begin anew with"
            " interop sync connect {target} --new-remote",
            target=target.name,
        ),
    )


def connected(opened: OpenTarget, remote: RemoteIdentity | None, *, empty: bool) -> int:
    """Note that the remote lets us in, and which one it is; the target needs no rest any more.

    Where it is another one than before, everything is detached from what was there and has to be
    matched again; how many links that were. ``empty``: nothing there can be one of ours. Raises
    Busy where a run is at work.
    """
    values: dict[str, object] = dict(RESTED)
    other = _is_other(opened.target, remote)
    if remote is not None:
        values |= {"remote": remote.id, "remote_name": remote.name}
    if other:
        values |= {"introduced": False, "pulled_at": None}
    if empty:
        values["introduced"] = True

    def note(uow: UnitOfWork) -> int:
        forgotten = 0
        if other:
            refuse_busy(uow.targets.by_id(opened.target.id), opened.clock.stamp())
            forgotten = uow.targets.forget_links(opened.target.id)
        uow.targets.note(opened.target.id, **values)
        return forgotten

    forgotten = opened.write(note, "sync.connect")
    opened.target = replace(opened.target, **values)  # type: ignore[arg-type]
    return forgotten


def _is_other(target: TargetRow, found: RemoteIdentity | None) -> bool:
    return found is not None and target.remote not in (None, found.id)
