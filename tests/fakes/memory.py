"""An accounting system in memory, with everything that makes sync hard: versions, unique names, no
place for our key unless ``keyed``, limits, lost answers. For the engine's own tests, which need no
sockets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from interop_cli.connectors.protocol import OAuthApp, Target, TargetSetting, Tools
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField, Unique
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, text
from interop_cli.domain.sync.records import (
    Action,
    Done,
    Failed,
    LocalRecord,
    RemoteIdentity,
    RemoteRecord,
    Result,
    Role,
    Send,
    Trace,
)

DESCRIPTOR = Descriptor(
    "client",
    (
        RemoteField("name", "Name", Need.REQUIRED, max_length=40, unique=Unique.ALL),
        RemoteField("phone", "Phone"),
        RemoteField("city", "City"),
        RemoteField("terms", "Terms"),
        RemoteField("active", "Active", policy=Policy.OURS),
        RemoteField("bill_to", "Parent", policy=Policy.OURS, refers_to="client"),
        RemoteField("accounting.rep", "Rep", max_length=5),
    ),
)


READS = ("lookup", "fetch", "list", "holders")
MEMORY = RemoteIdentity("memory-1", "Memory")


@dataclass
class Row:
    """A record over there."""

    id: str
    values: dict[str, Any]
    version: int = 1
    key: str | None = None
    gone: bool = False
    merged: str | None = None


@dataclass
class MemoryRemote:
    """The state. ``troubles`` are what happens to the coming calls: a class of trouble before the
    work is done, ``lost`` after it, None for nothing.
    """

    keyed: bool = True
    looks_first: bool = False
    versions: bool = True
    merges: bool = False
    replays: bool = True
    rows: dict[str, Row] = field(default_factory=dict)
    troubles: list[TroubleKind | str | None] = field(default_factory=list)
    calls: list[tuple[str, tuple[int | str, ...]]] = field(default_factory=list)
    retry_after: float | None = None
    attempts: dict[str, Done] = field(default_factory=dict)
    refuse: Callable[[Payload], str | None] = lambda _payload: None
    vendors: set[str] = field(default_factory=set)
    during: Callable[[str], None] = lambda _call: None
    identity: RemoteIdentity | None = MEMORY
    lock: threading.Lock = field(default_factory=threading.Lock)

    def live(self) -> dict[str, Row]:
        """The records that are there."""
        return {row.id: row for row in self.rows.values() if not row.gone and not row.merged}

    def named(self, name: str) -> Row | None:
        """The record of a name."""
        return next((row for row in self.live().values() if row.values["name"] == name), None)

    def edit(self, remote_id: str, **values: Any) -> None:
        """Change a record as a person there would."""
        row = self.rows[remote_id]
        row.values.update(values)
        row.version += 1

    def writes(self) -> list[tuple[str, tuple[int | str, ...]]]:
        """The calls that were meant to change something."""
        return [call for call in self.calls if call[0] not in READS]

    def call(self, name: str, ids: Sequence[int | str]) -> str | None:
        """Note a call and do what is to happen to it; ``lost`` where its answer is to be."""
        self.calls.append((name, tuple(ids)))
        self.during(name)
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, TroubleKind):
            raise Trouble(
                trouble, f"memory.{trouble}", msg("made to fail"), retry_after=self.retry_after
            )
        return trouble


def lost() -> Trouble:
    """The answer did not arrive."""
    return Trouble(TroubleKind.UNKNOWN, "memory.lost", msg("made to fail"))


class MemoryConnector:
    """The connector to it."""

    kind: ClassVar[str] = "memory"
    role: ClassVar[Role] = Role.ACCOUNTING
    form: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = ("client",)
    batch_size: ClassVar[int] = 3
    secret_names: ClassVar[tuple[str, ...]] = ()
    oauth: ClassVar[OAuthApp | None] = None
    by_file: ClassVar[bool] = False
    only_read: ClassVar[frozenset[str]] = frozenset()
    ahead: ClassVar[float] = 0.0
    settings: ClassVar[tuple[TargetSetting, ...]] = ()
    erases: ClassVar[frozenset[str]] = frozenset()
    remotes: ClassVar[dict[str, MemoryRemote]] = {}

    def __init__(self, target: Target, tools: Tools) -> None:
        self.target = target
        self.remote = self.remotes.setdefault(target.name, MemoryRemote())
        self._traces: list[Trace] = []

    @property
    def looks_first(self) -> bool:
        return self.remote.looks_first

    @property
    def merges(self) -> frozenset[str]:
        return frozenset({"client"}) if self.remote.merges else frozenset()

    @property
    def knows_versions(self) -> bool:
        return self.remote.versions

    def descriptor(self, entity: str) -> Descriptor:
        return DESCRIPTOR

    def payload(self, local: LocalRecord) -> Payload:
        values = local.values
        return {
            "name": text(values["name"]),
            "phone": text(values["phone"]),
            "city": text(values["city"]),
            "terms": text(values["terms"]),
            "active": bool(values["active"]),
            "bill_to": text(values["bill_to_remote"]),
            "accounting.rep": text(values["accounting"].get("rep")),
        }

    def identity(self) -> RemoteIdentity | None:
        return self.remote.identity

    def tenants(self) -> list[RemoteIdentity]:
        return []

    def connect(self) -> list[str]:
        return []

    def is_empty(self) -> bool:
        self._called("list", [])
        return not self.remote.live()

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        trouble = self._called(action, [send.id for send in sends])
        with self.remote.lock:  # a rival may call at the same time
            results = [self._one(action, send) for send in sends]
        if trouble == "lost":
            raise lost()
        if trouble == "half":
            return results[: len(results) // 2]
        return results

    def _one(self, action: str, send: Send) -> Result:
        remote = self.remote
        if remote.replays and send.attempt in remote.attempts:
            return remote.attempts[send.attempt]
        if action != Action.CREATE and str(send.remote_id) not in remote.live():
            return Failed(send.id, Trouble(TroubleKind.GONE, "remote.gone", msg("gone")))
        if action == Action.MERGE:
            return self._merge(send)
        # Whether it is on top of what is there is judged before what it says, as with If-Match.
        row = remote.rows.get(str(send.remote_id))
        if remote.versions and row is not None and str(row.version) != send.remote_version:
            return Failed(send.id, Trouble(TroubleKind.STALE, "memory.stale", msg("stale")))
        field_ = remote.refuse(send.payload)
        if field_:
            return Failed(
                send.id, Trouble(TroubleKind.VALIDATION, "memory.refused", msg("no"), field=field_)
            )
        name = send.payload["name"]
        holder = remote.named(str(name))
        taken = name in remote.vendors or (holder is not None and holder.id != send.remote_id)
        # A name that is not sent is not looked at: remotes judge a sparse update by what it says.
        if taken and "name" in send.changed:
            return Failed(
                send.id,
                Trouble(TroubleKind.NAME_TAKEN, "remote.name_taken", msg("taken"), field="name"),
            )
        done = self._create(send) if action == Action.CREATE else self._update(send)
        if isinstance(done, Done):
            remote.attempts[send.attempt] = done
        return done

    def _create(self, send: Send) -> Result:
        number = str(len(self.remote.rows) + 1)
        key = send.key if self.remote.keyed else None
        self.remote.rows[number] = Row(number, dict(send.payload), key=key)
        return Done(send.id, number, "1")

    def _merge(self, send: Send) -> Result:
        """Make one of two, under an id of its own."""
        rows, into = self.remote.rows, str(send.payload["into"])
        number = str(len(rows) + 1)
        rows[number] = Row(number, dict(rows[into].values), key=rows[into].key)
        for gone in (into, str(send.remote_id)):
            rows[gone].merged = number
        return Done(send.id, number, "1")

    def _update(self, send: Send) -> Result:
        row = self.remote.rows[str(send.remote_id)]
        row.values.update(send.changes())
        row.version += 1
        return Done(send.id, row.id, str(row.version))

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        self._called("lookup", [send.id for send in sends])
        found = {}
        for send in sends:
            for row in self.remote.live().values():
                same = (
                    row.key == send.key
                    if self.remote.keyed
                    else row.values["name"] == send.payload["name"]
                )
                if same:
                    found[send.id] = self._remote(row)
        return found

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        self._called("fetch", list(remote_ids))
        found = {}
        for remote_id in remote_ids:
            row = self.remote.rows.get(remote_id)
            if row is not None and row.merged:
                row = self.remote.rows[row.merged]
            if row is not None:
                found[remote_id] = self._remote(row)
        return found

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        self._called("holders", list(values))
        found = {vendor: f"vendor {vendor}" for vendor in self.remote.vendors if vendor in values}
        for value in values:
            row = self.remote.named(value)
            if row is not None:
                found[value] = row.id
        return found

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        self._called("list", [])
        return iter([self._remote(row) for row in self.remote.live().values()])

    def of_ours(self, entity: str) -> Iterator[RemoteRecord]:
        return iter([one for one in self.everything(entity) if one.key is not None])

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        return self.everything(entity)

    def traces(self) -> list[Trace]:
        found, self._traces = self._traces, []
        return found

    def close(self) -> None:
        """Nothing to let go of."""

    def _called(self, name: str, ids: Sequence[int | str]) -> str | None:
        self._traces.append(Trace(name, f"/{name}", None, None, 0))
        return self.remote.call(name, ids)

    def _remote(self, row: Row) -> RemoteRecord:
        return RemoteRecord(
            row.id,
            str(row.version),
            dict(row.values),
            row.key,
            active=bool(row.values["active"]),
            gone=row.gone,
        )
