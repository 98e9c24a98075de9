"""A target that is fed with files: pure, for nothing there can be asked.

The files are made by ``sync/exporting.py``; what becomes of them a person says (``sync ack``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from interop_cli.connectors.files import handover, rows
from interop_cli.connectors.files.profile import Profile, load
from interop_cli.connectors.protocol import Target, TargetSetting, Tools
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.sync.descriptor import Descriptor
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import LocalRecord, RemoteRecord, Result, Role, Send, Trace


class Files:
    """One system that imports files of one profile."""

    kind: ClassVar[str] = "file"
    role: ClassVar[Role] = Role.ACCOUNTING
    entities: ClassVar[tuple[str, ...]] = ("client",)
    batch_size: ClassVar[int] = 1000
    looks_first: ClassVar[bool] = False
    secret_names: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        TargetSetting(
            "profile",
            N_("sage50, csv, acomba, avantage, or the path of a TOML file."),
            required=True,
        ),
        TargetSetting("folder", N_("Where the files go; the current folder if absent.")),
    )

    def __init__(self, target: Target, tools: Tools) -> None:
        self.target = target

    @cached_property
    def profile(self) -> Profile:
        """What the files look like, read when it is first needed. Raises ConfigError."""
        return load(str(self.target.settings.get("profile") or ""))

    @property
    def form(self) -> int:
        """Another profile, another form: everything is looked at again."""
        return int(self.profile.sha256[:8], 16)

    @property
    def folder(self) -> Path:
        """Where files go unless the command says otherwise."""
        return Path(str(self.target.settings.get("folder") or ".")).expanduser()

    def descriptor(self, entity: str) -> Descriptor:
        """What the profile takes."""
        return rows.descriptor_of(self.profile)

    def payload(self, local: LocalRecord) -> Payload:
        """The values of the columns."""
        return rows.payload_of(self.profile, local)

    def connect(self) -> list[str]:
        """Read the profile and look at the folder."""
        _read = self.profile
        handover.check_folder(self.folder)
        return []

    def is_empty(self) -> bool:
        """Nothing there can be seen, so nothing can be matched."""
        return True

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        """Files are handed over whole, not record by record."""
        raise Trouble(
            TroubleKind.VALIDATION,
            "sync.export.only",
            msg("This target is fed with files: sync export."),
        )

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        """Nothing there can be asked."""
        return {}

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        """Records are taken to be there, with values nobody knows."""
        return {remote_id: RemoteRecord(remote_id, None, {}) for remote_id in remote_ids}

    def everything(self, entity: str) -> Iterator[RemoteRecord]:
        """Nothing there can be listed."""
        return iter(())

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        """Nothing there tells us what changed."""
        return iter(())

    def traces(self) -> list[Trace]:
        """Nobody is called."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""


def manifest(
    profile: Profile,
    target: str,
    batch: str,
    created_at: str,
    data: bytes,
    sends: Sequence[Send],
    lines: Sequence[str],
) -> Mapping[str, object]:
    """What a batch holds: its file and each of its rows with their SHA-256."""
    file = profile.file.format(batch=batch)
    return {
        "schema_version": 1,
        "batch": batch,
        "target": target,
        "created_at": created_at,
        "profile": {"name": profile.name, "sha256": profile.sha256},
        "files": [
            {
                "name": file,
                "encoding": profile.encoding,
                "bytes": len(data),
                "rows": len(lines),
                "sha256": rows.digest(data),
            }
        ],
        "rows": [
            {
                "row": number,
                "entity": send.entity,
                "id": send.id,
                "code": send.key,
                "action": str(send.action),
                "attempt": send.attempt,
                "sha256": rows.digest(line.encode(profile.encoding)),
            }
            for number, (send, line) in enumerate(zip(sends, lines, strict=True), 1)
        ],
    }
