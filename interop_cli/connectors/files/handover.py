"""Handing a batch over: the file and its manifest, whole or not at all.

Three files, in this order: the data under a temporary name, the manifest, the data under its own
name. So the data has been handed over from the moment it bears its name, and whoever comes after a
crash can tell (``handed_over``), even where somebody has taken the file away meanwhile.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from interop_cli.disk import sync_folder
from interop_cli.domain.errors import IoFailure, why_not_written
from interop_cli.domain.messages import msg


def manifest_path(folder: Path, batch: str) -> Path:
    """Where the manifest of a batch is."""
    return folder / f"{batch}.manifest.json"


def temporary_path(folder: Path, batch: str) -> Path:
    """Where the data of a batch is before it is handed over."""
    return folder / f".{batch}.part"


def paths(folder: Path, batch: str, file: str) -> tuple[Path, ...]:
    """All the files of a batch."""
    return folder / file, manifest_path(folder, batch), temporary_path(folder, batch)


def check_folder(folder: Path) -> None:
    """Raise IoFailure ``sync.export.folder`` where files cannot be put there."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise IoFailure(
            "sync.export.folder",
            msg("{folder} is no folder that can be written to.", folder=str(folder)),
            hint=msg("Make it, or name another one with --out DIR"),
        )


def used(folder: Path, batch: str, file: str) -> bool:
    """Whether there is anything of such a batch in the folder."""
    return any(os.path.lexists(path) for path in paths(folder, batch, file))


def hand_over(
    folder: Path,
    batch: str,
    file: str,
    data: bytes,
    manifest: Mapping[str, Any],
    fault: Callable[[str], None],
) -> None:
    """Write a batch. Nothing that is there is ever replaced.

    Raises IoFailure ``sync.export.write``; nothing of the batch is left then.
    """
    temporary, final = temporary_path(folder, batch), folder / file
    described = manifest_path(folder, batch)
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    made: list[Path] = []
    try:
        _write(temporary, data, made)
        fault("temporary")
        half = folder / f".{batch}.manifest.part"
        _write(half, text.encode(), made)
        _name(half, described)
        made.append(described)
        fault("manifest")
        sync_folder(folder)
        _name(temporary, final)
    except OSError as error:
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise IoFailure(
            "sync.export.write",
            msg("{path} cannot be written: {why}.", path=str(final), why=why_not_written(error)),
        ) from None
    fault("named")
    with suppress(OSError):
        sync_folder(folder)


def handed_over(folder: Path, batch: str) -> bool:
    """Whether a batch was handed over before a crash; what it left behind half done is removed.

    Raises IoFailure where the folder cannot be looked into.
    """
    check_folder(folder)
    described, temporary = manifest_path(folder, batch), temporary_path(folder, batch)
    try:
        manifest = json.loads(described.read_text("utf-8"))
        final = folder / str(manifest["files"][0]["name"])
    except (OSError, ValueError, LookupError, TypeError):
        final = None
    # No data under either name: it had its own, and somebody has fetched it.
    done = final is not None and (final.exists() or not temporary.exists())
    leftovers = [temporary, folder / f".{batch}.manifest.part"] + ([] if done else [described])
    for path in leftovers:
        with suppress(OSError):
            path.unlink()
    return done


def _write(path: Path, data: bytes, made: list[Path]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    descriptor = os.open(path, flags, 0o600)
    made.append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _name(temporary: Path, final: Path) -> None:
    """Give a finished file its name, unless something has it."""
    try:
        os.link(temporary, final)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(final):
            raise FileExistsError(17, os.strerror(17), str(final)) from None
        temporary.rename(final)
        return
    with suppress(OSError):
        temporary.unlink()
