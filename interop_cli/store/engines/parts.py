"""Files that are being made: each under a name of its own, locked while its maker is at it.

The system lets go of a lock when its holder ends, however it ends; so one that can be locked is of
a run that was killed, and is cleared away.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interop_cli import disk
from interop_cli.disk import try_lock
from interop_cli.store.engines.beside import JOURNALS, PART

_NAME = re.compile(rf".+\.[0-9a-f]{{8}}{re.escape(PART)}")


@contextmanager
def made(folder: Path, name: str) -> Iterator[Path]:
    """A new, empty file for ``name``, its owner's alone; gone at the end unless it was renamed."""
    path, handle = _begun(folder, name)
    try:
        yield path
    finally:
        with suppress(OSError):
            os.close(handle)
        _remove(path)


def _begun(folder: Path, name: str) -> tuple[Path, int]:
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
    while True:
        path = folder / f"{name}.{secrets.token_hex(4)}{PART}"
        handle = os.open(path, flags, 0o600)
        if disk.WINDOWS:  # nobody can rename, nor remove, what is open there
            os.close(handle)
            return path, -1
        if _locked(handle) and os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # somebody who clears away was faster


def _locked(handle: int) -> bool:
    """Whether the lock is ours; also where there are none."""
    try:
        return try_lock(handle)
    except OSError:
        return True


def clear(folder: Path) -> None:
    """Remove what killed runs left in a folder; what somebody is making stays."""
    with suppress(OSError):
        for path in [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]:
            with suppress(OSError):
                if disk.WINDOWS:
                    _remove(path)
                    continue
                handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
                try:
                    if try_lock(handle):
                        _remove(path)
                finally:
                    os.close(handle)


def _remove(path: Path) -> None:
    for suffix in ("", *JOURNALS):
        with suppress(OSError):
            os.unlink(f"{path}{suffix}")
