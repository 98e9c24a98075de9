"""What can go wrong between us and a remote system: one class of trouble, one behaviour.

::

    retry        429, no connection: nothing was done there; wait (Retry-After wins) and send again
    unknown      a timeout or a 5xx after sending: look the record up before anything is sent again
    auth         401 after one refresh: pause the target until `sync connect`
    forbidden    a scope, a plan or a redirect: pause the target until `sync connect`
    quota        a day's limit: park the target until it is over
    stale        someone changed it there: read it again, merge, at most three times, then conflict
    name_taken   another record there has that name or key: a person links or renames
    missing_ref  something it refers to is not there
    validation   refused as it is: at once, in our words, naming our field
    gone         deleted or merged there: detached, never made again by itself
"""

from __future__ import annotations

from enum import StrEnum

from interop_cli.domain.messages import Message


class Kind(StrEnum):
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


PAUSING = frozenset({Kind.AUTH, Kind.FORBIDDEN, Kind.QUOTA})
"""These stop the run and leave the records as they were."""
BREAKING = frozenset({Kind.RETRY, Kind.UNKNOWN})
"""These count towards the breaker."""


class Trouble(Exception):
    """Raised where it concerns a whole call, given back in a ``Failed`` where it concerns a record.

    ``code`` is stable and dotted; ``message`` holds no text of the remote's that could carry a
    secret or a person's data. ``field`` is ours. ``retry_after`` is in seconds; ``remote_id`` is
    the record in the way, where the remote names it.
    """

    def __init__(
        self,
        kind: Kind,
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
