"""What a connector is: the code for one kind of target.

The upper half is pure and needs no network: ``plan --offline`` uses nothing else. The lower half
calls the remote, one call at a time; its methods are run outside any transaction and may be run in
a thread of their own, so they touch nothing but what they are given.

A method raises ``Trouble`` where the whole call failed, and gives back ``Failed`` for a record that
failed alone. It never raises anything else for what a remote may do: no answer, half an answer, a
hostile one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from interop_cli.domain.sync.descriptor import Descriptor
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import (
    LocalRecord,
    RemoteIdentity,
    RemoteRecord,
    Result,
    Role,
    Send,
    Trace,
)
from interop_cli.system import Clock

Secret = dict[str, Any]
"""What a connector needs to be let in: ``{"token": …}``, or OAuth's tokens. Never printed."""


class SecretStore(Protocol):
    """Where the secret of one target is kept."""

    def read(self) -> Secret | None:
        """The secret, read again at each call; None where there is none."""

    def save(self, secret: Secret) -> None:
        """Keep a secret; it is on the disk when this returns."""

    def locked(self) -> Any:
        """A context manager that one process at a time can be in; read again inside."""


@dataclass(frozen=True)
class Target:
    """A configured remote system. ``settings`` holds no secrets; ``version`` counts its writes."""

    id: int
    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    uid: str = ""


@dataclass(frozen=True)
class Tools:
    """What a connector may use besides its arguments.

    ``base_url``, ``token_url`` and ``authorize_url`` are overrides from the environment,
    ``ca_bundle`` and ``proxy`` likewise. A whole call may take ``timeout`` seconds; none goes on
    after ``ends``, a moment of ``time.monotonic``.
    """

    clock: Clock
    secrets: SecretStore
    base_url: str | None = None
    token_url: str | None = None
    authorize_url: str | None = None
    timeout: float = 60.0
    ends: float | None = None
    ca_bundle: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class TargetSetting:
    """A setting that targets of a kind have (``sync add NAME KIND --set name=value``).

    ``help`` is a msgid. A value is text, unless ``flag``; with ``path`` it names a file or folder,
    and is kept as a whole path, unless it is one of the ``ready`` names.
    """

    name: str
    help: str
    required: bool = False
    flag: bool = False
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    """What the whole value must match."""
    path: bool = False
    ready: tuple[str, ...] = ()


class Grant(StrEnum):
    """How tokens are come by."""

    CODE = "authorization_code"
    """A person agrees in a browser, once: ``sync connect --login``."""
    CLIENT = "client_credentials"
    """The app lets itself in, whenever it needs to; there is no refresh token."""


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """How a system lets apps in by OAuth 2, which a connector of it declares.

    Addresses may have settings of the target in braces: ``https://…/{tenant}/oauth2/token``.
    ``tenant`` is the setting that says for which company or organisation there the tokens are;
    the login notes it, from the part of its answer called ``tenant_answer`` or, where that is
    empty, from what ``Connector.tenants`` says. ``pkce`` where the system knows RFC 7636. Unused
    for ``idle_days``, a refresh token lapses.
    """

    token_url: str
    authorize_url: str = ""
    scopes: tuple[str, ...] = ()
    grant: Grant = Grant.CODE
    pkce: bool = False
    tenant: str | None = None
    tenant_answer: str = ""
    idle_days: float | None = None


