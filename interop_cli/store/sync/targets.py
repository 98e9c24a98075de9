"""Targets: what a person configured (journaled), and how a run found them (not journaled)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import ConfigError, Conflict
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection, Row

if TYPE_CHECKING:
    from interop_cli.store.writing.writer import Writer

COLUMNS = (
    "id",
    "name",
    "kind",
    "uid",
    "settings",
    "version",
    "introduced",
    "paused_until",
    "paused_by",
    "failures",
    "worker",
    "worker_until",
    "pulled_at",
    "remote",
    "remote_name",
)


RESTED: Mapping[str, Any] = {"failures": 0, "paused_until": None, "paused_by": None}
"""What is noted of a target that may be called again."""


FOREVER = "9999-12-31T00:00:00Z"
"""How long a target rests that a person has to connect again."""


@dataclass(frozen=True)
class TargetRow:
    """A row of ``sync_target``.

    ``paused_by`` is why it rests: a class of trouble, or breaker. ``remote`` is the system that its
    links belong to, as that one calls itself; None while nobody has asked.
    """

    id: int
    name: str
    kind: str
    uid: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    introduced: bool = False
    paused_until: str | None = None
    paused_by: str | None = None
    failures: int = 0
    worker: str | None = None
    worker_until: str | None = None
    pulled_at: str | None = None
    remote: str | None = None
    remote_name: str | None = None


def _target(row: Row) -> TargetRow:
    values = {**row, "settings": json.loads(row["settings"]), "introduced": bool(row["introduced"])}
    return TargetRow(**values)


def all_targets(conn: Connection) -> list[TargetRow]:
    """Every target, by name."""
    columns = ", ".join(COLUMNS)
    return [_target(row) for row in conn.query(f"SELECT {columns} FROM sync_target ORDER BY name")]


def target_named(conn: Connection, name: str) -> TargetRow:
    """The target of this name; raises ConfigError ``sync.target.unknown``."""
    targets = all_targets(conn)
    for target in targets:
        if target.name == name:
            return target
    names = ", ".join(target.name for target in targets)
    raise ConfigError(
        "sync.target.unknown",
        msg("There is no target {name}. Targets: {names}.", name=name[:40], names=names)
        if names
        else msg("There is no target {name}, nor any other.", name=name[:40]),
        hint=msg("Make one with: interop sync add NAME KIND"),
    )


class TargetRepository:
    """Writes targets inside a unit of work."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.conn = writer.conn

    def named(self, name: str) -> TargetRow:
        """The target of this name; raises ConfigError."""
        return target_named(self.conn, name)

    def by_id(self, target_id: int) -> TargetRow:
        """A target that is known to exist; kept from others, who would take it as well."""
        self.conn.lock("sync_target", "id = :id", id=target_id)
        return next(target for target in all_targets(self.conn) if target.id == target_id)

    def add(self, name: str, kind: str, uid: str, settings: Mapping[str, Any]) -> int:
        """Configure a target; its id. Raises Conflict ``sync.target.duplicate``."""
        if any(target.name == name for target in all_targets(self.conn)):
            raise Conflict(
                "sync.target.duplicate", msg("There is already a target {name}.", name=name)
            )
        row = {"name": name, "kind": kind, "uid": uid, "settings": _dumped(settings)}
        return self.writer.insert("sync_target", [row])[0]

    def configure(self, target: TargetRow, settings: Mapping[str, Any]) -> bool:
        """Change the settings; whether they differed. Everything is then looked at again."""
        before = self.conn.query("SELECT * FROM sync_target WHERE id = :id", id=target.id)[0]
        after = {**before, "settings": _dumped(settings)}
        return self.writer.save("sync_target", [(before, after)]) == 1

    def remove(self, target: TargetRow) -> None:
        """Forget a target with its links and its log."""
        for table in ("sync_link", "sync_event", "sync_orphan"):
            self.conn.execute(f"DELETE FROM {table} WHERE target_id = :id", id=target.id)
        self.writer.delete("sync_target", "id = :id", id=target.id)

    def forget_links(self, target_id: int) -> int:
        """Detach everything from its twin in a target, but for what is excluded; how many."""
        self.writer.derived = True
        self.conn.execute("DELETE FROM sync_orphan WHERE target_id = :id", id=target_id)
        return self.conn.execute(
            "DELETE FROM sync_link WHERE target_id = :id AND state <> 'excluded'", id=target_id
        )

    def note(self, target_id: int, **values: object) -> None:
        """Write down what a run found out: ``paused_until``, ``failures``, ``introduced``…"""
        self.writer.derived = True
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self.conn.execute(
            f"UPDATE sync_target SET {sets} WHERE id = :target_id",
            target_id=target_id,
            **{name: int(v) if isinstance(v, bool) else v for name, v in values.items()},
        )


def linked_records(conn: Connection, target_id: int) -> int:
    """How many of our records have a twin in a target."""
    sql = "SELECT COUNT(*) AS n FROM sync_link WHERE target_id = :id AND remote_id IS NOT NULL"
    return int(conn.query(sql, id=target_id)[0]["n"])


def _dumped(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, ensure_ascii=False, sort_keys=True)
