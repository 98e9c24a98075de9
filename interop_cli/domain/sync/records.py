"""What passes between the engine and a connector: our record, what to send, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from interop_cli.domain.messages import Message
from interop_cli.domain.sync.link import Trouble
from interop_cli.domain.sync.payload import Payload


class Role(StrEnum):
    """What a target is to the company. Prospects never reach an accounting target."""

    ACCOUNTING = "accounting"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class RemoteIdentity:
    """Which remote system it is: ``id`` is its own and never changes, ``name`` is for people."""

    id: str
    name: str


class Action(StrEnum):
    """What a call does to the remote record."""

    CREATE = "create"
    UPDATE = "update"
    RENAME = "rename"
    DEACTIVATE = "deactivate"
    MERGE = "merge"
    ERASE = "erase"


FINAL = frozenset({Action.MERGE, Action.ERASE})
"""What cannot be taken back there: only who says so sends it."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Why a record is to go there: its person was erased here, or it is one with another of ours.

    ``heir`` is that one's id, ``code`` its client's, ``into`` its remote id (None while it has
    none).
    """

    erased: bool = False
    heir: int | None = None
    code: str | None = None
    into: str | None = None


@dataclass(slots=True)  # frozen, it would take four times as long to make: a plan makes many
class LocalRecord:
    """One of our records, as it is now; nobody changes it.

    ``stamp`` changes whenever anything changes that a payload may be made of. ``values`` are plain
    columns: for a client those of ``client list`` with ``accounting`` (a dict), ``billing_name``,
    ``billing_email`` (of the billing contact) and ``bill_to_remote`` (the payer's id over there,
    ``None`` while it has none); for a contact those of ``contact list`` with ``client_remote`` and
    ``email_free`` (false where an earlier contact has the same e-mail); for an invoice or a credit
    note those of ``store/sync/documents.py``, with
    ``lines``.
    """

    entity: str
    id: int
    code: str
    key: str
    """What the remote can find it by: its uid, which no other has; of a document its number."""
    stamp: str
    active: bool
    values: Mapping[str, Any]
    prospect: bool = False
    payer: str | None = None
    """The code of the client who pays for this one."""
    payer_prospect: bool = False
    refers: Mapping[str, str] = field(default_factory=dict)
    """Which client, or invoice, a field that refers to another record means: field -> its code."""
    number: str | None = None
    """The number of a document."""
    departure: Departure | None = None
    """Why its record there is to go; None: it stays."""


@dataclass(slots=True)  # not frozen, as ``LocalRecord``
class Send:
    """One record to push. The claim on it is committed by the time a connector sees it.

    ``changed`` are the fields that differ from what was last pushed: all of them for a create.
    ``attempt`` is a name that no other has, of at most 50 characters; it stays the same as long as
    the payload does, across timeouts and restarts: where a remote knows idempotency keys, this is
    it. ``base`` is what was last pushed.
    """

    entity: str
    id: int
    key: str
    action: Action
    payload: Payload
    changed: tuple[str, ...]
    attempt: str
    remote_id: str | None = None
    remote_version: str | None = None
    base: Payload = field(default_factory=dict)

    def changes(self) -> Payload:
        """The part of the payload to send."""
        return {name: self.payload[name] for name in self.changed}


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """A record over there, in our words.

    ``values`` has the fields that could be read, in the form of a payload; a field that is not in
    it is not known. ``key`` is our key where the remote record carries it. ``active`` is false for
    one that was deactivated or archived, ``gone`` true for one that is deleted.
    """

    remote_id: str
    version: str | None
    values: Payload
    key: str | None = None
    active: bool = True
    gone: bool = False

    @property
    def called(self) -> str | None:
        """Its name there, as far as it is known."""
        names = ("name", "first_name", "last_name")
        return " ".join(str(self.values[one]) for one in names if self.values.get(one)) or None


@dataclass(slots=True)  # not frozen, as ``LocalRecord``
class Done:
    """Pushed: the record is there as we sent it.

    ``notes`` are things a person should know ("sent without its e-mail…"). ``held`` are the fields
    that hold something else than was sent, where the answer says so, as it was read.
    """

    id: int
    remote_id: str
    version: str | None = None
    notes: tuple[Message, ...] = ()
    held: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Handed over; somebody has to say later whether it was taken (``sync ack``)."""

    id: int
    remote_id: str
    batch: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Not pushed, or nobody knows (``trouble.kind`` says which)."""

    id: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class FoundRemote:
    """Not created: a record that would be taken for it is there already."""

    id: int
    remote: RemoteRecord


Result = Done | Awaiting | Failed | FoundRemote


@dataclass(frozen=True, slots=True)
class Trace:
    """One call, for the log: no bodies, no secrets."""

    method: str
    path: str
    status: int | None
    request_id: str | None
    duration_ms: int