class Connector(Protocol):
    """One target, seen from here."""

    kind: ClassVar[str]
    role: ClassVar[Role]
    form: ClassVar[int]
    """The version of the rules that make payloads: raise it, and everything is looked at again."""
    entities: ClassVar[tuple[str, ...]]
    """What is pushed, in this order: an entity may refer to remote ids of those before it."""
    batch_size: ClassVar[int]
    """At most so many records a ``push``, ``lookup`` or ``fetch``."""
    looks_first: ClassVar[bool]
    """Whether ``lookup`` must find nothing before a create, because the remote has no key of ours.
    """
    knows_versions: ClassVar[bool]
    """Whether a write says which version it changes, so that one made on top of a stranger's change
    is refused there. Where not, what is there is read before it is written over.
    """
    merges: ClassVar[frozenset[str]]
    """The entities of which it can make one record of two; that cannot be taken back there."""
    erases: ClassVar[frozenset[str]]
    """The entities of which it can delete a record for privacy, for good."""
    secret_names: ClassVar[tuple[str, ...]]
    """The keys a secret must have; one alone may be given as plain text. Empty: needs none."""
    settings: ClassVar[tuple[TargetSetting, ...]]
    oauth: ClassVar[OAuthApp | None]
    """How it is let in, where that is by OAuth (then it is an ``HttpConnector``); None: with a
    token as it is, or with none.
    """
    by_file: ClassVar[bool]
    """Whether it is fed with files (``sync export``): nobody is called, and somebody says later
    what became of them.
    """
    only_read: ClassVar[frozenset[str]]
    """Those of ``entities`` that are never pushed: ``sync link`` and ``pull`` alone know them."""

    def __init__(self, target: Target, tools: Tools) -> None:
        """Make it; calls nobody and reads no secret. Raises ConfigError for bad settings."""

    # -- pure ---------------------------------------------------------------------------------

    def descriptor(self, entity: str) -> Descriptor:
        """What this target takes of an entity."""

    def payload(self, local: LocalRecord) -> Payload:
        """What the remote should hold about a record: every field of ``descriptor().sent()``.

        ``None`` clears a field there. A value that does not fit is put in as it is: the descriptor
        says so before anything is sent.
        """

    # -- the remote ---------------------------------------------------------------------------

    def identity(self) -> RemoteIdentity | None:
        """Which system this is, as it says itself; None where nothing there tells.

        The links of a target belong to one system: another one's records are strangers.
        """

    def tenants(self) -> list[RemoteIdentity]:
        """The companies or organisations that the tokens let us into; () where nobody says.

        Asked after a login where ``OAuthApp.tenant`` has no ``tenant_answer``.
        """

    def connect(self) -> list[str]:
        """Check that we are let in, and make there what we need; what was made.

        May be run again at any time.
        """

    def is_empty(self) -> bool:
        """Whether the remote holds no records at all, so that nothing there can be ours."""

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        """Do ``action`` for these records of one entity; one result each, in any order.

        A record without a result is taken as unknown. ``merge``: with the record whose remote id is
        ``into`` in the payload; the result has the id of the one that is left.
        """

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        """Find records by what we would call them there: our id -> the record.

        Used after an unknown outcome, and before a create where ``looks_first``.
        """

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        """Read records by their remote ids: asked id -> the record as it is now.

        One that is not there is ``gone``, or left out where the system says so of that very record;
        else raises Trouble. A merged one may come back under another id.
        """

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        """Which records there have these values in a ``unique`` field of ours: value -> remote id.

        Read by a plan, so that it can tell what a push would be refused. At most a batch of values.
        """

    def of_ours(self, entity: str) -> Iterator[RemoteRecord]:
        """Every record there that carries a key of ours, whoever wrote it; none without keys."""

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        """Every record there, active or not: what ``sync link`` proposes from.

        ``whole``: with every field that has a place there, sent or not, and what it belongs to, so
        that a record can be made of it here.
        """

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        """The records changed since a time (UTC, ISO 8601), each at least once.

        Those that went since come as ``gone``: a pull that reads changes alone would never miss
        them. Raises Untold, before or between records, where the system cannot tell which went:
        then all that is linked is read.
        """

    @property
    def ahead(self) -> float:
        """How many seconds our clock is ahead of the system's; 0 where nobody knows. What changed
        there is asked for by its clock.
        """

    def traces(self) -> list[Trace]:
        """The calls made since this was last asked, for the log."""

    def close(self) -> None:
        """Let go of connections."""


class Untold(Exception):
    """What changed since a time, or what went, cannot be told whole."""


@runtime_checkable
class MakesReady(Protocol):
    """A connector that can make a call ready, its bytes for example, while another is under way."""

    def ready(self, action: str, sends: Sequence[Send]) -> Callable[[], list[Result]]:
        """What does the same as ``push`` of these, once; nobody is called before."""
