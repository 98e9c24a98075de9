"""A link: our record and its twin in a target, and what was last pushed.

What is pending is derived from links, so there is no queue that could lose anything: a record whose
``stamp`` is not the one last pushed, or that is eligible and has no link, is pending.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from interop_cli.domain.messages import Message
from interop_cli.domain.sync.payload import Payload


class LinkState(StrEnum):
    """Where a link stands.

    ::

        pending    to be pushed, or to be looked at again; nothing is in flight
        claimed    a process has it, its lease and attempt are committed, a call may be in flight
        unknown    a call may or may not have been done: look it up before anything is sent again
        in_sync    the remote holds what was pushed (current while the stamp is the same)
        failed     refused as it is; waits for a change, or for ``sync retry``, or until another
                   record there gives up the value that it wants
        conflict   both sides changed the same field; waits for ``sync resolve``
        detached   deleted or merged over there; waits for ``sync link``, ``unlink`` or ``retry``
        excluded   a person said that it is not to be pushed
        awaiting   handed over in a file; waits for ``sync ack``
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    IN_SYNC = "in_sync"
    FAILED = "failed"
    CONFLICT = "conflict"
    DETACHED = "detached"
    EXCLUDED = "excluded"
    AWAITING = "awaiting"


@dataclass(frozen=True, slots=True)
class LinkFault:
    """Why a link failed: the class of trouble, a stable code, our field, a sentence."""

    kind: str
    code: str
    message: Message
    field: str | None = None


@dataclass(slots=True)  # not frozen, as ``LocalRecord``
class Link:
    """A row of ``sync_link``; nobody changes it.

    ``pushed`` is what the remote was last known to have got, ``attempt`` what a call in flight (or
    the last one that failed) was to bring, ``seen`` what was found there instead. Times are UTC.
    ``owner`` has claimed it until ``lease_until``; whether that process still lives is for whoever
    reads to find out (``alive``). ``leaves`` says that the record is to go there: ``erase``, or
    ``merge`` with that of ``heir`` for as long as ours is not there (an undo may bring it back).
    ``drift``: somebody changed it there, and a pull saw it. ``kept`` are the fields of a record
    which say something else there, by nobody's change: see ``payload.as_kept``.
    """

    id: int | None = None
    state: LinkState = LinkState.PENDING
    remote_id: str | None = None
    remote_key: str | None = None
    remote_version: str | None = None
    stamp: str | None = None
    pushed: Payload = field(default_factory=dict)
    seen: Payload | None = None
    attempt: Payload | None = None
    attempt_key: str | None = None
    attempt_hash: str | None = None
    attempts: int = 0
    next_at: str | None = None
    batch: str | None = None
    fault: LinkFault | None = None
    owner: str | None = None
    lease_until: str | None = None
    leaves: str | None = None
    heir: int | None = None
    drift: bool = False
    kept: Payload = field(default_factory=dict)
    alive: bool = False


NONE = Link()
"""No link yet."""


class TroubleKind(StrEnum):
    """The classes of trouble; the module says what each one means."""

    RETRY = "retry"
    UNKNOWN = "unknown"
    AUTH = "auth"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    STALE = "stale"
    NAME_TAKEN = "name_taken"
    MISSING_REF = "missing_ref"
    VALIDATION = "validation"
    GONE = "gone"


PAUSING = frozenset({TroubleKind.AUTH, TroubleKind.FORBIDDEN, TroubleKind.QUOTA})
"""These stop the run and leave the records as they were."""
BREAKING = frozenset({TroubleKind.RETRY, TroubleKind.UNKNOWN})
"""These count towards the breaker."""


class Trouble(Exception):
    """Raised where it concerns a whole call, given back in a ``Failed`` where it concerns a record.

    ``code`` is stable and dotted; ``message`` holds no text of the remote's that could carry a
    secret or a person's data. ``field`` is ours. ``retry_after`` is in seconds; ``remote_id`` is
    the record in the way, where the remote names it.
    """

    def __init__(
        self,
        kind: TroubleKind,
        code: str,
        message: Message,
        *,
        field: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        remote_id: str | None = None,
    ) -> None:
        super().__init__(code)
        self.kind = kind
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.status = status
        self.remote_id = remote_id
