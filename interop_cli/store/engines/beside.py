"""The files of a SQLite database: itself, what is kept beside it, and locks held through files.

The system lets go of a lock when its holder ends, however it ends; so a file in the making that can
be locked is of a run that was killed, and is cleared away.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interop_cli import disk
from interop_cli.disk import try_lock, unlock
from interop_cli.domain.errors import IoFailure, why, why_not_written
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import pattern
from interop_cli.store.engines.address import is_server

JOURNALS = ("-wal", "-shm", "-journal")
KEPT = ".before-restore"
KEPT_BEFORE = ".before-"  # a restore, or a step of the schema
PART = ".interop-part"
LOCK = ".lock"


def files_of(location: str) -> list[str]:
    """The paths that belong to the database at ``location``, there or not; none for a server.

    A link and what it leads to both count. Others are known by their name alone: ``is_named_for``.
    """
    if is_server(location):
        return []
    names = dict.fromkeys((location, os.path.realpath(location)))
    return [f"{name}{suffix}" for name in names for suffix in ("", *JOURNALS)]


def is_named_for(path: str, location: str) -> bool:
    """Whether a file of this name is a lock of the database at ``location``, or kept for it."""
    if is_server(location):
        return False
    own, real = os.path.realpath(location), os.path.realpath(path)
    ends = real.endswith((LOCK, PART)) and real.startswith(f"{own}.")
    return ends or real.startswith(f"{own}{KEPT_BEFORE}")


_NAME = pattern(rf".+\.[0-9a-f]{{8}}{re.escape(PART)}")


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
        path = folder / f"{name}.{os.urandom(4).hex()}{PART}"
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


class LockFile:
    """One attempt to hold the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1

    def take(self, holder: str) -> str | None:
        """Hold the lock and write down who does; else who holds it."""
        flags = os.O_RDWR | os.O_CREAT
        for flag in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
            flags |= getattr(os, flag, 0)
        try:
            _refuse_another(self.path)
            handle = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise IoFailure(
                "io.lock",
                msg("The lock file cannot be written: {why}.", why=why_not_written(error)),
            ) from error
        try:
            held = not try_lock(handle)
        except OSError as error:
            os.close(handle)
            raise IoFailure(
                "io.lock", msg("The lock file cannot be locked: {why}.", why=why(error))
            ) from error
        if held:
            with os.fdopen(handle, "rb") as file:
                return file.read(300).decode("utf-8", "replace").strip() or "?"
        os.ftruncate(handle, 0)
        os.write(handle, holder.encode())
        self._handle = handle
        return None

    def release(self) -> None:
        """Let go; nobody is named in the file any more."""
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            unlock(self._handle)
        os.close(self._handle)


def _refuse_another(path: Path) -> None:
    """Raise OSError where the name is that of a link, or of no file of ours: it is written over."""
    with suppress(FileNotFoundError):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
