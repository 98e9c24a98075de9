"""A target that is fed with files: pure, for nothing there can be asked.

The files are made by ``sync/exporting.py``; what becomes of them a person says (``sync ack``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from interop_cli.connectors.files import handover
from interop_cli.connectors.files.profile import FORMS, Profile, ProfileColumn, load, shipped
from interop_cli.connectors.protocol import OAuthApp, Target, TargetSetting, Tools
from interop_cli.disk import expanded
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, Need, Problem, RemoteField
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, Value, text
from interop_cli.domain.sync.records import (
    LocalRecord,
    RemoteIdentity,
    RemoteRecord,
    Result,
    Role,
    Send,
    Trace,
)

# What a spreadsheet would run (the full-width signs too), and what already looks guarded.
_TRIGGERS = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")


def descriptor_of(profile: Profile) -> Descriptor:
    """What a profile takes of a client."""
    fields = tuple(
        RemoteField(
            one.field,
            one.title,
            Need.REQUIRED if one.required or one.field == profile.key else Need.OPTIONAL,
            max_length=one.max or None,
            pattern=one.pattern or None,
            choices=tuple(dict.fromkeys(one.map.values())),
        )
        for one in profile.columns
        if one.field
    )
    return Descriptor(
        "client",
        fields,
        profile.key,
        lambda payload: _problems(profile, payload),
        known_by_key=True,
    )


def payload_of(profile: Profile, local: LocalRecord) -> Payload:
    """A client as the columns want it."""
    return {one.field: _value(profile, one, local) for one in profile.columns if one.field}


def _value(profile: Profile, column: ProfileColumn, local: LocalRecord) -> Value:
    values = local.values
    accounting = values.get("accounting") or {}

    def ours(name: str) -> object:
        if name.startswith("accounting."):
            return accounting.get(name.partition(".")[2])
        return values.get(name)

    found = ours(column.prefer) if column.prefer else None
    if found in (None, ""):
        found = ours(column.field)
    value = _mapped(column, found) if column.map else FORMS[column.form](found)
    if value is not None and profile.quotes_inside == "drop":
        value = " ".join(value.replace('"', "").split()) or None
    return value


def _mapped(column: ProfileColumn, found: object) -> str | None:
    """What stands for a value of ours; one that has no place in the file stays as it is."""
    flag = isinstance(found, bool)
    plain = ("true" if found else "false") if flag else (FORMS["text"](found) or "")
    return text(column.map.get(plain, plain))


def _problems(profile: Profile, payload: Mapping[str, Value]) -> list[Problem]:
    """What cannot stand in such a file: nothing is replaced to make it fit."""
    found = []
    for name, value in payload.items():
        message = None if value is None else _trouble(profile, str(value))
        if message is not None:
            code = "sync.field.encoding" if "encoding" in message.params else "sync.field.character"
            found.append(Problem(name, code, message))
    return found


def _trouble(profile: Profile, value: str) -> Message | None:
    lacking = sorted({char for char in value if not _encodable(char, profile.encoding)})
    if lacking:
        return msg(
            "has characters that the encoding {encoding} lacks: {characters}",
            encoding=profile.encoding,
            characters=_named(lacking),
        )
    if any(ord(char) < 32 or 127 <= ord(char) < 160 for char in value):
        return msg("has control characters")
    if '"' in value and (profile.quotes_inside == "refuse" or profile.quoting == "none"):
        return msg("has a quotation mark, which this file cannot hold")
    if profile.quoting == "none" and profile.delimiter in value:
        return msg("has the character that separates columns")
    return None


def _encodable(char: str, encoding: str) -> bool:
    try:
        return char.encode(encoding).decode(encoding) == char
    except UnicodeError:
        return False


def _named(chars: Sequence[str]) -> str:
    return ", ".join(f"U+{ord(char):04X}" for char in chars[:5])


def guarded(cell: str) -> str:
    """A cell that a spreadsheet does not run: an apostrophe in front where it would."""
    return "'" + cell if cell.lstrip("'")[:1] in _TRIGGERS and cell else cell


def line(profile: Profile, payload: Mapping[str, Value]) -> str:
    """A row of the file, without its line end."""
    cells = [
        one.value if not one.field else _text(payload.get(one.field)) for one in profile.columns
    ]
    return _joined(profile, cells)


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _joined(profile: Profile, cells: Sequence[str]) -> str:
    return profile.delimiter.join(_cell(profile, cell) for cell in cells)


def _cell(profile: Profile, cell: str) -> str:
    if profile.guard:
        cell = guarded(cell)
    if profile.quoting == "none":
        return cell
    special = {profile.delimiter, '"', "\r", "\n"}
    plain = not special & set(cell) and cell == cell.strip()
    if profile.quoting == "minimal" and plain:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def content(profile: Profile, lines: Sequence[str]) -> bytes:
    """The whole file. Raises UnicodeEncodeError for what ``_problems`` would have refused."""
    header = [_joined(profile, [one.title for one in profile.columns])] if profile.header else []
    every = [*profile.before, *header, *lines, *profile.after]
    return "".join(one + profile.newline for one in every).encode(profile.encoding)


def digest(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Files:
    """One system that imports files of one profile."""

    kind: ClassVar[str] = "file"
    role: ClassVar[Role] = Role.ACCOUNTING
    entities: ClassVar[tuple[str, ...]] = ("client",)
    batch_size: ClassVar[int] = 1000
    looks_first: ClassVar[bool] = False
    knows_versions: ClassVar[bool] = False
    merges: ClassVar[frozenset[str]] = frozenset()
    erases: ClassVar[frozenset[str]] = frozenset()
    secret_names: ClassVar[tuple[str, ...]] = ()
    oauth: ClassVar[OAuthApp | None] = None
    by_file: ClassVar[bool] = True
    only_read: ClassVar[frozenset[str]] = frozenset()
    ahead: ClassVar[float] = 0.0
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        TargetSetting(
            "profile",
            N_("sage50, csv, acomba, avantage, or the path of a TOML file."),
            required=True,
            path=True,
            ready=tuple(shipped()),
        ),
        TargetSetting("folder", N_("Where the files go; the current folder if absent."), path=True),
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
        return Path(expanded(str(self.target.settings.get("folder") or "."), "--out"))

    def descriptor(self, entity: str) -> Descriptor:
        """What the profile takes."""
        return descriptor_of(self.profile)

    def payload(self, local: LocalRecord) -> Payload:
        """The values of the columns."""
        return payload_of(self.profile, local)

    def identity(self) -> RemoteIdentity | None:
        """The folder that the settings name: another one is another system's."""
        if not self.target.settings.get("folder"):
            return None
        folder = str(self.folder.resolve())
        return RemoteIdentity(folder, folder)

    def tenants(self) -> list[RemoteIdentity]:
        """Nobody logs in."""
        return []

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

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        """Nobody knows."""
        return {}

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        """Nothing there can be listed."""
        return iter(())

    def of_ours(self, entity: str) -> Iterator[RemoteRecord]:
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
    codes: Sequence[str],
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
                "sha256": digest(data),
            }
        ],
        "rows": [
            {
                "row": number,
                "entity": send.entity,
                "id": send.id,
                "code": code,
                "action": str(send.action),
                "attempt": send.attempt,
                "sha256": digest(line.encode(profile.encoding)),
            }
            for number, (send, code, line) in enumerate(zip(sends, codes, lines, strict=True), 1)
        ],
    }
